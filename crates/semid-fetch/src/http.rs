//! One file over HTTP, resumable: bytes go to `NAME.part`, and a part that is already there is continued.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig};

use crate::fetch::{Context, Patience, Trouble};
use crate::part::Part;
use crate::{Error, Event};

/// How often a body that breaks off is taken up again before the source counts as failed.
const ATTEMPTS: usize = 4;
/// How long to wait for the network thread before looking whether a cancel was asked for.
const TICK: Duration = Duration::from_millis(100);

/// The hub's address: `HF_ENDPOINT` where a mirror is used.
pub(crate) fn hub_endpoint() -> String {
    let mirror = std::env::var("HF_ENDPOINT").unwrap_or_default();
    let mirror = mirror.trim().trim_end_matches('/');
    if mirror.is_empty() { "https://huggingface.co".to_owned() } else { mirror.to_owned() }
}

/// Downloads `url` beside `target` and returns the finished part, whose digest is still to be checked. `bytes` is the
/// length the recipe expects; another length at the source is refused before anything is downloaded.
pub(crate) fn download(
    context: &Context<'_>,
    url: &str,
    target: &Path,
    label: &str,
    bytes: Option<u64>,
) -> Result<PathBuf, Trouble> {
    let mut part = Part::of(target)?;
    // Without a length to check against, bytes may only be continued if the server can tell that they are the same file.
    if bytes.map_or(part.tag().is_none(), |bytes| part.len() > bytes) {
        part.discard()?;
    }
    let mut attempts = 0;
    loop {
        attempts += 1;
        let before = part.len();
        match transfer(context, url, &mut part, label, bytes) {
            Ok(()) => return Ok(part.finish()?),
            Err(Broken::Off(_)) if attempts < ATTEMPTS && part.len() > before => {}
            Err(Broken::Stale) if attempts < ATTEMPTS => part.discard()?,
            Err(Broken::Off(why)) => return Err(Trouble::Source(why)),
            Err(Broken::Stale) => return Err(Trouble::Source("it cannot continue an unfinished download".to_owned())),
            Err(Broken::Final(trouble)) => return Err(trouble),
        }
    }
}

/// How a transfer ended that did not bring the whole file.
enum Broken {
    /// In the middle: worth taking up again.
    Off(String),
    /// What is here is no beginning of what the source has: worth starting again.
    Stale,
    /// For good.
    Final(Trouble),
}

impl From<Trouble> for Broken {
    fn from(trouble: Trouble) -> Self {
        Broken::Final(trouble)
    }
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Broken::Final(error.into())
    }
}

/// What the network thread says. The thread owns no file, so that an abandoned one can do no harm.
enum Message {
    Head(Head),
    Chunk(Vec<u8>),
    End(Result<(), String>),
}

/// The head of an answer.
struct Head {
    status: u16,
    /// Bytes that follow, if it says so.
    length: Option<u64>,
    /// First byte, if it is a range.
    range_start: Option<u64>,
    /// What to ask a later range of.
    tag: Option<String>,
}

/// One request, whose bytes are added to `part`.
fn transfer(context: &Context<'_>, url: &str, part: &mut Part, label: &str, bytes: Option<u64>) -> Result<(), Broken> {
    if bytes == Some(part.len()) {
        return Ok(());
    }
    let (sender, receiver) = mpsc::sync_channel(8);
    let request = Request { url: url.to_owned(), from: part.len(), tag: part.tag(), patience: context.patience };
    thread::Builder::new()
        .name("download".to_owned())
        .spawn(move || request.run(&sender))
        .map_err(|error| Trouble::Source(format!("no thread could be started for it ({error})")))?;

    let mut total = bytes;
    loop {
        if context.watch.cancelled() {
            return Err(Trouble::Cancelled.into());
        }
        match receiver.recv_timeout(TICK) {
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return Err(Broken::Off("it ended without a word".to_owned())),
            Ok(Message::Head(head)) => total = begin(part, &head, bytes)?,
            Ok(Message::Chunk(chunk)) => {
                part.write(&chunk)?;
                if total.is_some_and(|total| part.len() > total) {
                    part.discard()?;
                    return Err(source("it sent more bytes than it announced"));
                }
                context.watch.event(Event::Bytes { file: label, done: part.len(), total });
            }
            Ok(Message::End(Err(why))) => return Err(Broken::Off(why)),
            Ok(Message::End(Ok(()))) => {
                return match total {
                    Some(total) if part.len() < total => {
                        Err(Broken::Off(format!("the connection closed after {} of {total} bytes", part.len())))
                    }
                    _ => Ok(()),
                };
            }
        }
    }
}

