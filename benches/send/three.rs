//! One CT study to three receivers as they ship, at once: until all of them have it.

use sendqueue_testkit::Kind;

use crate::data::Data;
use crate::options::Options;
use crate::orthancs::{Ours, Own, Target};
use crate::receiver::{Manner, Receiver};
use crate::report::{self, Sample, Samples, figure};

/// Seconds for 500 slices.
const BAR: f64 = 4.0;
const SLICES: f64 = 500.0;
const NAMES: [&str; 3] = ["one", "two", "three"];

pub fn run(options: &Options) {
    let full = Data::new(Kind::Ct512K, options.three, 3);
    let slow = Data::new(Kind::Ct512K, options.slow.min(options.three), 4);
    let receivers: Vec<Receiver> = (0..3)
        .map(|_| Receiver::start(&Manner::default()))
        .collect();
    let targets: Vec<Target> = NAMES
        .iter()
        .zip(&receivers)
        .map(|(name, receiver)| Target {
            name,
            ..Target::local(receiver)
        })
        .collect();

    report::title(&format!(
        "{} CT of 512 KB to three receivers as they ship, at once, one association each",
        options.three
    ));
    report::head(
        &[
            "sender",
            "instances",
            "s until all three have it",
            "s for 500",
        ],
        1,
    );
    let (data, runs) = if options.over_rest() {
        (&slow, 1)
    } else {
        (&full, options.runs)
    };
    let ours = Ours::start(options, &targets, 1, data);
    let mut resume = Samples::default();
    let mut enqueue = Samples::default();
    for run in 0..runs {
        report::progress(&format!("three: ours, run {}", run + 1));
        resume.0.push(ours.send_queued());
        enqueue.0.push(ours.send_enqueuing());
    }
    // It holds an association, and these receivers take one.
    drop(ours);
    show("ours, from resume", &resume);
    show("ours, from enqueue", &enqueue);
    for (name, tuned) in [
        ("Orthanc's own POST to each, as it ships", false),
        ("Orthanc's own POST to each, TCP_NODELAY=1", true),
    ] {
        report::progress(&format!("three: {name}"));
        show(name, &Samples(vec![once(&targets, tuned, &slow)]));
    }
    println!();
    report::at_most("three: seconds for 500 slices", scaled(&enqueue), BAR);
}

fn once(targets: &[Target<'_>], tuned: bool, data: &Data) -> Sample {
    Own::start(targets, tuned, data).post()
}

fn scaled(samples: &Samples) -> f64 {
    samples.seconds() * SLICES / samples.count() as f64
}

fn show(name: &str, samples: &Samples) {
    report::row(&[
        name.to_owned(),
        samples.count().to_string(),
        figure(samples.seconds()),
        figure(scaled(samples)),
    ]);
}
