//! `init`: the section `SendQueue` in a file of its own, beside the others of Orthanc's configuration.
//!
//! Invariants:
//! - Orthanc starts with what was written if it would have started without it: no section stands in two files, and the
//!   whole was judged by the plugin's own code before. Orthanc may read the file as it may read its neighbours.
//! - Nothing is overwritten, and the file is there whole or not at all: Orthanc reads every `.json` of the folder.
//! - Of its neighbours it is as closed as the most closed: passwords may come to stand in it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sendqueue_words::config::files;
use serde_json::{Map, Value, json};

use crate::check;
use crate::exit::End;
use crate::show::{failed, plain, say};

const NAME: &str = "sendqueue.json";

/// Where Orthanc's packages have their configuration.
pub const FOLDER: &str = if cfg!(windows) {
    r"C:\Program Files\Orthanc Server\Configuration"
} else {
    "/etc/orthanc"
};

/// Why nothing was written.
struct Refused(End, String);

fn wrong_use(why: impl Into<String>) -> Refused {
    Refused(End::WrongUse, why.into())
}

/// What was written, and what the other files have.
struct Written {
    file: PathBuf,
    modalities: Vec<String>,
    /// The file with `DicomModalities`.
    with_modalities: Option<PathBuf>,
    in_database: bool,
    has_plugins: bool,
}

/// `to`: destinations to which all goes that comes.
pub fn run(folder: &Path, to: &[String], as_json: bool) -> ExitCode {
    match write(folder, to) {
        Ok(written) => {
            tell(folder, to, &written, as_json);
            ExitCode::SUCCESS
        }
        Err(Refused(end, why)) => failed(as_json, &format!("nothing was written: {why}"), end),
    }
}

fn write(folder: &Path, to: &[String]) -> Result<Written, Refused> {
    if !folder.is_dir() {
        let what = match folder.exists() {
            true => format!(
                "{} is a file: where Orthanc has one file alone, the section is written into it by hand: {}",
                folder.display(),
                json!({ "SendQueue": section(to) })
            ),
            false => format!("{}: there is no such folder", folder.display()),
        };
        return Err(wrong_use(what));
    }
    let parts = files::parts(folder).map_err(|why| Refused(check::unread(folder), why))?;
    let with = |key: &str| parts.iter().find(|(_, part)| part.contains_key(key));
    if let Some((file, _)) = with("SendQueue") {
        return Err(wrong_use(format!(
            "{} has the section SendQueue already, and Orthanc does not start where two files have one",
            file.display()
        )));
    }
    let whole = parts.iter().flat_map(|(_, part)| part.clone());
    let mut whole: Map<String, Value> = whole.collect();
    whole.insert("SendQueue".to_owned(), section(to));
    let judged = check::judged(&Value::Object(whole), folder);
    judged.map_err(|mistakes| wrong_use(mistakes.to_string()))?;
    let file = folder.join(NAME);
    let neighbours: Vec<&Path> = parts.iter().map(|(file, _)| file.as_path()).collect();
    let problem =
        |error: io::Error| wrong_use(format!("{} cannot be made: {error}", file.display()));
    create(&file, &text(to), &neighbours).map_err(problem)?;
    let modalities = with("DicomModalities");
    let names = modalities.and_then(|(_, part)| part["DicomModalities"].as_object());
    let is_true = |key: &str| with(key).is_some_and(|(_, part)| part[key] == true);
    Ok(Written {
        modalities: names.map_or_else(Vec::new, |names| names.keys().cloned().collect()),
        with_modalities: modalities.map(|(file, _)| file.clone()),
        in_database: is_true("DicomModalitiesInDatabase"),
        has_plugins: with("Plugins").is_some(),
        file,
    })
}

fn section(to: &[String]) -> Value {
    match to {
        [] => json!({ "Rules": [] }),
        to => json!({ "Rules": [{ "To": to }] }),
    }
}

/// What stands in the file.
fn text(to: &[String]) -> String {
    let section = section(to);
    let rules = &section["Rules"];
    format!(
        "// The send queue: everything that Orthanc receives goes where these rules say.\n\
         // A rule: {{ \"To\": [ \"pacs\" ] }}. Each destination must be in \"DicomModalities\": Orthanc does not\n\
         // start otherwise.\n\
         // After a change: sendqueuectl check FOLDER, then sendqueuectl reload (the first time: restart Orthanc).\n\
         {{\n  \"SendQueue\": {{\n    \"Rules\": {rules}\n  }}\n}}\n"
    )
}

