//! The rows of the table that have to do with a 5xx.

use std::path::Path;

/// One message of nginx's source, as the table has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    /// The message with nginx's format directives (`%V`, `%ui`).
    pub(super) literal: String,
    /// nginx's name of the level, or the expression that gives it.
    pub(super) level: String,
    /// The status that clients see.
    pub(super) status: String,
    /// The cause it stands for; empty where the table names none.
    pub(super) cause: String,
    /// The function that writes it: decides whether an errno or a TLS error follows.
    pub(super) kind: String,
    /// Whether it ends the request (`produces`, `depends`), cuts the answer (`truncates`) or only tells more (`context`).
    pub(super) relevance: String,
    /// `startup` or `request`.
    pub(super) stage: String,
    /// The file and line in nginx's source.
    pub(super) source: String,
    /// 1 is what operators meet, 3 what hardly anybody does.
    pub(super) tier: usize,
}

/// The rows that count, each once; `None` where the table is not here.
///
/// Left out: what no 5xx comes of (`relevance` none), and entries that are no messages of their own (`action`: texts of
/// ` while ...`; `table`: words that others insert).
pub(super) fn rows() -> Option<Vec<Row>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/catalogue/nginx_messages.tsv");
    let text = std::fs::read_to_string(path).ok()?;
    let mut rows: Vec<Row> = text.lines().skip(1).filter_map(row).collect();
    rows.sort();
    rows.dedup_by(|a, b| {
        (&a.literal, &a.cause, &a.status, &a.kind, &a.stage) == (&b.literal, &b.cause, &b.status, &b.kind, &b.stage)
    });
    Some(rows)
}

fn row(line: &str) -> Option<Row> {
    let cells: Vec<&str> = line.split('\t').collect();
    let cell = |at: usize| cells.get(at).map(|text| (*text).to_owned());
    let row = Row {
        literal: cell(0)?,
        source: cell(2)?,
        level: cell(3)?,
        status: cell(4)?,
        cause: cell(5)?,
        relevance: cell(10)?,
        kind: cell(11)?,
        stage: cell(12)?,
        tier: cell(16)?.parse().ok()?,
    };
    let counts = row.relevance != "none" && !matches!(row.kind.as_str(), "action" | "table");
    counts.then_some(row)
}
