//! `/sendqueue/ui/`: the operator's page, and the section in Orthanc Explorer.
//!
//! Invariants:
//! - The files are in the library: no build step, nothing is read from the disk, nothing comes from another host.
//! - The scripts are sent as one file ([`joined`]). What the markup names has a version behind it, and is kept by the
//!   browser until the library has another one: the second visit asks for the markup and the figures alone.
//! - A strict Content-Security-Policy: scripts and styles of these files only, none in the markup.
//! - The page asks the same REST API as everybody else, by paths relative to itself, so that it works behind the prefix
//!   of a reverse proxy. It has no rights of its own: who sees it has logged in to Orthanc.
//!
//! Orthanc hands `/sendqueue/ui` and `/sendqueue/ui/` to a plugin as the same, so the page cannot be sent from one to
//! the other. Its markup names its files `ui/…`, which is right without the slash; with it, they are asked for below
//! `ui/ui/`, where the router finds them too.
//!
//! For tests and other programs, elements carry what they are in attributes:
//! - `main[data-view]`: overview, errors, studies, items, item, journal, deliveries, retention, resource, search
//! - `[data-need]`: its kind, on what the verdict says; `[data-total]` on the figures beside it
//! - `.line[data-destination]`, with `[data-state]`: a line of the overview; its cells are `[data-figure]` (state,
//!   waiting, failed, oldest, sent, speed, day)
//! - `.detail[data-destination]`: what a line opens to (`#/destinations/NAME`)
//! - `[data-study]` on studies of a list, in it `[data-destination]` and `[data-worst]` on a line for each destination;
//!   `[data-by]` on the switch between studies and items; `[data-count]`: a state, on how many are in it
//! - `[data-confirmation]` on links to what is confirmed so far
//! - `[data-item]` and `[data-state]` on rows, `[data-action]` and `[data-verb]` on buttons
//! - `[data-example]`: the item that stands for its kind of failure
//! - `[data-asks]` on what is asked for once it is opened
//! - `[data-followed]` (begins, goes on, done, failed): the line that follows what was replayed
//! - `[data-delivery]`: the line's number, on what was sent; `[data-csv]` on the link to all of it as a table
//! - `[data-show]` on the lists of retention, `[data-why]` on why studies stay, `[data-dry-run]`: nothing is deleted
//! - `[data-event]` on entries of the journal, `[data-result]` on what was found
//! - `[data-rule]` and `[data-verdict]` on what a rule said
//! - `[data-preview]` on what would be changed for a destination, `[data-path]` on its elements
//! - `dialog form[data-number]`: how many items it concerns
//! - `#said` (what was done), `#lost` (no connection), `#failures`

mod joined;

use std::hash::Hasher as _;
use std::sync::LazyLock;

use orthanc_sdk::Response;

struct File {
    name: &'static str,
    content_type: &'static str,
    text: &'static str,
}

pub const HTML: &str = "text/html; charset=utf-8";
pub const STYLE: &str = "text/css; charset=utf-8";
pub const SCRIPT: &str = "text/javascript; charset=utf-8";
pub const IMAGE: &str = "image/svg+xml";

macro_rules! files {
    ($($name:literal $content_type:ident,)*) => {
        &[$(File { name: $name, content_type: $content_type, text: include_str!($name) }),*]
    };
}

