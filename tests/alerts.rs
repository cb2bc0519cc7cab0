//! Alerts by webhook, from a real Orthanc to a real HTTP server.

use std::time::Duration;

use sendqueue_testkit::certificates::Certificates;
use sendqueue_testkit::dcmtk::StoreScu;
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::webhook::{Hook, Reply, TlsFront};
use sendqueue_testkit::{
    Association, FaultScp, OrthancConfig, OrthancVersion, Respond, Study, Webhook,
};
use serde_json::{Value, json};

/// The collected rest of a message may take a minute.
const NEXT: Duration = Duration::from_secs(120);
const SECRET: &str = "open-sesame";

fn config(receivers: &[&FaultScp], webhook: &Webhook) -> OrthancConfig {
    let alerts = json!({ "Url": webhook.url(), "Secret": SECRET });
    queue::config_for(receivers)
        .set("Name", "Hospital")
        .set("/SendQueue/Alerts", alerts)
}

#[track_caller]
fn wait(queue: &Queue, webhook: &Webhook, what: &str, condition: impl Fn(&Webhook) -> bool) {
    if !webhook.wait_for(condition, NEXT) {
        let came: Vec<Value> = webhook.hooks().iter().map(Hook::json).collect();
        panic!("{what}; came: {came:#?}\n{}", queue.log());
    }
}

fn total(messages: &[Value]) -> u64 {
    let counts = messages.iter().map(|message| message["Count"].as_u64());
    counts.map(|count| count.expect("a count")).sum()
}

/// Neither the address with its token nor the secret.
#[track_caller]
fn keeps_secrets(queue: &Queue) {
    let log = queue.log();
    assert!(!log.contains(SECRET), "{log}");
    assert!(!log.contains("/hook"), "{log}");
}

#[test]
fn an_outage_its_end_and_what_a_message_says() {
    let scp = FaultScp::start("PACS");
    scp.stop();
    let webhook = Webhook::start();
    let mut queue = Queue::start(config(&[&scp], &webhook));
    queue.store_all(&Study::new(1, 3).build());
    wait(&queue, &webhook, "the outage is told", |w| {
        w.accepted("DestinationUnreachable").len() == 1
    });
    let hook = webhook.hooks().remove(0);
    assert_eq!(hook.request_line, "POST /hook HTTP/1.1");
    assert_eq!(hook.header("Content-Type"), Some("application/json"));
    assert!(hook.is_signed_with(SECRET), "{hook:?}");
    assert!(!hook.is_signed_with("another"));
    let message = hook.json();
    assert_eq!(message["Orthanc"]["Name"], "Hospital");
    assert_eq!(message["Destination"], "pacs");
    assert_eq!(message["Class"], "Unreachable");
    assert_eq!(message["Waiting"], 3);
    assert_eq!(
        message["Since"],
        queue.ask("/destinations/pacs")["UnreachableSince"]
    );
    // Over a restart it is told again: nobody knows who heard of it.
    queue.restart().unwrap();
    wait(&queue, &webhook, "the outage is told again", |w| {
        w.accepted("DestinationUnreachable").len() == 2
    });
    let told = webhook.accepted("DestinationUnreachable");
    assert_eq!(told[0]["Since"], told[1]["Since"]);
    assert_ne!(told[0]["ID"], told[1]["ID"]);
    scp.restart();
    queue.wait_for("pacs", "Success", 3);
    wait(&queue, &webhook, "the end is told", |w| {
        w.accepted("DestinationBack").len() == 1
    });
    keeps_secrets(&queue);
    assert_eq!(queue.unexpected_errors(), Vec::<String>::new());
}

#[test]
fn the_failures_of_a_study_are_collected_and_their_number_is_right() {
    const NAME: &str = "Secret^Patient";
    let scp = FaultScp::start("PACS");
    scp.set_store(Respond::StatusWith {
        status: 0xC000,
        error_comment: Some(NAME),
        offending: &[],
    });
    let webhook = Webhook::start();
    let queue = Queue::start(config(&[&scp], &webhook));
    queue.store_all(&Study::new(1, 30).build());
    queue.wait_for("pacs", "Failure", 30);
    wait(&queue, &webhook, "all failures are told", |w| {
        total(&w.accepted("Failure")) == 30
    });
    let told = webhook.accepted("Failure");
    assert!(told.len() < 30, "{told:#?}");
    for message in &told {
        assert_eq!(message["Class"], "Rejected");
        assert_eq!(message["Classes"][0]["Count"], message["Count"]);
    }
    // A receiver's words stay here.
    for hook in webhook.hooks() {
        assert!(!String::from_utf8_lossy(&hook.body).contains(NAME));
    }
    // What failed before a restart is not told again, what fails after it is.
    let mut queue = queue;
    queue.restart().unwrap();
    queue.store_all(&Study::new(1, 2).seed(2).build());
    queue.wait_for("pacs", "Failure", 32);
    wait(&queue, &webhook, "the new failures are told", |w| {
        total(&w.accepted("Failure")) >= 32
    });
    assert_eq!(total(&webhook.accepted("Failure")), 32);
    keeps_secrets(&queue);
}

