//! Fields that are nobody's, usage in odd places, and beginnings.

use super::*;
use crate::Usage;

#[test]
fn unknown_fields_survive() {
    let logprob = |token: &str| json!({ "token": token, "logprob": -0.5 });
    let plain = json!({
        "id": "c-1", "object": "chat.completion", "created": 1, "model": "m-1", "service_tier": "default",
        "system_fingerprint": "fp", "provider": "Acme", "citations": [], "obfuscation": "xx",
        "choices": [{ "index": 0, "finish_reason": "stop", "native_finish_reason": "STOP", "stop_reason": null,
            "logprobs": { "content": [logprob("a"), logprob("b")], "refusal": null },
            "message": { "role": "assistant", "content": "ab", "refusal": null,
                         "annotations": [{ "type": "url_citation" }], "images": [] } }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "cost": 0.25 },
    });
    let expected = json!({
        "service_tier": "default", "system_fingerprint": "fp", "provider": "Acme", "native_finish_reason": "STOP",
        "logprobs": { "content": [logprob("a"), logprob("b")], "refusal": null },
        "annotations": [{ "type": "url_citation" }], "usage": { "cost": 0.25 },
    });
    let plain = whole(&plain).unwrap();
    assert_eq!(Value::Object(plain.extra.clone()), expected);
    let around = |choices: Value, usage: Value| {
        json!({ "id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m-1", "service_tier": "default",
                "system_fingerprint": "fp", "provider": "Acme", "obfuscation": "x", "choices": choices, "usage": usage })
    };
    let piece = |token: &str| {
        let logprobs = json!({ "content": [logprob(token)], "refusal": null });
        json!([{ "index": 0, "delta": { "content": token }, "logprobs": logprobs, "finish_reason": null }])
    };
    let last = json!([{ "index": 0, "finish_reason": "stop", "native_finish_reason": "STOP", "logprobs": null,
                        "delta": { "annotations": [{ "type": "url_citation" }] } }]);
    let chunks = [
        around(piece("a"), Value::Null),
        around(piece("b"), Value::Null),
        around(last, Value::Null),
        around(json!([]), json!({ "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "cost": 0.25 })),
    ];
    assert_eq!(streamed(&chunks).unwrap(), plain);
}

#[test]
fn the_last_word_counts() {
    let with = |field: &str, value: Value, delta: Value| {
        let mut chunk = chunk(delta);
        chunk[field] = value;
        chunk
    };
    let chunks = [
        with("service_tier", json!("auto"), json!({ "content": "a" })),
        with("service_tier", json!("flex"), json!({ "content": "b" })),
        end("stop"),
    ];
    assert_eq!(streamed(&chunks).unwrap().extra["service_tier"], "flex");
}

#[test]
fn usage_is_found_wherever_it_is() {
    let usage = json!({ "prompt_tokens": 7, "completion_tokens": 2 });
    let expected = Some(Usage::new(7, 0, 0, 2, 0));
    let groq =
        json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }], "x_groq": { "id": "r", "usage": usage } });
    let moonshot = json!({ "choices": [{ "delta": {}, "finish_reason": "stop", "usage": usage }] });
    let early = json!({ "choices": [{ "delta": { "content": "a" } }], "usage": { "prompt_tokens": 7, "completion_tokens": 1 } });
    let late = json!({ "choices": [], "usage": usage });
    for chunks in [vec![groq], vec![moonshot], vec![early.clone(), end("stop"), late.clone()], vec![end("stop"), late]]
    {
        assert_eq!(streamed(&chunks).unwrap().usage, expected, "{chunks:?}");
    }
    assert_eq!(streamed(&[early, end("stop")]).unwrap().usage, Some(Usage::new(7, 0, 0, 1, 0)));
    assert_eq!(streamed(&[end("stop")]).unwrap().usage, None);
}

#[test]
fn the_start_waits_for_who_answers() {
    // Azure's first chunk says what it thinks of the prompt, and nothing else.
    let azure = json!({ "choices": [], "created": 0, "id": "", "model": "", "object": "",
                        "prompt_filter_results": [{ "prompt_index": 0 }] });
    let read = streamed(&[azure, chunk(json!({ "content": "a" })), end("stop")]).unwrap();
    assert_eq!((read.id.as_deref(), read.model.as_deref()), (Some("c-1"), Some("m-1")));
    assert_eq!(read.extra["prompt_filter_results"], json!([{ "prompt_index": 0 }]));
}

#[test]
fn a_message_may_stand_for_a_delta() {
    let chunk = json!({ "choices": [{ "message": { "role": "assistant", "content": "a" }, "finish_reason": "stop" }] });
    assert_eq!(streamed(&[chunk]).unwrap().parts, [Part::from("a")]);
}

#[test]
fn a_stream_without_a_reason_is_cut() {
    assert_eq!(streamed(&[chunk(json!({ "content": "a" }))]), Err(Fault::Truncated));
}
