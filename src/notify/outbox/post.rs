//! One try: a notice as the request that its channel takes, and what the answer means.

use super::retry::Answer;
use crate::notify::address::{Guard, checked};
use crate::notify::{Notice, alertmanager, json, pagerduty, secret, slack};
use crate::playbook::{Channel, Target, WebhookFormat};
use crate::text::harmless;
use serde_json::Value;
use std::io;
use std::time::Duration;
use ureq::Agent;
use ureq::http::header::RETRY_AFTER;
use ureq::unversioned::transport::DefaultConnector;

/// The head of an answer is no longer; its body is not read at all.
const MOST_HEAD_BYTES: usize = 16 << 10;

/// A channel and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) channel: Channel,
    /// How often what lasts is told again.
    pub(super) repeat: Duration,
}

/// Posts to one channel.
pub(super) struct Poster {
    reach: Reach,
    agent: Agent,
}

impl Poster {
    pub(super) fn new(reach: Reach, timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(timeout))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_response_header_size(MOST_HEAD_BYTES)
            .max_idle_connections(1)
            .proxy(None)
            .user_agent(concat!("triage/", env!("CARGO_PKG_VERSION")))
            .build();
        let guard = Guard::new(reach.channel.insecure_http);
        Self { reach, agent: Agent::with_parts(config, DefaultConnector::default(), guard) }
    }

    /// Posts a notice once.
    pub(super) fn post(&self, notice: &Notice) -> Answer {
        let (url, body) = match request(&self.reach, notice) {
            Ok(request) => request,
            Err(why) => return Answer::Refused(why),
        };
        let uri = match checked(&url, self.reach.channel.insecure_http) {
            Ok(uri) => uri,
            Err(why) => return Answer::Refused(why),
        };
        let post = self.agent.post(uri).content_type("application/json").header("Idempotency-Key", &notice.key);
        match post.send(body.to_string()) {
            Ok(answer) => {
                let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                Answer::of(answer.status().as_u16(), retry_after)
            }
            Err(error) => failed(&error),
        }
    }
}

/// Where to, and what.
fn request(reach: &Reach, notice: &Notice) -> Result<(String, Value), String> {
    match &reach.channel.target {
        Target::Slack(url) => Ok((secret::value(url)?, slack::payload(notice))),
        Target::Pagerduty { key, url } => {
            let url = url.clone().unwrap_or_else(|| pagerduty::ADDRESS.to_owned());
            Ok((url, pagerduty::payload(notice, &secret::value(key)?)))
        }
        Target::Webhook { url, format } => {
            let body = match format {
                WebhookFormat::Alertmanager => alertmanager::webhook(notice),
                WebhookFormat::Json => json::payload(notice),
            };
            Ok((secret::value(url)?, body))
        }
        Target::Alertmanager(url) => {
            let url = secret::value(url)?;
            Ok((
                format!("{}{}", url.trim_end_matches('/'), alertmanager::PUSH_PATH),
                alertmanager::push(notice, reach.repeat),
            ))
        }
    }
}

/// Why nothing arrived, without the address: it may be a secret.
fn failed(error: &ureq::Error) -> Answer {
    let again = |why: &str| Answer::Again { why: why.to_owned(), after: None };
    match error {
        ureq::Error::Timeout(_) => again("no answer in time"),
        ureq::Error::HostNotFound => again("its host is not found"),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => Answer::Refused(
            "its host is link-local, a cloud's metadata service, or not this machine: nothing is sent there".into(),
        ),
        ureq::Error::Io(error) => again(&error.kind().to_string()),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => {
            again(&format!("no trusted connection: {}", harmless(error.to_string().as_bytes())))
        }
        ureq::Error::Protocol(_) => again("what answers is no HTTP"),
        ureq::Error::ConnectionFailed => again("no connection"),
        _ => Answer::Refused("it cannot be sent to that address".into()),
    }
}
