//! What a command costs: seconds by the clock, and the most memory that it held.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A command line with the name that the table has for it.
pub(crate) struct Work {
    pub(crate) name: String,
    pub(crate) line: Vec<String>,
}

impl Work {
    /// A program with its arguments.
    pub(crate) fn new(name: &str, line: &[&str]) -> Self {
        Self { name: name.into(), line: line.iter().map(|word| (*word).to_owned()).collect() }
    }

    /// A line for the shell.
    pub(crate) fn shell(name: &str, line: &str) -> Self {
        Self::new(name, &["sh", "-c", line])
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.line[0]);
        command.args(&self.line[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.env("TZ", "UTC");
        command
    }

    /// Seconds of one run. How it ends does not matter: `rg` ends with 1 where it finds nothing.
    pub(crate) fn seconds(&self) -> f64 {
        let start = Instant::now();
        let ended = self.command().status();
        assert!(ended.is_ok(), "{} cannot be run", self.line[0]);
        start.elapsed().as_secs_f64()
    }

    /// The most memory of a run, in MiB, as the kernel tells it while the command runs; 0 where there is no `/proc`.
    pub(crate) fn peak_mib(&self) -> u64 {
        const LOOK_AGAIN: Duration = Duration::from_millis(2);
        let Ok(mut child) = self.command().spawn() else { return 0 };
        let status = format!("/proc/{}/status", child.id());
        let mut peak_kib = 0_u64;
        while let Ok(None) = child.try_wait() {
            let told = std::fs::read_to_string(&status).unwrap_or_default();
            let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
            peak_kib = line.trim().trim_end_matches(" kB").parse().unwrap_or(0).max(peak_kib);
            std::thread::sleep(LOOK_AGAIN);
        }
        peak_kib.div_ceil(1024)
    }
}

/// The median seconds of each: they take turns, so that what else the machine does hits all of them.
pub(crate) fn medians(works: &[Work], runs: usize) -> Vec<f64> {
    let mut seconds = vec![Vec::new(); works.len()];
    for _ in 0..runs {
        works.iter().zip(&mut seconds).for_each(|(work, seconds)| seconds.push(work.seconds()));
    }
    seconds.iter_mut().for_each(|seconds| seconds.sort_by(f64::total_cmp));
    seconds.iter().map(|seconds| seconds[seconds.len() / 2]).collect()
}

/// Whether there is such a program.
pub(crate) fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}
