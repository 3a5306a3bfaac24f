//! Names in a directory that changes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

#[test]
fn names_are_those_of_the_set_and_a_change_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str| fs::write(folder.path().join(name), "x").unwrap();
    let names = |own: &str| -> Vec<String> {
        let found = rotated_names(folder.path(), own);
        found.into_iter().map(|named| named.name.into_string().unwrap()).collect()
    };
    for name in ["access.log", "access.log.1", "access.log.2.gz", "access.log.old", "other.log", "access.log-20260101"]
    {
        put(name);
    }
    let set = ["access.log-20260101", "access.log.1", "access.log.2.gz", "access.log.old"];
    assert_eq!(names("access.log"), set);
    assert_eq!(names("access.log-20260101"), Vec::<String>::new());
    // At once, and after it has settled.
    let long_ago = SystemTime::now() - std::time::Duration::from_secs(60);
    let directory = fs::File::open(folder.path()).unwrap();
    directory.set_modified(long_ago).unwrap();
    assert_eq!((names("access.log").len(), names("access.log").len()), (4, 4));
    put("access.log.3");
    assert_eq!(names("access.log").len(), 5);
    fs::rename(folder.path().join("access.log.3"), folder.path().join("access.log.4")).unwrap();
    assert!(names("access.log").contains(&"access.log.4".to_owned()));
}
