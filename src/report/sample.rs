//! A report like those of a real night, for the renderers' tests.

use super::*;
use crate::event::{Certainty, Hop, Role, Severity};

/// 2026-11-21T09:04:28Z, when the sample's trouble begins.
const BEGIN: i64 = 1_795_251_868;

/// A point this many seconds after the trouble began.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros((BEGIN + seconds) * 1_000_000)
}

/// A refused upstream with the balancer's view of it as its child, a small database trouble, a warning.
pub(crate) fn report() -> Report {
    Report {
        schema: "triage.report/1",
        totals: Totals { lines: 1_216_904, requests: 1_204_331, requests_5xx: 4_480, explained_5xx: 4_212 },
        window: Some(Window { first: at(-387), last: at(1_784) }),
        zone: "Europe/Berlin (machine)".into(),
        sources: sources(),
        gaps: Vec::new(),
        incidents: vec![refused(), balancer(), deadlock(), warning()],
        notes: vec![
            "/var/log/nginx/access.log does not log $upstream_header_time: whether the 504s of shop.example.com were \
             written by the proxy or by the app is inferred from the error log."
                .into(),
        ],
        unknown: vec![Template {
            source: "/var/log/nginx/error.log".into(),
            template: "<*> [notice] <*>: *<*> [lua] breaker.lua:<*>: circuit <*> half open".into(),
            count: 31,
        }],
        defects: vec![Defect::new("/srv/logs/old.log.gz", "no such file").hint("name a file that is there")],
    }
}

/// The same night without trouble.
pub(crate) fn quiet() -> Report {
    let totals = Totals { requests_5xx: 0, explained_5xx: 0, ..report().totals };
    Report { totals, incidents: Vec::new(), notes: Vec::new(), defects: Vec::new(), ..report() }
}

fn sources() -> Vec<SourceLine> {
    let line = |path: &str, format: &str, [lines, events, passed, benign, unknown, cut]: [u64; 6]| SourceLine {
        path: path.into(),
        format: format.into(),
        fit: 1.0,
        lines,
        events,
        passed,
        benign,
        unknown,
        cut,
        requests: passed,
        first: Some(at(-387)),
        last: Some(at(1_784)),
        zone: "+00:00".into(),
        defect: None,
    };
    let mut broken =
        line("/srv/logs/alb/2026/11/21/app.shop-alb.1a2b3c4d.log.gz", "aws.alb", [8_000, 3, 7_997, 0, 0, 0]);
    broken.defect = Some("archive breaks off after 12,345 bytes".into());
    vec![
        line("/var/log/nginx/access.log", "nginx.access", [1_204_331, 4_480, 1_199_851, 0, 0, 0]),
        line("/var/log/nginx/error.log", "nginx.error", [4_573, 4_520, 0, 21, 31, 1]),
        broken,
    ]
}

/// The fields that most incidents share, to be changed by the functions below.
pub(crate) fn plain() -> Incident {
    Incident {
        id: "f8bcd62a829b1126".into(),
        parent_id: None,
        kind: Kind::Incident,
        cause: "upstream.refused".into(),
        title: "Nothing accepts connections on the address the proxy dials.".into(),
        certainty: Certainty::Stated,
        certainty_counts: CertaintyCounts::default(),
        hop: Hop::App,
        status: vec![502],
        status_counts: Vec::new(),
        service: "shop.example.com".into(),
        role: Role::Infra,
        team: None,
        routed_by: "cause upstream.refused".into(),
        severity: Severity::Critical,
        start: at(0),
        end: at(252),
        requests_failed: None,
        attempts_failed: 0,
        share: None,
        requests_total: None,
        latency_ms: None,
        upstreams: Vec::new(),
        paths: Vec::new(),
        clients: 0,
        breakdown_exact: true,
        timeline: Timeline { start: at(0), bucket_seconds: 10, counts: Vec::new() },
        evidence: Vec::new(),
        absorbed: Vec::new(),
        checks: Vec::new(),
        retry_safe: None,
        wrong_reflex: None,
        doubt: None,
        runbook: None,
        escalation: Vec::new(),
        muted_by: None,
        routed: Routed::default(),
    }
}

