//! The files of one kind, as `DETECT.tsv` names it, held against the formats that are right for it.

use crate::common::{assert_books_balance, list, root, run_json, text};

/// A kind as the table names it, the formats that are right (`clf` is a family), and how many of its files' lines may
/// stay unknown.
pub(crate) type Kind = (&'static str, &'static [&'static str], u64);

/// A file that is found to be something else, what, and why that is no mistake.
pub(crate) type Kept = (&'static str, &'static str, &'static str);

/// Every file of these kinds is found to be one of its kind's formats, and every line of it is accounted for.
pub(crate) fn check(kinds: &[Kind], kept: &[Kept]) {
    let home = root().join("../shared/corpora");
    let Ok(table) = std::fs::read_to_string(home.join("DETECT.tsv")) else {
        println!("skipped: no ../shared here");
        return;
    };
    let (mut files, mut wrong) = (0, Vec::new());
    for (kind, formats, most_unknown) in kinds {
        let mut unknown = 0;
        for row in table.lines().skip(1).map(|row| row.split('\t').collect::<Vec<_>>()).filter(|row| row[1] == *kind) {
            files += 1;
            let report = run_json(&home, [row[0]]).json();
            assert_books_balance(&report);
            let source = &list(&report["sources"])[0];
            unknown += source["unknown"].as_u64().unwrap();
            // The main format's id: `clf` of `clf (combined) + apache.error in syslog (RFC 3164)`.
            let found = text(&source["format"]).split(' ').next().unwrap_or_default().to_owned();
            let kept = kept.iter().find(|(file, format, _)| *file == row[0] && *format == found);
            if !formats.contains(&found.as_str()) && kept.is_none() {
                wrong.push(format!("{}: {kind} is found to be {found}", row[0]));
            }
            if let Some((.., why)) = kept {
                println!("{}: {kind} is found to be {found}: {why}", row[0]);
            }
        }
        println!("{kind}: {unknown} lines unknown");
        if unknown > *most_unknown {
            wrong.push(format!("{kind}: {unknown} lines are unknown, were {most_unknown}"));
        }
    }
    println!("{files} files, {} not as they are", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
