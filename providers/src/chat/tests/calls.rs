//! Calls of tools, with everything missing from them that can be.

use super::*;

/// Calls in chunks, each of which holds the list of a `tool_calls`.
#[expect(clippy::needless_pass_by_value, reason = "callers write json!(…) in place")]
fn check(chunks: Value, expected: &[(&str, &str, &str)]) {
    let lists = chunks.as_array().unwrap();
    let mut chunks: Vec<Value> = lists.iter().map(|list| chunk(json!({ "tool_calls": list }))).collect();
    chunks.push(end("tool_calls"));
    let expected: Vec<Part> = expected.iter().map(|(id, name, arguments)| call(id, name, arguments)).collect();
    assert_eq!(streamed(&chunks).unwrap().parts, expected, "{lists:?}");
}

#[test]
fn pieces_find_their_call() {
    // As OpenAI has it.
    check(
        json!([[{ "index": 0, "id": "a", "type": "function", "function": { "name": "f", "arguments": "" } }],
               [{ "index": 0, "function": { "arguments": "{\"x\"" } }],
               [{ "index": 0, "function": { "arguments": ":1}" } }],
               [{ "index": 1, "id": "b", "function": { "name": "g", "arguments": "{}" } }]]),
        &[("a", "f", "{\"x\":1}"), ("b", "g", "{}")],
    );
    // Side by side, and several in one chunk.
    check(
        json!([[{ "index": 0, "id": "a", "function": { "name": "f" } }, { "index": 1, "id": "b", "function": { "name": "g" } }],
               [{ "index": 1, "function": { "arguments": "{\"y\":" } }, { "index": 0, "function": { "arguments": "{" } }],
               [{ "index": 0, "function": { "arguments": "}" } }, { "index": 1, "function": { "arguments": "2}" } }]]),
        &[("a", "f", "{}"), ("b", "g", "{\"y\":2}")],
    );
}

#[test]
fn the_index_may_be_missing() {
    check(
        json!([[{ "id": "a", "function": { "name": "f", "arguments": "{" } }], [{ "function": { "arguments": "}" } }],
               [{ "id": "b", "function": { "name": "f", "arguments": "{\"x\":1" } }], [{ "id": "b", "function": { "arguments": "}" } }],
               [{ "function": { "name": "g", "arguments": "{}" } }]]),
        &[("a", "f", "{}"), ("b", "f", "{\"x\":1}"), ("call_2", "g", "{}")],
    );
    check(
        json!([[{ "function": { "name": "f", "arguments": "{}" } }, { "function": { "name": "f", "arguments": "{}" } },
                { "function": { "name": "g" } }]]),
        &[("call_0", "f", "{}"), ("call_1", "f", "{}"), ("call_2", "g", "")],
    );
}

#[test]
fn the_index_may_be_the_same() {
    check(
        json!([[{ "index": 0, "id": "a", "function": { "name": "f", "arguments": "{}" } }],
               [{ "index": 0, "id": "b", "function": { "name": "f", "arguments": "{\"x\":" } }],
               [{ "index": 0, "function": { "arguments": "1}" } }]]),
        &[("a", "f", "{}"), ("b", "f", "{\"x\":1}")],
    );
    check(
        json!([[{ "index": 0, "id": "a", "function": { "name": "f", "arguments": "{}" } },
                { "index": 0, "id": "b", "function": { "name": "f", "arguments": "{}" } }],
               [{ "index": 0, "function": { "name": "f", "arguments": "{\"x\":1}" } }],
               [{ "index": 0, "function": { "name": "g", "arguments": "{}" } }]]),
        &[("a", "f", "{}"), ("b", "f", "{}"), ("call_2", "f", "{\"x\":1}"), ("call_3", "g", "{}")],
    );
}

#[test]
fn ids_may_be_repeated_missing_late_or_made_up() {
    let repeated = |id: &str| json!({ "index": 0, "id": id, "function": { "name": "f", "arguments": "{" } });
    let rest = |id: Value| json!({ "index": 0, "id": id, "function": { "name": "f", "arguments": "}" } });
    check(json!([[repeated("a")], [rest(json!("a"))]]), &[("a", "f", "{}")]);
    check(json!([[repeated("a")], [rest(json!(""))]]), &[("a", "f", "{}")]);
    check(json!([[repeated("")], [rest(Value::Null)]]), &[("call_0", "f", "{}")]);
    let late = json!([[{ "index": 0, "function": { "name": "f" } }],
                      [{ "index": 0, "id": "late", "function": { "arguments": "{}" } }]]);
    check(late, &[("late", "f", "{}")]);
    // Another one with each piece, without a name: still the same call.
    let made_up = json!([[{ "index": 0, "id": "a", "function": { "name": "f", "arguments": "{" } }],
                         [{ "index": 0, "id": "b", "function": { "arguments": "}" } }]]);
    check(made_up, &[("a", "f", "{}")]);
}

