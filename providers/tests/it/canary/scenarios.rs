//! What befalls a call: the provider repeats all that it knows wherever it can.

use serde_json::{Value, json};
use steadfast_providers::Api;
use steadfast_testkit::{Reply as Answer, Script, SseEvent};

use super::secrets::{ANSWER, ARGUMENTS, KEY, PROMPT, echo};
use crate::outcomes::words::{self, begun, called, calling, event, finished};
use crate::rig::Mode;

/// One thing that befalls a call.
pub(super) struct Row {
    pub(super) name: String,
    /// What the server does, for this API in this mode; `None` where there is no such thing.
    pub(super) script: Box<dyn Fn(Api, Mode) -> Option<Script>>,
}

fn row(name: impl Into<String>, answer: impl Fn(Api, Mode) -> Option<Answer> + 'static) -> Row {
    Row { name: name.into(), script: Box::new(move |api, mode| Some(Script::new().always(answer(api, mode)?))) }
}

/// The same for every API and mode.
fn any(name: impl Into<String>, answer: Answer) -> Row {
    row(name, move |_, _| Some(answer.clone()))
}

/// For streams alone.
fn streamed(name: impl Into<String>, answer: impl Fn(Api) -> Answer + 'static) -> Row {
    row(name, move |api, mode| (mode == Mode::Stream).then(|| answer(api)))
}

const STATUSES: [u16; 15] = [400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529];

pub(super) fn rows() -> Vec<Row> {
    let refusals = STATUSES.map(|status| {
        row(format!("{status} in the vendor's words"), move |api, _| {
            Some(known(Answer::json(status, error(api, "invalid_request_error", Some(KEY)))))
        })
    });
    let texts = [301, 400, 401, 429, 500]
        .map(|status| any(format!("{status} as a text"), known(Answer::status(status).body(echo()))));
    let redirects = [301, 302, 303, 307, 308].map(|status| {
        let there = format!("http://canary:{KEY}@127.0.0.1:1/{KEY}?key={KEY}&q={}", PROMPT.replace(' ', "+"));
        any(format!("redirect {status}"), Answer::status(status).header("location", there))
    });
    let others = [
        row("an answer", |api, mode| Some(known(answer(api, mode)))),
        row("an answer, the second time", |api, mode| {
            (mode == Mode::Plain).then(|| answer(api, mode).header("x-request-id", KEY))
        }),
        row("the key for a class", |api, _| Some(Answer::json(400, error(api, KEY, None)))),
        any("429 for long", known(Answer::status(429)).header("retry-after", "9999").body(echo())),
        any("words of another vendor", Answer::json(400, json!({ "detail": echo(), "message": echo(), "code": KEY }))),
        any("what failed to be generated", Answer::json(400, json!({ "error": { "failed_generation": ANSWER } }))),
        row("200 with an error for a body", |api, _| {
            Some(Answer::json(200, error(api, "overloaded_error", Some(KEY))))
        }),
        any("200 as a text", known(Answer::status(200).body(echo()))),
        any(
            "a page of HTML",
            Answer::status(200).header("content-type", "text/html").body(format!("<b>{}</b>", echo())),
        ),
        any(
            "JSON of other types",
            Answer::json(200, json!({ "choices": echo(), "content": echo(), "output": echo() })),
        ),
        row("JSON of other types, deeper", |api, _| {
            Some(Answer::json(
                200,
                match api {
                    Api::ChatCompletions => json!({ "choices": [{ "message": echo() }] }),
                    Api::Responses => json!({ "output": [{ "type": "message", "content": echo() }] }),
                    _ => json!({ "content": [echo()] }),
                },
            ))
        }),
        any("broken JSON", Answer::status(200).body(format!("{{\"choices\": [{{\"{}", echo()))),
        any("events that are none", Answer::sse([SseEvent::data(echo()), SseEvent::named(KEY, echo())])),
        any("JSON for events", Answer::sse([SseEvent::data(json!({ "choices": echo(), "type": KEY }).to_string())])),
        row("an error at once", |api, mode| {
            (mode == Mode::Stream).then(|| stream(&[error_event(api, "overloaded_error")]))
        }),
        streamed("an error after some text", |api| {
            stream(&[speaks(begun(api)), vec![error_event(api, "overloaded_error")]].concat())
        }),
        streamed("an error that quotes the answer", |api| {
            let quoted = error_event(api, "api_error").to_string().replace("canary question", ANSWER);
            stream(&[speaks(begun(api)), vec![serde_json::from_str(&quoted).unwrap()]].concat())
        }),
        streamed("a flat error", |_| {
            stream(&[json!({ "type": "error", "code": KEY, "message": echo(), "param": KEY })])
        }),
        streamed("an error of vLLM", |_| stream(&[json!({ "object": "error", "message": echo(), "code": 400 })])),
        streamed("a failed response", |_| {
            let response = json!({ "id": "r1", "status": "failed", "error": { "code": KEY, "message": echo() } });
            stream(&[json!({ "type": "response.failed", "sequence_number": 0, "response": response })])
        }),
        streamed("garbage after some text", |api| {
            Answer::sse(speaks(begun(api)).into_iter().map(event).chain([SseEvent::data(format!("{{{}", echo()))]))
        }),
        streamed("no finish", |api| stream(&speaks(begun(api)))),
        row("cut inside of the answer", |api, mode| Some(answer(api, mode).truncate_after(150))),
        row("reset inside of the answer", |api, mode| Some(answer(api, mode).reset_after(150))),
        row("stalls inside of the answer", |api, mode| Some(answer(api, mode).stall_after(150))),
        any("no head", Answer::never()),
        any("closed before the head", Answer::close()),
        any("reset before the head", Answer::reset()),
        any("bytes that are no HTTP", Answer::raw(format!("{KEY} {}\r\n\r\n", PROMPT))),
        any(
            "a head that is none",
            Answer::raw(format!("HTTP/1.1 200 {KEY}\r\n{KEY}\r\ncontent-length: {KEY}\r\n\r\n")),
        ),
        any(
            "a length that is none",
            Answer::raw(format!("HTTP/1.1 200 OK\r\ncontent-length: {KEY}\r\n\r\n{}", echo())),
        ),
        any("an encoding that nobody knows", Answer::status(200).header("content-encoding", KEY).body(echo())),
        row("a call of a tool", |api, mode| Some(tool(api, mode, ARGUMENTS))),
        row("a call of a tool that is no JSON", |api, mode| Some(tool(api, mode, &format!("{{{ANSWER} {ARGUMENTS}")))),
    ];
    refusals.into_iter().chain(texts).chain(redirects).chain(others).collect()
}

