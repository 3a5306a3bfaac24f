//! A family of causes: each with its title.

use super::Knowledge;
use crate::report::terminal::page::Page;
use std::io;

/// Lists the causes whose ids begin with this word.
pub(super) fn tell(name: &str, knowledge: &Knowledge, page: &mut Page<'_>) -> io::Result<()> {
    let of_family = |id: &str| id.split_once('.').is_some_and(|(family, _)| family == name);
    let causes = knowledge.catalogue.causes().filter(|(_, cause)| of_family(&cause.id));
    let pairs: Vec<(String, String)> = causes.map(|(_, cause)| (cause.id.clone(), cause.title.clone())).collect();
    page.sentence(0, &format!("{name}.*: {} causes, seen {}", pairs.len(), seen(name)))?;
    page.blank()?;
    page.pairs(&pairs)?;
    page.blank()?;
    page.sentence(0, "More on one: triage explain ID")
}

/// Where the causes of a family are seen. Who is at fault stands in each cause: its hop.
fn seen(family: &str) -> &'static str {
    match family {
        "upstream" => "on the way from the proxy to the next hop",
        "app" => "in the application, its workers and their manager",
        "db" => "in the database, or in what the application says of it",
        "proxy" => "in the proxy itself",
        "lb" => "in the load balancer",
        "edge" => "at the edge: CDN or WAF",
        "client" => "at the client",
        _ => "in the logs",
    }
}
