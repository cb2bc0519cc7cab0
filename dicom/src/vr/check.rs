//! Whether a value fits (PS3.5 table 6.2-1).

use super::Vr;
use super::forms;

/// What one value, or one component group of a PN, may have at most, in characters. `None`: 4 GB.
#[must_use]
pub fn max_length(vr: Vr) -> Option<usize> {
    Some(match vr {
        Vr::AE | Vr::CS | Vr::DS | Vr::SH => 16,
        Vr::AS => 4,
        Vr::DA => 8,
        Vr::DT => 26,
        Vr::IS => 12,
        Vr::LO | Vr::PN | Vr::UI => 64,
        Vr::LT => 10240,
        Vr::ST => 1024,
        Vr::TM => 14,
        _ => return None,
    })
}

/// Whether a text may be the value of an element: each of its values, where `\` parts them.
///
/// # Errors
///
/// Why not, in words.
pub fn check(vr: Vr, text: &str) -> Result<(), String> {
    if !vr.is_string() {
        return Err(format!("{vr} has no text"));
    }
    characters(vr, text)?;
    for value in values(vr, text) {
        lengths(vr, value)?;
        if !value.is_empty() {
            forms::check(vr, value)?;
        }
    }
    Ok(())
}

/// Whether any value with this text in it may fit: it has no character that cannot be, and is not too long by itself.
///
/// # Errors
///
/// Why not, in words.
pub fn may_ever_fit(vr: Vr, text: &str) -> Result<(), String> {
    if !vr.is_string() {
        return Err(format!("{vr} has no text"));
    }
    characters(vr, text)?;
    values(vr, text).try_for_each(|value| lengths(vr, value))
}

fn values(vr: Vr, text: &str) -> impl Iterator<Item = &str> {
    let delimiter = if vr.is_multiple() { '\\' } else { '\0' };
    text.split(delimiter)
}

fn lengths(vr: Vr, value: &str) -> Result<(), String> {
    let Some(most) = max_length(vr) else {
        return Ok(());
    };
    if vr != Vr::PN {
        let length = value.chars().count();
        return if length > most {
            Err(format!(
                "it has {length} characters, and {vr} takes {most} at most"
            ))
        } else {
            Ok(())
        };
    }
    let groups = value.split('=');
    if groups.clone().count() > 3 {
        return Err("a PN has 3 component groups at most, parted by =".to_owned());
    }
    for group in groups {
        let length = group.chars().count();
        if length > most {
            return Err(format!(
                "a component group has {length} characters, and PN takes {most} at most"
            ));
        }
        if group.split('^').count() > 5 {
            return Err(
                "a component group of a PN has 5 components at most, parted by ^".to_owned(),
            );
        }
    }
    Ok(())
}

fn characters(vr: Vr, text: &str) -> Result<(), String> {
    match text.chars().find(|character| !may_have(vr, *character)) {
        None => Ok(()),
        Some(character) => Err(format!(
            "it has {}, which {vr} cannot have: it takes {}",
            named(character),
            allowed(vr)
        )),
    }
}

/// Without patient data: a character alone tells nothing.
fn named(character: char) -> String {
    if character.is_control() || character.is_whitespace() {
        format!("U+{:04X}", u32::from(character))
    } else {
        format!("\"{character}\"")
    }
}

fn may_have(vr: Vr, character: char) -> bool {
    if character == '\\' {
        return vr.is_string() && vr != Vr::UR;
    }
    match vr {
        Vr::AE => matches!(character, ' '..='~'),
        Vr::AS => matches!(character, '0'..='9' | 'D' | 'W' | 'M' | 'Y'),
        Vr::CS => matches!(character, 'A'..='Z' | '0'..='9' | ' ' | '_'),
        Vr::DA => character.is_ascii_digit(),
        Vr::DS => matches!(character, '0'..='9' | '+' | '-' | 'E' | 'e' | '.' | ' '),
        Vr::DT => matches!(character, '0'..='9' | '+' | '-' | '.' | ' '),
        Vr::IS => matches!(character, '0'..='9' | '+' | '-' | ' '),
        Vr::TM => matches!(character, '0'..='9' | '.' | ' '),
        Vr::UI => matches!(character, '0'..='9' | '.'),
        Vr::UR => character.is_ascii_graphic(),
        Vr::LT | Vr::ST | Vr::UT => {
            matches!(character, '\t' | '\n' | '\x0C' | '\r') || !character.is_control()
        }
        _ => !character.is_control(),
    }
}

fn allowed(vr: Vr) -> &'static str {
    match vr {
        Vr::AE => "ASCII characters without control characters",
        Vr::AS => "digits and one of D, W, M, Y",
        Vr::CS => "capital letters, digits, spaces and _",
        Vr::DA => "digits",
        Vr::DS => "digits, +, -, E, e and .",
        Vr::DT => "digits, +, - and .",
        Vr::IS => "digits, + and -",
        Vr::TM => "digits and .",
        Vr::UI => "digits and .",
        Vr::UR => "the characters of a URI",
        Vr::LT | Vr::ST | Vr::UT => "characters, tabs and line breaks",
        _ => "characters without control characters",
    }
}
