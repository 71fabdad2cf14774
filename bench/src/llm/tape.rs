//! What the server plays: answers of two APIs, written down before anybody asks. Shapes and headers are those of the
//! vendors' references.

use std::sync::LazyLock;

/// How many pieces of text a streamed answer has.
pub(crate) const PIECES: usize = 400;

/// How many pieces the answer has that is streamed for the sake of its first one.
pub(crate) const FEW: usize = 8;

/// The first segment of a path: what is played there.
pub(crate) const WHOLE: &str = "whole";
pub(crate) const BURST: &str = "burst";
pub(crate) const SHORT: &str = "short";
/// One piece of text, and nothing follows.
pub(crate) const STALLED: &str = "stalled";
/// Not even a head.
pub(crate) const SILENT: &str = "silent";

/// The text of a whole answer.
pub(crate) const TEXT: &str =
    "There is nothing to be said about it, and so this is said in a few words:\nnothing at all.";

/// An answer, head and all.
pub(crate) struct Tape {
    path: String,
    pub(crate) bytes: Vec<u8>,
}

/// One of the two APIs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    Chat,
    Messages,
}

impl Api {
    /// What its paths end with.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Chat => "/chat/completions",
            Self::Messages => "/v1/messages",
        }
    }
}

static TAPES: LazyLock<Vec<Tape>> = LazyLock::new(|| [Api::Chat, Api::Messages].into_iter().flat_map(tapes).collect());

/// The tape that is played at `path`.
pub(crate) fn of(path: &str) -> Option<&'static Tape> {
    TAPES.iter().find(|tape| tape.path == path)
}

/// The body of a streamed answer, without the framing of HTTP.
pub(crate) fn body(api: Api) -> String {
    events(api, PIECES).collect()
}

fn tapes(api: Api) -> [Tape; 5] {
    let path = |what| format!("/{what}{}", api.path());
    let stalled: String = opening(api).into_iter().chain([piece(api, 0)]).map(chunk).collect();
    [
        Tape { path: path(WHOLE), bytes: whole(api).into_bytes() },
        Tape { path: path(BURST), bytes: streamed(api, PIECES).into_bytes() },
        Tape { path: path(SHORT), bytes: streamed(api, FEW).into_bytes() },
        Tape { path: path(STALLED), bytes: format!("{}{stalled}", head(true)).into_bytes() },
        Tape { path: path(SILENT), bytes: Vec::new() },
    ]
}

fn whole(api: Api) -> String {
    let text = serde_json::to_string(TEXT).expect("text");
    let body = match api {
        Api::Chat => format!(
            concat!(
                r#"{{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion","created":1741569952,"#,
                r#""model":"gpt-5-mini-2026-08-07","choices":[{{"index":0,"message":{{"role":"assistant","content":{},"#,
                r#""refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"#,
                r#""prompt_tokens":19,"completion_tokens":23,"total_tokens":42,"prompt_tokens_details":{{"#,
                r#""cached_tokens":0,"audio_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":0,"#,
                r#""audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}},"#,
                r#""service_tier":"default","system_fingerprint":"fp_44709d6fcb"}}"#
            ),
            text
        ),
        Api::Messages => format!(
            concat!(
                r#"{{"model":"claude-haiku-5","id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","#,
                r#""content":[{{"type":"text","text":{}}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"#,
                r#""input_tokens":19,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":{{"#,
                r#""ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0}},"output_tokens":23,"#,
                r#""service_tier":"standard"}}}}"#
            ),
            text
        ),
    };
    format!("{}content-length: {}\r\n\r\n{body}", head(false), body.len())
}

fn streamed(api: Api, pieces: usize) -> String {
    format!("{}{}0\r\n\r\n", head(true), events(api, pieces).map(chunk).collect::<String>())
}

/// The events of a streamed answer with so many pieces of text.
fn events(api: Api, pieces: usize) -> impl Iterator<Item = String> {
    opening(api).into_iter().chain((0..pieces).map(move |at| piece(api, at))).chain(closing(api))
}

/// The head of an answer; that of a whole one lacks its length.
fn head(streams: bool) -> String {
    let rest = match streams {
        true => "content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
        false => "content-type: application/json\r\n",
    };
    format!(
        "HTTP/1.1 200 OK\r\ndate: Sun, 22 Nov 2026 12:00:00 GMT\r\nx-request-id: req_8f1c2b9a7d6e4f3081aa\r\n\
         openai-processing-ms: 412\r\nopenai-version: 2020-10-01\r\ncache-control: no-cache\r\n{rest}"
    )
}

/// What comes before the first piece of text.
fn opening(api: Api) -> Vec<String> {
    match api {
        Api::Chat => vec![choice(r#"{"role":"assistant","content":"","refusal":null}"#, "null")],
        Api::Messages => vec![
            named(
                "message_start",
                concat!(
                    r#""message":{"model":"claude-haiku-5","id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","#,
                    r#""role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"#,
                    r#""input_tokens":19,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}"#
                ),
            ),
            named("content_block_start", r#""index":0,"content_block":{"type":"text","text":""}"#),
        ],
    }
}

/// One piece of text: a word, or now and then the end of a paragraph.
fn piece(api: Api, at: usize) -> String {
    const WORDS: [&str; 8] = [" There", " is", " nothing", " to", " be", " said", " about", " it."];
    let text = if at % 20 == 19 { "\\n\\n" } else { WORDS[at % WORDS.len()] };
    match api {
        Api::Chat => choice(&format!(r#"{{"content":"{text}"}}"#), "null"),
        Api::Messages => {
            named("content_block_delta", &format!(r#""index":0,"delta":{{"type":"text_delta","text":"{text}"}}"#))
        }
    }
}

fn closing(api: Api) -> Vec<String> {
    match api {
        Api::Chat => vec![
            choice("{}", r#""stop""#),
            format!(
                concat!(
                    r#"data: {},"choices":[],"usage":{{"prompt_tokens":19,"completion_tokens":400,"total_tokens":419,"#,
                    r#""prompt_tokens_details":{{"cached_tokens":0}},"completion_tokens_details":{{"#,
                    r#""reasoning_tokens":0}}}}}}"#,
                    "\n\n"
                ),
                ENVELOPE
            ),
            String::from("data: [DONE]\n\n"),
        ],
        Api::Messages => vec![
            named("content_block_stop", r#""index":0"#),
            named(
                "message_delta",
                r#""delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":400}"#,
            ),
            String::from("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
        ],
    }
}

/// What each chunk of Chat Completions begins with.
const ENVELOPE: &str = concat!(
    r#"{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1741569952,"#,
    r#""model":"gpt-5-mini-2026-08-07","system_fingerprint":"fp_44709d6fcb""#
);

fn choice(delta: &str, finish: &str) -> String {
    let choice = format!(r#"{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish}}}"#);
    format!("data: {ENVELOPE},\"choices\":[{choice}]}}\n\n")
}

fn named(name: &str, fields: &str) -> String {
    format!("event: {name}\ndata: {{\"type\":\"{name}\",{fields}}}\n\n")
}

/// An event as a chunk of HTTP/1.1: so does a server that writes each when it has it.
fn chunk(event: String) -> String {
    format!("{:x}\r\n{event}\r\n", event.len())
}
