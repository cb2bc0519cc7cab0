//! The browser of the kit: what it says is so, and its checks can fail.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use sendqueue_testkit::browser::{Browser, key};

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
        "<!DOCTYPE html><html lang='en'><head><title>x</title></head><body><main><h1>Good</h1>
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
