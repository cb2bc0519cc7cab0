//! What is told of a row, and what becomes of one that Orthanc cannot describe.

use serde_json::{Map, Value, json};

use super::whole::Delivered;
use super::*;
use crate::config::settings::Tag;
use crate::item::{Ahead, Announcement, SystemClock};
use crate::store::sqlite::SqliteStore;
use crate::store::{Intake, Journal, Stored};

type Answer = std::result::Result<Option<Map<String, Value>>, String>;

struct World {
    store: Arc<SqliteStore>,
    teller: Teller,
    /// By instance; `""`: of each other one.
    answers: Arc<Mutex<HashMap<String, Answer>>>,
    _folder: tempfile::TempDir,
}

struct Asked(Arc<Mutex<HashMap<String, Answer>>>);

impl Ask for Asked {
    fn is_well(&self) -> bool {
        !self.0.lock().contains_key("down")
    }

    fn stored(&self, instance: &str, tags: &[Tag]) -> Answer {
        let answers = self.0.lock();
        let answer = answers.get(instance).or_else(|| answers.get(""));
        let found = answer.cloned().unwrap_or(Ok(None))?;
        let keys: Vec<String> = tags.iter().map(Tag::key).collect();
        let keep = |(key, _): &(String, Value)| keys.contains(key);
        Ok(found.map(|found| found.into_iter().filter(keep).collect()))
    }

    fn an_instance_of(&self, study: &str) -> std::result::Result<Option<String>, String> {
        Ok(Some(format!("{study}-any")))
    }

    fn sent(&self, delivered: &Delivered, _: &[Tag]) -> Answer {
        assert_eq!(delivered.remote_aet.as_deref(), Some("CT1"));
        Ok(Some(object(
            json!({ "0020,000d": "2.25.9", "0008,0050": delivered.instance }),
        )))
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn world(section: Value) -> World {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("queue.db")).unwrap());
    let configuration = json!({ "SendQueue": { "Events": section } });
    let dictionary = |name: &str| (name == "AccessionNumber").then_some((0x0008, 0x0050));
    let settings = crate::config::load(&configuration, &dictionary, None).unwrap();
    let answers: Arc<Mutex<HashMap<String, Answer>>> = Arc::default();
    let orthanc = Asked(answers.clone());
    let teller = Teller::new(Parts {
        store: store.clone(),
        settings: Current::new(settings),
        clock: Arc::new(SystemClock),
        orthanc: Box::new(orthanc),
    });
    teller.announce();
    World {
        store,
        teller,
        answers,
        _folder: folder,
    }
}

impl World {
    fn answer(&self, instance: &str, answer: Answer) {
        self.answers.lock().insert(instance.to_owned(), answer);
    }

    fn arrive(&self, instance: &str) {
        let stored = [Stored {
            name: format!("{instance}.file"),
            study: "s".to_owned(),
            instance: instance.to_owned(),
            data: json!({ "SopInstanceUid": "1.2.3", "Tenant": "ORTHANC" }).to_string(),
        }];
        let intake = Intake::arrival(&[]).telling(&stored);
        self.store.enqueue(&intake, SystemClock.now()).unwrap();
    }

    fn told(&self) -> Vec<Value> {
        let all = self.store.announced(0, 1000).unwrap();
        let data = all.iter().map(|one| serde_json::from_str(&one.data));
        data.collect::<std::result::Result<_, _>>().unwrap()
    }
}

#[test]
fn tags_are_told_only_where_they_are_asked_for() {
    let says = object(json!({
        "0008,0050": "A1", "0010,0010": "Doe^Jane", "0020,000e": "1.2.4", "0028,0010": "512", "0028,0011": " 256 ",
        "0028,0008": "many",
    }));
    for (section, tags) in [
        (json!({}), None),
        (
            json!({ "Tags": ["AccessionNumber"] }),
            Some(json!({ "AccessionNumber": "A1" })),
        ),
    ] {
        let world = world(section);
        world.answer("", Ok(Some(says.clone())));
        world.arrive("a");
        assert_eq!(world.teller.step().unwrap(), Step::Idle);
        let told = world.told();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].get("Tags"), tags.as_ref());
        assert!(!told[0].to_string().contains("Jane"));
        let of = |key: &str| told[0][key].clone();
        assert_eq!([of("Rows"), of("Columns")], [512, 256]);
        assert_eq!(
            of("NumberOfFrames"),
            "many",
            "what is no number is no reason to lose it"
        );
        assert_eq!(
            [of("SeriesInstanceUid"), of("SopInstanceUid")],
            ["1.2.4", "1.2.3"]
        );
        assert_eq!(
            [of("Instance"), of("Study"), of("Tenant")],
            ["a", "s", "ORTHANC"]
        );
    }
}

