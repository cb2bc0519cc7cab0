//! Which of the destinations sent an instance: it does not go back there.
//!
//! Invariants:
//! - AETs that differ in upper and lower case only are the same, as everywhere in Orthanc, unless `StrictAetComparison`
//!   is set.
//! - Where machines with different hosts share an AET, only the one that has the sender's address is the sender. If
//!   none of them is known to have it, none is: sent twice is harmless, not sent is lost.

use std::net::IpAddr;

use super::Arrival;
use super::rule::trim;

/// An entry of `DicomModalities`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    pub name: String,
    pub aet: String,
    pub host: String,
}

/// All the machines that may have sent an instance.
pub struct Senders {
    machines: Vec<Machine>,
    strict: bool,
}

impl Senders {
    pub fn new(machines: impl IntoIterator<Item = Machine>, strict: bool) -> Senders {
        Senders {
            machines: machines.into_iter().collect(),
            strict,
        }
    }

    /// Whether the machine with this name sent it; `addresses` gives those of a host, as far as they are known.
    pub fn sent(
        &self,
        arrival: &Arrival,
        name: &str,
        addresses: &dyn Fn(&str) -> Vec<IpAddr>,
    ) -> bool {
        let machine = self.machines.iter().find(|machine| machine.name == name);
        let (Some(from), Some(machine)) = (&arrival.remote_aet, machine) else {
            return false;
        };
        if !self.is_same(from, &machine.aet) {
            return false;
        }
        let is_shared = self
            .machines
            .iter()
            .any(|other| self.is_same(from, &other.aet) && !same_host(&other.host, &machine.host));
        if !is_shared {
            return true;
        }
        let address = arrival.remote_ip.as_deref().map(trim);
        address
            .and_then(|text| text.parse::<IpAddr>().ok())
            .is_some_and(|from| {
                addresses(trim(&machine.host))
                    .iter()
                    .any(|own| own.to_canonical() == from.to_canonical())
            })
    }

    fn is_same(&self, one: &str, other: &str) -> bool {
        let (one, other) = (trim(one), trim(other));
        if self.strict {
            one == other
        } else {
            one.eq_ignore_ascii_case(other)
        }
    }
}

fn same_host(one: &str, other: &str) -> bool {
    trim(one).eq_ignore_ascii_case(trim(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn senders(machines: &[(&str, &str, &str)], strict: bool) -> Senders {
        let machines = machines.iter().map(|(name, aet, host)| Machine {
            name: (*name).to_owned(),
            aet: (*aet).to_owned(),
            host: (*host).to_owned(),
        });
        Senders::new(machines, strict)
    }

    fn addresses(host: &str) -> Vec<IpAddr> {
        match host {
            "ct.example" => vec!["10.0.0.9".parse().unwrap(), "fe80::9".parse().unwrap()],
            _ => host.parse().into_iter().collect(),
        }
    }

    fn who(senders: &Senders, aet: Option<&str>, ip: Option<&str>) -> Vec<String> {
        let arrival = Arrival {
            remote_aet: aet.map(str::to_owned),
            remote_ip: ip.map(str::to_owned),
            ..Arrival::default()
        };
        let names = senders.machines.iter().map(|machine| &machine.name);
        names
            .filter(|name| senders.sent(&arrival, name, &addresses))
            .cloned()
            .collect()
    }

    #[test]
    fn a_machine_is_known_by_its_aet() {
        let known = senders(
            &[("ct", "CT1", "10.0.0.1"), ("mr", " MR ", "10.0.0.2")],
            false,
        );
        assert_eq!(who(&known, Some("ct1 "), None), ["ct"]);
        // From behind an address translation.
        assert_eq!(who(&known, Some("CT1"), Some("192.168.0.1")), ["ct"]);
        assert_eq!(who(&known, Some("MR"), Some("10.0.0.2")), ["mr"]);
        assert!(who(&known, Some("PT"), Some("10.0.0.2")).is_empty());
        assert!(who(&known, None, Some("10.0.0.2")).is_empty());
        assert!(!known.sent(&Arrival::default(), "unknown", &addresses));
        let strict = senders(&[("ct", "CT1", "10.0.0.1")], true);
        assert!(who(&strict, Some("ct1"), None).is_empty());
        assert_eq!(who(&strict, Some("CT1"), None), ["ct"]);
    }

    #[test]
    fn machines_that_share_an_aet_are_told_by_their_hosts() {
        let known = senders(
            &[
                ("one", "STORESCP", "10.0.0.1"),
                ("two", "storescp", "10.0.0.2"),
                ("again", "STORESCP", "10.0.0.2"),
                ("named", "STORESCP", "ct.example "),
                ("other", "OTHER", "10.0.0.1"),
            ],
            false,
        );
        let from = |ip| who(&known, Some("STORESCP"), ip);
        assert_eq!(from(Some("10.0.0.1")), ["one"]);
        assert_eq!(from(Some("::ffff:10.0.0.1")), ["one"]);
        assert_eq!(from(Some("10.0.0.2")), ["two", "again"]);
        assert_eq!(from(Some("10.0.0.9")), ["named"]);
        assert_eq!(from(Some("FE80::9")), ["named"]);
        for nobody in [None, Some("10.0.0.3"), Some("ct.example"), Some("")] {
            assert!(from(nobody).is_empty(), "{nobody:?}");
        }
    }
}