#[test]
fn a_backlog_is_told_when_it_begins_and_when_it_is_over() {
    let scp = FaultScp::start("PACS");
    let webhook = Webhook::start();
    let queue = Queue::start(
        config(&[&scp], &webhook)
            .set("/SendQueue/Alerts/On", json!(["Backlog"]))
            .set("/SendQueue/Alerts/BacklogItems", 10),
    );
    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_all(&Study::new(1, 12).build());
    wait(&queue, &webhook, "the backlog is told", |w| {
        !w.accepted("Backlog").is_empty()
    });
    assert_eq!(webhook.accepted("Backlog")[0]["State"], "Begun");
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", 12);
    wait(&queue, &webhook, "its end is told", |w| {
        w.accepted("Backlog").len() == 2
    });
    assert_eq!(webhook.accepted("Backlog")[1]["State"], "Over");
    assert_eq!(webhook.hooks().len(), 2);
}

/// It fails, refuses and comes back: the message is the same, and arrives.
#[test]
fn a_webhook_that_fails_is_tried_again() {
    let scp = FaultScp::start("PACS");
    scp.set_association(Association::CloseAtOnce);
    let mut webhook = Webhook::start();
    webhook.set(Reply::Status(500));
    let queue = Queue::start(config(&[&scp], &webhook));
    queue.store_all(&Study::new(1, 1).build());
    wait(&queue, &webhook, "it is tried twice", |w| {
        w.hooks().len() >= 2
    });
    webhook.stop();
    queue.wait_until(
        || queue.log().contains("libcurl") || queue.log().contains("libCURL"),
        SOON,
        "a refused connection",
    );
    webhook.restart();
    webhook.set(Reply::Status(204));
    wait(&queue, &webhook, "it is accepted", |w| {
        w.accepted("DestinationUnreachable").len() == 1
    });
    let bodies: Vec<Vec<u8>> = webhook.hooks().into_iter().map(|hook| hook.body).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    let told = queue.log();
    assert_eq!(told.matches("an alert could not be delivered").count(), 1);
    queue.wait_until(
        || queue.log().contains("alerts are delivered again"),
        SOON,
        "its end is logged",
    );
    assert!(!queue.log().contains(SECRET));
}

/// G8, and never holding up sending.
#[test]
fn a_webhook_that_hangs_holds_up_neither_sending_nor_the_stop() {
    let (dead, good) = (FaultScp::start("DEAD"), FaultScp::start("GOOD"));
    dead.stop();
    let webhook = Webhook::start();
    webhook.set(Reply::Hang);
    let mut queue = Queue::start(config(&[&dead, &good], &webhook));
    queue.store_all(&Study::new(1, 5).build());
    wait(&queue, &webhook, "a message hangs", |w| w.held() >= 1);
    let held = webhook.held();
    // Sending goes on while it does.
    queue.store_all(&Study::new(1, 20).seed(2).build());
    queue.wait_for("good", "Success", 25);
    // The next try, so that the stop meets one that is under way.
    wait(&queue, &webhook, "another try hangs", |w| w.held() > held);
    let tries = webhook.held();
    let report = queue.stop().expect("it runs");
    assert!(!report.killed);
    assert_eq!(report.exit_status.code(), Some(0), "{}", queue.log());
    // It has ended, and the webhook has answered nobody.
    assert_eq!(webhook.held(), tries);
    assert!(
        queue
            .log()
            .contains("alerts were not delivered before the stop")
    );
    // After the start it is told again.
    webhook.set(Reply::Status(200));
    queue.restart().unwrap();
    wait(&queue, &webhook, "it is told after the start", |w| {
        w.accepted("DestinationUnreachable").len() == 1
    });
}

