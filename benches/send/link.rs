//! Small instances over a link with a delay, with a growing number of associations.
//!
//! The receiver is as it ships, with `--fork` for several associations at once. It costs two round trips for each
//! instance: one for C-STORE-RQ and the first half of C-STORE-RSP, and one more because its Nagle's algorithm holds the
//! second half back until the first is acknowledged, which nobody on the sender's side can do sooner. So the ideal is
//! `associations / (2 × round trip)` instances per second; setting up the associations is not in it, but in the
//! figures.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use sendqueue_testkit::{Kind, free_port};

use crate::data::Data;
use crate::namespaces;
use crate::options::{Inside, Options, Section};
use crate::orthancs::{Ours, Own, Target};
use crate::programs::{send, storescu, tuned};
use crate::receiver::{AET, Manner, Receiver};
use crate::report::{self, Sample, figure};

/// Of the ideal.
const BAR: f64 = 0.8;

pub fn run(options: &Options) {
    match &options.inside {
        None => {
            report::title(&format!(
                "Small instances over a link with a delay of {} ms each way, storescp --fork as it ships",
                options.delay_ms
            ));
            namespaces::run(options, Section::Link, options.delay_ms);
        }
        Some(inside) => measure(options, inside),
    }
}

fn measure(options: &Options, inside: &Inside) {
    let trip = 2.0 * options.delay_ms as f64 / 1e3;
    let how = match &*inside.method {
        "tun" => "packets delayed by scripts/delay.py: this kernel has no netem",
        other => other,
    };
    let measured = round_trip(&inside.there).as_secs_f64();
    println!("Round trip measured: {:.1} ms ({how}).\n", measured * 1e3);
    // Up to a machine that is busy; a link without its delay would beat any ideal.
    if !(trip * 0.99..trip * 1.25 + 1e-3).contains(&measured) {
        report::note("Left out: that is not the delay that was asked for.");
        return;
    }
    report::head(
        &[
            "sender",
            "associations",
            "instances",
            "instances/s",
            "ideal",
            "of the ideal",
        ],
        1,
    );
    let row = |sender: &str, associations: usize, sample: Sample| {
        let ideal = associations as f64 / (2.0 * trip);
        let ratio = sample.rate() / ideal;
        report::row(&[
            sender.to_owned(),
            associations.to_string(),
            sample.count.to_string(),
            figure(sample.rate()),
            figure(ideal),
            figure(ratio),
        ]);
        ratio
    };
    let mut ratios = Vec::new();
    for &associations in &options.associations {
        report::progress(&format!("link: ours, {associations} associations"));
        let data = Data::studies(Kind::Small, associations, options.per_association, 7);
        let receiver = receiver(inside);
        let ours = Ours::start(options, &[target(inside, &receiver)], associations, &data);
        let ratio = row("ours, from resume", associations, ours.send_queued());
        ratios.push((associations, ratio));
    }

    let data = Data::new(Kind::Small, options.per_association, 8);
    for (word, nodelay) in [("as it ships", false), ("TCP_NODELAY=1", true)] {
        report::progress(&format!("link: others, {word}"));
        let to_own = receiver(inside);
        let own = Own::start(&[target(inside, &to_own)], nodelay, &data);
        row(&format!("Orthanc's own POST, {word}"), 1, own.post());
        drop(own);
        let to_scu = receiver(inside);
        let command = storescu(None, &inside.there, to_scu.port, AET, &data);
        let sample = send(&mut tuned(command, nodelay), &to_scu, &data);
        row(&format!("storescu, {word}"), 1, sample);
    }
    println!();
    for (associations, ratio) in ratios {
        let what = format!("link: {associations} associations, of the ideal");
        report::at_least(&what, ratio, BAR);
    }
}

fn receiver(inside: &Inside) -> Receiver {
    Receiver::start(&Manner {
        fork: true,
        namespace: inside.peer.clone(),
        ..Manner::default()
    })
}

fn target<'a>(inside: &'a Inside, receiver: &'a Receiver) -> Target<'a> {
    Target {
        host: &inside.there,
        ..Target::local(receiver)
    }
}

/// The quickest of some refused connections.
fn round_trip(there: &str) -> Duration {
    let address = SocketAddr::new(there.parse().expect("an address"), free_port());
    (0..5)
        .map(|_| {
            let begun = Instant::now();
            let _ = TcpStream::connect(address);
            begun.elapsed()
        })
        .min()
        .unwrap_or_default()
}
