//! Who asks.
//!
//! Invariants:
//! - A name is only told where Orthanc has checked it: with `AuthenticationEnabled` no request gets here without the
//!   password of one of its `RegisteredUsers`, but where a plugin of the installation lets others in. Without it
//!   anybody can write any name into a header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use orthanc_sdk::Request;

use crate::config::settings::Settings;
use crate::item::Timestamp;
use crate::store::Asker;

/// Longer names are cut, in characters.
const MOST_CHARACTERS: usize = 100;

pub fn asker(request: &Request, settings: &Settings, now: Timestamp) -> Asker {
    let user = settings.host.authenticates.then(|| name(request)).flatten();
    Asker::new(user, now)
}

/// The name of an HTTP Basic login (RFC 7617), without a look at its password.
fn name(request: &Request) -> Option<String> {
    let (scheme, login) = request.header("authorization")?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let login = STANDARD.decode(login.trim()).ok()?;
    let name = login.split(|byte| *byte == b':').next()?;
    let name: String = String::from_utf8_lossy(name)
        .chars()
        .take(MOST_CHARACTERS)
        .collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use orthanc_sdk::Method;

    fn named(header: &str) -> Option<String> {
        let request = Request {
            method: Method::Post,
            uri: "/sendqueue/errors/replay".into(),
            groups: Vec::new(),
            query: Vec::new(),
            headers: vec![("authorization".into(), header.into())],
            body: Vec::new(),
        };
        name(&request)
    }

    #[test]
    fn the_name_of_a_login_and_never_its_password() {
        let basic = |login: &[u8]| named(&format!("Basic {}", STANDARD.encode(login)));
        assert_eq!(basic(b"alice:se:cret").as_deref(), Some("alice"));
        assert_eq!(basic(b"alice").as_deref(), Some("alice"));
        assert_eq!(basic("Zoë 東:x".as_bytes()).as_deref(), Some("Zoë 東"));
        assert_eq!(basic(b"\xff:x").as_deref(), Some("\u{fffd}"));
        assert_eq!(basic(b":secret"), None);
        assert_eq!(basic(&[b'a'; 5000]).unwrap().len(), MOST_CHARACTERS);
        let lower = format!("basic  {}", STANDARD.encode("bob:x"));
        assert_eq!(named(&lower).as_deref(), Some("bob"));
        for other in ["", "Basic", "Basic !", "Bearer YWxpY2U6c2VjcmV0"] {
            assert_eq!(named(other), None, "{other}");
        }
    }
}