#[test]
fn a_test_message_on_request() {
    let scp = FaultScp::start("PACS");
    let mut webhook = Webhook::start();
    let config = config(&[&scp], &webhook);
    let queue = Queue::start(config.clone());
    let answer = queue.tell("/alerts/test", &json!({}));
    let told = webhook.accepted("Test");
    assert_eq!(told.len(), 1);
    assert!(webhook.hooks()[0].is_signed_with(SECRET));
    assert_eq!(
        answer,
        json!({ "ID": told[0]["ID"], "Success": true, "HttpStatus": 200, "Error": null })
    );
    // In other forms, with a link, without a restart; still signed.
    let said = "Hospital: this is a test: alerts of the send queue arrive here";
    let link = "https://orthanc.example/sendqueue/ui?a&b";
    for format in ["Slack", "Teams"] {
        let mut section = config.value()["SendQueue"].clone();
        section["Alerts"]["Format"] = json!(format);
        section["Alerts"]["Link"] = json!(link);
        queue.tell("/reload", &section);
        assert_eq!(queue.tell("/alerts/test", &json!({}))["Success"], true);
        let hook = webhook.hooks().pop().unwrap();
        assert!(hook.is_signed_with(SECRET));
        let body = hook.json();
        if format == "Slack" {
            let text =
                format!("{said}\nNothing to do.\n<https://orthanc.example/sendqueue/ui?a&amp;b>");
            assert_eq!(body, json!({ "text": text, "mrkdwn": false }));
        } else {
            let card = &body["attachments"][0]["content"];
            assert_eq!(card["body"][0]["inlines"][0]["text"], said, "{body:#}");
            assert_eq!(card["actions"][0]["url"], link);
        }
    }
    for status in [301, 400, 401, 403, 404, 500, 503] {
        webhook.set(Reply::Status(status));
        let answer = queue.tell("/alerts/test", &json!({}));
        assert_eq!(answer["Success"], false, "{answer}");
        assert_eq!(answer["HttpStatus"], status, "{answer}");
    }
    webhook.stop();
    let answer = queue.tell("/alerts/test", &json!({}));
    assert_eq!(answer["HttpStatus"], Value::Null, "{answer}");
    let error = answer["Error"].as_str().unwrap();
    assert!(error.contains("cannot be reached"), "{error}");
    assert!(!error.contains("hook"), "{error}");
    assert_eq!(queue.get("/sendqueue/alerts/test").status, 405);

    let silent = Queue::start(queue::config_for(&[&scp]));
    let refused = silent.post_json("/sendqueue/alerts/test", &json!({}));
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("SendQueue.Alerts"));
}

/// Orthanc's own `HttpsVerifyPeers` and `HttpsCACertificates` hold.
#[test]
fn https_is_verified_as_orthanc_was_told() {
    let version = OrthancVersion::under_test();
    let folder = tempfile::Builder::new()
        .prefix("sendqueue-hook-")
        .tempdir_in(version.temp_base().unwrap())
        .unwrap();
    let certificates = Certificates::make(folder.path()).unwrap();
    let webhook = Webhook::start();
    let log = folder.path().join("tls.log");
    let good = TlsFront::start(&webhook, &certificates.server, &log);
    let stranger = TlsFront::start(&webhook, &certificates.other_server, &log);
    let base = || {
        queue::config(&[])
            .set("/SendQueue/Rules", json!([]))
            .set("HttpsCACertificates", version.inside(&certificates.ca))
    };
    let url = |config: OrthancConfig, front: &TlsFront| {
        config.set("/SendQueue/Alerts", json!({ "Url": front.url() }))
    };
    let mut queue = Queue::start(url(base(), &stranger));
    let answer = queue.tell("/alerts/test", &json!({}));
    assert_eq!(answer["HttpStatus"], Value::Null, "{answer}");
    assert_eq!(webhook.hooks().len(), 0, "nothing is told to a stranger");
    queue.restart_with(url(base(), &good)).unwrap();
    let answer = queue.tell("/alerts/test", &json!({}));
    assert_eq!(answer["HttpStatus"], 200, "{answer}");
    let trusting = base().set("HttpsVerifyPeers", false);
    queue.restart_with(url(trusting, &stranger)).unwrap();
    let answer = queue.tell("/alerts/test", &json!({}));
    assert_eq!(answer["HttpStatus"], 200, "{answer}");
    assert_eq!(webhook.accepted("Test").len(), 2);
    // Without a secret there is no signature.
    let unsigned = |hook: &Hook| hook.header("X-Sendqueue-Signature").is_none();
    assert!(webhook.hooks().iter().all(unsigned));
}

