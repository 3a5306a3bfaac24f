//! Notices for the tests of channels, and a server that answers as it is told.

use super::{Body, Labels, Notice, NoticeKind};
use crate::event::Severity;
use crate::report::{Incident, sample};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(super) fn incident() -> Incident {
    Incident { team: Some("platform".into()), ..sample::report().incidents.remove(0) }
}

pub(super) fn notice(kind: NoticeKind) -> Notice {
    notice_of(kind, &incident())
}

pub(super) fn notice_of(kind: NoticeKind, incident: &Incident) -> Notice {
    Notice {
        key: format!("{}-7", incident.id),
        channel: "c".into(),
        trouble: incident.id.clone(),
        revision: 7,
        kind,
        severity: Severity::Critical,
        at: sample::at(300),
        news: "severity critical, was error".into(),
        labels: Labels::of(incident, Severity::Error),
        body: Body::of(incident),
    }
}

/// How a server answers one request.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    Status(u16, &'static str),
    Hang,
    Garbage,
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) head: String,
    pub(super) body: serde_json::Value,
}

/// A server on this machine; the last of its replies is given for ever.
pub(super) struct Server {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(super) fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            for (place, stream) in listener.incoming().flatten().enumerate() {
                let reply = replies.get(place).or(replies.last()).cloned().unwrap();
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || serve(stream, &reply, &kept));
            }
        });
        Self { url, seen }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, reply: &Reply, seen: &Mutex<Vec<Seen>>) {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let (head, body) = loop {
        let Ok(read @ 1..) = stream.read(&mut buffer) else { return };
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
        if body.len() >= length.unwrap_or(0) {
            break (head.to_owned(), body.to_owned());
        }
    };
    seen.lock().unwrap().push(Seen { head, body: serde_json::from_str(&body).unwrap_or_default() });
    match reply {
        Reply::Status(status, headers) => {
            let answer = format!("HTTP/1.1 {status} X\r\n{headers}content-length: 2\r\nconnection: close\r\n\r\nok");
            drop(stream.write_all(answer.as_bytes()));
        }
        Reply::Hang => std::thread::sleep(Duration::from_secs(5)),
        Reply::Garbage => drop(stream.write_all(b"\x00\x01 no http here\r\n\r\n")),
    }
}
