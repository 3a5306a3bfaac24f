//! Takes every file of `grammars/` into the binary, so that a new format or cause needs no list edited.
//!
//! Beside its text each file is there as JSON, which is read at start in a fraction of the time: TOML is for people. The
//! examples of rules and layouts are left out of it: they are the proof, and a run has no use for them.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=grammars");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("grammars");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        // What is no TOML is told of at start, with its line.
        let table = fs::read_to_string(&file)?.parse::<toml::Table>().ok();
        // The few wrappers are held against theirs at every start.
        let proven = |table| if name.starts_with("envelopes/") { table } else { without_examples(table) };
        let json = table.map(proven).and_then(|table| serde_json::to_string(&table).ok());
        list.push_str(&format!("    ({name:?}, include_str!({:?}), {json:?}),\n", file.to_string_lossy()));
    }
    list.push(']');
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("knowledge.rs"), list)
}

fn without_examples(mut table: toml::Table) -> toml::Table {
    for (list, key) in [("rule", "example"), ("layout", "examples")] {
        let proven = table.get_mut(list).and_then(toml::Value::as_array_mut);
        for one in proven.into_iter().flatten().filter_map(toml::Value::as_table_mut) {
            // One without examples is wrong; what stands for them here is none.
            if one.contains_key(key) {
                one.insert(key.into(), toml::Value::Array(Vec::new()));
            }
        }
    }
    table
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|suffix| suffix == "toml") {
            files.push(path);
        }
    }
    Ok(())
}
