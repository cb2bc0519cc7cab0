//! What a route with `quickack 1` changes where Nagle's algorithm is left on:
//! `ip route replace PEER dev DEVICE quickack 1` on the sender's machine, on the receiver's, on both. Over a pair of
//! namespaces without delay, so that every millisecond is somebody's waiting.

use sendqueue_testkit::Kind;

use crate::data::Data;
use crate::namespaces;
use crate::options::{Inside, Options, Section};
use crate::orthancs::{Ours, Own, Target};
use crate::programs::{run as run_program, send, storescu, tuned};
use crate::receive::Host;
use crate::receiver::{AET, Manner, Receiver};
use crate::report::{self, Sample, figure};

/// Whether the sender's route has it, whether the receiver's.
const ROUTES: [(bool, bool); 4] = [(false, false), (true, false), (false, true), (true, true)];

pub fn run(options: &Options) {
    match &options.inside {
        None => {
            report::title("A route with quickack 1: milliseconds per instance, one association");
            namespaces::run(options, Section::QuickAck, 0);
        }
        Some(inside) => measure(options, inside),
    }
}

fn measure(options: &Options, inside: &Inside) {
    report::head(
        &[
            "study",
            "sender",
            "receiver",
            "no quickack",
            "sender's route",
            "receiver's route",
            "both",
        ],
        3,
    );
    for (label, kind) in [
        ("CT of 512 KB", Kind::Ct512K),
        ("small of 2 KB", Kind::Small),
    ] {
        let data = Data::new(kind, options.quickack, 9);
        let table = Table {
            inside,
            label,
            data: &data,
        };
        for nodelay in [false, true] {
            for host in Host::ALL {
                table.to_orthanc(nodelay, host);
            }
        }
        for nodelay in [false, true] {
            table.scu_to_scp(nodelay);
            table.own_to_scp(nodelay);
        }
        table.ours_to_scp(options);
    }
}

struct Table<'a> {
    inside: &'a Inside,
    label: &'a str,
    data: &'a Data,
}

impl Table<'_> {
    /// `once` for each of the four; `sender` is the side that sends.
    fn row(&self, sender: &str, who: &str, receiver: &str, mut once: impl FnMut() -> Sample) {
        report::progress(&format!("quickack: {}, {who} to {receiver}", self.label));
        let mut cells = vec![self.label.to_owned(), who.to_owned(), receiver.to_owned()];
        for (at_sender, at_receiver) in ROUTES {
            let (a, b) = if sender == "a" {
                (at_sender, at_receiver)
            } else {
                (at_receiver, at_sender)
            };
            namespaces::quickack(&self.inside.pair, "a", a);
            namespaces::quickack(&self.inside.pair, "b", b);
            cells.push(figure(1e3 / once().rate()));
        }
        report::row(&cells);
    }

    /// Orthanc is always on this side, where its REST API can be reached.
    fn to_orthanc(&self, nodelay: bool, host: Host) {
        let who = format!("storescu, {}", word(nodelay));
        self.row("b", &who, host.name(), || {
            let orthanc = host.start();
            let peer = self.inside.peer.as_deref();
            let port = orthanc.dicom_port();
            let command = storescu(peer, &self.inside.here, port, "ORTHANC", self.data);
            let seconds = run_program(&mut tuned(command, nodelay));
            host.check(&orthanc, self.data.count());
            Sample {
                count: self.data.count(),
                seconds,
                cpu: None,
            }
        });
    }

    fn scu_to_scp(&self, nodelay: bool) {
        let receiver = self.receiver();
        let who = format!("storescu, {}", word(nodelay));
        self.row("a", &who, SCP, || {
            let command = storescu(None, &self.inside.there, receiver.port, AET, self.data);
            send(&mut tuned(command, nodelay), &receiver, self.data)
        });
    }

    fn own_to_scp(&self, nodelay: bool) {
        let receiver = self.receiver();
        let own = Own::start(&[self.target(&receiver)], nodelay, self.data);
        let who = format!("Orthanc's own POST, {}", word(nodelay));
        self.row("a", &who, SCP, || own.post());
    }

    fn ours_to_scp(&self, options: &Options) {
        let receiver = self.receiver();
        let ours = Ours::start(options, &[self.target(&receiver)], 1, self.data);
        self.row("a", "ours, from resume", SCP, || ours.send_queued());
    }

    fn receiver(&self) -> Receiver {
        Receiver::start(&Manner {
            namespace: self.inside.peer.clone(),
            ..Manner::default()
        })
    }

    fn target<'b>(&'b self, receiver: &'b Receiver) -> Target<'b> {
        Target {
            host: &self.inside.there,
            ..Target::local(receiver)
        }
    }
}

const SCP: &str = "storescp as it ships";

fn word(nodelay: bool) -> &'static str {
    if nodelay {
        "TCP_NODELAY=1"
    } else {
        "as it ships"
    }
}