const FILES: &[File] = files! {
    "index.html" HTML,
    "page.css" STYLE,
    "icon.svg" IMAGE,
    "actions.js" SCRIPT,
    "api.js" SCRIPT,
    "by_study.js" SCRIPT,
    "changes.js" SCRIPT,
    "chart.js" SCRIPT,
    "confirming.js" SCRIPT,
    "deliveries.js" SCRIPT,
    "destination.js" SCRIPT,
    "dialog.js" SCRIPT,
    "dom.js" SCRIPT,
    "errors.js" SCRIPT,
    "examples.js" SCRIPT,
    "follow.js" SCRIPT,
    "item.js" SCRIPT,
    "items.js" SCRIPT,
    "journal.js" SCRIPT,
    "kept.js" SCRIPT,
    "lists.js" SCRIPT,
    "main.js" SCRIPT,
    "many.js" SCRIPT,
    "names.js" SCRIPT,
    "overview.js" SCRIPT,
    "resource.js" SCRIPT,
    "retention.js" SCRIPT,
    "route.js" SCRIPT,
    "say.js" SCRIPT,
    "search.js" SCRIPT,
    "selection.js" SCRIPT,
    "settings.js" SCRIPT,
    "sources.js" SCRIPT,
    "spark.js" SCRIPT,
    "standing.js" SCRIPT,
    "steady.js" SCRIPT,
    "steering.js" SCRIPT,
    "studies.js" SCRIPT,
    "study.js" SCRIPT,
    "table.js" SCRIPT,
    "uids.js" SCRIPT,
    "verdict.js" SCRIPT,
    "why.js" SCRIPT,
    "words.js" SCRIPT,
};

/// JavaScript for Orthanc Explorer (the first one).
pub const EXPLORER: &str = include_str!("explorer.js");

/// What a browser may do on behalf of the page (W3C Content Security Policy Level 3): load and ask its own host only,
/// and run no script that stands in markup.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// With this version behind its name, a file is what it will always be.
const FOR_EVER: &str = "private, max-age=31536000, immutable";
/// After an upgrade of the library, no file of the old page.
const ASKED_EACH_TIME: &str = "no-cache";

/// Those of the files that are not sent as they are.
struct Page {
    version: String,
    markup: String,
    script: String,
}

static PAGE: LazyLock<Page> = LazyLock::new(|| {
    let mut hasher = std::hash::DefaultHasher::new();
    for file in FILES {
        hasher.write(file.text.as_bytes());
    }
    // Its badge is drawn below.
    hasher.write(numbered_icon("icon-1.svg").unwrap_or_default().as_bytes());
    let version = format!("{:016x}", hasher.finish());
    let mut markup = FILES[0].text.to_owned();
    for name in names() {
        markup = markup.replace(
            &format!("\"ui/{name}\""),
            &format!("\"ui/{name}?v={version}\""),
        );
    }
    let scripts = FILES
        .iter()
        .filter_map(|file| Some((file.name.strip_suffix(".js")?, file.text)));
    let script = joined::joined(&scripts.collect::<Vec<_>>(), "main");
    Page {
        version,
        markup,
        script,
    }
});

/// The names of all files that are sent.
pub fn names() -> impl Iterator<Item = &'static str> {
    let names = FILES.iter().map(|file| file.name);
    names.filter(|name| !name.ends_with(".js") || *name == "main.js")
}

/// The file of this name below `/sendqueue/ui/`; the empty name is the page itself. `version`: that of which it was
/// asked for.
pub fn file(name: &str, version: Option<&str>) -> Option<Response> {
    let name = if name.is_empty() { "index.html" } else { name };
    let file = match (name, numbered_icon(name)) {
        (_, Some(icon)) => Response::new(200, IMAGE, icon),
        ("index.html", _) => Response::new(200, HTML, PAGE.markup.as_str()),
        ("main.js", _) => Response::new(200, SCRIPT, PAGE.script.as_str()),
        _ => {
            let file = FILES
                .iter()
                .find(|file| file.name == name && file.content_type != SCRIPT)?;
            Response::new(200, file.content_type, file.text)
        }
    };
    let kept = if version == Some(PAGE.version.as_str()) {
        FOR_EVER
    } else {
        ASKED_EACH_TIME
    };
    let response = file
        .with_header("Content-Security-Policy", POLICY)
        .with_header("X-Content-Type-Options", "nosniff")
        .with_header("Referrer-Policy", "no-referrer")
        .with_header("Cache-Control", kept);
    Some(response)
}

