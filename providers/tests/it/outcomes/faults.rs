//! The faults of the matrix, in the order of its rows.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use steadfast_providers::Api;
use steadfast_testkit::{Reply as Answer, Script, SseEvent};

use super::streams::{odd_stream, slow_stream, stream_of, tool_call, whole_stream, wire};
use super::words::{ARGUMENTS, Mode, begun, calling, error, error_event, finished, minimal, whole};

/// What befalls a call.
pub(super) enum Fault {
    /// A simulated provider that misbehaves so, and otherwise answers.
    Script(Script),
    /// The answer comes to the second call over a connection that the first one left.
    Stale(Script),
    /// Nobody listens.
    DeadPort,
}

/// A row of the matrix.
pub(super) struct Row {
    pub(super) name: String,
    /// What is done to a call by this API in this mode; `None` where there is no such thing.
    pub(super) fault: Box<dyn Fn(Api, Mode) -> Option<Fault>>,
}

fn row(name: impl Into<String>, fault: impl Fn(Api, Mode) -> Option<Fault> + 'static) -> Row {
    Row { name: name.into(), fault: Box::new(fault) }
}

/// The first answer is this one, the next are good.
fn once(name: impl Into<String>, answer: impl Fn(Api, Mode) -> Option<Answer> + 'static) -> Row {
    row(name, move |api, mode| Some(Fault::Script(Script::new().then(answer(api, mode)?))))
}

/// Every answer is this one.
fn always(name: impl Into<String>, answer: impl Fn(Api, Mode) -> Option<Answer> + 'static) -> Row {
    row(name, move |api, mode| Some(Fault::Script(Script::new().always(answer(api, mode)?))))
}

/// All rows.
pub(super) fn rows() -> Vec<Row> {
    [peers(), connections(), statuses(), limits(), in_band(), shapes()].into_iter().flatten().collect()
}

/// What other clients were measured by.
fn peers() -> Vec<Row> {
    vec![
        once("429 with `Retry-After: 1`, then an answer", |_, _| Some(Answer::status(429).header("retry-after", "1"))),
        always("429 `insufficient_quota`", |api, _| {
            let body = error(api, "insufficient_quota", Some("insufficient_quota"));
            (api != Api::Messages).then(|| Answer::json(429, body))
        }),
        row("stale keep-alive connection", |_, _| {
            Some(Fault::Stale(Script::new().then(Answer::pass()).then(Answer::close())))
        }),
        always("200 with an error for a body", |api, _| {
            Some(Answer::json(200, error(api, "invalid_request_error", None)))
        }),
        always("minimal answer", |api, mode| Some(minimal(api, mode))),
        always("stream that ends without its finish", |api, mode| {
            (mode == Mode::Stream).then(|| stream_of(&begun(api)))
        }),
        row("stall after the first part", |api, mode| {
            let answer = match mode {
                Mode::Stream => stream_of(&begun(api)).stall_after(u64::MAX),
                Mode::Plain => Answer::pass().stall_after(20),
            };
            Some(Fault::Script(Script::new().always(answer)))
        }),
        always("split UTF-8, CRLF, comments, no space, no `[DONE]`", |api, mode| {
            (mode == Mode::Stream).then(|| odd_stream(api))
        }),
    ]
}

/// What happens below HTTP, and to its messages.
fn connections() -> Vec<Row> {
    vec![
        row("connection refused", |_, _| Some(Fault::DeadPort)),
        always("closed before the head", |_, _| Some(Answer::close())),
        always("reset before the head", |_, _| Some(Answer::reset())),
        always("closed inside of the body", |_, _| Some(Answer::pass().truncate_after(150))),
        always("reset inside of the body", |_, _| Some(Answer::pass().reset_after(150))),
        row("no head", |_, _| Some(Fault::Script(Script::new().always(Answer::never())))),
        row("a head that comes a byte every 10 s", |_, _| {
            Some(Fault::Script(Script::new().always(Answer::pass().drip(Duration::from_secs(10)))))
        }),
        row("an answer that comes in pieces, 50 s apart", |api, mode| {
            let slow = match mode {
                Mode::Plain => {
                    let body = whole(api).to_string();
                    let pieces = body.as_bytes().chunks(body.len().div_ceil(5)).map(Bytes::copy_from_slice).collect();
                    Answer::status(200).chunks(pieces)
                }
                Mode::Stream => slow_stream(api),
            };
            Some(Fault::Script(Script::new().always(slow.chunk_delay(Duration::from_secs(50)))))
        }),
        row("no answer after the head", |_, _| {
            Some(Fault::Script(Script::new().always(Answer::pass().stall_after(0))))
        }),
        row("only comments after the head", |_, mode| {
            let drip = Answer::status(200).header("content-type", "text/event-stream").endless(": keep-alive\n\n");
            let script = Script::new().always(drip.chunk_delay(Duration::from_secs(15)));
            (mode == Mode::Stream).then_some(Fault::Script(script))
        }),
        always("a body without an end", |_, _| Some(Answer::status(200).endless(vec![b'x'; 1 << 20]))),
        always("bytes that are no HTTP", |_, _| Some(Answer::raw("SSH-2.0-OpenSSH_9.9\r\n"))),
        always("redirect", |_, _| Some(Answer::status(302).header("location", "/elsewhere"))),
    ]
}