#[test]
fn what_is_gone_is_told_with_what_was_known() {
    let world = world(json!({}));
    world.arrive("gone");
    world.teller.step().unwrap();
    let told = world.told();
    assert_eq!(told[0]["SopInstanceUid"], "1.2.3");
    assert!(told[0]["Incomplete"].as_str().unwrap().contains("any more"));
    assert_eq!(world.teller.incomplete(), 0, "nothing failed");
}

#[test]
fn one_that_cannot_be_described_holds_up_the_rest_for_some_rounds_only() {
    let world = world(json!({}));
    world.answer("", Ok(Some(Map::new())));
    world.answer("bad", Err("it broke".to_owned()));
    for instance in ["a", "bad", "b"] {
        world.arrive(instance);
    }
    for _ in 1..GIVE_UP {
        assert_eq!(world.teller.step().unwrap(), Step::Held);
        assert_eq!(world.told().len(), 1, "in their order");
        assert_eq!(world.teller.feed.last(), 1);
    }
    // Rounds in which Orthanc says nothing of any do not count.
    world.answer("down", Ok(None));
    world.answer("", Err("it is down".to_owned()));
    world.arrive("c");
    for _ in 0..2 * GIVE_UP {
        assert_eq!(world.teller.step().unwrap(), Step::Held);
    }
    assert_eq!(world.teller.incomplete(), 0);
    world.answers.lock().remove("down");
    world.answer("", Ok(Some(Map::new())));
    world.teller.step().unwrap();
    let told = world.told();
    assert_eq!(told.len(), 4);
    assert_eq!(told[1]["Incomplete"], "it broke");
    assert_eq!(told[2].get("Incomplete"), None);
    assert_eq!(world.teller.incomplete(), 1);
    assert_eq!(world.teller.feed.last(), 4);
    // One that is alone is given up as well.
    world.arrive("bad");
    for _ in 0..GIVE_UP {
        world.teller.step().unwrap();
    }
    assert_eq!(world.told().len(), 5);
}

#[test]
fn a_study_is_told_with_what_was_sent_of_it() {
    let kinds = ["study.complete", "study.delivered"];
    let world = world(json!({ "On": kinds, "Tags": ["AccessionNumber"] }));
    world.answer(
        "",
        Ok(Some(object(
            json!({ "0020,000d": "1.2", "0008,0050": "A1" }),
        ))),
    );
    let of = |kind, destination: Option<&str>, data: Value| {
        let part = crate::store::Announced {
            position: 1,
            kind,
            time: SystemClock.now(),
            name: "n".to_owned(),
            study: "s".to_owned(),
            study_uid: String::new(),
            instance: None,
            destination: destination.map(str::to_owned),
            data: data.to_string(),
        };
        let settings = world.teller.parts.settings.get();
        let whole = Whole {
            events: settings.events.as_ref(),
            orthanc: world.teller.parts.orthanc.as_ref(),
            ahead: Ahead::default(),
        };
        (whole.of(&part).unwrap(), whole.without(&part, "why"))
    };
    let (complete, _) = of(Announcement::StudyComplete, None, json!({ "revision": 2 }));
    let expected = json!({ "Study": "s", "Revision": 2, "StudyInstanceUid": "1.2",
        "Tags": { "AccessionNumber": "A1" } });
    assert_eq!(complete, expected);
    let data = json!({ "revision": 1, "last": 1_790_000_000_000_000_i64, "sample": "i7", "remote_aet": "CT1" });
    let (delivered, without) = of(Announcement::StudyDelivered, Some("pacs"), data);
    let expected = json!({ "Study": "s", "Destination": "pacs", "Revision": 1,
        "LastDelivery": "2026-09-21T14:13:20.000000Z", "StudyInstanceUid": "1.2",
        "Tags": { "AccessionNumber": "A1" }, "SentStudyInstanceUid": "2.25.9", "SentTags": { "AccessionNumber": "i7" } });
    assert_eq!(delivered, expected);
    let expected = json!({ "Study": "s", "Destination": "pacs", "Revision": 1,
        "LastDelivery": "2026-09-21T14:13:20.000000Z", "Incomplete": "why" });
    assert_eq!(without, expected);
}