/// Under another name first, which Orthanc does not read.
fn create(file: &Path, text: &str, neighbours: &[&Path]) -> io::Result<()> {
    let draft = file.with_extension(format!("new-{}", std::process::id()));
    let made = draft_of(&draft, file, text, neighbours).and_then(|()| {
        // Unlike a renaming, this never replaces a file.
        fs::hard_link(&draft, file)
    });
    // What may be left of it, nobody reads.
    let _ = fs::remove_file(&draft);
    made
}

fn draft_of(draft: &Path, file: &Path, text: &str, neighbours: &[&Path]) -> io::Result<()> {
    let mut out = closed_file(draft)?;
    out.write_all(text.as_bytes())?;
    open_for(&out, file, neighbours)?;
    out.sync_all()
}

#[cfg(unix)]
fn closed_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = File::options();
    options.write(true).create_new(true).mode(0o600);
    options.open(path)
}

#[cfg(not(unix))]
fn closed_file(path: &Path) -> io::Result<File> {
    File::create_new(path)
}

/// Gives it the owner, group and mode of the most closed neighbour: Orthanc reads that too. In a folder without any,
/// those of the folder.
#[cfg(unix)]
fn open_for(out: &File, file: &Path, neighbours: &[&Path]) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    let mut found = Vec::new();
    for neighbour in neighbours {
        found.push((*neighbour, fs::metadata(neighbour)?));
    }
    // By what others may, then by what the group may.
    found.sort_by_key(|(_, like)| (like.mode() & 0o007, like.mode() & 0o070));
    let folder = file.parent().unwrap_or(Path::new("."));
    let (path, like) = match found.into_iter().next() {
        Some(like) => like,
        None => (folder, fs::metadata(folder)?),
    };
    let own = out.metadata()?;
    if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
        fchown(out, Some(like.uid()), Some(like.gid())).map_err(|error| {
            let why = format!(
                "it would not have the owner and group of {}, and Orthanc might not read it ({error}): do this as root",
                path.display()
            );
            io::Error::new(error.kind(), why)
        })?;
    }
    out.set_permissions(fs::Permissions::from_mode(like.mode() & 0o666))
}

#[cfg(not(unix))]
fn open_for(_: &File, _: &Path, _: &[&Path]) -> io::Result<()> {
    Ok(())
}

fn tell(folder: &Path, to: &[String], written: &Written, as_json: bool) {
    let next = next(folder, to, written);
    if as_json {
        let told = json!({ "Written": written.file.display().to_string(), "Modalities": written.modalities, "Next": next });
        say!("{}", plain(&format!("{told:#}")));
        return;
    }
    say!("written: {}", plain(&written.file.display().to_string()));
    for (number, step) in (1..).zip(&next) {
        say!("{number}. {}", plain(step));
    }
}

/// What a person does now.
fn next(folder: &Path, to: &[String], written: &Written) -> Vec<String> {
    let mut steps = Vec::new();
    if !written.has_plugins {
        steps.push(
            "Load the plugin: no file has \"Plugins\": [ \"/usr/share/orthanc/plugins\" ]"
                .to_owned(),
        );
    }
    if to.is_empty() {
        let name = written.modalities.first().map_or("pacs", String::as_str);
        let entry = "\"pacs\": [ \"AET\", \"HOST\", 104 ]";
        if written.modalities.is_empty() {
            steps.push(match (&written.with_modalities, written.in_database) {
                (_, true) => {
                    "Name a destination, once Orthanc runs: PUT /modalities/pacs".to_owned()
                }
                (Some(file), _) => format!(
                    "Name a destination, right behind \"DicomModalities\" : {{ in {}: {entry}",
                    file.display()
                ),
                (None, _) => format!(
                    "Name a destination, in a file of {}: \"DicomModalities\": {{ {entry} }}",
                    folder.display()
                ),
            });
        } else {
            let names = written.modalities.join(", ");
            steps.push(format!("Destinations that are there: {names}"));
        }
        steps.push(format!(
            "Say what goes there, in {}: \"Rules\": [ {{ \"To\": [ {} ] }} ]",
            written.file.display(),
            Value::from(name)
        ));
        steps.push(format!(
            "Look at it: sendqueuectl check {}",
            folder.display()
        ));
    }
    steps.push(match cfg!(windows) {
        true => "Restart the service Orthanc".to_owned(),
        false => "Restart Orthanc: systemctl restart orthanc".to_owned(),
    });
    steps
}
