//! The browser of the kit: what it says is so, and its checks can fail.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;

use sendqueue_testkit::browser::{Browser, SOON, key};

/// Serves one page to everybody who asks, until the test ends; its URL.
fn serve(page: &'static str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!(
        "http://127.0.0.1:{}/",
        listener.local_addr().expect("a port").port()
    );
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut request = [0u8; 4096];
            let size = stream.read(&mut request).unwrap_or(0);
            let body = if request[..size].starts_with(b"GET / ") {
                page
            } else {
                ""
            };
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn what_is_wrong_with_a_page_is_seen() {
    let url = serve(
        "<!DOCTYPE html><html><head><title>x</title></head><body><main>
         <h1>Bad</h1><button id='mute'></button><img src='http://127.0.0.2:9/there.png'>
         <script>throw new Error('on purpose')</script></main></body></html>",
    );
    let browser = Browser::start();
    browser.open(&url);
    browser.wait_text("h1", "Bad");
    browser.until(|| !browser.console_errors().is_empty(), "the error is seen");
    let errors = browser.console_errors();
    assert!(
        errors.iter().any(|error| error.text.contains("on purpose")),
        "{errors:?}"
    );
    let requests = browser.requests();
    assert!(
        requests
            .iter()
            .any(|url| url.starts_with("http://127.0.0.2")),
        "{requests:?}"
    );
    let breaches = browser.axe();
    for rule in ["html-has-lang", "button-name", "image-alt"] {
        assert!(
            breaches.iter().any(|one| one.starts_with(rule)),
            "{rule}: {breaches:?}"
        );
    }
}

#[test]
fn it_does_what_a_person_does() {
    let url = serve(
        "<!DOCTYPE html><html lang='en'><head><title>x</title><meta name='viewport' content='width=device-width'></head><body><main><h1>Good</h1>
         <label>Name <input name='name'></label>
         <label>Kind <select name='kind'><option value='a'>A</option><option value='b'>B</option></select></label>
         <button onclick='document.querySelector(\"h1\").textContent = document.querySelector(\"input\").value + document.querySelector(\"select\").value'>Go</button>
         </main></body></html>",
    );
    let browser = Browser::start();
    browser.open(&url);
    browser.fill("input", "x");
    browser.choose("select", "b");
    browser.click("button");
    browser.wait_text("h1", "xb");
    browser.fill("input", "y");
    browser.press(key::TAB);
    browser.press(key::TAB);
    assert_eq!(
        browser.eval("return document.activeElement.nodeName"),
        "BUTTON"
    );
    browser.press(key::ENTER);
    browser.wait_text("h1", "yb");
    assert_eq!(browser.axe(), Vec::<String>::new());
    assert_eq!(browser.console_errors(), []);
    let dark = "return matchMedia('(prefers-color-scheme: dark)').matches";
    assert_eq!(browser.eval(dark), false);
    browser.set_dark(true);
    assert_eq!(browser.eval(dark), true);
    browser.set_size(390, 800);
    assert_eq!(browser.eval("return innerWidth"), 390);
}

#[test]
fn without_the_network_it_reaches_nothing() {
    let url = serve("<!DOCTYPE html><html lang='en'><title>x</title><h1>There</h1></html>");
    let browser = Browser::start();
    browser.open(&url);
    let reached = "return fetch(location.href).then(answer => answer.status, () => 'lost')";
    assert_eq!(browser.eval(reached), 200);
    browser.set_offline(true);
    assert_eq!(browser.eval(reached), "lost");
    browser.set_offline(false);
    assert_eq!(browser.eval(reached), 200);
    // Other hosts are out of reach always, and seen to be asked for.
    let other = "return fetch('http://pacs.example/x', { mode: 'no-cors' }).then(() => 'there', () => 'lost')";
    assert_eq!(browser.eval(other), "lost");
    let requests = browser.requests();
    assert!(
        requests.contains(&"http://pacs.example/x".to_owned()),
        "{requests:?}"
    );
}

/// Processes whose command line or working files name this folder.
fn processes_of(folder: &Path) -> Vec<String> {
    let wanted = folder.display().to_string();
    let all = std::fs::read_dir("/proc").expect("the processes");
    all.flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|pid| {
            let read = |file: &str| std::fs::read(format!("/proc/{pid}/{file}"));
            let names = |file: &str| {
                read(file).is_ok_and(|text| String::from_utf8_lossy(&text).contains(&wanted))
            };
            names("cmdline") || names("environ")
        })
        .collect()
}

#[test]
fn several_at_once_know_nothing_of_each_other_and_leave_nothing() {
    let url = serve("<!DOCTYPE html><html lang='en'><title>x</title><h1>There</h1></html>");
    let (one, other) = (Browser::start(), Browser::start());
    for browser in [&one, &other] {
        browser.open(&url);
    }
    one.eval("localStorage.mark = 1; return 0");
    assert_eq!(other.eval("return localStorage.mark || 'none'"), "none");
    let folder = one.folder().to_owned();
    // The driver, the browser, its helpers.
    let many = processes_of(&folder);
    assert!(many.len() >= 3, "{many:?}");
    drop(one);
    let gone = || processes_of(&folder).is_empty() && !folder.exists();
    sendqueue_testkit::wait_until(gone, SOON, "the first one is gone");
    assert_eq!(other.text("h1"), "There", "the other one lives");

    // Also when the test fails.
    let folder = other.folder().to_owned();
    let failed = std::thread::spawn(move || {
        let other = other;
        assert_eq!(other.text("h1"), "Elsewhere");
    });
    assert!(failed.join().is_err());
    let gone = || processes_of(&folder).is_empty() && !folder.exists();
    sendqueue_testkit::wait_until(gone, SOON, "the second one is gone");
}
