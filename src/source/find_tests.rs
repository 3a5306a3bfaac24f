use std::io::Write;

use tempfile::TempDir;

use super::*;

/// A directory with these files, each with its own name as its text.
fn directory(names: &[&str]) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    for name in names {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        fs::write(path, name).expect("a file");
    }
    dir
}

/// The logs as `name: member member`, relative to the directory.
fn logs(dir: &TempDir, found: &Found) -> Vec<String> {
    let prefix = format!("{}/", dir.path().display());
    let short = |text: &str| text.strip_prefix(&prefix).unwrap_or(text).to_owned();
    let line = |log: &Log| {
        let members: Vec<_> = log.members.iter().map(|member| short(&member.display)).collect();
        format!("{}: {}", short(&log.name), members.join(" "))
    };
    found.logs.iter().map(line).collect()
}

fn find_in(dir: &TempDir, names: &[&str]) -> Found {
    find(&names.iter().map(|name| dir.path().join(name)).collect::<Vec<_>>())
}

#[test]
fn a_directory_gives_its_logs_by_name_and_rotated_sets_oldest_first() {
    let dir = directory(&[
        "error.log",
        "access.log",
        "access.log.1",
        "access.log.10.gz",
        "access.log.2.gz",
        "site/access.log",
        "site/access.log-20260102",
        "site/access.log-20260101.gz",
        "nginx.pid",
        "report.html",
        ".hidden.log",
        "site/wtmp",
    ]);
    let found = find_in(&dir, &[""]);
    assert_eq!(
        logs(&dir, &found),
        [
            "access.log: access.log.10.gz access.log.2.gz access.log.1 access.log",
            "error.log: error.log",
            "site/access.log: site/access.log-20260101.gz site/access.log-20260102 site/access.log",
        ]
    );
    assert_eq!(found.defects, []);
    assert!(found.notes.iter().any(|note| note.contains("3 left out")), "{:?}", found.notes);
}

#[test]
fn logs_keep_the_order_in_which_they_were_named() {
    let dir = directory(&["z.log", "a.log.1", "a.log", "m.log", "nginx.conf"]);
    let found = find_in(&dir, &["z.log", "a.log", "m.log", "a.log.1", "nginx.conf"]);
    assert_eq!(logs(&dir, &found), ["z.log: z.log", "a.log: a.log.1 a.log", "m.log: m.log", "nginx.conf: nginx.conf"]);
}

#[test]
fn globs_that_no_shell_expanded_match_sorted() {
    let dir = directory(&["b/x.log", "a/x.log", "a/y.txt", "a/deep/er/x.log", "a/.x.log"]);
    assert_eq!(logs(&dir, &find_in(&dir, &["*/*.log"])), ["a/x.log: a/x.log", "b/x.log: b/x.log"]);
    assert_eq!(find_in(&dir, &["**/x.log"]).logs.len(), 3);
    assert_eq!(find_in(&dir, &["a/{x,y}.*"]).logs.len(), 2);
    let found = find_in(&dir, &["*.zip", "a/[", "b/x.log"]);
    assert_eq!((found.defects.len(), found.logs.len()), (2, 1), "{:?}", found.defects);
}

#[test]
fn a_missing_path_names_its_neighbour_and_the_rest_goes_on() {
    let dir = directory(&["access.log", "error.log"]);
    let found = find_in(&dir, &["acess.log", "nowhere/x.log", "error.log"]);
    assert_eq!(logs(&dir, &found), ["error.log: error.log"]);
    assert_eq!(found.defects[0].hint.as_deref(), Some("did you mean \"access.log\"?"));
    assert!(found.defects[1].to_string().contains("nowhere is not there"), "{}", found.defects[1]);
}

#[test]
fn a_directory_without_logs_is_a_defect_with_a_remedy() {
    let dir = directory(&["nginx.conf"]);
    let found = find_in(&dir, &[""]);
    assert_eq!((found.logs.len(), found.defects.len()), (0, 1));
    assert!(found.defects[0].hint.is_some());
}

#[test]
fn the_same_file_is_read_once() {
    let dir = directory(&["access.log"]);
    std::os::unix::fs::symlink(dir.path().join("access.log"), dir.path().join("link.log")).expect("a link");
    let found = find_in(&dir, &["access.log", "link.log", ""]);
    assert_eq!(logs(&dir, &found), ["access.log: access.log"]);
    assert_eq!((found.notes.len(), found.defects.len()), (3, 0), "{:?}", found.notes);
    let twice = find(&["-".into(), "-".into()]);
    assert_eq!((twice.logs.len(), twice.notes.len()), (1, 1));
}

#[test]
fn loops_of_links_end() {
    let dir = directory(&["sub/a.log"]);
    std::os::unix::fs::symlink(dir.path(), dir.path().join("sub/loop")).expect("a link");
    std::os::unix::fs::symlink("self", dir.path().join("self")).expect("a link");
    let found = find_in(&dir, &["", "**/a.log", "self"]);
    assert_eq!(logs(&dir, &found), ["sub/a.log: sub/a.log"]);
    assert_eq!(found.defects.len(), 1, "{:?}", found.defects);
}

#[test]
fn sockets_are_refused_and_pipes_are_not() {
    let dir = directory(&["a.log"]);
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("app.socket")).expect("a socket");
    let found = find_in(&dir, &["app.socket"]);
    assert!(found.defects[0].what.contains("socket"), "{:?}", found.defects);
    assert_eq!(find(&["/dev/zero".into()]).defects.len(), 1);
    let made = std::process::Command::new("mkfifo").arg(dir.path().join("pipe")).status().expect("mkfifo runs");
    assert!(made.success());
    let found = find_in(&dir, &["pipe"]);
    assert_eq!(found.logs[0].members[0].input, Input::Fifo(dir.path().join("pipe")));
    // In a directory nobody asked for the pipe, and reading it could wait for ever.
    assert_eq!(logs(&dir, &find_in(&dir, &[""])), ["a.log: a.log"]);
}

#[test]
fn a_compressed_copy_is_dropped_and_another_file_is_kept() {
    let dir = directory(&["a.log.1", "b.log.1", "c.log.1"]);
    let text: Vec<u8> = (0..4000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
    let packed = |text: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).and_then(|()| encoder.finish()).expect("packed")
    };
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).expect("written");
    ["a.log.1", "b.log.1", "c.log.1"].iter().for_each(|name| write(name, &text));
    write("a.log.1.gz", &packed(&text));
    write("b.log.1.gz", &packed(b"another\n"));
    write("c.log.1.gz", &packed(&text)[..1000]);
    let found = find_in(&dir, &[""]);
    assert_eq!(logs(&dir, &found), ["a.log.1: a.log.1", "b.log: b.log.1.gz b.log.1", "c.log.1: c.log.1"]);
    assert_eq!(found.notes.len(), 2, "{:?}", found.notes);
}

#[test]
fn notes_and_defects_show_hostile_names_harmless() {
    let dir = directory(&["a\x1b[31m.log"]);
    let found = find_in(&dir, &["a\x1b[31m.log", "a\x1b[31m.log", "b\x1b[31m.log"]);
    assert!(!found.notes[0].contains('\x1b') && !found.defects[0].to_string().contains('\x1b'));
}
