//! The README holds: its commands run, what it shows is what the program prints, its files are the repository's.
//!
//! - ```` ```console ````: each `$ command` is run in a copy of the samples; what follows is its output, to the letter.
//!   `UPDATE_GOLDENS=1` writes the output anew.
//! - ```` ```sh ````: is run and must end with 0. `cargo build` and `cargo test` are not run here: the build has just
//!   been done, and the test command is what `.ci/run` takes from the README.
//! - ```` ```toml ```` with `# path` as its first line: that file of the repository, or a file that the commands use.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::root;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// A fenced block: its language, its text, the line of the README on which the text begins (from 1).
struct Block {
    language: String,
    text: String,
    line: usize,
}

/// One test at a time may write the README.
fn alone() -> MutexGuard<'static, ()> {
    static README: Mutex<()> = Mutex::new(());
    README.lock().unwrap_or_else(PoisonError::into_inner)
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

fn blocks(readme: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for (at, line) in readme.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if inside => inside = false,
            Some(language) => {
                inside = true;
                blocks.push(Block { language: language.into(), text: String::new(), line: at + 2 });
            }
            None if inside => blocks.last_mut().unwrap().text.push_str(&format!("{line}\n")),
            None => {}
        }
    }
    assert!(!inside, "README.md: a block is not closed");
    blocks
}

/// A folder like the repository's for the commands: the samples, and the files that the README shows.
fn desk(blocks: &[Block]) -> TempDir {
    let desk = TempDir::new().unwrap();
    copy(&root().join("samples"), &desk.path().join("samples"));
    for (name, block) in named_files(blocks) {
        if !root().join(name).exists() {
            fs::write(desk.path().join(name), &block.text).unwrap();
        }
    }
    desk
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

/// Runs a command line as somebody would who has just set the program up: output of both kinds, and the exit code.
fn shell(desk: &Path, command: &str) -> (String, Option<i32>) {
    let program = Path::new(env!("CARGO_BIN_EXE_triage")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut bash = Command::new("bash");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TRIAGE_")) {
        bash.env_remove(name);
    }
    bash.env("PATH", path).env("TZ", "UTC").env_remove("COLUMNS").env_remove("CLICOLOR_FORCE");
    let output = bash.args(["-c", &format!("{{ {command}\n}} 2>&1")]).current_dir(desk).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

#[test]
fn the_console_blocks_show_what_the_program_prints() {
    let _alone = alone();
    let readme = readme();
    let blocks = blocks(&readme);
    let desk = desk(&blocks);
    let mut now = readme.clone();
    for block in blocks.iter().filter(|block| block.language == "console") {
        let commands = block.text.lines().filter_map(|line| line.strip_prefix("$ "));
        let shown: String = commands.map(|command| format!("$ {command}\n{}", shell(desk.path(), command).0)).collect();
        assert!(shown.starts_with("$ "), "README.md:{}: a console block without a command", block.line);
        now = now.replacen(&format!("```console\n{}```", block.text), &format!("```console\n{shown}```"), 1);
    }
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        return fs::write(root().join("README.md"), now).unwrap();
    }
    let differing = readme.lines().zip(now.lines()).enumerate().find(|(_, (old, new))| old != new);
    if let Some((at, (old, new))) = differing {
        panic!(
            "README.md:{}: the program prints something else\n  README: {old}\n  now:    {new}\n  \
             if now is right: UPDATE_GOLDENS=1 cargo test --test readme",
            at + 1
        );
    }
    assert_eq!(readme, now, "README.md: the program prints more or less than it shows");
}

#[test]
fn the_sh_blocks_run() {
    let readme = readme();
    let blocks = blocks(&readme);
    let desk = desk(&blocks);
    for block in blocks.iter().filter(|block| block.language == "sh") {
        for command in block.text.lines().filter(|line| !is_cargo(line)) {
            let (out, code) = shell(desk.path(), command);
            assert_eq!(code, Some(0), "README.md:{}: `{command}` fails: {out}", block.line);
        }
    }
}

/// Builds the program or runs the tests, which is what is happening right now.
fn is_cargo(line: &str) -> bool {
    ["cargo build --release", "cargo test --locked"].contains(&line)
}

#[test]
fn ci_runs_the_test_command_of_the_readme() {
    let script = fs::read_to_string(root().join(".ci/run")).unwrap();
    let from = script.find("tests=$(awk").expect(".ci/run: takes the test command from README.md no more");
    let take = script[from..].lines().next().unwrap();
    let output =
        Command::new("bash").args(["-c", &format!("{take}\nprintf %s \"$tests\"")]).current_dir(root()).output();
    let taken = String::from_utf8(output.unwrap().stdout).unwrap();
    let tests: Vec<Block> =
        blocks(&readme()).into_iter().filter(|block| block.text.starts_with("cargo test")).collect();
    let [tests] = tests.as_slice() else { panic!("README.md: not exactly one block with `cargo test`") };
    assert_eq!(taken.trim(), tests.text.trim(), ".ci/run takes another command than README.md shows");
}

fn named_files(blocks: &[Block]) -> Vec<(&str, &Block)> {
    let toml = blocks.iter().filter(|block| block.language == "toml");
    toml.map(|block| {
        let name = block.text.lines().next().and_then(|line| line.strip_prefix("# "));
        (name.unwrap_or_else(|| panic!("README.md:{}: name the file in the first line: # path", block.line)), block)
    })
    .collect()
}

#[test]
fn the_files_it_shows_are_the_files_there() {
    let _alone = alone();
    let readme = readme();
    let mut now = readme.clone();
    for (name, block) in named_files(&blocks(&readme)) {
        let Ok(file) = fs::read_to_string(root().join(name)) else { continue };
        now = now.replacen(&block.text, &format!("# {name}\n{file}"), 1);
    }
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        return fs::write(root().join("README.md"), now).unwrap();
    }
    assert_eq!(readme, now, "README.md shows another text than the file; UPDATE_GOLDENS=1 cargo test --test readme");
}

#[test]
fn every_block_says_what_it_is() {
    for block in blocks(&readme()) {
        // A text is a capture of the screen of a real run, which no two runs share.
        let known = ["console", "sh", "toml", "text"].contains(&block.language.as_str());
        assert!(known, "README.md:{}: a block of \"{}\" that no test runs", block.line, block.language);
    }
}
