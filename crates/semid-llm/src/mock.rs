//! A small server in this process that speaks as OpenAI-compatible servers do, and fails as they do, by script.
//!
//! The client that is tested with it is the real one, over a real connection. It listens on this machine only, on a port
//! that the system chooses, and waits for nothing but what a script tells it to.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// What the server does with one chat request.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// Answers with the text that [`MockServer::answer_with`] gives.
    Answer,
    /// Answers with this text and this reason for ending.
    Say(String, &'static str),
    /// Answers without counting tokens.
    Uncounted,
    /// Answers with this JSON, whatever it is.
    Json(Value),
    /// An error: status, the wait it asks for if any (`"2"` seconds, `"60ms"`), the body.
    Status(u16, Option<&'static str>, &'static str),
    /// Ends the connection in the middle of the answer.
    Truncated,
    /// Waits so long before it answers.
    Slow(Duration),
    /// Status 200 and a body that is not JSON.
    MalformedJson,
    /// Ends the connection without a word.
    Dropped,
}

/// What a client sent.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `/v1/chat/completions`.
    pub path: String,
    /// The header `Authorization`, if any.
    pub authorization: Option<String>,
    /// The body; null where there is none.
    pub body: Value,
    /// When it came.
    pub at: Instant,
}

type Answerer = Box<dyn Fn(&Value) -> String + Send + Sync>;

/// The server. It ends when it is dropped.
pub struct MockServer {
    address: SocketAddr,
    state: Arc<State>,
    listener: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    script: Mutex<VecDeque<Turn>>,
    answer: Mutex<Option<Answerer>>,
    seen: Mutex<Vec<Seen>>,
    crowd: Mutex<(usize, usize)>,
    schema_refusal: Mutex<Option<&'static str>>,
    ended: AtomicBool,
    ending: (Mutex<()>, Condvar),
}

impl MockServer {
    /// Starts with an empty script: every chat is answered with `ok`.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::default());
        let shared = state.clone();
        let listener = thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.ended.load(Ordering::Acquire) {
                    break;
                }
                let (Ok(stream), shared) = (stream, shared.clone()) else { continue };
                // A client that went away is no failure of the server.
                thread::spawn(move || serve(&shared, stream).ok());
            }
        });
        Ok(MockServer { address, state, listener: Some(listener) })
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What it does with the next chat requests, in the order they come; after those it answers.
    pub fn script(&self, turns: impl IntoIterator<Item = Turn>) {
        lock(&self.state.script).extend(turns);
    }

    /// How it answers: from the body of a chat request to the text.
    pub fn answer_with(&self, answer: impl Fn(&Value) -> String + Send + Sync + 'static) {
        *lock(&self.state.answer) = Some(Box::new(answer));
    }

    /// From now on requests with a JSON schema are refused with 400 and these words.
    pub fn refuse_schemas(&self, words: &'static str) {
        *lock(&self.state.schema_refusal) = Some(words);
    }

    /// All that was sent to it, in the order it came.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.state.seen).clone()
    }

    /// How many chats were on their way at the same time at most.
    pub fn most_at_once(&self) -> usize {
        lock(&self.state.crowd).1
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::Release);
        drop(lock(&self.state.ending.0));
        self.state.ending.1.notify_all();
        // Wakes the listener, which then sees that it has ended.
        TcpStream::connect(self.address).ok();
        if let Some(listener) = self.listener.take() {
            listener.join().ok();
        }
    }
}

impl State {
    /// Waits, unless the server ends before.
    fn wait(&self, time: Duration) {
        let guard = lock(&self.ending.0);
        let waiting = |_: &mut ()| !self.ended.load(Ordering::Acquire);
        drop(self.ending.1.wait_timeout_while(guard, time, waiting));
    }
}

fn serve(state: &State, stream: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let Some(seen) = read(&mut reader)? else { return Ok(()) };
    let (path, body) = (seen.path.clone(), seen.body.clone());
    lock(&state.seen).push(seen);
    match path.as_str() {
        "/v1/models" => {
            let models = json!({ "object": "list", "data": [{ "id": "mock-large" }, { "id": "mock" }] });
            write(&stream, 200, None, models.to_string().as_bytes())
        }
        "/v1/chat/completions" => {
            {
                let mut crowd = lock(&state.crowd);
                crowd.0 += 1;
                crowd.1 = crowd.1.max(crowd.0);
            }
            let done = chat(state, &stream, &body);
            lock(&state.crowd).0 -= 1;
            done
        }
        _ => write(&stream, 404, None, br#"{"error":{"message":"no such path","type":"not_found","code":404}}"#),
    }
}

fn chat(state: &State, stream: &TcpStream, body: &Value) -> io::Result<()> {
    if let (Some(words), true) = (*lock(&state.schema_refusal), body.get("response_format").is_some()) {
        return write(stream, 400, None, json!({ "error": { "message": words } }).to_string().as_bytes());
    }
    let turn = lock(&state.script).pop_front().unwrap_or(Turn::Answer);
    let text = || lock(&state.answer).as_ref().map_or("ok".to_owned(), |answer| answer(body));
    match turn {
        Turn::Answer => write(stream, 200, None, &answer(body, &text(), "stop", true)),
        Turn::Say(text, finish) => write(stream, 200, None, &answer(body, &text, finish, true)),
        Turn::Uncounted => write(stream, 200, None, &answer(body, &text(), "stop", false)),
        Turn::Json(value) => write(stream, 200, None, value.to_string().as_bytes()),
        Turn::Status(status, retry_after, words) => write(stream, status, retry_after, words.as_bytes()),
        Turn::Slow(time) => {
            state.wait(time);
            write(stream, 200, None, &answer(body, &text(), "stop", true))
        }
        Turn::MalformedJson => write(stream, 200, None, b"{\"choices\": [oh"),
        Turn::Truncated => {
            let whole = answer(body, &text(), "stop", true);
            let mut stream = stream;
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", whole.len())?;
            stream.write_all(&whole[..whole.len() / 2])?;
            stream.shutdown(Shutdown::Both)
        }
        Turn::Dropped => stream.shutdown(Shutdown::Both),
    }
}

/// The answer of a chat. A token is four bytes here, as it is in English on average.
fn answer(body: &Value, text: &str, finish: &str, counted: bool) -> Vec<u8> {
    let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let asked: usize = messages.iter().filter_map(|message| message["content"].as_str()).map(str::len).sum();
    let mut answer = json!({
        "id": "mock-1", "object": "chat.completion", "created": 0, "model": body["model"],
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": finish }],
    });
    if counted {
        let (read, written) = (asked.div_ceil(4), text.len().div_ceil(4));
        answer["usage"] =
            json!({ "prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written });
    }
    answer.to_string().into_bytes()
}

fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Seen>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let Some(path) = line.split_whitespace().nth(1).map(str::to_owned) else { return Ok(None) };
    let (mut length, mut authorization) = (0, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => authorization = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(Some(Seen { path, authorization, body, at: Instant::now() }))
}

fn write(mut stream: &TcpStream, status: u16, retry_after: Option<&str>, body: &[u8]) -> io::Result<()> {
    let wait = retry_after.map_or(String::new(), |wait| match wait.strip_suffix("ms") {
        Some(millis) => format!("Retry-After-Ms: {millis}\r\n"),
        None => format!("Retry-After: {wait}\r\n"),
    });
    let head = format!(
        "HTTP/1.1 {status} Scripted\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{wait}Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.flush()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
