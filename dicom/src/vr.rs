//! Value representations (PS3.5 6.2), and what a value may be.

mod check;
mod forms;

pub use check::{check, max_length, may_ever_fit};

macro_rules! vrs {
    ($($vr:ident)*) => {
        /// A value representation of the standard (PS3.5 6.2).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Vr {
            $($vr),*
        }

        impl Vr {
            /// Its two letters.
            #[must_use]
            pub fn as_bytes(self) -> [u8; 2] {
                let [first, second] = self.as_str().as_bytes() else {
                    unreachable!("two letters");
                };
                [*first, *second]
            }

            /// Its two letters.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Vr::$vr => stringify!($vr)),*
                }
            }

            /// `None` for what the standard does not have.
            #[must_use]
            pub fn from_bytes(letters: [u8; 2]) -> Option<Vr> {
                $(
                    const $vr: &[u8] = stringify!($vr).as_bytes();
                )*
                match &letters[..] {
                    $($vr => Some(Vr::$vr),)*
                    _ => None,
                }
            }
        }
    };
}

vrs!(AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV);

impl Vr {
    /// Whose value is characters.
    #[must_use]
    pub fn is_string(self) -> bool {
        self.is_text()
            || matches!(
                self,
                Vr::AE
                    | Vr::AS
                    | Vr::CS
                    | Vr::DA
                    | Vr::DS
                    | Vr::DT
                    | Vr::IS
                    | Vr::TM
                    | Vr::UI
                    | Vr::UR
            )
    }

    /// Whose characters are those of the data set's character set (PS3.5 6.1.2.3).
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(
            self,
            Vr::LO | Vr::LT | Vr::PN | Vr::SH | Vr::ST | Vr::UC | Vr::UT
        )
    }

    /// The same, by what follows from it: Specific Character Set (0008,0005) applies.
    #[must_use]
    pub fn charset_applies(self) -> bool {
        self.is_text()
    }

    /// Whether `\` parts its values (PS3.5 6.4). Numbers have several without it.
    #[must_use]
    pub fn is_multiple(self) -> bool {
        self.is_string() && !matches!(self, Vr::LT | Vr::ST | Vr::UR | Vr::UT)
    }

    /// What makes an odd length even (PS3.5 6.2).
    #[must_use]
    pub fn padding(self) -> u8 {
        if self.is_string() && self != Vr::UI {
            b' '
        } else {
            0
        }
    }

    /// Of one number, in bytes; 1 for what has no byte order.
    #[must_use]
    pub fn width(self) -> usize {
        match self {
            // A tag is two numbers.
            Vr::AT | Vr::OW | Vr::SS | Vr::US => 2,
            Vr::FL | Vr::OF | Vr::OL | Vr::SL | Vr::UL => 4,
            Vr::FD | Vr::OD | Vr::OV | Vr::SV | Vr::UV => 8,
            _ => 1,
        }
    }
}

impl std::fmt::Display for Vr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