fn refused() -> Incident {
    let address = |address: &str, count| AddressCount { address: address.into(), count };
    let path = |path: &str, count| PathCount { path: path.into(), count };
    Incident {
        certainty_counts: CertaintyCounts { stated: 3_997, implied: 215, default: 0 },
        status: vec![502, 504],
        status_counts: vec![StatusCount { status: 502, count: 4_209 }, StatusCount { status: 504, count: 3 }],
        team: Some("platform".into()),
        requests_failed: Some(4_212),
        attempts_failed: 8_391,
        share: Some(0.312),
        requests_total: Some(13_500),
        latency_ms: Some(Latency { p50: 0.8, p95: 12.0, p99: 1_004.0 }),
        upstreams: vec![address("10.0.3.17:8081", 4_200), address("10.0.3.18:8081", 9), address("10.0.3.19:8081", 3)],
        paths: vec![path("/api/cart/*", 2_120), path("/api/checkout", 1_404), path("/", 688)],
        clients: 871,
        timeline: Timeline {
            start: at(0),
            bucket_seconds: 10,
            counts: vec![3, 42, 180, 261, 249, 255, 248, 251, 240, 238, 0, 0, 190, 244, 251, 260, 233, 247, 249, 251, 188, 92, 31, 8, 1, 1],
        },
        evidence: vec![
            Evidence {
                source: "/var/log/nginx/error.log".into(),
                line: 1_204,
                offset: 240_811,
                text: "2026/11/21 09:04:28 [error] 211#211: *99 connect() failed (111: Connection refused) while \
                       connecting to upstream, client: 203.0.113.9, server: shop.example.com, request: \"POST \
                       /api/cart/88121 HTTP/1.1\", upstream: \"http://10.0.3.17:8081/api/cart/88121\", host: \
                       \"shop.example.com\", referrer: \"https://shop.example.com/product/4711?utm_source=mail&utm_campaign=november\""
                    .into(),
            },
            Evidence {
                source: "/var/log/nginx/access.log".into(),
                line: 881_340,
                offset: 190_446_112,
                text: "203.0.113.9 - - [21/Nov/2026:09:04:28 +0000] \"POST /api/cart/88121 HTTP/1.1\" 502 552 \"-\" \"\x1b]0;x\x07curl/8.5\""
                    .into(),
            },
        ],
        absorbed: vec![Absorbed { cause: "upstream.closed-early".into(), count: 4 }],
        checks: vec![
            "ss -ltnp | grep :<port>  (is it there, and on 127.0.0.1 or 0.0.0.0?)".into(),
            "systemctl status <service>; journalctl -u <service> -n 50  (or docker ps -a, pm2 ls)".into(),
            "curl -sv http://<upstream>/ from the proxy host itself".into(),
        ],
        retry_safe: Some("yes, the request never reached the app".into()),
        wrong_reflex: Some("reloading the proxy: it is healthy and says so".into()),
        runbook: Some("https://runbooks.example.com/upstream-refused".into()),
        escalation: vec![
            Step { after: "0m".into(), at: at(0), to: "platform on call".into() },
            Step { after: "15m".into(), at: at(900), to: "head of platform".into() },
        ],
        ..plain()
    }
}

fn balancer() -> Incident {
    Incident {
        id: "0b7d1c55aa3e90f2".into(),
        parent_id: Some(refused().id),
        cause: "lb.target-failed".into(),
        title: "The balancer passes on the target's own error.".into(),
        certainty: Certainty::Implied,
        hop: Hop::Lb,
        status_counts: vec![StatusCount { status: 502, count: 3 }],
        service: "app/shop-alb".into(),
        severity: Severity::Error,
        requests_failed: Some(3),
        ..plain()
    }
}

fn deadlock() -> Incident {
    Incident {
        id: "55d0e1f2a3b4c596".into(),
        cause: "db.deadlock".into(),
        title: "Transactions block each other and the database ends one of them.".into(),
        certainty: Certainty::Default,
        hop: Hop::Dependency,
        status: vec![500],
        service: "-".into(),
        role: Role::Db,
        routed_by: "cause db.deadlock".into(),
        severity: Severity::Warning,
        start: at(1_700),
        end: at(1_700),
        attempts_failed: 1,
        clients: 1,
        breakdown_exact: false,
        doubt: Some("the status alone says it: no line of the app covers this second".into()),
        evidence: vec![Evidence {
            source: "app.log".into(),
            line: 9,
            offset: 1_133,
            text: "deadlock detected \u{202e}gnp.exe".into(),
        }],
        ..plain()
    }
}

fn warning() -> Incident {
    Incident {
        id: "91c2d3e4f5a6b708".into(),
        kind: Kind::Warning,
        cause: "upstream.timeout".into(),
        title: "An upstream gave no answer in time; another peer did.".into(),
        severity: Severity::Info,
        start: at(400),
        end: at(431),
        requests_failed: Some(0),
        attempts_failed: 12,
        upstreams: vec![AddressCount { address: "10.0.3.18:8081".into(), count: 12 }],
        evidence: vec![Evidence {
            source: "/var/log/nginx/error.log".into(),
            line: 4_402,
            offset: 880_001,
            text: "2026/11/21 09:11:08 [error] 211#211: *4410 upstream timed out (110: Connection timed out) while \
                   reading response header from upstream, client: 203.0.113.77, server: shop.example.com"
                .into(),
        }],
        checks: vec!["compare the peer's latency with that of its neighbours".into()],
        ..plain()
    }
}
