//! A desk to play on, for tests: incidents that come and go, a clock that is set, endpoints that answer as they are told.

use super::{Ack, Desk, Look, Moved};
use crate::event::{Hop, Severity};
use crate::notify::{Notice, Outcome};
use crate::playbook::{Known, Playbook};
use crate::report::{Incident, sample};
use crate::time::Timestamp;

/// Two teams, three channels, steps.
pub(super) const PLAYBOOK: &str = r#"
[defaults]
group_by = ["service", "cause"]
group_wait = "30s"
group_interval = "5m"
repeat_interval = "4h"
resolve_after = "10m"
max_notices = "30/h"
[team.platform]
notify = ["chat"]
escalation = "page"
[team.shop]
notify = ["shop-chat"]
[escalation.page]
steps = [
  { after = "0m", notify = ["@team"] },
  { after = "5m", notify = ["pager"] },
  { after = "15m", notify = ["pager", "boss"], severity = "critical" },
  { after = "45m", notify = ["boss"], repeat = 1, if = { severity = ["error", "critical"] } },
]
[channel.chat]
type = "slack"
url_env = "A"
[channel.shop-chat]
type = "slack"
url_env = "B"
[channel.pager]
type = "pagerduty"
routing_key_env = "C"
[channel.boss]
type = "alertmanager"
url = "http://127.0.0.1:9093"
"#;

/// A desk, and what it looks at. Times are seconds.
pub(super) struct Stage {
    pub(super) desk: Desk,
    pub(super) playbook: Playbook,
    pub(super) incidents: Vec<Incident>,
    pub(super) acks: Vec<Ack>,
    pub(super) moved: Vec<Moved>,
    /// What the endpoints answer.
    pub(super) outcome: Option<Outcome>,
    pub(super) notices: Vec<Notice>,
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros((1_795_251_600 + seconds) * 1_000_000) // 2026-11-21T09:00:00Z, a Saturday
}

/// An incident of the platform team.
pub(super) fn incident(id: &str, cause: &str, start: i64, end: i64) -> Incident {
    Incident {
        id: id.into(),
        cause: cause.into(),
        hop: Hop::Proxy,
        severity: Severity::Error,
        team: Some("platform".into()),
        start: at(start),
        end: at(end),
        requests_failed: Some(20),
        ..sample::plain()
    }
}

impl Stage {
    /// One that has looked once, so that only what comes now has to wait.
    pub(super) fn new(more: &str) -> Self {
        let known = Known { causes: &["upstream.refused", "edge.internal"], formats: &[] };
        let playbook = Playbook::parse("p.toml", &format!("{PLAYBOOK}{more}"), &known).unwrap();
        let mut stage = Self {
            desk: Desk::default(),
            playbook,
            incidents: Vec::new(),
            acks: Vec::new(),
            moved: Vec::new(),
            outcome: Some(Outcome::Sent),
            notices: Vec::new(),
        };
        assert!(stage.look(-600).is_empty());
        stage
    }

    /// With one incident that lasts.
    pub(super) fn with_trouble(more: &str) -> Self {
        let mut stage = Self::new(more);
        stage.incidents.push(incident("a", "upstream.refused", 0, 100_000));
        stage
    }

    /// What is due at this second, as `trigger chat error`; the endpoints have answered then.
    pub(super) fn look(&mut self, seconds: i64) -> Vec<String> {
        let look = Look { incidents: &self.incidents, now: at(seconds), acks: &self.acks, moved: &self.moved };
        let due = self.desk.due(&self.playbook, &look);
        if let Some(outcome) = &self.outcome {
            let results: Vec<_> = due.iter().map(|notice| (notice.key.clone(), outcome.clone())).collect();
            self.desk.settle(&results);
        }
        let told = due.iter().map(|notice| format!("{} {} {}", notice.kind, notice.channel, notice.severity)).collect();
        self.notices.extend(due);
        told
    }

    /// Everything due from one second to another, as `30: trigger chat error`.
    pub(super) fn play(&mut self, from: i64, until: i64, every: usize) -> Vec<String> {
        let mut told = Vec::new();
        for second in (from..=until).step_by(every) {
            told.extend(self.look(second).into_iter().map(|line| format!("{second}: {line}")));
        }
        told
    }

    /// Goes on from the committed state, as a new process does.
    pub(super) fn restart(&mut self) {
        let state = postcard::to_stdvec(&self.desk).unwrap();
        self.desk = postcard::from_bytes(&state).unwrap();
    }

    pub(super) fn end_all(&mut self, second: i64) {
        self.incidents.iter_mut().for_each(|incident| incident.end = at(second));
    }
}