/// A proxy gets the whole address, and a stop ends a connection to it too.
#[test]
fn orthancs_proxy_is_used() {
    let proxy = Webhook::start();
    let alerts = json!({ "Url": "http://monitor.invalid/hook" });
    let mut queue = Queue::start(
        queue::config(&[])
            .set("/SendQueue/Rules", json!([]))
            .set("/SendQueue/Alerts", alerts)
            .set("HttpProxy", format!("127.0.0.1:{}", proxy.port())),
    );
    let answer = queue.tell("/alerts/test", &json!({}));
    assert_eq!(answer["HttpStatus"], 200, "{answer}");
    let line = proxy.hooks().remove(0).request_line;
    assert_eq!(line, "POST http://monitor.invalid/hook HTTP/1.1");
    proxy.set(Reply::Hang);
    let port = queue.http_port();
    std::thread::scope(|scope| {
        let asked = scope.spawn(move || {
            let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
            let request =
                "POST /sendqueue/alerts/test HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
            std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
            let mut answer = Vec::new();
            let _ = std::io::Read::read_to_end(&mut stream, &mut answer);
        });
        wait(&queue, &proxy, "a test hangs", |p| p.held() == 1);
        let report = queue.stop().expect("it runs");
        assert_eq!(report.exit_status.code(), Some(0), "{}", queue.log());
        assert_eq!(proxy.held(), 1);
        asked.join().unwrap();
    });
}

/// What came last from an AET is known after a kill, and its silence is told, once.
#[test]
fn a_source_that_falls_silent() {
    let scp = FaultScp::start("PACS");
    let webhook = Webhook::start();
    let silent = json!([{ "Aet": "ct1", "Hours": 0.0008 }, { "Aet": "MR1", "Hours": 700 }]);
    let config = config(&[&scp], &webhook).set("/SendQueue/Alerts/SilentSources", silent);
    let mut queue = Queue::start(config);
    let send = |queue: &Queue, aet: &str| {
        let sent = StoreScu::to("ORTHANC", queue.dicom_port()).calling(aet);
        let sent = sent.send(&Study::new(1, 2).build()).unwrap();
        assert!(sent.status.success(), "{sent:?}");
    };
    send(&queue, "CT1");
    send(&queue, "OTHER");
    queue.wait_for("pacs", "Success", 4);
    let known = queue.ask("/sources");
    let aets: Vec<_> = known
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["Aet"])
        .collect();
    assert_eq!(aets, ["CT1", "MR1", "OTHER"], "{known:#}");
    assert!(
        known[1]["LastArrival"].is_null() && known[2]["Hours"].is_null(),
        "{known:#}"
    );
    queue.kill9();
    queue.restart().unwrap();
    assert_eq!(
        queue.ask("/sources")[0]["LastArrival"],
        known[0]["LastArrival"]
    );
    wait(&queue, &webhook, "the silence is told", |w| {
        !w.accepted("SourceSilent").is_empty()
    });
    let told = webhook.accepted("SourceSilent").remove(0);
    assert_eq!(told["Source"], "CT1", "{told:#}");
    assert_eq!(told["Since"], known[0]["LastArrival"]);
    let shown = queue.ask("/sources");
    assert!(
        shown[0]["SilentSince"].is_string() && shown[1]["SilentSince"].is_null(),
        "{shown:#}"
    );
    send(&queue, "CT1");
    wait(&queue, &webhook, "its end is told", |w| {
        !w.accepted("SourceBack").is_empty()
    });
    assert_ne!(
        queue.ask("/sources")[0]["LastArrival"],
        known[0]["LastArrival"]
    );
}

#[test]
fn a_wrong_configuration_is_refused_without_its_secret() {
    let alerts = json!({ "Url": "monitor", "Secret": [SECRET], "On": [] });
    let config = queue::config(&[]).set("/SendQueue/Rules", json!([]));
    let error = Queue::try_start(config.set("/SendQueue/Alerts", alerts)).unwrap_err();
    for path in ["Alerts.Url", "Alerts.Secret", "Alerts.On"] {
        let path = format!("SendQueue.{path}: found ");
        assert!(error.log.contains(&path), "{}", error.log);
    }
    assert!(!error.log.contains(SECRET), "{}", error.log);
}
