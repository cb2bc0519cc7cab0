//! How long a person waits for the first sight of a view, in a real Chromium, beside Orthanc Explorer's own home.

use std::time::Instant;

use sendqueue_testkit::{Browser, Orthanc};

/// Milliseconds that the first view may take.
const BAR: f64 = 300.0;
const ROUNDS: usize = 9;

/// A page, and what is there when it can be read.
const VIEWS: [(&str, &str, &str); 6] = [
    (
        "Orthanc Explorer's home (the peer)",
        "/app/explorer.html",
        "#lookup-form",
    ),
    ("overview", "/sendqueue/ui/", ".line[data-destination]"),
    ("error queue", "/sendqueue/ui/#/errors", ".kind"),
    ("studies", "/sendqueue/ui/#/studies", "tbody[data-study]"),
    ("items", "/sendqueue/ui/#/items", "[data-item]"),
    (
        "failures of a destination",
        "/sendqueue/ui/#/items?state=Failure&destination=pacs",
        "[data-item]",
    ),
];

/// The driver's own time is in it, some 20 ms.
pub fn print(orthanc: &Orthanc) {
    let browser = Browser::start();
    println!("\n| first view | median (ms) | longest (ms) | bar | met |");
    println!("|---|---:|---:|---:|---|");
    for (name, path, css) in VIEWS {
        let mut times: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                browser.open("about:blank");
                let begun = Instant::now();
                browser.open(&format!("http://127.0.0.1:{}{path}", orthanc.http_port()));
                browser.wait_for(css);
                begun.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let (median, longest) = (times[ROUNDS / 2], times[ROUNDS - 1]);
        let met = if median < BAR { "yes" } else { "NO" };
        println!("| {name} | {median:.0} | {longest:.0} | {BAR:.0} | {met} |");
    }
}
