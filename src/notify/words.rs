//! What a notice says, in lines that every channel can use. Not yet escaped for any.

use super::{Notice, NoticeKind};

/// What the logs call a service that they do not name.
const NO_SERVICE: &str = "-";

/// What happened, in a line: `CRITICAL: the upstream refused the connection`.
pub(super) fn headline(notice: &Notice) -> String {
    let severity = notice.severity.name().to_uppercase();
    let title = &notice.body.title;
    match notice.kind {
        NoticeKind::Trigger | NoticeKind::Digest => format!("{severity}: {title}"),
        NoticeKind::Update => format!("{severity}, update: {title}"),
        NoticeKind::Escalate => format!("{severity}, nobody has taken it: {title}"),
        NoticeKind::Acknowledge => format!("taken: {title}"),
        NoticeKind::Resolve => format!("over: {title}"),
    }
}

/// The headline with how much and where, for those who see one line alone.
pub(super) fn summary(notice: &Notice) -> String {
    let service = service(notice).map(|service| format!(" on {service}")).unwrap_or_default();
    let failed = Some(&notice.body.failed).filter(|failed| !failed.is_empty());
    let failed = failed.map(|failed| format!(": {failed}{service}")).unwrap_or_default();
    format!("{}{failed}", headline(notice))
}

/// The service, where one is named.
pub(super) fn service(notice: &Notice) -> Option<&str> {
    Some(notice.labels.service.as_str()).filter(|service| *service != NO_SERVICE)
}

/// The facts in the order in which somebody just woken wants them.
pub(super) fn facts(notice: &Notice) -> Vec<(&'static str, String)> {
    let (labels, body) = (&notice.labels, &notice.body);
    let statuses: Vec<String> = body.status.iter().map(ToString::to_string).collect();
    let all = [
        ("news", notice.news.clone()),
        ("owner", body.owner.clone()),
        ("failed", body.failed.clone()),
        ("service", service(notice).unwrap_or_default().to_owned()),
        ("status", statuses.join(", ")),
        ("cause", labels.cause.clone()),
        ("at fault", labels.hop.map(|hop| hop.name().to_owned()).unwrap_or_default()),
        ("upstreams", body.upstreams.join(", ")),
        ("paths", body.paths.join(", ")),
        ("since", if body.lines.is_empty() { body.start.to_string() } else { String::new() }),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// The runbook, where it is an address that may become a link.
pub(super) fn runbook(notice: &Notice) -> Option<&str> {
    let is_link = |url: &&str| {
        (url.starts_with("https://") || url.starts_with("http://")) && !url.contains(['<', '>', '|', '"', ' ', '\\'])
    };
    notice.body.runbook.as_deref().filter(is_link)
}
