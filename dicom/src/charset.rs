//! Text in the character set of a data set (PS3.5 6.1, PS3.3 C.12.1.1.2).
//!
//! Invariants:
//! - Nothing is replaced: what a character set does not have is an error that names the character, and bytes that are
//!   none of its characters are an error.
//! - With code extensions (ISO 2022) a text begins and ends in the first character set, and so does each value, each
//!   component and component group of a PN and each line: that is where readers reset theirs (PS3.5 6.1.2.5.3).

mod repertoire;
mod shift;
#[cfg(test)]
mod tests;

use repertoire::Repertoire;

use crate::Vr;

/// What (0008,0005) names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charset {
    way: Way,
    written: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    /// One for all of the text.
    Single(Repertoire),
    /// That of the beginning, and those that escape sequences lead to.
    Extended(Vec<Repertoire>),
    /// One that is not known: what is plain ASCII is that in all of them.
    Unknown,
}

impl Charset {
    /// That of a value of Specific Character Set (0008,0005), as it stands in the data set. Empty: ASCII.
    ///
    /// # Errors
    ///
    /// One that is not known, by its name.
    pub fn of(specific_character_set: &[u8]) -> Result<Charset, String> {
        let written = String::from_utf8_lossy(specific_character_set);
        let written = written.trim_matches(['\0', ' ']).to_owned();
        let terms: Vec<&str> = written.split('\\').map(str::trim).collect();
        let known = |term: &&str| {
            Repertoire::of(term).ok_or_else(|| {
                format!("Specific Character Set (0008,0005) is \"{term}\", which is not known")
            })
        };
        let all: Vec<Repertoire> = terms.iter().map(known).collect::<Result<_, _>>()?;
        let first = all[0];
        if let Some(alone) = all
            .iter()
            .find(|one| one.is_whole())
            .filter(|_| all.len() > 1)
        {
            return Err(format!(
                "Specific Character Set (0008,0005) is \"{written}\", but {alone} stands alone"
            ));
        }
        let extended = all.len() > 1 || terms[0].starts_with("ISO 2022");
        Ok(Charset {
            way: if extended {
                Way::Extended(all)
            } else {
                Way::Single(first)
            },
            written,
        })
    }

    /// The same; of one that is not known plain ASCII, and nothing else.
    #[must_use]
    pub fn as_far_as_known(specific_character_set: &[u8]) -> Charset {
        let written = String::from_utf8_lossy(specific_character_set);
        let written = written.trim_matches(['\0', ' ']).to_owned();
        Charset::of(specific_character_set).unwrap_or(Charset {
            way: Way::Unknown,
            written,
        })
    }

    /// A text as the bytes of a value, without padding.
    ///
    /// # Errors
    ///
    /// A character that the character set does not have.
    pub fn encode(&self, text: &str, vr: Vr) -> Result<Vec<u8>, String> {
        if !vr.charset_applies() {
            return Repertoire::ascii()
                .encode(text)
                .map_err(|character| self.lacks(character, vr));
        }
        match &self.way {
            Way::Single(repertoire) => repertoire.encode(text),
            Way::Extended(repertoires) => shift::encode(repertoires, text, vr),
            Way::Unknown => match text.chars().find(|one| !is_plain(*one)) {
                Some(character) => Err(character),
                None => Ok(text.as_bytes().to_vec()),
            },
        }
        .map_err(|character| self.lacks(character, vr))
    }

    /// The text of a value; with its padding, that of an odd length apart.
    ///
    /// # Errors
    ///
    /// Bytes that are no text in the character set.
    pub fn decode(&self, bytes: &[u8], vr: Vr) -> Result<String, String> {
        let text = if !vr.charset_applies() {
            Repertoire::ascii().decode(bytes)
        } else {
            match &self.way {
                Way::Single(repertoire) => repertoire.decode(bytes),
                Way::Extended(repertoires) => shift::decode(repertoires, bytes, vr),
                Way::Unknown => {
                    let text = std::str::from_utf8(bytes.strip_suffix(&[0]).unwrap_or(bytes));
                    let text = text.ok().filter(|text| text.chars().all(is_plain));
                    text.map(str::to_owned)
                }
            }
        };
        text.ok_or_else(|| {
            if vr.charset_applies() {
                format!("its text is not in its character set, {}", self.name())
            } else {
                format!("its text is not ASCII, as {vr} must be")
            }
        })
    }

    fn lacks(&self, character: char, vr: Vr) -> String {
        if vr.charset_applies() {
            format!(
                "the character set of the instance, {}, has no \"{character}\"",
                self.name()
            )
        } else {
            format!("{vr} is ASCII, which has no \"{character}\"")
        }
    }

    fn name(&self) -> String {
        match (&self.way, self.written.as_str()) {
            (Way::Unknown, written) => format!("\"{written}\", which is not known"),
            (_, "") => "ASCII (it names none)".to_owned(),
            (_, written) => written.to_owned(),
        }
    }
}

/// What is the same in all character sets, and does not switch them.
fn is_plain(character: char) -> bool {
    matches!(character, ' '..='~' | '\t' | '\n' | '\r' | '\x0C')
}
