//! How long a process was on a processor: the server's own time, which others on the machine do not lengthen.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use sendqueue_testkit::Orthanc;

/// The processor's time of a process, looked at again and again.
pub struct Cpu {
    tasks: String,
    /// Nanoseconds of each thread, as they were at the last look. What a thread used after it and before its end is
    /// lost; those that answer requests do not end.
    seen: HashMap<String, u64>,
}

impl Cpu {
    pub fn of(orthanc: &Orthanc) -> Cpu {
        let tasks = format!("/proc/{}/task", orthanc.pid());
        let mut cpu = Cpu {
            tasks,
            seen: HashMap::new(),
        };
        cpu.since_last();
        cpu
    }

    /// What was used since the last look.
    pub fn since_last(&mut self) -> Duration {
        let mut used = 0;
        for task in fs::read_dir(&self.tasks).expect("a process").flatten() {
            let Ok(text) = fs::read_to_string(task.path().join("schedstat")) else {
                continue;
            };
            let on_cpu = text.split(' ').next().and_then(|text| text.parse().ok());
            let on_cpu: u64 = on_cpu.expect("nanoseconds on a processor");
            let name = task.file_name().to_string_lossy().into_owned();
            let before = self.seen.insert(name, on_cpu).unwrap_or_default();
            used += on_cpu.saturating_sub(before);
        }
        Duration::from_nanos(used)
    }
}
