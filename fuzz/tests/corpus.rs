//! Every target holds for every input of its corpus, without an engine.

use std::path::Path;

use steadfast_fuzz::{answer, conversation, headers, limits, recording, retry_after, script, settings, sse, streams};

fn holds(name: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let inputs: Vec<_> = std::fs::read_dir(folder).unwrap().map(|input| input.unwrap().path()).collect();
    assert!(!inputs.is_empty());
    for input in inputs {
        println!("{}", input.display());
        check(&std::fs::read(input).unwrap());
    }
}

#[test]
fn answers_hold() {
    holds("answer", answer::check);
}

#[test]
fn conversations_hold() {
    holds("conversation", conversation::check);
}

#[test]
fn headers_hold() {
    holds("headers", headers::check);
}

#[test]
fn limits_hold() {
    holds("limits", limits::check);
}

#[test]
fn recordings_hold() {
    holds("recording", recording::check);
}

#[test]
fn waits_hold() {
    holds("retry_after", retry_after::check);
}

#[test]
fn scripts_hold() {
    holds("script", script::check);
}

#[test]
fn settings_hold() {
    holds("settings", settings::check);
}

#[test]
fn streams_hold() {
    holds("sse", sse::check);
}

#[test]
fn streams_of_chat_hold() {
    holds("chat_stream", streams::chat);
}

#[test]
fn streams_of_messages_hold() {
    holds("messages_stream", streams::messages);
}

#[test]
fn streams_of_responses_hold() {
    holds("responses_stream", streams::responses);
}
