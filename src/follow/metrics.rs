//! `GET /metrics`: a page of text over HTTP, for Prometheus.
//!
//! In: an address to listen on and the page, which the watch writes anew as it goes. Out: a thread that serves it until the
//! [`Server`] is dropped. One connection at a time and one request a connection; every read is bounded in bytes and in time, so
//! that nobody who connects can hold up more than the next scrape, and the watch not at all.

use crate::error::{Defect, Result};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The longest head of a request.
const MOST_HEAD_BYTES: usize = 8 << 10;
/// For the whole of a request's head.
const MOST_HEAD_TIME: Duration = Duration::from_secs(2);
/// For the whole of an answer: whoever reads too slowly loses the rest.
const MOST_ANSWER_TIME: Duration = Duration::from_secs(5);
/// How often the thread looks whether it is to end.
const LOOK: Duration = Duration::from_millis(100);

/// The page that is served.
pub type Shown = Arc<Mutex<String>>;

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens: with the port that was given for port 0.
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// Serves the page at `address`: `127.0.0.1:9113`, `[::1]:9113`, or a port alone, which means this machine only.
///
/// # Errors
/// Where the address is none, or cannot be listened on.
pub fn serve(address: &str, page: Shown) -> Result<Server> {
    let wrong = |what: String| {
        Defect::new("--metrics", what).hint("give an address and port that are free, such as 127.0.0.1:9113")
    };
    let parsed = match address.parse::<u16>() {
        Ok(port) => Ok(SocketAddr::from(([127, 0, 0, 1], port))),
        Err(_) => address.parse::<SocketAddr>(),
    };
    let parsed = parsed.map_err(|_| wrong(format!("\"{address}\" is no address")))?;
    let open = || {
        let listener = TcpListener::bind(parsed)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&stop);
        let work = move || listen(&listener, &page, &is_over);
        let thread = std::thread::Builder::new().name("metrics".into()).spawn(work)?;
        Ok(Server { address, stop, thread: Some(thread) })
    };
    open().map_err(|error: std::io::Error| wrong(format!("{address} cannot be listened on: {error}")))
}

fn listen(listener: &TcpListener, page: &Shown, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        match listener.accept() {
            // What goes wrong with one visitor is that visitor's own affair.
            Ok((stream, _)) => drop(answer(stream, page)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Nobody is there, or there is no room for another file just now.
            Err(_) => std::thread::sleep(LOOK),
        }
    }
}

fn answer(mut stream: TcpStream, page: &Shown) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    let Some(head) = head(&mut stream)? else { return Ok(()) };
    let (status, body) = match asked(&head) {
        Asked::Page => ("200 OK", page.lock().unwrap_or_else(PoisonError::into_inner).clone()),
        Asked::Elsewhere => ("404 Not Found", "see /metrics\n".into()),
        Asked::OtherMethod => ("405 Method Not Allowed", "GET only\n".into()),
        Asked::Nonsense => ("400 Bad Request", "no HTTP\n".into()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n",
        body.len()
    );
    write_within(&mut stream, &[head.as_bytes(), body.as_bytes()].concat())
}

/// The head of a request; `None` where it is too long, too slow or breaks off.
fn head(stream: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let until = Instant::now() + MOST_HEAD_TIME;
    let (mut head, mut buffer) = (Vec::new(), [0; 1024]);
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || head.len() > MOST_HEAD_BYTES {
            return Ok(None);
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer)? {
            0 => return Ok(None),
            read => head.extend_from_slice(&buffer[..read]),
        }
    }
    Ok(Some(head))
}

fn write_within(stream: &mut TcpStream, mut bytes: &[u8]) -> std::io::Result<()> {
    let until = Instant::now() + MOST_ANSWER_TIME;
    while !bytes.is_empty() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_write_timeout(Some(left))?;
        let written = stream.write(bytes)?;
        bytes = &bytes[written..];
    }
    stream.flush()
}

/// What a request is for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Page,
    Elsewhere,
    OtherMethod,
    Nonsense,
}

fn asked(head: &[u8]) -> Asked {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let [method, target, version] = words.as_slice() else { return Asked::Nonsense };
    let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    match (*method, path) {
        _ if !version.starts_with(b"HTTP/1.") => Asked::Nonsense,
        (b"GET", b"/metrics") => Asked::Page,
        (b"GET", _) => Asked::Elsewhere,
        _ => Asked::OtherMethod,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> (Server, Shown) {
        let page: Shown = Arc::new(Mutex::new("triage_x 1\n".into()));
        (serve("0", Arc::clone(&page)).unwrap(), page)
    }

    fn ask(server: &Server, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        String::from_utf8(answer).unwrap()
    }

    #[test]
    fn the_page_is_served_as_it_is_now() {
        let (server, page) = server();
        assert!(server.address.ip().is_loopback());
        let first = ask(&server, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(first.starts_with("HTTP/1.1 200 OK\r\n") && first.ends_with("\r\n\r\ntriage_x 1\n"), "{first}");
        *page.lock().unwrap() = "triage_x 2\n".repeat(200_000);
        let second = ask(&server, b"GET /metrics?a=b HTTP/1.0\r\n\r\n");
        assert!(second.contains("Content-Length: 2200000\r\n") && second.len() > 2_200_000);
    }

    #[test]
    fn nothing_else_is_served() {
        let (server, _page) = server();
        for (request, status) in [
            (&b"GET / HTTP/1.1\r\n\r\n"[..], "404"),
            (b"GET /metrics/../etc/passwd HTTP/1.1\r\n\r\n", "404"),
            (b"POST /metrics HTTP/1.1\r\n\r\n", "405"),
            (b"\x16\x03\x01 tls\r\n\r\n", "400"),
            (b"GET /metrics SPDY/9\r\n\r\n", "400"),
        ] {
            assert_eq!(ask(&server, request).get(9..12), Some(status), "{}", String::from_utf8_lossy(request));
        }
        assert_eq!(ask(&server, &[b'a'; 20_000]), "", "a head without end");
    }

    #[test]
    fn whoever_says_nothing_holds_up_one_scrape_at_most() {
        let (server, _page) = server();
        let _silent = TcpStream::connect(server.address).unwrap();
        let begun = Instant::now();
        assert!(ask(&server, b"GET /metrics HTTP/1.1\r\n\r\n").contains("200 OK"));
        assert!(begun.elapsed() < MOST_HEAD_TIME + Duration::from_secs(2));
        drop(server); // ends its thread
    }

    #[test]
    fn an_address_that_cannot_be_used_is_a_defect() {
        let (server, page) = server();
        let taken = serve(&server.address.to_string(), Arc::clone(&page)).unwrap_err().to_string();
        assert!(taken.starts_with("--metrics: 127.0.0.1:") && taken.contains("cannot be listened on"), "{taken}");
        assert!(serve("nowhere", page).unwrap_err().to_string().contains("\"nowhere\" is no address"));
    }
}