/// The key wherever a header could hold it.
fn known(answer: Answer) -> Answer {
    let headers =
        ["request-id", "x-request-id", "openai-organization", "x-ratelimit-limit-requests", "www-authenticate"];
    headers.into_iter().fold(answer, |answer, name| answer.header(name, KEY))
}

fn answer(api: Api, mode: Mode) -> Answer {
    match mode {
        Mode::Plain => Answer::json(200, speaks(vec![words::whole(api)]).remove(0)),
        Mode::Stream => stream(&speaks([begun(api), finished(api)].concat())),
    }
}

fn tool(api: Api, mode: Mode, arguments: &str) -> Answer {
    match mode {
        Mode::Plain => words::whole_call(api, arguments),
        Mode::Stream => stream(&[calling(api, arguments), called(api, arguments)].concat()),
    }
}

fn stream(events: &[Value]) -> Answer {
    Answer::sse(events.iter().cloned().map(event))
}

/// The same words of the API, with the canary for a text.
fn speaks(events: Vec<Value>) -> Vec<Value> {
    let spoken = |event: Value| serde_json::from_str(&event.to_string().replace(words::TEXT, ANSWER)).unwrap();
    events.into_iter().map(spoken).collect()
}

fn error(api: Api, class: &str, code: Option<&str>) -> Value {
    repeats(words::error(api, class, code))
}

fn error_event(api: Api, class: &str) -> Value {
    repeats(words::error_event(api, class, Some(KEY)))
}

fn repeats(mut error: Value) -> Value {
    error["error"]["message"] = json!(echo());
    error["error"]["param"] = json!(echo());
    error["request_id"] = json!(KEY);
    error
}