/// The icon with the number of failures: `icon-1.svg` to `icon-99.svg`, and `icon-many.svg`. The policy forbids a
/// script to draw it.
fn numbered_icon(name: &str) -> Option<String> {
    let number = name.strip_prefix("icon-")?.strip_suffix(".svg")?;
    let shown = match number.parse::<u8>() {
        Ok(1..=99) if !number.starts_with(['0', '+']) => number,
        Err(_) if number == "many" => "99+",
        _ => return None,
    };
    let size = [0, 20, 18, 13][shown.len()];
    let badge = format!(
        r##"<rect x="8" y="8" width="24" height="24" rx="7" fill="#c4221b"/><text x="20" y="{}" font-family="sans-serif" font-weight="700" font-size="{size}" text-anchor="middle" fill="#fff">{shown}</text></svg>"##,
        20 + size * 4 / 11,
    );
    let (icon, _) = include_str!("icon.svg").rsplit_once("</svg>")?;
    Some(format!("{icon}{badge}"))
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;
    use crate::item::safe::Why;
    use crate::item::state::Move;
    use crate::item::{Confirmation, State};

    /// What stands in a script behind `const NAME = `.
    fn value_of(script: &str, name: &str) -> &'static str {
        let file = FILES.iter().find(|file| file.name == script);
        let (_, rest) = file
            .and_then(|file| file.text.split_once(&format!("const {name} = ")))
            .expect(name);
        rest.split(';').next().unwrap_or_default()
    }

    /// The words in quotes.
    fn quoted(text: &str) -> Vec<&str> {
        text.split('"').skip(1).step_by(2).collect()
    }

    #[test]
    fn the_page_knows_the_states_and_offers_what_they_allow() {
        let states = State::ALL.map(State::as_str);
        assert_eq!(quoted(value_of("words.js", "STATES")), states);
        let name = Regex::new(r"(\w+): ").expect("a pattern");
        let words = name.captures_iter(value_of("words.js", "STATE_WORDS"));
        let words: Vec<_> = words.map(|word| word.extract::<1>().1[0]).collect();
        assert_eq!(words, states);

        let words = name.captures_iter(value_of("words.js", "CONFIRMATION_WORDS"));
        let words: Vec<_> = words.map(|word| word.extract::<1>().1[0]).collect();
        let asked = Confirmation::ALL.map(Confirmation::as_str);
        assert_eq!(words, asked[1..]);

        let words = name.captures_iter(value_of("retention.js", "WHY_WORDS"));
        let words: Vec<_> = words.map(|word| word.extract::<1>().1[0]).collect();
        assert_eq!(words, Why::ALL.map(Why::as_str));

        let offered = value_of("item.js", "MAY");
        let row = Regex::new(r#""?([a-z-]+)"?: \[([^\]]*)\]"#).expect("a pattern");
        let mut verbs = Vec::new();
        for found in row.captures_iter(offered) {
            let (_, [word, states]) = found.extract();
            let verb = match word {
                "replay" => Move::Replay,
                "send-now" => Move::SendNow,
                "redirect" => Move::Redirect,
                "cancel" => Move::Cancel,
                "remove" => Move::Remove,
                other => panic!("{other} is no verb of a person"),
            };
            let legal = State::ALL
                .into_iter()
                .filter(|state| state.after(verb).is_some());
            let legal: Vec<_> = legal.map(State::as_str).collect();
            assert_eq!(quoted(states), legal, "{word}");
            verbs.push(word);
        }
        assert_eq!(
            verbs,
            ["replay", "send-now", "redirect", "cancel", "remove"]
        );
    }

    #[test]
    fn each_file_is_served_and_nothing_else() {
        for name in names() {
            let response = super::file(name, None).expect(name);
            assert!(!response.body.is_empty(), "{name}");
            assert_eq!(response.header("Content-Security-Policy"), Some(POLICY));
            assert_eq!(response.header("Cache-Control"), Some(ASKED_EACH_TIME));
        }
        assert_eq!(file("", None).expect("the page").content_type, HTML);
        for file in FILES.iter().filter(|file| file.content_type == SCRIPT) {
            let start = format!("// {}\nconst from_", file.name);
            assert_eq!(PAGE.script.matches(&start).count(), 1, "{}", file.name);
        }
        for name in [
            "nothing.js",
            "../mod.rs",
            "mod.rs",
            "api.js",
            "index.html/",
            "/index.html",
            "ui/index.html",
        ] {
            assert!(file(name, None).is_none(), "{name}");
        }
    }

    #[test]
    fn what_the_markup_names_is_kept_until_there_is_another_library() {
        let page = file("", None).expect("the page");
        assert_eq!(page.header("Cache-Control"), Some(ASKED_EACH_TIME));
        let text = String::from_utf8(page.body).expect("text");
        let named = Regex::new(r#""ui/([^"?]+)(?:\?v=([0-9a-f]{16}))?""#).expect("a pattern");
        let mut found: Vec<&str> = Vec::new();
        for one in named.captures_iter(&text) {
            let (name, version) = (one.get(1).expect("a name").as_str(), one.get(2));
            let version = version.expect("a version").as_str();
            let answer = file(name, Some(version)).expect(name);
            assert_eq!(answer.header("Cache-Control"), Some(FOR_EVER), "{name}");
            let other = file(name, Some("0123456789abcdef")).expect(name);
            assert_eq!(other.header("Cache-Control"), Some(ASKED_EACH_TIME));
            assert_eq!(other.body, answer.body, "{name}");
            found.push(name);
        }
        assert_eq!(found, ["icon.svg", "page.css", "main.js", "icon.svg"]);
    }

    #[test]
    fn the_icon_carries_the_number_of_failures() {
        for (name, shown) in [
            ("icon-1.svg", ">1</text>"),
            ("icon-99.svg", ">99</text>"),
            ("icon-many.svg", ">99+</text>"),
        ] {
            let icon = file(name, None).expect(name);
            assert_eq!(icon.content_type, IMAGE);
            let text = String::from_utf8(icon.body.clone()).expect("text");
            assert!(text.contains(shown) && text.ends_with("</svg>"), "{text}");
        }
        for name in [
            "icon-0.svg",
            "icon-100.svg",
            "icon-01.svg",
            "icon-+1.svg",
            "icon-.svg",
            "icon-x.svg",
            "icon-1.png",
        ] {
            assert!(file(name, None).is_none(), "{name}");
        }
    }

    #[test]
    fn what_the_files_ask_for_is_among_them() {
        for file in FILES {
            let imports = file
                .text
                .match_indices("from \"./")
                .map(|(at, start)| &file.text[at + start.len()..]);
            let names = imports.filter_map(|rest| rest.split('"').next());
            for name in names {
                assert!(
                    FILES.iter().any(|other| other.name == name),
                    "{}: {name}",
                    file.name
                );
            }
        }
        for attribute in ["src=\"", "href=\""] {
            for (at, _) in FILES[0].text.match_indices(attribute) {
                let rest = &FILES[0].text[at + attribute.len()..];
                let name = rest.split('"').next().unwrap_or_default();
                assert!(
                    name.starts_with('#')
                        || name
                            .strip_prefix("ui/")
                            .is_some_and(|name| super::file(name, None).is_some()),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn nothing_parses_text_as_markup_or_code() {
        let scripts = FILES
            .iter()
            .map(|file| (file.name, file.text))
            .chain([("explorer.js", EXPLORER)]);
        for (name, text) in scripts {
            for word in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
                ".html(",
                "javascript:",
                "style=\"",
                // Lookbehinds: Safari before 16.4 cannot read a script that has one.
                "(?<!",
                "(?<=",
            ] {
                assert!(!text.contains(word), "{name}: {word}");
            }
            let links = text.matches("http://").count() + text.matches("https://").count();
            let namespaces = text.matches("http://www.w3.org/2000/svg").count();
            assert_eq!(links, namespaces, "{name} names another host");
        }
        let page = FILES[0].text;
        assert!(
            !page.contains("<style") && !page.contains("onclick"),
            "the policy forbids these"
        );
    }
}
