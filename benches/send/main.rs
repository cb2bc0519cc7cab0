//! Senders side by side: the queue against Orthanc's own `POST /modalities/{id}/store`, DCMTK's `storescu` and
//! dicom-rs' `dicom-storescu`, all in one run, with the same studies and the same receivers (DCMTK's `storescp`).
//!
//! `cargo bench --bench send -- [--quick] [--only ct,small,three,receive,link,quickack] [flags of options.rs]`
//!
//! | section | what is compared |
//! |---|---|
//! | `ct`, `small` | a study of CT of 512 KB, of small instances of 2 KB, over one association, to a receiver as it ships and to one with `TCP_NODELAY=1`: instances per second, and the CPU time of Orthanc |
//! | `three` | a CT study to three receivers at once: seconds until all of them have it |
//! | `receive` | `storescu`, tuned and not, to Orthanc with the plugin and without |
//! | `link` | small instances over a link with a delay, with 1, 4, 8 and 16 associations, against what two round trips for each instance allow |
//! | `quickack` | what `quickack 1` on a route changes, on either side, for senders and receivers that leave Nagle's algorithm on |
//!
//! How it is measured:
//! - The plugin runs in a real Orthanc; its queue and its database are part of every figure. "from resume": all is
//!   queued for a paused destination, and time runs from `resume`. "from enqueue": time runs from the POST that queues
//!   the study. Either way until every item is `Success` and the receiver has stored every file: files are counted,
//!   nobody's word is taken.
//! - Every sender has a receiver of its own, whose folder is emptied before each run; the runs of the senders
//!   alternate, and the median counts. The time of a program is that of the whole process; Orthanc's POST is the
//!   synchronous one.
//! - "as it ships": without `TCP_NODELAY` in its environment; "tuned": with `TCP_NODELAY=1`, the variable that DCMTK
//!   reads.
//! - Whoever waits for a delayed acknowledgement at every instance gets a shorter study of the same kind (`--slow`),
//!   once.
//! - Figures of one run belong together; between machines, and between quiet and busy ones, only the ratios can be
//!   compared. A bar that is missed is printed, and fails nothing.
//!
//! `link` and `quickack` need root: they run in network namespaces of their own (`scripts/netns.sh`).

mod data;
mod link;
mod loopback;
mod namespaces;
mod options;
mod orthancs;
mod programs;
mod quickack;
mod receive;
mod receiver;
mod report;
mod three;

use sendqueue_testkit::Kind;

use options::{Options, Section};

fn main() {
    let options = Options::from_args();
    if options.inside.is_none() {
        report::heading(&options);
    }
    for section in &options.sections {
        match section {
            Section::Ct => loopback::run(&options, "CT of 512 KB", Kind::Ct512K, options.ct),
            Section::Small => loopback::run(&options, "small of 2 KB", Kind::Small, options.small),
            Section::Three => three::run(&options),
            Section::Receive => receive::run(&options),
            Section::Link => link::run(&options),
            Section::QuickAck => quickack::run(&options),
        }
    }
}
