//! A language model behind a URL: added and tested on the Models page, heard on the Ask page. The server is a few lines
//! here; what asks it is the app.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use semid_window_tests::{Desk, Window};
use serde_json::{Value, json};

#[test]
fn a_model_behind_a_url_is_added_tested_and_explains_what_ask_finds() {
    let desk = Desk::with_encoder("language");
    let window = desk.open();
    let dataset = window.import_sample();
    let mut settings = window.rpc("starter", json!({ "dataset": dataset })).unwrap();
    settings["ids"].as_array_mut().unwrap().retain(|ids| ids["scheme"] == "rq-kmeans");
    window.finish("ids", json!({ "settings": settings, "seed": 1, "output": null }));

    window.click("link", "Models");
    window.click("button", "Add a model behind a URL");
    fill(&window, "Name", "lab");
    fill(&window, "Model", "tiny");
    fill(&window, "Base URLs", &serve());
    window.shot("add");
    window.click("button", "Add the model");
    window.click("button", "Test lab");
    window.see("Fine, thank you.");
    window.shot("tested");

    window.go("#/ask");
    window.find("textbox", "What would you like to find?");
    window.shot("ask");
    let request = window.find("textbox", "What would you like to find?");
    window.replace(&request, "a film about the sea");
    window.click("button", "Ask");
    window.see("No language model spoke");
    window.go("#/ask?model=lab");
    let request = window.find("textbox", "What");
    window.replace(&request, "a film about the sea");
    window.click("button", "Ask");
    window.see("It sounds like the sea.");
    window.see("Written by lab. Nobody checked it.");
    window.shot("answered");
}

fn fill(window: &Window<'_>, field: &str, text: &str) {
    let element = window.find("textbox", field);
    window.replace(&element, text);
}

/// An endpoint that takes what it is offered in the order in which it stands; its base URL.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || while answer(&stream).is_some() {});
        }
    });
    format!("http://127.0.0.1:{port}/v1")
}

/// Answers one request of a connection; none when it ended.
fn answer(mut stream: &TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let ids = &asked["response_format"]["json_schema"]["schema"]["properties"]["ranking"]["items"]["properties"]["id"];
    let said = match ids["enum"].as_array() {
        None => "Fine, thank you.".to_owned(),
        Some(ids) => {
            let entry = |id: &Value| json!({ "id": id, "explanation": "It sounds like the sea." });
            json!({ "ranking": ids.iter().take(5).map(entry).collect::<Vec<_>>() }).to_string()
        }
    };
    let reply = json!({
        "id": "1", "object": "chat.completion", "created": 0, "model": "tiny",
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": said }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20 },
    })
    .to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", reply.len());
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(reply.as_bytes()).ok()
}