/// Refusals by status, worded by the vendor.
fn statuses() -> Vec<Row> {
    let mut rows: Vec<Row> = [400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529]
        .into_iter()
        .map(|status| always(status.to_string(), move |_, _| Some(Answer::status(status))))
        .collect();
    rows.extend([
        once("503, then an answer", |_, _| Some(Answer::status(503))),
        once("529, then an answer", |_, _| Some(Answer::status(529))),
        once("409 with `x-should-retry: true`, then an answer", |_, _| {
            Some(Answer::status(409).header("x-should-retry", "true"))
        }),
        always("503 with `x-should-retry: false`", |_, _| Some(Answer::status(503).header("x-should-retry", "false"))),
        always("500 with a page of HTML", |_, _| {
            Some(Answer::status(500).header("content-type", "text/html").body("<html>oh no</html>"))
        }),
    ]);
    rows
}

/// What the vendors say of limits, in money and otherwise.
fn limits() -> Vec<Row> {
    let spent = |code: &'static str| {
        always(format!("429 `{code}`"), move |api, _| {
            let body = error(api, "insufficient_quota", Some(code));
            (api != Api::Messages).then(|| Answer::json(429, body))
        })
    };
    let anthropic = |code: &'static str| {
        once(format!("429 `{code}`, then an answer"), move |api, _| {
            let body = error(api, "rate_limit_error", Some(code));
            (api == Api::Messages).then(|| Answer::json(429, body))
        })
    };
    let openai = |code: &'static str| {
        once(format!("429 `{code}`, then an answer"), move |api, _| {
            let body = error(api, "requests", Some(code));
            (api != Api::Messages).then(|| Answer::json(429, body).header("retry-after", "2"))
        })
    };
    let coded = |status: u16, class: &'static str, code: &'static str| {
        always(format!("{status} `{code}`"), move |api, _| {
            (api != Api::Messages).then(|| Answer::json(status, error(api, class, Some(code))))
        })
    };
    vec![
        spent("credit_balance_exhausted"),
        spent("organization_spend_limit_exceeded"),
        spent("project_spend_limit_exceeded"),
        spent("organization_usage_limit_exceeded"),
        anthropic("enforced_spend_limit_reached"),
        anthropic("ramp_limit_exceeded"),
        openai("rate_limit_exceeded"),
        openai("slow_down"),
        once("429 that says INSUFFICIENT QUOTA in prose, then an answer", |_, _| {
            let body = json!({ "status": 429, "error": "INSUFFICIENT QUOTA", "message": "Too many at once." });
            Some(Answer::json(429, body))
        }),
        always("429 with `Retry-After: 86400`", |_, _| Some(Answer::status(429).header("retry-after", "86400"))),
        once("429 with `retry-after-ms: 1500`, then an answer", |_, _| {
            Some(Answer::status(429).header("retry-after-ms", "1500").header("retry-after", "9"))
        }),
        once("429 with a `Retry-After` date in 3 s, then an answer", |_, _| {
            Some(Answer::status(429).header("retry-after", "Thu, 01 Jan 2026 00:00:03 GMT"))
        }),
        coded(400, "invalid_request_error", "context_length_exceeded"),
        coded(400, "invalid_request_error", "content_filter"),
    ]
}

/// Class and exact code of an error.
type Words = (&'static str, Option<&'static str>);