#[test]
fn names_may_come_in_pieces_or_again() {
    check(
        json!([[{ "index": 0, "id": "a", "function": { "name": "get_" } }], [{ "index": 0, "function": { "name": "weather" } }],
               [{ "index": 0, "function": { "name": "", "arguments": "{}" } }]]),
        &[("a", "get_weather", "{}")],
    );
    check(
        json!([[{ "index": 0, "id": "a", "function": { "name": "f", "arguments": "{\"x\":" } }],
               [{ "index": 0, "function": { "name": "f", "arguments": "1}" } }],
               [{ "index": 0, "function": { "name": "f", "arguments": "" } }]]),
        &[("a", "f", "{\"x\":1}")],
    );
}

#[test]
fn arguments_may_be_an_object_or_nothing() {
    check(
        json!([[{ "index": 0, "id": "a", "function": { "name": "f", "arguments": { "x": [1, "ä"] } } }],
               [{ "index": 1, "id": "b", "function": { "name": "g", "arguments": null } }],
               [{ "index": 2, "id": "c", "function": { "name": "h" } }]]),
        &[("a", "f", "{\"x\":[1,\"ä\"]}"), ("b", "g", ""), ("c", "h", "")],
    );
    // As it was written, whatever becomes of numbers elsewhere.
    let body = br#"{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":{"b": 1.0, "a":12345678901234567890123}}}]}}]}"#;
    let parts = answer::decode(body, &Vendor::openai()).unwrap().parts;
    assert_eq!(parts, [call("call_0", "f", r#"{"b": 1.0, "a":12345678901234567890123}"#)]);
}

#[test]
fn the_old_way_to_call_is_understood() {
    let function = json!({ "name": "f", "arguments": "{\"x\":1}" });
    let old = json!({ "choices": [{ "message": { "content": null, "function_call": function }, "finish_reason": "function_call" }] });
    let read = whole(&old).unwrap();
    assert_eq!((read.parts, read.finish), (vec![call("call_0", "f", "{\"x\":1}")], Finish::ToolUse));
    let chunks = [
        chunk(json!({ "function_call": { "name": "f", "arguments": "" } })),
        chunk(json!({ "function_call": { "arguments": "{\"x\":" } })),
        chunk(json!({ "function_call": { "arguments": "1}" } })),
        end("function_call"),
    ];
    assert_eq!(streamed(&chunks).unwrap().parts, [call("call_0", "f", "{\"x\":1}")]);
}

#[test]
fn custom_tools_stay_in_their_own_words() {
    let custom =
        |input: &str| json!({ "index": 0, "id": "a", "type": "custom", "custom": { "name": "sh", "input": input } });
    let piece = json!({ "index": 0, "custom": { "input": " -l" } });
    let streamed = streamed(&[
        chunk(json!({ "tool_calls": [custom("ls")] })),
        chunk(json!({ "tool_calls": [piece] })),
        end("tool_calls"),
    ]);
    let value = json!({ "id": "a", "type": "custom", "custom": { "name": "sh", "input": "ls -l" } });
    let expected = Part::from(crate::Other::new(crate::Api::ChatCompletions, value));
    assert_eq!(streamed.unwrap().parts, std::slice::from_ref(&expected));
    let message = json!({ "tool_calls": [custom("ls -l")] });
    let whole = whole(&json!({ "choices": [{ "message": message, "finish_reason": "tool_calls" }] })).unwrap();
    assert_eq!((whole.parts, whole.finish), (vec![expected], Finish::ToolUse));
}

#[test]
fn calls_begin_once_and_end_once() {
    let chunks = [
        chunk(json!({ "tool_calls": [{ "index": 0, "id": "a", "function": { "name": "f", "arguments": "{}" } }] })),
        chunk(json!({ "tool_calls": [{ "index": 1, "id": "b", "function": { "name": "g", "arguments": "{" } }] })),
        end("tool_calls"),
    ];
    let events = events(&chunks).unwrap();
    let expected = [
        Event::tool_call(0, "a", "f"),
        Event::tool_arguments(0, "{}"),
        Event::tool_call_end(0),
        Event::tool_call(1, "b", "g"),
        Event::tool_arguments(1, "{"),
        Event::tool_call_end(1),
    ];
    assert_eq!(events[1..7], expected);
}

#[test]
fn there_is_an_end_to_calls() {
    let list: Vec<Value> = (0..2000).map(|i| json!({ "index": i, "function": { "name": "f" } })).collect();
    assert!(matches!(streamed(&[chunk(json!({ "tool_calls": list })), end("stop")]), Err(Fault::Malformed(_))));
}
