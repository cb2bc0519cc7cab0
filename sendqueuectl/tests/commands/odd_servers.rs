//! What a server answers that no Orthanc in a test can be made to answer: a proxy, a part of a search, a refusal in
//! between.

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};

use super::*;

pub struct Asked {
    method: String,
    pub path: String,
    pub body: Value,
}

pub struct Answer {
    status: u16,
    header: &'static str,
    body: String,
}

/// `None`: the connection is closed without an answer.
type Answers = dyn Fn(&Asked) -> Option<Answer> + Send + Sync;

pub fn ok(body: Value) -> Option<Answer> {
    answer(200, body)
}

/// A part of a table: there is more.
pub fn part(body: &str, is_all: bool) -> Option<Answer> {
    Some(Answer {
        status: 200,
        header: match is_all {
            true => "Sendqueue-Complete: true",
            false => "Sendqueue-Complete: false",
        },
        body: body.to_owned(),
    })
}

fn answer(status: u16, body: Value) -> Option<Answer> {
    Some(Answer {
        status,
        header: "X-Test: yes",
        body: body.to_string(),
    })
}

/// Each connection is kept, and closed when a second request comes on it, as by a server that has just given it up.
pub struct Server {
    pub port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub fn start(answers: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (all, answers) = (asked.clone(), Arc::new(answers));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (all, answers) = (all.clone(), answers.clone());
                std::thread::spawn(move || serve(stream, &all, &*answers));
            }
        });
        Server { port, asked }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        Ctl::at(self.port).command(arguments)
    }

    /// Its exit code, and what it says.
    pub fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(arguments).output().expect("sendqueuectl runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (status.code(), text(stdout), text(stderr))
    }

    /// The bodies of what was posted there.
    pub fn posted(&self, path: &str) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        let posts = asked
            .iter()
            .filter(|one| one.method == "POST" && one.path == path);
        posts.map(|one| one.body.clone()).collect()
    }
}