/// Errors inside of answers that began well.
fn in_band() -> Vec<Row> {
    let at_once = |class: &'static str| {
        always(format!("200, then `{class}` as the first event"), move |api, mode| {
            (mode == Mode::Stream).then(|| stream_of(&[error_event(api, class, None)]))
        })
    };
    let later = |name: &str, openai: Words, anthropic: Words| {
        always(format!("{name} after some text"), move |api, mode| {
            let (class, code) = if api == Api::Messages { anthropic } else { openai };
            let mut events = begun(api);
            events.push(error_event(api, class, code));
            (mode == Mode::Stream).then(|| stream_of(&events))
        })
    };
    vec![
        always("200 with `overloaded_error` for a body", |api, _| {
            Some(Answer::json(200, error(api, "overloaded_error", None)))
        }),
        always("200 with a numeric 502 for a body", |_, _| {
            Some(Answer::json(200, json!({ "error": { "code": 502, "message": "model down", "metadata": {} } })))
        }),
        at_once("overloaded_error"),
        at_once("invalid_request_error"),
        later("overload", ("server_error", Some("overloaded_error")), ("overloaded_error", None)),
        later("a failure of the server", ("server_error", None), ("api_error", None)),
        later("a rate limit", ("tokens", Some("rate_limit_exceeded")), ("rate_limit_error", None)),
        later(
            "spent money",
            ("insufficient_quota", Some("insufficient_quota")),
            ("rate_limit_error", Some("enforced_spend_limit_reached")),
        ),
        always("flat error event after some text", |api, mode| {
            let flat = json!({ "type": "error", "code": "server_error", "message": "no", "param": null, "sequence_number": 5 });
            let mut events = begun(api);
            events.push(flat);
            (mode == Mode::Stream && api == Api::Responses).then(|| stream_of(&events))
        }),
        always("`response.failed` after some text", |api, mode| {
            let error = json!({ "code": "server_error", "message": "no" });
            let response = json!({ "id": "r1", "status": "failed", "error": error });
            let mut events = begun(api);
            events.push(json!({ "type": "response.failed", "sequence_number": 5, "response": response }));
            (mode == Mode::Stream && api == Api::Responses).then(|| stream_of(&events))
        }),
        always("`{\"object\":\"error\"}` after some text", |api, mode| {
            let mut events = begun(api);
            events.push(json!({ "object": "error", "message": "no", "code": 400 }));
            (mode == Mode::Stream && api == Api::ChatCompletions).then(|| stream_of(&events))
        }),
    ]
}

/// Answers of an unusual shape.
fn shapes() -> Vec<Row> {
    vec![
        always("a whole answer to a streamed call", |api, mode| {
            (mode == Mode::Stream).then(|| minimal(api, Mode::Plain))
        }),
        always("an empty body", |_, _| Some(Answer::status(200))),
        always("a page of HTML", |_, _| {
            Some(Answer::status(200).header("content-type", "text/html").body("<html>hello</html>"))
        }),
        always("JSON that is no answer", |_, _| Some(Answer::json(200, json!({ "status": "ok" })))),
        always("broken JSON", |_, mode| {
            Some(match mode {
                Mode::Plain => Answer::status(200).body("{\"choices\": [{"),
                Mode::Stream => Answer::sse([SseEvent::data("{\"choices\": [{")]),
            })
        }),
        always("blank lines before the answer", |api, mode| {
            let body = match mode {
                Mode::Plain => whole(api).to_string(),
                Mode::Stream => wire(api, "\n"),
            };
            Some(Answer::status(200).body(format!("\n\n \n{body}")))
        }),
        always("events that nobody knows", |api, mode| {
            let unknown = || json!({ "type": "future.event", "usage": { "input_tokens": 9 } });
            let known = [begun(api), finished(api)].concat();
            let events: Vec<Value> = known.into_iter().flat_map(|event| [unknown(), event]).collect();
            (mode == Mode::Stream && api != Api::ChatCompletions).then(|| stream_of(&events))
        }),
        always("a call of a tool", |api, mode| Some(tool_call(api, mode, ARGUMENTS))),
        always("a call of a tool with invalid JSON", |api, mode| Some(tool_call(api, mode, "{\"city\": Paris}"))),
        always("ends inside of the call of a tool", |api, mode| {
            (mode == Mode::Stream).then(|| stream_of(&calling(api, "{\"ci")))
        }),
        always("breaks off inside of the call of a tool", |api, mode| {
            (mode == Mode::Stream).then(|| stream_of(&calling(api, "{\"ci")).truncate_after(u64::MAX))
        }),
        always("stays open after the finish", |api, mode| {
            (mode == Mode::Stream).then(|| whole_stream(api).stall_after(u64::MAX))
        }),
        always("breaks off after the finish", |api, mode| {
            (mode == Mode::Stream).then(|| whole_stream(api).truncate_after(u64::MAX))
        }),
    ]
}
