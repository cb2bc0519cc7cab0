//! `/sendqueue/ui/`: the operator's page, and the section in Orthanc Explorer.
//!
//! Invariants:
//! - The files are in the library: no build step, nothing is read from the disk, nothing comes from another host.
//! - A strict Content-Security-Policy: scripts and styles of these files only, none in the markup.
//! - The page asks the same REST API as everybody else, by paths relative to itself, so that it works behind the prefix
//!   of a reverse proxy. It has no rights of its own: who sees it has logged in to Orthanc.
//!
//! Orthanc hands `/sendqueue/ui` and `/sendqueue/ui/` to a plugin as the same, so the page cannot be sent from one to
//! the other. Its markup names its files `ui/…`, which is right without the slash; with it, they are asked for below
//! `ui/ui/`, where the router finds them too.
//!
//! For tests and other programs, elements carry what they are in attributes:
//! - `main[data-view]`: overview, errors, studies, items, item, journal, resource, search
//! - `[data-need]`: its kind, on what the verdict says; `[data-total]` on the figures beside it
//! - `.line[data-destination]`, with `[data-state]`: a line of the overview; its cells are `[data-figure]` (state,
//!   waiting, failed, oldest, sent, speed, day)
//! - `.detail[data-destination]`: what a line opens to (`#/destinations/NAME`)
//! - `[data-study]` on studies of a list, in it `[data-destination]` and `[data-worst]` on a line for each destination;
//!   `[data-by]` on the switch between studies and items; `[data-count]`: a state, on how many are in it
//! - `[data-item]` and `[data-state]` on rows, `[data-action]` and `[data-verb]` on buttons
//! - `[data-example]`: the item that stands for its kind of failure
//! - `[data-asks]` on what is asked for once it is opened
//! - `[data-followed]` (begins, goes on, done, failed): the line that follows what was replayed
//! - `[data-event]` on entries of the journal, `[data-result]` on what was found
//! - `[data-rule]` and `[data-verdict]` on what a rule said
//! - `[data-preview]` on what would be changed for a destination, `[data-path]` on its elements
//! - `dialog form[data-number]`: how many items it concerns
//! - `#said` (what was done), `#lost` (no connection), `#failures`

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

/// The names of all files.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|file| file.name)
}

/// The file of this name below `/sendqueue/ui/`; the empty name is the page itself.
pub fn file(name: &str) -> Option<Response> {
    let name = if name.is_empty() { "index.html" } else { name };
    let file = match numbered_icon(name) {
        Some(icon) => Response::new(200, IMAGE, icon),
        None => {
            let file = FILES.iter().find(|file| file.name == name)?;
            Response::new(200, file.content_type, file.text)
        }
    };
    let response = file
        .with_header("Content-Security-Policy", POLICY)
        .with_header("X-Content-Type-Options", "nosniff")
        .with_header("Referrer-Policy", "no-referrer")
        // After an upgrade of the library, no file of the old page.
        .with_header("Cache-Control", "no-cache");
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
    use crate::item::State;
    use crate::item::state::Move;

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
        for file in FILES {
            let response = super::file(file.name).expect(file.name);
            assert_eq!(response.body, file.text.as_bytes());
            assert_eq!(response.header("Content-Security-Policy"), Some(POLICY));
        }
        assert_eq!(file("").expect("the page").content_type, HTML);
        for name in [
            "nothing.js",
            "../mod.rs",
            "mod.rs",
            "index.html/",
            "/index.html",
            "ui/index.html",
        ] {
            assert!(file(name).is_none(), "{name}");
        }
    }

    #[test]
    fn the_icon_carries_the_number_of_failures() {
        for (name, shown) in [
            ("icon-1.svg", ">1</text>"),
            ("icon-99.svg", ">99</text>"),
            ("icon-many.svg", ">99+</text>"),
        ] {
            let icon = file(name).expect(name);
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
            assert!(file(name).is_none(), "{name}");
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
                        || name.strip_prefix("ui/").and_then(super::file).is_some(),
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