/// Time stands still unless it is moved.
#[derive(Default)]
struct Still(std::sync::atomic::AtomicI64);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

struct Hooked {
    world: World,
    courier: courier::Courier,
    clock: Arc<Still>,
    status: Arc<Mutex<std::result::Result<u16, ()>>>,
    bodies: Arc<Mutex<Vec<Value>>>,
}

impl Hooked {
    fn new() -> Hooked {
        let hook = json!({ "Url": "http://ris/hook", "On": ["instance.stored"] });
        let world = world(json!({ "Webhook": hook, "On": ["instance.stored"] }));
        world.answer("", Ok(Some(Map::new())));
        let clock = Arc::new(Still::default());
        let status = Arc::new(Mutex::new(Ok(200)));
        let bodies: Arc<Mutex<Vec<Value>>> = Arc::default();
        let (answer, inbox) = (status.clone(), bodies.clone());
        let http = move |request: &orthanc_sdk::HttpRequest<'_>| {
            inbox
                .lock()
                .push(serde_json::from_slice(request.body).unwrap());
            let reply = |status| orthanc_sdk::HttpReply {
                status,
                headers: Vec::new(),
                body: Vec::new(),
            };
            (*answer.lock())
                .map(reply)
                .map_err(|()| orthanc_sdk::CallError::Code {
                    code: 9,
                    description: "no".to_owned(),
                })
        };
        let services = crate::service::Services::for_tests();
        let cutter = crate::cut::Cutter::new(services, Box::new(|_| {}));
        let settings = world.teller.parts.settings.clone();
        let host = settings.get().host.clone();
        let poster = crate::webhook::Poster::new(
            &crate::config::settings::Webhook::default(),
            &host,
            Box::new(http),
            cutter,
        );
        let courier = courier::Courier::new(courier::Parts {
            store: world.store.clone(),
            settings,
            clock: clock.clone(),
            created: Timestamp::default(),
            poster,
        });
        // From here on.
        assert_eq!(courier.step().unwrap(), courier::Step::More);
        Hooked {
            world,
            courier,
            clock,
            status,
            bodies,
        }
    }

    fn happens(&self, instances: &[&str]) {
        for instance in instances {
            self.world.arrive(instance);
        }
        self.world.teller.step().unwrap();
    }

    /// Until nothing more is done at this moment.
    fn work(&self) -> courier::Step {
        loop {
            match self.courier.step().unwrap() {
                courier::Step::More => {}
                step => return step,
            }
        }
    }

    fn told(&self) -> Vec<String> {
        let bodies = self.bodies.lock();
        let names = bodies.iter().map(|body| body["data"]["Instance"].as_str());
        names.map(|name| name.unwrap().to_owned()).collect()
    }

    fn later(&self, step: &courier::Step) {
        let courier::Step::Waits(until) = step else {
            panic!("{step:?}");
        };
        self.clock.0.store(until.micros(), Ordering::SeqCst);
    }
}

#[test]
fn a_courier_sends_in_order_and_waits_longer_and_longer() {
    let hooked = Hooked::new();
    hooked.happens(&["a", "b"]);
    assert_eq!(hooked.work(), courier::Step::Idle);
    assert_eq!(hooked.told(), ["a", "b"]);
    *hooked.status.lock() = Ok(503);
    hooked.happens(&["c", "d"]);
    let mut waits = Vec::new();
    for _ in 0..4 {
        let before = hooked.clock.now();
        let step = hooked.work();
        assert_eq!(hooked.work(), step, "nothing is tried before its time");
        hooked.later(&step);
        waits.push(hooked.clock.now().since(before).as_secs());
    }
    assert_eq!(waits, [5, 10, 20, 40]);
    assert_eq!(hooked.told()[2..], ["c", "c", "c", "c"], "d waits for c");
    assert!(hooked.courier.figures().failing.is_some());
    *hooked.status.lock() = Ok(204);
    assert_eq!(hooked.work(), courier::Step::Idle);
    assert_eq!(hooked.told()[6..], ["c", "d"]);
    let figures = hooked.courier.figures();
    assert_eq!(
        (figures.sent, figures.dropped, figures.failing),
        (4, 0, None)
    );
}

