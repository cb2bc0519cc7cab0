//! The picture of ARCHITECTURE.md is true: what the code uses is what the page allows, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

/// Who uses whom, by the names of rooms, with a place for each.
type Arrows = BTreeMap<(String, String), String>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rooms in the order of the page's block, each with those that it may use.
fn allowed() -> Vec<(String, BTreeSet<String>)> {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let block = page
        .split("```rooms\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a block ```rooms");
    let words = |text: &str| {
        let names = text.split_whitespace().map(str::to_owned);
        names.collect::<BTreeSet<_>>()
    };
    block
        .lines()
        .map(|line| {
            let (room, used) = line
                .split_once(':')
                .expect("room: the rooms that it may use");
            (room.trim().to_owned(), words(used))
        })
        .collect()
}

/// The files below a folder, without what is built.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if !path.is_dir() {
            found.push(path);
        } else if !path.ends_with("target") {
            found.extend(files(&path));
        }
    }
    found
}

/// The files of a source folder, without its tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let is_code = |path: &PathBuf| {
        let inside = path.strip_prefix(folder).unwrap_or(path).with_extension("");
        let is_test = |part| part == "tests" || part == "conformance";
        path.extension().is_some_and(|extension| extension == "rs") && !inside.iter().any(is_test)
    };
    files(folder).into_iter().filter(is_code).collect()
}

/// The code without comments and what is in quotes, and without items for tests alone.
fn code(text: &str) -> String {
    let noise = Regex::new(
        r###"(?s)//[^\n]*|/\*.*?\*/|r#".*?"#|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.[^']*)'"###,
    )
    .expect("a pattern");
    let mut code = noise.replace_all(text, " ").into_owned();
    while let Some(begin) = code.find("#[cfg(test)]") {
        let rest = &code[begin..];
        let brace = rest.find('{').unwrap_or(rest.len());
        let semicolon = rest.find(';').unwrap_or(rest.len());
        let end = if semicolon < brace {
            semicolon + 1
        } else {
            closing(rest, brace)
        };
        code.replace_range(begin..begin + end, " ");
    }
    code
}

