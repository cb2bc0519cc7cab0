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

    fn name(&self) -> &str {
        if self.written.is_empty() {
            "ASCII (it names none)"
        } else {
            &self.written
        }
    }
}
