//! `triage grammars` as a user types it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Ran, root};
use std::process::Command;

/// `triage grammars` with these arguments, in the folder of the repository.
fn grammars(args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage"));
    command.arg("grammars").args(args).args(["--nginx-conf", "/dev/null"]).current_dir(root());
    Ran::of(command.env_remove("TRIAGE_GRAMMARS").output().unwrap())
}

#[test]
fn every_format_is_listed() {
    let ran = grammars(&["list"]);
    let told = String::from_utf8(ran.out).unwrap();
    assert_eq!(ran.code, 0, "{}", ran.err);
    for id in ["nginx.error", "apache.access", "haproxy.access", "clf"] {
        assert!(told.lines().any(|line| line.starts_with(&format!("{id} "))), "{id} is not listed:\n{told}");
    }
}

#[test]
fn the_grammars_of_this_repository_hold_with_their_samples() {
    let ran = grammars(&["test", "--grammars", "grammars"]);
    let told = String::from_utf8(ran.out).unwrap();
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(told.contains(" 0 do not hold") && told.contains("samples/nginx.error/refused.log: nginx.error"), "{told}");
    let passed = |line: &str| line.starts_with("nginx.error: ") && line.ends_with(" samples passed, 0 failed");
    assert!(told.lines().any(passed), "{told}");
    assert!(
        told.contains("samples/stories/refused: 2 logs, 905 lines, 0 unknown; app.error 4, upstream.refused 109"),
        "{told}"
    );
    let told_well = |line: &str| line.starts_with("stories: ") && line.ends_with(" samples passed, 0 failed");
    assert!(told.lines().any(told_well), "{told}");
}

#[test]
fn a_folder_of_ones_own_is_laid_over_and_held_to_its_word() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let mine = folder.path().to_str().unwrap();
    let format = |example: &str| {
        format!(
            "id = \"shop.log\"\ntitle = \"the shop's log\"\nwitness = \"diagnosis\"\nstamp = \"iso\"\nstamp_marks = \"event\"\n\
             [[layout]]\nname = \"default\"\npattern = '{{time:word}} {{level:word}} {{message:rest}}'\nexamples = ['{example}']\n"
        )
    };
    let line = "2026-01-15T20:44:57Z ERROR the till is jammed";
    write("formats/shop.log.toml", &format(line));
    let rule = |cause: &str, says: &str| {
        format!(
            "id = \"benign.{cause}\"\ntitle = \"x\"\n[[rule]]\non = \"shop.log\"\nsays = '{says}'\ngives = \"benign\"\nexample = '{line}'\n"
        )
    };
    write("benign/shop.toml", &rule("shop", "the till is jammed"));
    write("samples/shop.log/jam.log", &format!("{line}\n{line}\n"));
    let ran = grammars(&["test", "--grammars", mine]);
    let told = String::from_utf8(ran.out).unwrap();
    assert!(ran.code == 0 && told.contains("jam.log: shop.log, 2 lines, 0 unknown; no trouble"), "{told}{}", ran.err);

    assert!(told.contains("shop.log: 1 samples passed, 0 failed"), "{told}");

    write("samples/shop.log/jam.golden", "exit 0: 7 of 7 requests answered 5xx, 7 explained\n");
    let ran = grammars(&["test", "--grammars", mine]);
    let told = String::from_utf8(ran.out).unwrap();
    assert!(ran.code == 2 && told.contains("shop.log: 0 samples passed, 1 failed"), "{told}");
    assert!(ran.err.contains("jam.golden:1: the verdict differs"), "{}", ran.err);
    std::fs::remove_file(folder.path().join("samples/shop.log/jam.golden")).unwrap();

    write("samples/stories/jams/till.log", &format!("{line}\n"));
    write("samples/stories/jams.golden", "exit 0: 7 of 7 requests answered 5xx, 7 explained\n");
    let ran = grammars(&["test", "--grammars", mine]);
    let told = String::from_utf8(ran.out).unwrap();
    assert!(ran.code == 2 && told.contains("stories: 0 samples passed, 1 failed"), "{told}");
    assert!(ran.err.contains("jams.golden:1: the verdict differs"), "{}", ran.err);
    std::fs::remove_file(folder.path().join("samples/stories/jams.golden")).unwrap();

    write("benign/shop.toml", &rule("shop", "the till is open"));
    let ran = grammars(&["test", "--grammars", mine]);
    assert!(ran.code == 2 && ran.err.contains("benign/shop.toml:3"), "{}", ran.err);
    write("formats/shop.log.toml", &format("nothing"));
    let ran = grammars(&["list", "--grammars", mine]);
    assert!(ran.code == 2 && ran.err.contains("does not read its own example"), "{}", ran.err);
    let ran = grammars(&["list", "--grammars", "no/such/folder"]);
    assert!(ran.code == 2 && ran.err.contains("--grammars names a folder"), "{}", ran.err);
}