#[test]
fn one_that_is_refused_for_what_it_is_is_given_up() {
    let hooked = Hooked::new();
    *hooked.status.lock() = Ok(422);
    hooked.happens(&["bad"]);
    for _ in 1..courier::GIVE_UP {
        let step = hooked.work();
        hooked.later(&step);
    }
    assert_eq!(hooked.courier.figures().dropped, 0);
    assert_eq!(hooked.work(), courier::Step::Idle);
    assert_eq!(hooked.courier.figures().dropped, 1);
    assert_eq!(hooked.told().len(), courier::GIVE_UP as usize);
    // An address that is wrong is another matter, and so is one refusal after that.
    *hooked.status.lock() = Ok(404);
    hooked.happens(&["good"]);
    for _ in 0..2 * courier::GIVE_UP {
        let step = hooked.work();
        hooked.later(&step);
    }
    *hooked.status.lock() = Ok(400);
    let step = hooked.work();
    hooked.later(&step);
    assert_eq!(hooked.courier.figures().dropped, 1);
    *hooked.status.lock() = Ok(200);
    hooked.work();
    assert_eq!(hooked.courier.figures().sent, 1);
}

#[test]
fn what_is_too_old_for_a_courier_is_counted() {
    let hooked = Hooked::new();
    *hooked.status.lock() = Err(());
    hooked.happens(&["a", "b", "c"]);
    let step = hooked.work();
    let store = &hooked.world.store;
    let future = SystemClock.now().plus_seconds(1.0);
    assert_eq!(store.forget_announced(future, 2).unwrap(), 2);
    *hooked.status.lock() = Ok(200);
    hooked.later(&step);
    assert_eq!(hooked.work(), courier::Step::Idle);
    assert_eq!(hooked.told(), ["a", "c"]);
    assert_eq!(hooked.courier.figures().dropped, 2);
    // Put back, it reads again what there is.
    store.see(courier::READER, 0).unwrap();
    hooked.work();
    assert_eq!(hooked.told(), ["a", "c", "c"]);
}

#[test]
fn more_than_the_most_go_before_their_days_are_over() {
    let world = world(json!({ "On": ["instance.stored"], "MaxEvents": 1000 }));
    world.answer("", Ok(Some(Map::new())));
    for instance in 0..1100 {
        world.arrive(&format!("{instance:04}"));
    }
    while world.teller.step().unwrap() == Step::More {}
    *world.teller.forget_next.lock() = Timestamp::default();
    world.teller.step().unwrap();
    let told = world.told();
    assert_eq!((told.len(), &told[0]["Instance"]), (1000, &json!("0100")));
    assert_eq!(world.teller.dropped(), 100);
}

#[test]
fn what_is_older_than_its_days_goes() {
    for (section, days) in [(json!({ "KeepDays": 3 }), 3.0), (json!({}), 7.0)] {
        let world = world(section);
        world.answer("", Ok(Some(Map::new())));
        for (instance, age) in [("old", days + 0.1), ("young", days - 0.1)] {
            let stored = [Stored {
                name: instance.to_owned(),
                study: "s".to_owned(),
                instance: instance.to_owned(),
                data: "{}".to_owned(),
            }];
            let then = SystemClock.now().plus_seconds(-86_400.0 * age);
            let intake = Intake::arrival(&[]).telling(&stored);
            world.store.enqueue(&intake, then).unwrap();
        }
        world.teller.step().unwrap();
        let told = world.told();
        assert_eq!(
            (told.len(), &told[0]["Instance"]),
            (1, &json!("young")),
            "{days}"
        );
    }
}