/// Where the block that is opened at `open` has ended.
fn closing(text: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, character) in text[open..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth <= 1 => return open + at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// The first names of what follows `crate::` (or enough of `super::`): one, or those of a list in braces.
fn heads(rest: &str) -> Vec<String> {
    let name = |text: &str| {
        let text = text.trim_start();
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
        text[..end.unwrap_or(text.len())].to_owned()
    };
    let Some(list) = rest.strip_prefix('{') else {
        return vec![name(rest)];
    };
    let mut depth = 0_usize;
    let inner = &list[..closing(rest, 0).saturating_sub(2)];
    let split = inner.split(|c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    split.map(name).filter(|name| !name.is_empty()).collect()
}

/// The rooms that the code of a module uses beside its own.
fn used(module: &[String], text: &str) -> BTreeSet<String> {
    let path = Regex::new(r"\b(?:(orthanc_sdk)|crate|(super(?:::super)*))::").expect("a pattern");
    let code = code(text);
    let mut rooms = BTreeSet::new();
    for found in path.captures_iter(&code) {
        let rest = &code[found.get(0).expect("all of it").end()..];
        if let Some(sdk) = found.get(1) {
            rooms.insert(sdk.as_str().to_owned());
        } else if found
            .get(2)
            .is_none_or(|up| up.as_str().split("::").count() == module.len())
        {
            rooms.extend(heads(rest));
        }
    }
    rooms.remove(&module[0]);
    rooms
}

/// What the code of a source folder uses, room by room, with a file for each arrow.
fn arrows(folder: &Path) -> Arrows {
    let mut arrows = Arrows::new();
    for file in sources(folder) {
        let inside = file
            .strip_prefix(folder)
            .expect("a file of the folder")
            .with_extension("");
        let names = inside
            .iter()
            .map(|part| part.to_string_lossy().into_owned());
        let module: Vec<_> = names.filter(|name| name != "mod").collect();
        if module == ["lib"] {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file");
        for to in used(&module, &text) {
            arrows
                .entry((module[0].clone(), to))
                .or_insert_with(|| file.display().to_string());
        }
    }
    arrows
}

#[test]
fn rooms_use_what_the_page_allows() {
    let rooms = allowed();
    let mut found = arrows(&root().join("src"));
    found.extend(arrows(&root().join("words/src")));
    let mut wrong = Vec::new();
    for ((from, to), file) in &found {
        match rooms.iter().find(|(room, _)| room == from) {
            None => wrong.push(format!(
                "{from}, which uses {to} in {file}, is no room of ARCHITECTURE.md"
            )),
            Some((_, may)) if !may.contains(to) => {
                wrong.push(format!("{from} may not use {to}, and does in {file}"));
            }
            Some(_) => {}
        }
    }
    for (from, may) in &rooms {
        for to in may {
            if !found.contains_key(&(from.clone(), to.clone())) {
                wrong.push(format!(
                    "{from} may use {to}, and does not: the page says too much"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn arrows_go_one_way() {
    let mut above = BTreeSet::from(["orthanc_sdk".to_owned()]);
    for (room, may) in allowed() {
        let up: Vec<_> = may.difference(&above).collect();
        assert!(up.is_empty(), "{room} uses what comes after it: {up:?}");
        assert!(above.insert(room.clone()), "{room} stands twice");
    }
}

#[test]
fn each_room_is_described() {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    for (room, _) in allowed() {
        let rows = ["src/", "words/src/"].map(|folder| format!("| `{folder}{room}"));
        let described = |line: &str| {
            let rest = rows.iter().find_map(|row| line.strip_prefix(row.as_str()));
            rest.is_some_and(|rest| rest.starts_with("/`") || rest.starts_with(".rs`"))
        };
        assert!(
            page.lines().any(described),
            "the table has no row for {room}"
        );
    }
}

#[test]
fn an_arrow_is_seen_however_it_is_written() {
    let deep = ["a".to_owned(), "b".to_owned()];
    let cases: [(&str, &[&str]); 9] = [
        ("use crate::store::Store;", &["store"]),
        ("fn f() { crate::store::open(); }", &["store"]),
        (
            "use crate::{item::{Item, State}, store};",
            &["item", "store"],
        ),
        ("use super::super::store::Store;", &["store"]),
        ("use super::store::Store;", &[]),
        ("use crate::a::c;", &[]),
        (
            "/// Like [`crate::store`].\n/* crate::api */ const A: &str = \"crate::ui // \\\"\"; use crate::item;",
            &["item"],
        ),
        ("use orthanc_sdk::log;", &["orthanc_sdk"]),
        (
            "#[cfg(test)] use crate::api; #[cfg(test)] mod tests { fn f() {} use crate::ui; } use crate::item;",
            &["item"],
        ),
    ];
    for (text, expected) in cases {
        let expected = expected.iter().map(|room| (*room).to_owned()).collect();
        assert_eq!(used(&deep, text), expected, "{text}");
    }
}

/// Rows of a table are left out: they cannot be wrapped.
#[test]
fn comments_are_wrapped_at_120_columns() {
    let mut long = Vec::new();
    for folder in [
        "src",
        "dicom",
        "words",
        "orthanc-sdk",
        "sendqueuectl",
        "tests",
        "benches",
        "fuzz",
        "scripts",
        "examples",
    ] {
        for file in files(&root().join(folder)) {
            let marker = match file.extension().and_then(|extension| extension.to_str()) {
                Some("rs" | "js") => "//",
                Some("sql") => "--",
                Some("sh" | "py") => "#",
                _ => continue,
            };
            let text = fs::read_to_string(&file).expect("a text");
            for (number, line) in (1..).zip(text.lines()) {
                let comment = line.trim_start().strip_prefix(marker);
                let is_row = |text: &str| text.trim_start_matches(['/', '!', ' ']).starts_with('|');
                if line.chars().count() > 120 && comment.is_some_and(|text| !is_row(text)) {
                    long.push(format!("{}:{number}", file.display()));
                }
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// `sendqueuectl` builds where there is no libclang, no header of Orthanc and no SQLite.
#[test]
fn the_command_line_needs_neither_orthanc_nor_a_database() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "-p",
            "sendqueuectl",
            "-e",
            "normal,build",
            "--prefix",
            "none",
        ])
        .current_dir(root())
        .output()
        .expect("cargo tree");
    assert!(
        tree.status.success(),
        "{}",
        String::from_utf8_lossy(&tree.stderr)
    );
    let tree = String::from_utf8_lossy(&tree.stdout);
    let names: BTreeSet<_> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(names.contains("sendqueue-words"), "{tree}");
    for name in [
        "orthanc-sdk",
        "orthanc-sendqueue",
        "bindgen",
        "clang-sys",
        "rusqlite",
        "libsqlite3-sys",
    ] {
        assert!(!names.contains(name), "sendqueuectl needs {name}");
    }
}
