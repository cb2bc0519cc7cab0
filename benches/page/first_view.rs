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

/// The driver's own time is in it, some 20 ms. `beside`: another version, asked in turns with this one.
pub fn print(orthanc: &Orthanc, beside: Option<&Orthanc>) {
    let browser = Browser::start();
    println!(
        "\n| first view | median (ms) | longest (ms) | bar | met | never there before (ms) | beside (ms) | never there (ms) |"
    );
    println!("|---|---:|---:|---:|---|---:|---:|---:|");
    for (name, path, css) in VIEWS {
        let mut all = [const { Vec::new() }; 4];
        for round in 0..=ROUNDS {
            for (of_version, orthanc) in [Some(orthanc), beside].into_iter().enumerate() {
                let Some(orthanc) = orthanc else {
                    continue;
                };
                for (of_visit, is_new) in [true, false].into_iter().enumerate() {
                    let took = first_view(&browser, orthanc, path, css, is_new);
                    if round > 0 {
                        all[2 * of_version + of_visit].push(took);
                    }
                }
            }
        }
        for times in &mut all {
            times.sort_by(f64::total_cmp);
        }
        let median = |times: &[f64]| times.get(ROUNDS / 2).copied().unwrap_or(f64::NAN);
        let [new, own, new_beside, own_beside] = all.each_ref().map(|times| median(times));
        let met = if own < BAR { "yes" } else { "NO" };
        println!(
            "| {name} | {own:.0} | {:.0} | {BAR:.0} | {met} | {new:.0} | {own_beside:.0} | {new_beside:.0} |",
            all[1][ROUNDS - 1],
        );
    }
}

/// `is_new`: in a browser that keeps none of the page's files yet.
fn first_view(browser: &Browser, orthanc: &Orthanc, path: &str, css: &str, is_new: bool) -> f64 {
    browser.open("about:blank");
    if is_new {
        browser.forget_files();
    }
    let begun = Instant::now();
    browser.open(&format!("http://127.0.0.1:{}{path}", orthanc.http_port()));
    browser.wait_for(css);
    begun.elapsed().as_secs_f64() * 1e3
}