fn serve(stream: TcpStream, all: &Mutex<Vec<Asked>>, answers: &Answers) {
    let mut reader = BufReader::new(stream.try_clone().expect("a copy"));
    let Some(asked) = read(&mut reader) else {
        return;
    };
    let answer = answers(&asked);
    all.lock().unwrap().push(asked);
    let Some(Answer {
        status,
        header,
        body,
    }) = answer
    else {
        return;
    };
    let length = body.len();
    let text = format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\n{header}\r\n\r\n{body}");
    let mut stream = stream;
    let _ = stream.write_all(text.as_bytes());
    let _ = reader.read(&mut [0]);
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut words = first.split(' ');
    let (method, uri) = (words.next()?.to_owned(), words.next()?);
    let path = uri
        .split('?')
        .next()?
        .strip_prefix("/sendqueue")?
        .to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(number) = line.strip_prefix("content-length:") {
            length = number.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Some(Asked { method, path, body })
}

/// Just installed: only `/sendqueue` itself is there.
#[test]
fn a_queue_that_is_off_says_so_whatever_is_asked() {
    let why = "the configuration has no section \"SendQueue\"";
    let server = Server::start(move |asked| match asked.path.as_str() {
        "" => ok(json!({ "Enabled": false, "Reason": why })),
        _ => answer(
            404,
            json!({ "HttpStatus": 404, "Message": "Unknown resource" }),
        ),
    });
    for arguments in [
        &[][..],
        &["status"],
        &["status", "--check"],
        &["watch"],
        &["watch", "--destination", "pacs"],
        &["watch", "--study", "1.2.3"],
        &["health"],
        &["reload"],
        &["journal"],
        &["deliveries"],
        &["deliveries", "--csv"],
        &["replay", "7"],
    ] {
        let (code, _, said) = server.run(arguments);
        assert_eq!(code, Some(3), "{arguments:?}: {said}");
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
}

#[test]
fn the_answers_of_a_proxy_are_not_those_of_the_queue() {
    for status in [301, 302, 502, 503, 504] {
        let server = Server::start(move |_| {
            Some(Answer {
                status,
                header: "Location: /login",
                body: "<html>".to_owned(),
            })
        });
        for command in [&["status"][..], &["replay", "--all"], &["pause", "pacs"]] {
            let (code, _, said) = server.run(command);
            assert_eq!(code, Some(3), "{status}: {said}");
            assert!(
                said.contains(&format!("HTTP status {status}, as a proxy")),
                "{said}"
            );
        }
    }
    // The queue says why it cannot do something now.
    let server = Server::start(|_| answer(503, json!({ "Details": "the database is locked" })));
    let (code, _, said) = server.run(&["replay", "--all"]);
    assert_eq!(
        (code, said.contains("is locked")),
        (Some(1), true),
        "{said}"
    );
}

#[test]
fn who_reads_no_more_hides_no_exit_code() {
    let problem = json!([{ "Part": "Database", "Details": "it is damaged" }]);
    let server =
        Server::start(move |_| answer(503, json!({ "Status": "error", "Problems": problem })));
    let (nobody, closed) = UnixStream::pair().expect("a pair");
    drop(nobody);
    let output = server
        .command(&["health"])
        .stdout(OwnedFd::from(closed))
        .output()
        .expect("sendqueuectl runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    let output = server
        .command(&["health"])
        .stdout(full)
        .output()
        .expect("sendqueuectl runs");
    assert_eq!(output.status.code(), Some(3), "{output:?}");
}

/// One study with this number is found, and Orthanc has not looked at all of them.
#[test]
fn a_number_that_others_may_have_is_refused() {
    let found = |matched: &str| json!([{ "Level": "Study", "ID": "a-b", "Study": "a-b", "Matched": matched, "Exact": true, "Tags": {} }]);
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/search" => Some(Answer {
            status: 200,
            header: "Sendqueue-Complete: false",
            body: found("AccessionNumber").to_string(),
        }),
        _ => ok(json!({ "Purged": 1, "Enqueued": 1 })),
    });
    for command in [
        &["purge", "--study", "ACC1", "--yes"][..],
        &["enqueue", "ACC1", "--to", "pacs"],
    ] {
        let (code, _, said) = server.run(command);
        assert_eq!(code, Some(2), "{said}");
        assert!(
            said.contains("LimitFindResults") && said.contains("a-b"),
            "{said}"
        );
    }
    assert_eq!(server.posted("/errors/purge"), Vec::<Value>::new());
    assert_eq!(server.posted("/items"), Vec::<Value>::new());
    // Of a UID there is one, also one that only the queue knows.
    for (matched, text) in [("Uid", "1.2.3"), ("PatientName", "1.2.3")] {
        let server = Server::start(move |asked| match asked.path.as_str() {
            "/search" => Some(Answer {
                status: 200,
                header: "Sendqueue-Complete: false",
                body: found(matched).to_string(),
            }),
            _ => ok(json!({ "Purged": 1 })),
        });
        let (code, _, said) = server.run(&["purge", "--study", text, "--yes"]);
        assert_eq!(code, Some(0), "{said}");
        let study = if matched == "Uid" { "a-b" } else { text };
        assert_eq!(server.posted("/errors/purge")[0]["Study"], study);
    }
    let nothing = Server::start(|_| {
        Some(Answer {
            status: 200,
            header: "Sendqueue-Complete: false",
            body: "[]".to_owned(),
        })
    });
    let (code, said, _) = nothing.run(&["search", "miller"]);
    assert_eq!(code, Some(4));
    assert!(said.contains("did not look at everything"), "{said}");
    let (code, _, said) = nothing.run(&["study", "ACC1"]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("nothing is found; but Orthanc did not look"),
        "{said}"
    );
}

