//! A Storage SCP that misbehaves, for demonstrations: prints one line per event.
//!
//! Invariant: what is printed as answered was written to the peer.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Duration;

use sendqueue_testkit::scp::Event;
use sendqueue_testkit::{FaultScp, Respond, StoreRequest};

const USAGE: &str = "\
usage: fault-scp [--aet AET] [--port PORT] [OPTION]...
  --refuse UID:STATUS   answer this SOP instance with STATUS (hexadecimal); may be repeated
  --refuse N:STATUS     answer every Nth store with STATUS; may be repeated
  --abort-after N       abort each association instead of answering its store N+1
  --delay MS            wait so long before each answer
  --hang                never answer a store
Defaults: AET FAULT, port 11112, every store answered with 0000.";

#[derive(Debug, Clone)]
enum Which {
    Uid(String),
    EveryNth(usize),
}

#[derive(Debug)]
struct Options {
    aet: String,
    port: u16,
    refuse: Vec<(Which, u16)>,
    abort_after: Option<usize>,
    delay: Duration,
    hang: bool,
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        aet: "FAULT".to_owned(),
        port: 11_112,
        refuse: Vec::new(),
        abort_after: None,
        delay: Duration::ZERO,
        hang: false,
    };
    while let Some(name) = arguments.next() {
        if name == "--hang" {
            options.hang = true;
            continue;
        }
        if name == "--help" {
            return Err(USAGE.to_owned());
        }
        let value = arguments
            .next()
            .ok_or_else(|| format!("{name} needs a value"))?;
        let wrong = || format!("{name}: {value:?} is not understood");
        match name.as_str() {
            "--aet" => options.aet = value,
            "--port" => options.port = value.parse().map_err(|_| wrong())?,
            "--delay" => options.delay = Duration::from_millis(value.parse().map_err(|_| wrong())?),
            "--abort-after" => options.abort_after = Some(value.parse().map_err(|_| wrong())?),
            "--refuse" => {
                let (which, status) = value.split_once(':').ok_or_else(wrong)?;
                let digits = status.trim_start_matches("0x");
                let status = u16::from_str_radix(digits, 16).map_err(|_| wrong())?;
                let which = match which.parse() {
                    Ok(0) => return Err(wrong()),
                    Ok(nth) => Which::EveryNth(nth),
                    Err(_) => Which::Uid(which.to_owned()),
                };
                options.refuse.push((which, status));
            }
            _ => return Err(format!("{name} is not known\n{USAGE}")),
        }
    }
    Ok(options)
}

fn decide(options: &Options, request: &StoreRequest) -> Respond {
    if options.hang {
        return Respond::Hang;
    }
    if options
        .abort_after
        .is_some_and(|n| request.index_in_association >= n)
    {
        return Respond::Abort;
    }
    let hit = options.refuse.iter().find(|(which, _)| match which {
        Which::Uid(uid) => *uid == request.sop_instance_uid,
        Which::EveryNth(nth) => (request.index_total + 1) % nth == 0,
    });
    Respond::Delay(options.delay, hit.map_or(0x0000, |(_, status)| *status))
}

fn print(event: &Event) {
    match event {
        Event::Requested {
            association,
            calling_aet,
            decision,
        } => {
            println!("[{association}] association from {calling_aet:?}: {decision:?}");
        }
        Event::Received(store) => {
            println!(
                "[{}] received {} ({} bytes)",
                store.association, store.sop_instance_uid, store.size
            );
        }
        Event::Answered(store) => {
            let status = store.status().unwrap_or_default();
            println!(
                "[{}] answered {} with {status:04X}",
                store.association, store.sop_instance_uid
            );
        }
        Event::Echo { association } => println!("[{association}] echo"),
        Event::Closed {
            association,
            released,
        } => {
            println!(
                "[{association}] {}",
                if *released { "released" } else { "cut" }
            );
        }
    }
}

fn main() -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let scp = match FaultScp::start_on(&options.aet, options.port) {
        Ok(scp) => scp,
        Err(error) => {
            eprintln!("port {}: {error}", options.port);
            return ExitCode::FAILURE;
        }
    };
    println!("{} listens on 127.0.0.1:{}", scp.aet(), scp.port());
    scp.on_event(print);
    scp.on_store(move |request| decide(&options, request));
    loop {
        // Until Ctrl-C.
        std::thread::park();
    }
}