/// Takes in the head of an answer and returns the length of the whole file, if it is known now.
fn begin(part: &mut Part, head: &Head, bytes: Option<u64>) -> Result<Option<u64>, Broken> {
    match head.status {
        200 if part.len() > 0 => part.discard()?, // It sends all of it, asked or not.
        200 => {}
        206 if head.range_start == Some(part.len()) => {}
        206 | 416 if part.len() > 0 => return Err(Broken::Stale),
        status => return Err(source(meaning(status))),
    }
    let offered = head.length.map(|length| part.len() + length);
    match (offered, bytes) {
        (Some(offered), Some(bytes)) if offered != bytes => Err(source(format!(
            "its file has {offered} bytes where {bytes} are expected: the publisher has replaced it, or something on \
             the way answered instead"
        ))),
        _ => {
            part.begin(head.tag.as_deref())?;
            Ok(offered.or(bytes))
        }
    }
}

fn source(why: impl Into<String>) -> Broken {
    Broken::Final(Trouble::Source(why.into()))
}

fn meaning(status: u16) -> String {
    match status {
        401 | 403 => format!("it refused access (HTTP {status})"),
        404 | 410 => format!("it has no such file (HTTP {status})"),
        429 => "it asks for fewer requests (HTTP 429); try again in a while".to_owned(),
        500..=599 => format!("it has a problem of its own (HTTP {status}); try again later"),
        _ => format!("it gave an answer that is no file (HTTP {status})"),
    }
}

/// One request, run on a thread of its own so that a cancel never waits for the network.
struct Request {
    url: String,
    from: u64,
    tag: Option<String>,
    patience: Patience,
}

impl Request {
    fn run(self, sender: &mpsc::SyncSender<Message>) {
        let end = self.receive(sender);
        // Nobody listens any more after a cancel: then there is nobody to tell.
        let _ = sender.send(Message::End(end));
    }

    fn receive(&self, sender: &mpsc::SyncSender<Message>) -> Result<(), String> {
        let agent = self.agent();
        let mut request = agent.get(&self.url);
        if self.from > 0 {
            request = request.header("Range", format!("bytes={}-", self.from));
            if let Some(tag) = &self.tag {
                request = request.header("If-Range", tag);
            }
        }
        let response = request.call().map_err(|error| self.sentence(&error))?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let head = Head {
            status: response.status().as_u16(),
            length: header("content-length").and_then(|text| text.parse().ok()),
            range_start: header("content-range").and_then(range_start),
            // A weak tag does not promise the same bytes.
            tag: header("etag").filter(|tag| !tag.starts_with("W/")).or(header("last-modified")).map(str::to_owned),
        };
        if sender.send(Message::Head(head)).is_err() {
            return Ok(());
        }
        let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match body.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(n) if sender.send(Message::Chunk(buffer[..n].to_vec())).is_err() => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("the connection broke off ({})", self.sentence(&error.into()))),
            }
        }
    }

    fn agent(&self) -> ureq::Agent {
        let roots = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let mut config = ureq::Agent::config_builder()
            .tls_config(roots)
            .http_status_as_error(false)
            .user_agent(concat!("semid/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .timeout_resolve(Some(self.patience.connect))
            .timeout_connect(Some(self.patience.connect))
            .timeout_recv_response(Some(self.patience.silence))
            .timeout_per_read(Some(self.patience.silence));
        // A mirror on this very machine is never behind a proxy.
        if self.host() == "localhost" || self.host().starts_with("127.") {
            config = config.proxy(None);
        }
        config.build().new_agent()
    }

    fn host(&self) -> &str {
        let authority = self.url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        authority.split(':').next().unwrap_or_default()
    }

    fn unknown_host(&self) -> String {
        format!("the name {} cannot be found; is there an internet connection?", self.host())
    }

    fn sentence(&self, error: &ureq::Error) -> String {
        match error {
            ureq::Error::HostNotFound => self.unknown_host(),
            // How the standard library words it when the resolver itself is out of reach.
            ureq::Error::Io(error) if error.to_string().contains("failed to lookup address") => self.unknown_host(),
            ureq::Error::ConnectionFailed => "no connection could be made".to_owned(),
            ureq::Error::Timeout(_) => {
                format!("no answer within {} seconds", self.patience.connect.max(self.patience.silence).as_secs())
            }
            ureq::Error::TooManyRedirects => "it sends from one address to the next without end".to_owned(),
            ureq::Error::ConnectProxyFailed(why) => format!("the proxy did not connect ({why})"),
            ureq::Error::InvalidProxyUrl => {
                "HTTPS_PROXY or HTTP_PROXY is not an address; correct or unset it".to_owned()
            }
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                "nobody answers there (connection refused)".to_owned()
            }
            other => other.to_string(),
        }
    }
}

/// First byte of a `Content-Range: bytes 500-999/1000`.
fn range_start(text: &str) -> Option<u64> {
    text.trim().strip_prefix("bytes")?.trim().split('-').next()?.parse().ok()
}
