//! A tiny HTTP server on 127.0.0.1 that behaves, or misbehaves, as told.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How it answers.
#[derive(Clone)]
pub(super) enum Manner {
    /// With all of it, or with the range asked for.
    Well(Vec<u8>),
    /// With all of it, whatever range is asked for.
    IgnoringRanges(Vec<u8>),
    /// With a status and no file.
    Status(u16),
    /// Announces all, then closes after so many bytes of each answer.
    BreakingOff(Vec<u8>, usize),
    /// Sends so many bytes, then nothing for a long time.
    FallingSilent(Vec<u8>, usize),
    /// Sends the asker to another address.
    Elsewhere(String),
}

/// The server; it stops when dropped.
pub(super) struct Server {
    address: String,
    requests: Arc<AtomicUsize>,
    ranges: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    pub(super) fn new(manner: Manner) -> Self {
        Server::tagged(manner, "\"one\"")
    }

    /// With an entity tag of its own.
    pub(super) fn tagged(manner: Manner, tag: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server {
            address: format!("http://{}/", listener.local_addr().unwrap()),
            requests: Arc::default(),
            ranges: Arc::default(),
            stop: Arc::default(),
        };
        let (requests, ranges, stop) = (server.requests.clone(), server.ranges.clone(), server.stop.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                requests.fetch_add(1, Ordering::Relaxed);
                let (manner, ranges, stop) = (manner.clone(), ranges.clone(), stop.clone());
                // A client that hangs up in the middle is part of the tests.
                thread::spawn(move || drop(answer(stream, &manner, tag, &ranges, &stop)));
            }
        });
        server
    }

    pub(super) fn base(&self) -> String {
        self.address.clone()
    }

    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// The `Range` headers it saw.
    pub(super) fn ranges(&self) -> Vec<String> {
        self.ranges.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address.trim_start_matches("http://").trim_end_matches('/'));
    }
}

/// An address where nobody listens.
pub(super) fn nobody() -> String {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    format!("http://{address}/")
}

fn answer(
    stream: TcpStream,
    manner: &Manner,
    tag: &str,
    ranges: &Mutex<Vec<String>>,
    stop: &AtomicBool,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    let (mut range, mut if_range) = (None, None);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 && line.trim() != "" {
        let (name, value) = line.trim().split_once(": ").unwrap_or_default();
        match name.to_lowercase().as_str() {
            "range" => range = Some(value.to_owned()),
            "if-range" => if_range = Some(value.to_owned()),
            _ => {}
        }
        line.clear();
    }
    ranges.lock().unwrap().extend(range.clone());
    let from = range
        .filter(|_| if_range.is_none_or(|asked| asked == tag))
        .and_then(|range| range.trim_start_matches("bytes=").trim_end_matches('-').parse::<usize>().ok());
    match manner {
        Manner::Status(status) => head(&mut stream, *status, 0, ""),
        Manner::Elsewhere(address) => head(&mut stream, 302, 0, &format!("Location: {address}\r\n")),
        Manner::IgnoringRanges(body) => {
            head(&mut stream, 200, body.len(), "")?;
            stream.write_all(body)
        }
        Manner::Well(body) => {
            let rest = begin(&mut stream, body, from, tag)?;
            stream.write_all(rest)
        }
        Manner::BreakingOff(body, after) => {
            let rest = begin(&mut stream, body, from, tag)?;
            stream.write_all(&rest[..rest.len().min(*after)])
        }
        Manner::FallingSilent(body, after) => {
            let rest = begin(&mut stream, body, from, tag)?;
            stream.write_all(&rest[..rest.len().min(*after)])?;
            for _ in 0..100 {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                thread::sleep(Duration::from_millis(50));
            }
            Ok(())
        }
    }
}

fn begin<'b>(stream: &mut TcpStream, body: &'b [u8], from: Option<usize>, tag: &str) -> std::io::Result<&'b [u8]> {
    let tag = format!("ETag: {tag}\r\n");
    match from {
        Some(from) if from >= body.len() => head(stream, 416, 0, &tag).map(|()| &body[..0]),
        Some(from) => {
            let range = format!("Content-Range: bytes {from}-{}/{}\r\n{tag}", body.len() - 1, body.len());
            head(stream, 206, body.len() - from, &range).map(|()| &body[from..])
        }
        None => head(stream, 200, body.len(), &tag).map(|()| body),
    }
}

fn head(stream: &mut TcpStream, status: u16, length: usize, more: &str) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{more}\r\n")
}
