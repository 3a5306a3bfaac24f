use super::*;
use crate::grammar::{Grammars, RecordReader};
use crate::time::Zone;

fn sheet(quoted: bool) -> Arc<Sheet> {
    let names = [
        ("date", Some(Field::Time), Kind::Stamp),
        ("time", Some(Field::Time), Kind::Stamp),
        ("method", Some(Field::Method), Kind::Method),
        ("user", Some(Field::User), Kind::Any),
        ("agent", Some(Field::UserAgent), Kind::Any),
        ("peer", Some(Field::Client), Kind::Client),
        ("status", Some(Field::Status), Kind::Status),
        ("taken", Some(Field::Duration), Kind::Number),
        ("request", None, Kind::UrlRequest),
    ];
    let column =
        |(name, field, kind): (&str, Option<Field>, Kind)| (name.as_bytes().into(), Column { field, kind, choice: 0 });
    Arc::new(Sheet {
        openings: vec![b'#'],
        gap: (*b" ").into(),
        header_gap: (*b" ").into(),
        quoted,
        end: Box::default(),
        header: Some(HeaderMark::Begins([(*b"#Fields:").into()].into())),
        directive: Some((*b"#").into()),
        day: None,
        names: names.into_iter().map(column).collect(),
    })
}

fn shown(event: &Event<'_>) -> Vec<String> {
    event.iter().map(|(field, value)| format!("{field}={}", String::from_utf8_lossy(value))).collect()
}

fn by_header(header: &str, line: &str) -> Option<Vec<String>> {
    let columns = Columns::by_header(&sheet(true), &["status".into()], &["s-reason".into()], "").expect("columns");
    let Preamble::Header(row) = columns.preamble(header.as_bytes(), false) else { panic!("{header} is no header") };
    let mut event = Event::default();
    columns.read(row.as_ref(), line.as_bytes(), &mut event).then(|| shown(&event))
}

const HEADER: &str = "#Fields: date time method user peer agent status taken ";

#[test]
fn a_header_says_which_columns_follow() {
    let row = by_header(HEADER, "2026-01-15 20:44:57 GET mia [2001:db8::7]:5 curl 502 31 ").expect("a row");
    assert_eq!(
        row,
        [
            "time=2026-01-15 20:44:57",
            "client=2001:db8::7",
            "method=GET",
            "status=502",
            "duration=31",
            "user_agent=curl",
            "user=mia"
        ]
    );
    assert_eq!(by_header(HEADER, "2026-01-15 20:44:57 GET mia 192.0.2.7 curl 502"), None, "a column is missing");
    assert_eq!(by_header(HEADER, "2026-01-15 20:44:57 GET mia 192.0.2.7 curl ok 31"), None, "no status");
    assert_eq!(by_header("#Fields: date time status s-reason", "2026-01-15 20:44:57 502 x"), None, "another layout's");
}

#[test]
fn a_raw_gap_inside_a_value_costs_that_value_only() {
    let row = by_header(HEADER, "2026-01-15 20:44:57 GET NT AUTHORITY\\SYSTEM 192.0.2.7 curl 502 31").expect("a row");
    assert_eq!(row[0], "time=2026-01-15 20:44:57");
    assert!(row.contains(&"client=192.0.2.7".into()) && row.contains(&"status=502".into()), "{row:?}");
    assert!(!row.iter().any(|field| field.starts_with("user=")), "{row:?}");
}

#[test]
fn quotes_hold_gaps_and_doubled_quotes() {
    let row = by_header(HEADER, "2026-01-15 20:44:57 GET \"\" 192.0.2.7 \"a \"\"b\"\" c\" 502 31").expect("a row");
    assert!(row.contains(&"user_agent=a \"\"b\"\" c".into()), "{row:?}");
    let row = by_header(HEADER, "2026-01-15 20:44:57 GET \"x 192.0.2.7 curl 502 31").expect("a quote is no pair");
    assert!(row.contains(&"user=\"x".into()), "{row:?}");
}

#[test]
fn a_request_with_a_whole_url_is_taken_apart() {
    let columns = Columns::fixed(&sheet(true), "time request status other", Some(3), true).expect("columns");
    let mut event = Event::default();
    let line = b"2026-01-15T20:44:57Z \"GET https://shop.example.com:443/cart?x=http://a/ HTTP/2.0\" 502 1 2 3";
    assert!(columns.read(None, line, &mut event));
    assert_eq!(
        shown(&event),
        [
            "time=2026-01-15T20:44:57Z",
            "method=GET",
            "uri=/cart?x=http://a/",
            "host=shop.example.com:443",
            "status=502",
            "protocol=HTTP/2.0"
        ]
    );
    let mut event = Event::default();
    assert!(columns.read(None, b"2026-01-15T20:44:57Z \"- - - \" 400", &mut event));
    assert_eq!(event.raw(Field::Host), None);
    assert!(!columns.read(None, b"2026-01-15T20:44:57Z \"- - -\"", &mut event), "too short");
}

/// Every layout of a grammar reads what the header says, and the same by its own order.
#[test]
fn headers_hold_until_the_next() {
    let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
    let Some(format) = grammars.with_id("iis.w3c").find(|format| format.header_mark().is_some()) else { return };
    let mut reader = RecordReader::new(Arc::clone(format), Zone::UTC);
    let mut status = |line: &str| {
        let mut event = Event::default();
        let read = reader.preamble(line.as_bytes(), false) || reader.read(line.as_bytes(), &mut event).is_some();
        assert!(read, "{line}");
        event.status()
    };
    status("#Fields: date time cs-method cs-uri-stem sc-status");
    assert_eq!(status("2026-01-15 20:44:57 GET / 502"), Some(502));
    status("#Fields: date time sc-status cs-method cs-uri-stem");
    assert_eq!(status("2026-01-15 20:44:57 503 GET /"), Some(503));
}