#[test]
fn what_is_refused_keeps_nothing_from_the_others() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/destinations/b/pause" => answer(404, json!({ "Details": "no destination \"b\"" })),
        "/items/2/cancel" => answer(409, json!({ "Details": "item 2 is sent" })),
        "/destinations/dead/echo" => None,
        path if path.ends_with("/echo") => ok(json!({ "Success": true, "Milliseconds": 1.0 })),
        _ => ok(json!({ "State": "Paused" })),
    });
    let (code, said, errors) = server.run(&["pause", "a", "b", "c"]);
    assert_eq!((code, said.as_str()), (Some(4), "a: Paused\nc: Paused\n"));
    assert!(errors.contains("b: no destination"), "{errors}");
    let (code, said, errors) = server.run(&["cancel", "1", "2", "3"]);
    assert_eq!((code, said.lines().count()), (Some(1), 2), "{said}{errors}");
    let (code, said, _) = server.run(&["--json", "pause", "a", "b", "c"]);
    let told: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(code, Some(4));
    assert_eq!(
        told[1],
        json!({ "Name": "b", "Error": "no destination \"b\"", "ExitCode": 4 })
    );
    assert_eq!(told[2]["State"], "Paused");
    // Where nobody answers the next would not be answered either.
    let (code, said, errors) = server.run(&["echo", "a", "dead", "c", "d"]);
    assert_eq!((code, said.lines().count()), (Some(3), 1), "{said}{errors}");
    assert!(errors.contains("2 more were not tried"), "{errors}");
    assert!(server.posted("/destinations/c/echo").is_empty());
}

#[test]
fn errors_are_json_where_json_is_asked_for() {
    let server = Server::start(|_| answer(404, json!({ "Details": "no item 7\u{9b}2J" })));
    let is = |arguments: &[&str], code: i32, words: &str| {
        let (found, said, errors) = server.run(arguments);
        let told: Value =
            serde_json::from_str(&errors).unwrap_or_else(|error| panic!("{error}: {errors}"));
        assert_eq!(
            (found, &told["ExitCode"]),
            (Some(code), &json!(code)),
            "{told}"
        );
        assert!(told["Error"].as_str().unwrap().starts_with(words), "{told}");
        assert!(said.is_empty(), "{said}");
        assert!(
            errors.trim_end().chars().all(|c| !c.is_control()),
            "{errors:?}"
        );
    };
    is(&["--json", "item", "7"], 4, "no item 7");
    is(&["item", "7", "--json"], 4, "no item 7");
    is(&["--json", "no-such-command"], 2, "unrecognized subcommand");
    is(
        &["--json", "--url", "http://127.0.0.1:1", "health"],
        3,
        "http://127.0.0.1:1 cannot be reached",
    );
    // To ask for help is no mistake.
    let (code, said, _) = server.run(&["--json", "--help"]);
    assert_eq!((code, said.contains("Usage:")), (Some(0), true));
}

#[test]
fn no_more_is_changed_than_was_counted_and_asked_about() {
    let server = Server::start(|asked| match (asked.path.as_str(), &asked.body["DryRun"]) {
        ("", _) => ok(json!({ "Time": "20261120T235959.123456" })),
        ("/items/cancel", Value::Bool(true)) => ok(json!({ "Cancelled": 4, "Running": 0 })),
        ("/items/cancel", _) => answer(409, json!({ "Details": "AtMost: 5 items fit now" })),
        (_, Value::Bool(true)) => ok(json!({ "Purged": 3 })),
        _ => ok(json!({ "Purged": 3 })),
    });
    let on_a_terminal = |arguments: &str| {
        let mut child = Ctl::at(server.port).on_a_terminal(arguments);
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(b"y\n").expect("answered");
        // Held open: its end would be an answer too.
        let mut text = String::new();
        let mut stdout = child.stdout.take().expect("a pipe");
        stdout.read_to_string(&mut text).expect("text");
        drop(stdin);
        (child.wait().expect("an end").code(), text)
    };
    let (code, said) = on_a_terminal("cancel --all");
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("Cancel 4 items?") && said.contains("5 items fit now"),
        "{said}"
    );
    let sent = server.posted("/items/cancel");
    assert_eq!(
        (&sent[0]["AtMost"], &sent[1]["AtMost"]),
        (&Value::Null, &json!(4))
    );
    let (code, said) = on_a_terminal("purge 1 2 3");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(server.posted("/errors/purge")[1]["AtMost"], 3);
}
