//! What a pass over 100,000 studies costs. Not run with the others: `cargo test --release --lib retention -- --ignored
//! --nocapture`.

use std::time::Instant;

use super::*;

const STUDIES: usize = 100_000;
const INSTANCES: usize = 5;

/// Of this thread.
#[cfg(unix)]
fn cpu() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[cfg(unix)]
#[test]
#[ignore = "takes minutes"]
fn a_pass_over_100_000_studies() {
    let world = World::new(json!({ "Safe": ["archive"] }));
    let instances: Vec<Vec<String>> = (0..STUDIES)
        .map(|study| (0..INSTANCES).map(|at| format!("i{study}-{at}")).collect())
        .collect();
    for (number, instances) in instances.iter().enumerate() {
        let names: Vec<&str> = instances.iter().map(String::as_str).collect();
        // A tenth is old enough.
        let when = if number % 10 == 0 {
            at(10)
        } else {
            at(39 * 86_400)
        };
        world.arrive(
            &format!("s{number}"),
            &names,
            &["archive", "research"],
            when,
        );
        if number % 200 == 199 {
            world.deliver("archive", Some(0), when);
            world.deliver("research", Some(0), at(39 * 86_400));
        }
    }
    for days in [30, 0] {
        let retention = json!({ "Safe": ["archive"], "DeleteAfterDays": days });
        world.current.replace(settings(retention));
        for (what, wanted) in [("first", None), ("next", None), ("asked for", Some(true))] {
            let before = *world.orthanc.asked.lock();
            let (began, cpu_before) = (Instant::now(), cpu());
            assert!(world.deleter.pass(wanted).unwrap());
            let report = world.deleter.last().unwrap();
            println!(
                "DeleteAfterDays {days}, {what} pass: {:.2} s of CPU, {:.2} s, Orthanc was asked {} times, {:?}",
                cpu() - cpu_before,
                began.elapsed().as_secs_f64(),
                *world.orthanc.asked.lock() - before,
                report.goes,
            );
        }
    }
}
