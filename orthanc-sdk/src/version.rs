//! The version of the running Orthanc.

use std::fmt;

/// The version of the running Orthanc. Ordered; the mainline is newer than all numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostVersion {
    /// 1 in `1.12.7`.
    pub major: u32,
    /// 12 in `1.12.7`.
    pub minor: u32,
    /// 7 in `1.12.7`.
    pub revision: u32,
}

impl HostVersion {
    /// A development build of Orthanc, which calls itself `mainline`.
    pub const MAINLINE: Self = Self {
        major: u32::MAX,
        minor: u32::MAX,
        revision: u32::MAX,
    };

    /// A version of three numbers.
    pub const fn new(major: u32, minor: u32, revision: u32) -> Self {
        Self {
            major,
            minor,
            revision,
        }
    }

    /// Reads `1.10.1`, `mainline`, and `mainline-…`; a suffix after the third number (`1.12.7-rc`) is ignored.
    /// `None` for everything else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with("mainline") {
            return Some(Self::MAINLINE);
        }
        let mut parts = text.splitn(3, '.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        let last = parts.next()?;
        let digits = last
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(last.len());
        let revision = last[..digits].parse().ok()?;
        Some(Self {
            major,
            minor,
            revision,
        })
    }

    /// Is this version the given one or newer?
    pub fn at_least(&self, major: u32, minor: u32, revision: u32) -> bool {
        *self >= Self::new(major, minor, revision)
    }
}

impl fmt::Display for HostVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::MAINLINE {
            f.write_str("mainline")
        } else {
            write!(f, "{}.{}.{}", self.major, self.minor, self.revision)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HostVersion;

    #[test]
    fn numbers_suffixes_and_the_mainline() {
        assert_eq!(
            HostVersion::parse("1.10.1"),
            Some(HostVersion::new(1, 10, 1))
        );
        assert_eq!(
            HostVersion::parse("1.12.7-rc2"),
            Some(HostVersion::new(1, 12, 7))
        );
        assert_eq!(HostVersion::parse("mainline"), Some(HostVersion::MAINLINE));
        for bad in ["", "1", "1.2", "1.2.", "a.b.c", "-1.2.3"] {
            assert_eq!(HostVersion::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn order() {
        let version = HostVersion::new(1, 12, 1);
        assert!(
            version.at_least(1, 12, 1) && version.at_least(1, 9, 30) && version.at_least(0, 99, 0)
        );
        assert!(!version.at_least(1, 12, 2) && !version.at_least(2, 0, 0));
        assert!(HostVersion::MAINLINE.at_least(99, 0, 0));
        assert_eq!(version.to_string(), "1.12.1");
    }
}
