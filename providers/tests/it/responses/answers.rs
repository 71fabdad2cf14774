//! Whole answers, and what they mean.

use serde_json::{Value, json};
use steadfast_providers::{Api, Call, ErrorKind, Finish, Message, Other, Part, Reasoning, Usage};
use steadfast_testkit::{Reply as Answer, Script};

use super::{once, wire};
use crate::rig::{EVERY_MODE, Mode};

/// An answer in the form that the mode asks for.
fn answer(mode: Mode, whole: &Value) -> Answer {
    match mode {
        Mode::Plain => Answer::json(200, whole.clone()),
        Mode::Stream => wire::sse(&wire::events(whole)),
    }
}

fn thought(id: &str, text: &str, opaque: Option<&str>) -> Part {
    let mut thought = Reasoning::new(text);
    thought.id = Some(id.to_owned());
    thought.opaque = opaque.map(str::to_owned);
    Part::from(thought)
}

#[tokio::test]
async fn items_become_parts() {
    let other = json!({ "type": "output_audio", "data": "…" });
    let mut mixed = wire::text("msg_2", &["Größe", ": 10 µm"]);
    mixed["content"].as_array_mut().unwrap().push(other.clone());
    let whole = wire::whole(&[
        wire::thought("rs_1", &["First this.", "Then that."], Some("c2VhbGVk")),
        wire::search("ws_1"),
        wire::thought("rs_2", &[], None),
        wire::text("msg_1", &["A bee. "]),
        mixed,
        wire::call("fc_1", "call_1", "find", r#"{"q":"🐝"}"#),
        wire::call("fc_2", "call_2", "look", ""),
    ]);
    for mode in EVERY_MODE {
        let (result, ..) = once(mode, Script::new().always(answer(mode, &whole)), Call::new("What?")).await;
        let reply = result.unwrap();
        let lonely = json!({ "type": "message", "role": "assistant", "content": [other] });
        let parts = [
            thought("rs_1", "First this.\n\nThen that.", Some("c2VhbGVk")),
            Part::from(Other::new(Api::Responses, wire::search("ws_1"))),
            thought("rs_2", "", None),
            Part::from("A bee. Größe: 10 µm"),
            Part::from(Other::new(Api::Responses, lonely)),
            Part::from(steadfast_providers::ToolCall::new("call_1", "find", r#"{"q":"🐝"}"#)),
            Part::from(steadfast_providers::ToolCall::new("call_2", "look", "")),
        ];
        assert_eq!(reply.message.parts, parts, "{mode:?}");
        assert_eq!(reply.finish, Finish::ToolUse);
        assert_eq!(reply.usage, Usage::new(37, 30, 2, 11, 4));
        assert_eq!((reply.id.as_deref(), reply.model.as_str()), (Some("resp_1"), "gpt-x-1"));
        let extra = json!({ "created_at": 7, "service_tier": "default", "unheard_of": { "a": 1 } });
        assert_eq!(Value::Object(reply.extra), extra, "{mode:?}");
    }
}

#[tokio::test]
async fn ends_have_their_reasons() {
    let said = || vec![wire::text("msg_1", &["A bee"])];
    let ended = |status: &str, reason: Value, output: Vec<Value>| {
        let mut whole = wire::whole(&output);
        whole["status"] = json!(status);
        whole["incomplete_details"] = json!({ "reason": reason });
        whole
    };
    for (whole, finish) in [
        (ended("completed", Value::Null, said()), Finish::Stop),
        (ended("completed", Value::Null, vec![wire::refusal("msg_1", "No.")]), Finish::Refusal),
        (ended("completed", Value::Null, vec![json!({ "type": "computer_call", "id": "cu_1" })]), Finish::ToolUse),
        (ended("completed", Value::Null, vec![wire::search("ws_1")]), Finish::Stop),
        (ended("incomplete", json!("max_output_tokens"), said()), Finish::Length),
        (ended("incomplete", json!("content_filter"), said()), Finish::ContentFilter),
        (ended("incomplete", json!("tired"), said()), Finish::Other("tired".into())),
        (ended("incomplete", Value::Null, said()), Finish::Unknown),
    ] {
        for mode in EVERY_MODE {
            let (result, ..) = once(mode, Script::new().always(answer(mode, &whole)), Call::new("What?")).await;
            let reply = result.unwrap();
            assert_eq!(reply.finish, finish, "{mode:?}");
            assert_eq!(reply.refusal().is_some(), finish == Finish::Refusal);
        }
    }
}

#[tokio::test]
async fn what_failed_is_an_error() {
    let failed = |code: &str| {
        let mut whole = wire::whole(&[]);
        whole["status"] = json!("failed");
        whole["error"] = json!({ "code": code, "message": "oh no" });
        whole
    };
    for (code, kind) in [
        ("server_error", ErrorKind::Server),
        ("rate_limit_exceeded", ErrorKind::RateLimited),
        ("invalid_prompt", ErrorKind::ContentRefused),
        ("insufficient_quota", ErrorKind::QuotaSpent),
        ("bio_policy", ErrorKind::ContentRefused),
        ("vector_store_timeout", ErrorKind::Timeout),
        ("image_parse_error", ErrorKind::InvalidRequest),
        ("image_content_policy_violation", ErrorKind::ContentRefused),
    ] {
        for mode in EVERY_MODE {
            let (result, ..) = once(mode, Script::new().always(answer(mode, &failed(code))), Call::new("What?")).await;
            let error = result.unwrap_err();
            assert_eq!(error.kind(), kind, "{code} {mode:?}");
            assert!(error.to_string().contains("oh no") && error.to_string().contains(code), "{error}");
        }
    }
    let mut cancelled = wire::whole(&[wire::text("msg_1", &["A b"])]);
    cancelled["status"] = json!("cancelled");
    for mode in EVERY_MODE {
        let (result, ..) = once(mode, Script::new().always(answer(mode, &cancelled)), Call::new("What?")).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated);
        assert!(error.to_string().contains("called off"), "{error}");
    }
}

#[tokio::test]
async fn what_texts_refer_to_is_kept() {
    let note = json!({ "type": "url_citation", "url": "https://a", "start_index": 0, "end_index": 3, "title": "b" });
    let mut said = wire::text("msg_1", &["bee"]);
    said["content"][0]["annotations"] = json!([note]);
    for mode in EVERY_MODE {
        let script = Script::new().always(answer(mode, &wire::whole(&[said.clone()])));
        let reply = once(mode, script, Call::new("What?")).await.0.unwrap();
        assert_eq!(reply.extra["annotations"], json!([note]), "{mode:?}");
    }
}

#[tokio::test]
async fn odd_answers_are_read_as_far_as_they_go() {
    let bare = json!({ "output": [{ "type": "message", "content": [{ "type": "output_text", "text": "hi" }] }] });
    let odd = json!({
        "id": 7, "model": null, "status": "completed", "usage": "none", "error": null, "incomplete_details": "none",
        "output": [7, { "type": "message" }, { "type": "reasoning" }, { "type": "function_call" }, "x",
                   { "type": "message", "content": [{ "type": "output_text", "text": "hi" }] }],
    });
    for whole in [bare, odd] {
        let (result, ..) = once(Mode::Plain, Script::new().always(Answer::json(200, whole)), Call::new("What?")).await;
        let reply = result.unwrap();
        assert_eq!((reply.text().as_ref(), reply.usage), ("hi", Usage::default()));
    }
    for none in [json!({}), json!([]), json!({ "id": "resp_1" })] {
        let (result, ..) = once(Mode::Plain, Script::new().always(Answer::json(200, none)), Call::new("What?")).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Malformed);
    }
}

#[tokio::test]
async fn an_answer_can_be_given_back() {
    let output = [
        wire::thought("rs_1", &["Hm."], Some("c2VhbGVk")),
        wire::search("ws_1"),
        wire::call("fc_1", "call_1", "find", "{}"),
    ];
    let script = Script::new().always(Answer::json(200, wire::whole(&output)));
    let reply = once(Mode::Plain, script, Call::new("What?")).await.0.unwrap();
    let results: Vec<_> = reply.tool_calls().map(|call| call.result("found")).collect();
    let call = Call::new("What?").message(reply.message.clone()).message(Message::tools(results));
    let script = Script::new().always(Answer::json(200, wire::whole(&[wire::text("msg_1", &["ok"])])));
    let (result, server, _) = once(Mode::Plain, script, call).await;
    result.unwrap();
    let input = server.seen().remove(0).json().unwrap()["input"].take();
    assert_eq!(input[1], output[0]);
    assert_eq!(input[2], output[1]);
    assert_eq!(input[3]["call_id"], "call_1");
    assert_eq!(input[4]["call_id"], "call_1");
    crate::schema::assert_valid_responses(&json!({ "model": "m", "input": input }));
}
