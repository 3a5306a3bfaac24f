//! Globs that no shell has expanded (quoted, or in a config file). In: a pattern. Out: the paths that match, sorted.
//!
//! `*`, `?`, `[a-z]`, `{a,b}` within a name, and `**` for directories of any depth.

use std::path::{Component, Path, PathBuf};

use globset::{Glob, GlobMatcher};

use super::walk::{MAX_DEPTH, entries};
use crate::error::{Defect, Result};

/// The most paths that a pattern may give at any of its steps.
const MAX_PATHS: usize = 100_000;

/// What is said of a pattern that matches nothing.
pub(super) const NO_MATCH: &str = "no file matches this pattern";

/// Whether a path can be a pattern at all.
pub(super) fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[{".contains(byte))
}

/// The existing paths that match a pattern, in the order of their names. A directory that cannot be read has none.
///
/// # Errors
/// A pattern that is none, or that matches nothing, or too much.
pub(super) fn expand(pattern: &Path) -> Result<Vec<PathBuf>> {
    let shown = pattern.to_string_lossy();
    let mut paths = vec![PathBuf::new()];
    for part in pattern.components() {
        paths = step(paths, part).map_err(|why| Defect::new(&*shown, why))?;
        if paths.len() > MAX_PATHS {
            let what = format!("more than {MAX_PATHS} paths match");
            return Err(Defect::new(&*shown, what).hint("name a directory, or a narrower pattern"));
        }
    }
    if paths.is_empty() {
        return Err(Defect::new(&*shown, NO_MATCH).hint("look with `ls` at what is there"));
    }
    Ok(paths)
}

/// The paths that one more part of the pattern leads to.
fn step(bases: Vec<PathBuf>, part: Component<'_>) -> std::result::Result<Vec<PathBuf>, String> {
    let name = Path::new(part.as_os_str());
    if name.as_os_str() == "**" {
        return Ok(bases.into_iter().flat_map(|base| below(base, 0)).collect());
    }
    if !is_pattern(name) {
        return Ok(bases.into_iter().map(|base| base.join(name)).filter(|path| path.exists()).collect());
    }
    let text = name.to_string_lossy();
    let glob = Glob::new(&text).map_err(|error| format!("this is no pattern: {}", error.kind()))?.compile_matcher();
    let hidden = text.starts_with('.');
    Ok(bases.iter().flat_map(|base| matching(base, &glob, hidden)).collect())
}

/// What a directory holds that matches; hidden names only where the pattern asks for them.
fn matching(base: &Path, glob: &GlobMatcher, hidden: bool) -> Vec<PathBuf> {
    let names = entries(directory(base)).unwrap_or_default();
    let visible = names.iter().filter(|name| hidden || !name.as_encoded_bytes().starts_with(b"."));
    visible.filter(|name| glob.is_match(name)).map(|name| base.join(name)).collect()
}

/// The directory and all below it, but for links and hidden ones.
fn below(base: PathBuf, depth: usize) -> Vec<PathBuf> {
    let names = if depth < MAX_DEPTH { entries(directory(&base)).unwrap_or_default() } else { Vec::new() };
    let visible = names.into_iter().filter(|name| !name.as_encoded_bytes().starts_with(b"."));
    let inner: Vec<PathBuf> = visible.map(|name| base.join(name)).filter(|p| p.is_dir() && !p.is_symlink()).collect();
    std::iter::once(base).chain(inner.into_iter().flat_map(|path| below(path, depth + 1))).collect()
}

/// The empty path is the current directory.
fn directory(base: &Path) -> &Path {
    if base.as_os_str().is_empty() { Path::new(".") } else { base }
}
