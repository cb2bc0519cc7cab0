//! Orthanc's configuration as Orthanc reads it (OrthancConfiguration.cpp, 1.10.1 to 1.13.0): a file, or all the `.json`
//! files of a folder; variables of the environment put in; C and C++ comments and a comma at the end of a list.
//!
//! Invariant: what Orthanc would not start with is no configuration here either.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use regex::{Captures, Regex};
use serde_json::{Map, Value};

use crate::item::system::words;

/// The file or folder that Orthanc was told to read: the one argument that does not start with a dash (main.cpp, 1.10.1
/// to 1.13.0, which accept no second one). `None`: it was started without a configuration.
pub fn of_command_line(arguments: impl IntoIterator<Item = OsString>) -> Option<PathBuf> {
    let is_option = |argument: &OsString| argument.as_encoded_bytes().starts_with(b"-");
    let mut paths = arguments
        .into_iter()
        .skip(1)
        .filter(|argument| !argument.is_empty() && !is_option(argument));
    paths.next().map(PathBuf::from)
}

/// Reads a file, or a folder. A relative path is relative to the working directory.
///
/// # Errors
/// What Orthanc would not start with, naming the file.
pub fn read(path: &Path) -> Result<Value, String> {
    let whole = parts(path)?.into_iter().flat_map(|(_, part)| part);
    Ok(sorted(Value::Object(whole.collect())))
}

/// A file, and the sections that stand in it.
pub type Part = (PathBuf, Map<String, Value>);

/// The same, with the file in which each section stands.
///
/// # Errors
/// What Orthanc would not start with, naming the file.
pub fn parts(path: &Path) -> Result<Vec<Part>, String> {
    let told =
        |file: &Path, problem: &dyn std::fmt::Display| format!("{}: {problem}", file.display());
    let files = if path.is_dir() {
        json_files(path).map_err(|error| told(path, &words(&error)))?
    } else {
        vec![path.to_owned()]
    };
    let mut parts: Vec<Part> = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).map_err(|error| told(&file, &words(&error)))?;
        let text = substitute(&text, &|name| std::env::var(name).ok());
        let part = parse(&text).map_err(|problem| told(&file, &problem))?;
        for key in part.keys() {
            if let Some((other, _)) = parts.iter().find(|(_, other)| other.contains_key(key)) {
                let problem = format!("the section {key:?} is in {} too", other.display());
                return Err(told(&file, &problem));
            }
        }
        parts.push((file, part));
    }
    Ok(parts)
}

/// With the keys of each object in order, as jsoncpp keeps them: so mistakes come in the order in which Orthanc tells
/// them.
pub(super) fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            let entries = entries.into_iter().map(|(key, value)| (key, sorted(value)));
            Value::Object(entries.collect())
        }
        Value::Array(list) => list.into_iter().map(sorted).collect(),
        other => other,
    }
}

fn json_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_json = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if is_json && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn parse(text: &str) -> Result<Map<String, Value>, String> {
    let mut text = text.to_owned();
    json_strip_comments::strip(&mut text).map_err(|error| format!("not JSON: {error}"))?;
    let value = serde_json::from_str(&text).map_err(|error| {
        let what = format!("not JSON: {error}");
        match what.contains("expected `,`") {
            true => format!("{what}; is a comma missing at the end of a line before it?"),
            false => what,
        }
    })?;
    match value {
        Value::Object(map) => Ok(map),
        _ => Err("not a JSON object".to_owned()),
    }
}

/// `${NAME}` and `${NAME:-default}`, the default in quotes or not. A variable that is not set and has no default is
/// nothing.
fn substitute(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let pattern = Regex::new(
        r#"\$\{([^:]*?)\}|\$\{([^:]*?):-([^'"]*?)\}|\$\{([^:]*?):-"([^"]*?)"\}|\$\{([^:]*?):-'([^']*?)'\}"#,
    );
    let Ok(pattern) = pattern else {
        return text.to_owned();
    };
    let put = |found: &Captures<'_>| {
        let group = |at: usize| found.get(at).map_or("", |text| text.as_str());
        if !group(1).is_empty() {
            return variable(group(1)).unwrap_or_default();
        }
        for (name, default) in [(2, 3), (4, 5), (6, 7)] {
            if !group(name).is_empty() {
                return variable(group(name)).unwrap_or_else(|| group(default).to_owned());
            }
        }
        String::new()
    };
    pattern.replace_all(text, put).into_owned()
}

/// The tags that `Dictionary` adds: name, group, element.
pub fn own_tags(configuration: &Value) -> Vec<(String, (u16, u16))> {
    let dictionary = configuration.get("Dictionary").and_then(Value::as_object);
    let mut tags = Vec::new();
    for (key, entry) in dictionary.into_iter().flatten() {
        let Some((group, element)) = key.split_once([',', '-']) else {
            continue;
        };
        let number = |text: &str| u16::from_str_radix(text.trim(), 16).ok();
        let name = entry.get(1).and_then(Value::as_str);
        if let (Some(group), Some(element), Some(name)) = (number(group), number(element), name) {
            tags.push((name.to_owned(), (group, element)));
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_the_argument_that_is_no_option() {
        let run = |arguments: &[&str]| of_command_line(arguments.iter().map(OsString::from));
        assert_eq!(run(&["Orthanc"]), None);
        assert_eq!(run(&["Orthanc", "--verbose", ""]), None);
        let found = run(&["Orthanc", "--logdir=/l", "conf/", "--trace"]);
        assert_eq!(found.as_deref(), Some(Path::new("conf/")));
    }

    #[test]
    fn variables_are_put_in_as_orthanc_does() {
        let variable = |name: &str| (name == "SET").then(|| "value".to_owned());
        for (text, expected) in [
            ("a ${SET} b", "a value b"),
            ("${UNSET}", ""),
            ("${UNSET:-d}", "d"),
            ("${UNSET:-\"d\"}", "d"),
            ("${UNSET:-'d'}", "d"),
            ("${SET:-d}", "value"),
            ("$SET ${", "$SET ${"),
            ("\"${SET}\", ${UNSET:-true}", "\"value\", true"),
        ] {
            assert_eq!(substitute(text, &variable), expected, "{text}");
        }
    }

    #[test]
    fn comments_and_last_commas_are_taken_and_no_more() {
        let text = "{ // one\n \"a\": [1, 2,], /* two */ \"b\": {\"c\": 1,}, }";
        assert_eq!(parse(text).map(|map| map.len()), Ok(2));
        for wrong in ["", "[]", "{a: 1}", "{\"a\" 1}", "{'a': 1}"] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
