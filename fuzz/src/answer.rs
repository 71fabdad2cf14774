//! Whole answers and refusals of each API: any status, headers and body.

use std::sync::LazyLock;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use steadfast_providers::{Client, Error, Reply};

use crate::desk::Desk;
use crate::lines;

static DESKS: LazyLock<[Desk; 3]> =
    LazyLock::new(|| [Client::openai, Client::responses, Client::anthropic].map(Desk::new));

/// Reads a status, headers up to an empty line, and a body; each API is answered so.
///
/// Only a success is an answer. An answer can be written down, and read back the same; a failure is one line, which tells
/// of no header but the request's id.
///
/// # Panics
///
/// When that does not hold.
pub fn check(data: &[u8]) {
    let Some(mut rest) = lines::text(data) else { return };
    let status = lines::next(&mut rest).parse().ok().and_then(|code| StatusCode::from_u16(code).ok());
    let Some(status) = status.filter(|status| !status.is_informational()) else { return };
    let mut headers = HeaderMap::new();
    loop {
        let line = lines::next(&mut rest);
        let Some((name, value)) = line.split_once(':') else { break };
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.trim().as_bytes())) {
            headers.append(name, value);
        }
    }
    for desk in &*DESKS {
        let given = desk.complete(status, headers.clone(), rest.as_bytes());
        if given.is_err() || !headers.is_empty() {
            desk.renew();
        }
        match given {
            Ok(reply) => {
                assert!(status.is_success(), "{status} is an answer");
                answered(&reply, rest.len());
            }
            Err(error) => failed(&error),
        }
    }
}

fn answered(reply: &Reply, len: usize) {
    let message = serde_json::to_string(&reply.message).expect("a message can be written down");
    let again = serde_json::from_str(&message).expect("and read back");
    assert_eq!(reply.message, again);
    assert!(reply.message.text().len() <= len, "more text than came");
    assert!(reply.usage.reasoning <= reply.usage.output, "{:?}", reply.usage);
    assert!(!reply.attempts.is_empty());
    for call in reply.message.tool_calls() {
        // As they came, whether they can be read or not.
        let _ = call.input();
    }
}

fn failed(error: &Error) {
    assert!(!error.to_string().contains(['\n', '\r']), "more than one line: {error}");
    // A redirect that leads nowhere is an attempt, too.
    assert!(!error.attempts().is_empty(), "{error:?}");
}
