//! Behind a reverse proxy, as hospitals have it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use sendqueue_testkit::Study;

use crate::{Page, refusing, scp};

/// Shows Orthanc below `/imaging/`: gives each request on without the prefix and, as nginx does unless told otherwise,
/// with another `Host`.
fn proxy(to: u16) -> u16 {
    let port = sendqueue_testkit::free_port();
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("a leased port");
    let pass = move |mut browser: TcpStream| -> std::io::Result<()> {
        let mut request = BufReader::new(browser.try_clone()?);
        let mut head = String::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            if request.read_line(&mut line)? == 0 || line == "\r\n" {
                break;
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            // One request for each connection: so nothing has to be understood of the answer.
            if lower.starts_with("host:") {
                head.push_str("Host: orthanc.internal\r\n");
            } else if !lower.starts_with("connection:") {
                head.push_str(&line);
            }
        }
        let mut body = vec![0; length];
        request.read_exact(&mut body)?;
        if !head.contains(" /imaging/") {
            return browser.write_all(
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        }
        let head = head.replacen(" /imaging/", " /", 1);
        let mut orthanc = TcpStream::connect(("127.0.0.1", to))?;
        orthanc.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
        orthanc.write_all(&body)?;
        std::io::copy(&mut orthanc, &mut browser)?;
        Ok(())
    };
    std::thread::spawn(move || {
        for browser in listener.incoming().flatten() {
            // A browser that goes away ends its connection, and nothing else.
            std::thread::spawn(move || drop(pass(browser)));
        }
    });
    port
}

#[test]
fn the_page_works_behind_a_prefix() {
    let (one, bad) = (scp("ONE"), refusing("BAD", 0xA900));
    let page = Page::with(&[&one, &bad]);
    page.store(&Study::new(1, 3));
    page.queue.wait_for("one", "Success", 3);
    page.queue.wait_for("bad", "Failure", 3);
    let base = format!("http://127.0.0.1:{}/imaging", proxy(page.queue.http_port()));
    let browser = &page.browser;
    for path in ["/sendqueue/ui", "/sendqueue/ui/"] {
        browser.open("about:blank");
        browser.open(&format!("{base}{path}"));
        browser.click(".line[data-destination=one] button");
        browser.click("[data-destination=one][data-verb=echo]");
        browser.wait_text(".echo", "answered C-ECHO");
        let explorer = browser.attribute("#explorer", "href");
        assert_eq!(explorer, Some(format!("{base}/app/explorer.html")));
        browser.click("a[data-nav=errors]");
        browser.click(".kind [data-verb=purge]");
        page.answer("Purge", "no");
    }
    // Explorer's section too, from there to the page, and back.
    let study = page.queue.get("/studies").ok().json()[0]
        .as_str()
        .expect("a study")
        .to_owned();
    browser.open("about:blank");
    browser.open(&format!("{base}/app/explorer.html#study?uuid={study}"));
    browser.click("#sendqueue-study li[data-destination=bad] a");
    browser.wait_text("tr[data-destination=bad] [data-count=Failure]", "3");
    assert!(
        browser.url().starts_with(&format!("{base}/sendqueue/ui/")),
        "{}",
        browser.url()
    );
    assert_eq!(browser.console_errors(), []);
    let strangers: Vec<String> = browser
        .requests()
        .into_iter()
        .filter(|url| !url.starts_with(&base))
        .collect();
    assert_eq!(strangers, Vec::<String>::new());
}
