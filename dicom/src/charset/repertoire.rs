//! Character sets one by one (PS3.3 tables C.12-2 to C.12-5): their names, escape sequences and characters.

use std::fmt;

use encoding_rs::{
    EUC_JP, EUC_KR, EncoderResult, Encoding, GB18030, GBK, ISO_8859_2, ISO_8859_3, ISO_8859_4,
    ISO_8859_5, ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_15, UTF_8, WINDOWS_874, WINDOWS_1254,
};

/// A character set, or what an escape sequence leads to.
#[derive(Clone, Copy)]
pub struct Repertoire(&'static Row);

struct Row {
    /// The number that ends "ISO_IR 100" and "ISO 2022 IR 100", or the whole name.
    name: &'static str,
    /// What leads to it, behind ESC.
    escape: &'static [u8],
    code: Code,
}

/// How characters are bytes. ASCII is a part of each but the second half of a code extension.
#[derive(Clone, Copy)]
enum Code {
    Ascii,
    /// U+0080 to U+00FF are bytes as they are.
    Latin1,
    /// A byte from 0xA0 on, as in this encoding.
    Upper(&'static Encoding),
    /// Katakana of half width: a byte from 0xA1 on.
    Katakana,
    /// Two bytes of seven bits in place of ASCII: as in this encoding, without their highest bits, behind that byte.
    Double(&'static Encoding, Option<u8>),
    /// Two bytes with their highest bits set, as in this encoding.
    DoubleUpper(&'static Encoding),
    /// Without code extensions.
    Whole(&'static Encoding),
}

const fn row(name: &'static str, escape: &'static [u8], code: Code) -> Row {
    Row { name, escape, code }
}

/// The encodings that stand for ISO 8859-9 and -11 differ from them below 0xA0 only. In ISO-IR 13 and 14, ¥ and ‾ stand
/// where ASCII has \ and ~; in a data set they are these.
static ROWS: [Row; 21] = [
    row("6", b"(B", Code::Ascii),
    row("14", b"(J", Code::Ascii),
    row("100", b"-A", Code::Latin1),
    row("101", b"-B", Code::Upper(ISO_8859_2)),
    row("109", b"-C", Code::Upper(ISO_8859_3)),
    row("110", b"-D", Code::Upper(ISO_8859_4)),
    row("144", b"-L", Code::Upper(ISO_8859_5)),
    row("127", b"-G", Code::Upper(ISO_8859_6)),
    row("126", b"-F", Code::Upper(ISO_8859_7)),
    row("138", b"-H", Code::Upper(ISO_8859_8)),
    row("148", b"-M", Code::Upper(WINDOWS_1254)),
    row("203", b"-b", Code::Upper(ISO_8859_15)),
    row("166", b"-T", Code::Upper(WINDOWS_874)),
    row("13", b")I", Code::Katakana),
    row("87", b"$B", Code::Double(EUC_JP, None)),
    row("159", b"$(D", Code::Double(EUC_JP, Some(0x8F))),
    row("149", b"$)C", Code::DoubleUpper(EUC_KR)),
    row("58", b"$)A", Code::DoubleUpper(GBK)),
    row("192", b"", Code::Whole(UTF_8)),
    row("GB18030", b"", Code::Whole(GB18030)),
    row("GBK", b"", Code::Whole(GBK)),
];

impl Repertoire {
    pub fn ascii() -> Repertoire {
        Repertoire(&ROWS[0])
    }

    /// By a value of (0008,0005). Other spellings of ISO_IR than the standard's are met with.
    pub fn of(term: &str) -> Option<Repertoire> {
        let plain = term.to_ascii_uppercase().replace(['_', '-'], " ");
        let extension = plain.strip_prefix("ISO 2022 IR ");
        let name = match extension.or_else(|| plain.strip_prefix("ISO IR ")) {
            Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => number,
            None if plain.is_empty() => "6",
            None if plain.starts_with("GB") => &plain,
            _ => return None,
        };
        let found = Repertoire(ROWS.iter().find(|row| row.name == name)?);
        // 14 is a part of 13, and has no name of its own.
        let has_form = match found.0.code {
            Code::Whole(_) => extension.is_none(),
            Code::Double(..) | Code::DoubleUpper(_) => extension.is_some(),
            _ => name != "14",
        };
        has_form.then_some(found)
    }

    /// What the escape sequence leads to that these bytes begin with, ESC apart, and how long it is.
    pub fn led_to(bytes: &[u8]) -> Option<(Repertoire, usize)> {
        let row = ROWS
            .iter()
            .find(|row| !row.escape.is_empty() && bytes.starts_with(row.escape))?;
        Some((Repertoire(row), row.escape.len()))
    }

    pub fn escape(self) -> &'static [u8] {
        self.0.escape
    }

    /// Without code extensions.
    pub fn is_whole(self) -> bool {
        matches!(self.0.code, Code::Whole(_))
    }

    /// Whether it takes the place of ASCII (G0), not that of the bytes from 0x80 on (G1).
    pub fn is_lower(self) -> bool {
        matches!(self.0.code, Code::Ascii | Code::Double(..))
    }

    /// Whether a character has two bytes.
    pub fn is_double(self) -> bool {
        matches!(self.0.code, Code::Double(..) | Code::DoubleUpper(_))
    }

    /// What ASCII is when it is the first of several: with Katakana the half of JIS X 0201 (PS3.5 H.3.2).
    pub fn lower_half(self) -> Repertoire {
        match self.0.code {
            Code::Katakana => Repertoire(&ROWS[1]),
            _ => Repertoire::ascii(),
        }
    }

    /// All of a text, without escape sequences. The first character that it does not have is the error.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, char> {
        if let Code::Whole(encoding) = self.0.code {
            if encoding == UTF_8 {
                return Ok(text.as_bytes().to_vec());
            }
            // Its single byte for it is a maker's own.
            let wrong = (encoding == GBK).then_some('€');
            let (bytes, _, lacks) = encoding.encode(text);
            if !lacks && !wrong.is_some_and(|wrong| text.contains(wrong)) {
                return Ok(bytes.into_owned());
            }
            let lacking = |c: &char| encoding.encode(c.encode_utf8(&mut [0; 4])).2;
            return Err(text.chars().find(lacking).or(wrong).unwrap_or('\u{FFFD}'));
        }
        let mut bytes = Vec::with_capacity(text.len());
        for character in text.chars() {
            match u8::try_from(character) {
                Ok(byte) if byte.is_ascii() => bytes.push(byte),
                _ if self.put(character, &mut bytes) => {}
                _ => return Err(character),
            }
        }
        Ok(bytes)
    }

    /// All of a text, without escape sequences.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        if let Code::Whole(encoding) = self.0.code {
            let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
            return Some(text.into_owned());
        }
        let character = |byte: &u8| match byte {
            0..0x80 => Some(char::from(*byte)),
            _ => self.get(&[*byte]),
        };
        bytes.iter().map(character).collect()
    }

    /// A character that is not ASCII; whether it has it.
    pub fn put(self, character: char, bytes: &mut Vec<u8>) -> bool {
        let mut room = [0; 4];
        match self.0.code {
            Code::Latin1 => match u8::try_from(character) {
                Ok(byte) => bytes.push(byte),
                Err(_) => return false,
            },
            Code::Katakana => match u32::from(character) {
                code @ 0xFF61..=0xFF9F => bytes.push((code - 0xFF61 + 0xA1) as u8),
                _ => return false,
            },
            Code::Upper(encoding) => match in_encoding(encoding, character, &mut room) {
                Some([byte @ 0xA0..=0xFF]) => bytes.push(*byte),
                _ => return false,
            },
            // The rows of JIS X 0208; what makers have put between them is none of it.
            Code::Double(encoding, None) => match in_encoding(encoding, character, &mut room) {
                Some([first @ (0xA1..=0xA8 | 0xB0..=0xF4), second @ 0xA1..=0xFE]) => {
                    bytes.extend([first & 0x7F, second & 0x7F]);
                }
                _ => return false,
            },
            // The rows of KS X 1001 and of GB 2312.
            Code::DoubleUpper(encoding) => match in_encoding(encoding, character, &mut room) {
                Some([first @ 0xA1..=0xFD, second @ 0xA1..=0xFE]) => {
                    bytes.extend([*first, *second])
                }
                _ => return false,
            },
            // JIS X 0212 is read only.
            Code::Ascii | Code::Double(_, Some(_)) | Code::Whole(_) => return false,
        }
        true
    }

    /// The character of one byte or two, which is not ASCII.
    pub fn get(self, bytes: &[u8]) -> Option<char> {
        let (encoding, before) = match (self.0.code, bytes) {
            (Code::Latin1, [byte]) => return Some(char::from(*byte)),
            (Code::Katakana, [byte @ 0xA1..=0xDF]) => {
                return char::from_u32(0xFF61 - 0xA1 + u32::from(*byte));
            }
            (Code::Upper(encoding), [0xA0..=0xFF]) => (encoding, None),
            (Code::Double(encoding, before), [0x21..0x7F, 0x21..0x7F]) => (encoding, before),
            (Code::DoubleUpper(encoding), [0xA1..=0xFE, 0xA1..=0xFE]) => (encoding, None),
            _ => return None,
        };
        let mut coded: Vec<u8> = before.into_iter().collect();
        coded.extend(bytes.iter().map(|byte| byte | 0x80));
        let text = encoding.decode_without_bom_handling_and_without_replacement(&coded)?;
        let mut characters = text.chars();
        characters.next().filter(|_| characters.next().is_none())
    }
}

/// One character in an encoding, if that has it.
fn in_encoding<'a>(
    encoding: &'static Encoding,
    character: char,
    room: &'a mut [u8; 4],
) -> Option<&'a [u8]> {
    let mut text = [0; 4];
    let text = character.encode_utf8(&mut text);
    let mut encoder = encoding.new_encoder();
    let (result, _, length) = encoder.encode_from_utf8_without_replacement(text, room, true);
    (result == EncoderResult::InputEmpty).then_some(&room[..length])
}

impl PartialEq for Repertoire {
    fn eq(&self, other: &Repertoire) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Repertoire {}

impl fmt::Debug for Repertoire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Repertoire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.name;
        match self.0.code {
            Code::Whole(encoding) if encoding != UTF_8 => f.write_str(name),
            _ => write!(f, "ISO_IR {name}"),
        }
    }
}
