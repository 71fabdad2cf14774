//! Tools, parallel calls, structured output, reasoning and refusals, in the words of each API.

use serde_json::{Value, json};
use steadfast_testkit::{LlmBuilder, LlmSim};

use super::{CHAT, MESSAGES, RESPONSES, events, put, refused, with};

const ARGUMENTS: &str = r#"{"city":"Paris","days":3}"#;

fn builder() -> LlmBuilder {
    LlmSim::builder().answer("It rains.").tool_call("weather", ARGUMENTS).tool_call("time", "{}")
}

/// Two functions, as each API wants them.
fn tools(path: &str) -> Value {
    let schema = json!({ "type": "object", "properties": {} });
    let tool = |name: &str| match path {
        RESPONSES => json!({ "type": "function", "name": name, "parameters": schema }),
        MESSAGES => json!({ "name": name, "input_schema": schema }),
        _ => json!({ "type": "function", "function": { "name": name, "parameters": schema } }),
    };
    json!({ "tools": [tool("weather"), tool("time")] })
}

/// Name and arguments of every call in a whole answer.
fn called(path: &str, body: &Value) -> Vec<(String, Value)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let parsed = |value: &Value| serde_json::from_str(value.as_str().unwrap()).unwrap();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match path {
        RESPONSES => {
            let items = list(&body["output"]).into_iter().filter(|item| item["type"] == "function_call");
            items.map(|item| (text(&item["name"]), parsed(&item["arguments"]))).collect()
        }
        MESSAGES => {
            let blocks = list(&body["content"]).into_iter().filter(|block| block["type"] == "tool_use");
            blocks.map(|block| (text(&block["name"]), block["input"].clone())).collect()
        }
        _ => list(&body["choices"][0]["message"]["tool_calls"])
            .iter()
            .map(|call| (text(&call["function"]["name"]), parsed(&call["function"]["arguments"])))
            .collect(),
    }
}

#[tokio::test]
async fn tools_are_called_in_parallel_until_there_is_a_result() {
    let sim = builder().start().await.unwrap();
    let both = vec![("weather".to_owned(), json!({ "city": "Paris", "days": 3 })), ("time".to_owned(), json!({}))];
    for path in [CHAT, RESPONSES, MESSAGES] {
        let body = with(path, tools(path));
        let first = put(&sim, path, &body).await.json();
        assert_eq!(called(path, &first), both, "{path}");
        let one = match path {
            MESSAGES => json!({ "tool_choice": { "type": "auto", "disable_parallel_tool_use": true } }),
            _ => json!({ "parallel_tool_calls": false }),
        };
        let mut only = body.clone();
        only.as_object_mut().unwrap().extend(one.as_object().unwrap().clone());
        assert_eq!(called(path, &put(&sim, path, &only).await.json()), both[..1], "{path}");
        let mut after = body.clone();
        let text = match path {
            CHAT => {
                let message = first["choices"][0]["message"].clone();
                assert_eq!(
                    (&message["content"], &first["choices"][0]["finish_reason"]),
                    (&Value::Null, &json!("tool_calls"))
                );
                let messages = after["messages"].as_array_mut().unwrap();
                messages.push(message.clone());
                for call in message["tool_calls"].as_array().unwrap() {
                    messages.push(json!({ "role": "tool", "tool_call_id": call["id"], "content": "rain" }));
                }
                put(&sim, path, &after).await.json()["choices"][0]["message"]["content"].clone()
            }
            MESSAGES => {
                assert_eq!(first["stop_reason"], "tool_use");
                let result =
                    |call: &Value| json!({ "type": "tool_result", "tool_use_id": call["id"], "content": "rain" });
                let results: Vec<Value> = first["content"].as_array().unwrap().iter().map(result).collect();
                let messages = after["messages"].as_array_mut().unwrap();
                messages.push(json!({ "role": "assistant", "content": first["content"] }));
                messages.push(json!({ "role": "user", "content": results }));
                put(&sim, path, &after).await.json()["content"][0]["text"].clone()
            }
            _ => {
                let result = |call: &Value| json!({ "type": "function_call_output", "call_id": call["call_id"], "output": "rain" });
                after["previous_response_id"] = first["id"].clone();
                after["input"] = first["output"].as_array().unwrap().iter().map(result).collect();
                put(&sim, path, &after).await.json()["output"][0]["content"][0]["text"].clone()
            }
        };
        assert_eq!(text, "It rains.", "{path}");
    }
}

#[tokio::test]
async fn streamed_calls_come_in_pieces() {
    let sim = builder().start().await.unwrap();
    for path in [CHAT, RESPONSES, MESSAGES] {
        let mut body = with(path, tools(path));
        body["stream"] = json!(true);
        let events = events(&put(&sim, path, &body).await);
        let joined = |pieces: Vec<&Value>| {
            assert!(pieces.len() > 3, "{pieces:?}");
            pieces.iter().map(|piece| piece.as_str().unwrap()).collect::<String>()
        };
        match path {
            CHAT => {
                let deltas = events.iter().flat_map(|event| event["choices"][0]["delta"]["tool_calls"].as_array());
                let deltas: Vec<&Value> = deltas.flatten().filter(|delta| delta["index"] == 0).collect();
                assert_eq!(deltas[0]["function"], json!({ "name": "weather", "arguments": "" }));
                assert!(deltas[0]["id"].is_string() && deltas[1..].iter().all(|delta| delta.get("id").is_none()));
                assert_eq!(joined(deltas.iter().map(|delta| &delta["function"]["arguments"]).collect()), ARGUMENTS);
                assert_eq!(events.last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
            }
            MESSAGES => {
                let block = events.iter().find(|event| event["type"] == "content_block_start").unwrap();
                assert_eq!(
                    (&block["content_block"]["type"], &block["content_block"]["input"]),
                    (&json!("tool_use"), &json!({}))
                );
                let deltas =
                    events.iter().filter(|event| event["type"] == "content_block_delta" && event["index"] == 0);
                assert_eq!(joined(deltas.map(|event| &event["delta"]["partial_json"]).collect()), ARGUMENTS);
                assert!(events.iter().any(|event| event["delta"]["stop_reason"] == "tool_use"));
            }
            _ => {
                let deltas = events.iter().filter(|event| event["output_index"] == 0 && event.get("delta").is_some());
                assert_eq!(joined(deltas.map(|event| &event["delta"]).collect()), ARGUMENTS);
                let done =
                    events.iter().find(|event| event["type"] == "response.function_call_arguments.done").unwrap();
                assert_eq!((&done["arguments"], &done["name"]), (&json!(ARGUMENTS), &json!("weather")));
                let whole = &events.last().unwrap()["response"];
                assert_eq!(called(path, whole).len(), 2);
            }
        }
    }
}

#[tokio::test]
async fn a_token_limit_cuts_inside_of_a_call() {
    let sim = builder().start().await.unwrap();
    let cut = put(&sim, CHAT, &with(CHAT, json!({ "max_tokens": 3, "tools": tools(CHAT)["tools"] }))).await.json();
    let calls = cut["choices"][0]["message"]["tool_calls"].as_array().unwrap();
    assert_eq!((calls.len(), &cut["choices"][0]["finish_reason"]), (1, &json!("length")));
    assert_eq!(calls[0]["function"]["arguments"], r#"{"city":""#);
}

#[tokio::test]
async fn a_forced_choice_is_obeyed() {
    let sim = LlmSim::builder().start().await.unwrap();
    for path in [CHAT, RESPONSES, MESSAGES] {
        let named = match path {
            RESPONSES => json!({ "type": "function", "name": "time" }),
            MESSAGES => json!({ "type": "tool", "name": "time" }),
            _ => json!({ "type": "function", "function": { "name": "time" } }),
        };
        let (none, any) = match path {
            MESSAGES => (json!({ "type": "none" }), json!({ "type": "any" })),
            _ => (json!("none"), json!("required")),
        };
        for (choice, expected) in [(named, "time"), (any, "weather"), (none, "")] {
            let mut body = with(path, tools(path));
            body["tool_choice"] = choice;
            let answer = put(&sim, path, &body).await.json();
            let calls = called(path, &answer);
            let names: Vec<&str> = calls.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names.concat(), expected, "{path}");
        }
    }
}

#[tokio::test]
async fn json_is_answered_where_it_is_asked_for() {
    let sim = LlmSim::builder().structured(r#"{"n":1}"#).start().await.unwrap();
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"], "additionalProperties": false });
    let check = async |path: &str, more: Value, at: &str| {
        assert_eq!(put(&sim, path, &with(path, more)).await.json().pointer(at), Some(&json!(r#"{"n":1}"#)), "{path}");
    };
    let format = json!({ "type": "json_schema", "json_schema": { "name": "n", "schema": schema, "strict": true } });
    check(CHAT, json!({ "response_format": format }), "/choices/0/message/content").await;
    let format = json!({ "type": "json_schema", "name": "n", "schema": schema, "strict": true });
    check(RESPONSES, json!({ "text": { "format": format } }), "/output/0/content/0/text").await;
    let format = json!({ "type": "json_schema", "schema": schema });
    check(MESSAGES, json!({ "output_config": { "format": format } }), "/content/0/text").await;
    let loose = json!({ "type": "json_schema", "json_schema": { "name": "n", "strict": true, "schema": { "type": "object", "properties": { "n": {} } } } });
    let why = refused(&sim, CHAT, &with(CHAT, json!({ "response_format": loose }))).await;
    assert!(why.starts_with("Invalid schema for response_format 'n': In context=(), 'additionalProperties'"), "{why}");
    let why = refused(&sim, CHAT, &with(CHAT, json!({ "response_format": { "type": "json_object" } }))).await;
    assert!(why.contains("must contain the word 'json'"), "{why}");
}

#[tokio::test]
async fn reasoning_is_told_where_it_is_asked_for() {
    let sim = LlmSim::builder().reasoning("Let me think.").answer("Yes.").start().await.unwrap();
    for (path, more) in [
        (CHAT, json!({ "reasoning_effort": "high" })),
        (RESPONSES, json!({ "reasoning": { "summary": "auto" }, "include": ["reasoning.encrypted_content"] })),
        (MESSAGES, json!({ "thinking": { "type": "enabled", "budget_tokens": 1024 } })),
    ] {
        assert!(!put(&sim, path, &with(path, json!({}))).await.text().contains("think."), "{path}");
        let body = put(&sim, path, &with(path, more.clone())).await.json();
        let (reasoning, answer) = match path {
            CHAT => ("/choices/0/message/reasoning_content", "/choices/0/message/content"),
            RESPONSES => ("/output/0/summary/0/text", "/output/1/content/0/text"),
            _ => ("/content/0/thinking", "/content/1/text"),
        };
        assert_eq!(body.pointer(reasoning), Some(&json!("Let me think.")), "{path}");
        assert_eq!(body.pointer(answer), Some(&json!("Yes.")), "{path}");
        let mut streamed = with(path, more);
        streamed["stream"] = json!(true);
        let events = events(&put(&sim, path, &streamed).await);
        let said: String = events
            .iter()
            .filter_map(|event| match path {
                CHAT => event["choices"][0]["delta"]["reasoning_content"].as_str(),
                RESPONSES => {
                    event["delta"].as_str().filter(|_| event["type"] == "response.reasoning_summary_text.delta")
                }
                _ => event["delta"]["thinking"].as_str(),
            })
            .collect();
        assert_eq!(said, "Let me think.", "{path}");
        let opaque = match path {
            CHAT => continue,
            RESPONSES => "encrypted_content",
            _ => "signature",
        };
        assert!(body.to_string().contains(opaque) && events.iter().any(|event| event.to_string().contains(opaque)));
    }
}

#[tokio::test]
async fn a_refusal_is_no_answer() {
    let sim = LlmSim::builder().refusal("I will not.").start().await.unwrap();
    let chat = put(&sim, CHAT, &with(CHAT, json!({}))).await.json();
    assert_eq!(chat["choices"][0]["message"]["refusal"], "I will not.");
    assert_eq!(chat["choices"][0]["message"]["content"], Value::Null);
    let responses = put(&sim, RESPONSES, &with(RESPONSES, json!({}))).await.json();
    assert_eq!(responses["output"][0]["content"], json!([{ "type": "refusal", "refusal": "I will not." }]));
    let messages = put(&sim, MESSAGES, &with(MESSAGES, json!({}))).await.json();
    assert_eq!((&messages["stop_reason"], &messages["content"]), (&json!("refusal"), &json!([])));
    assert_eq!(messages["stop_details"]["explanation"], "I will not.");
}

#[tokio::test]
async fn a_conversation_of_calls_must_fit() {
    let sim = LlmSim::builder().start().await.unwrap();
    let user = json!({ "role": "user", "content": "hi" });
    let call = json!({ "id": "c1", "type": "function", "function": { "name": "f", "arguments": "{}" } });
    let assistant = json!({ "role": "assistant", "content": null, "tool_calls": [call] });
    let result = json!({ "role": "tool", "tool_call_id": "c1", "content": "x" });
    let check = async |path: &str, name: &str, list: Value, about: &str| {
        let why = refused(&sim, path, &with(path, json!({ name: list }))).await;
        assert!(why.contains(about), "{why}");
    };
    check(CHAT, "messages", json!([user, result]), "must be a response to a preceding message").await;
    check(CHAT, "messages", json!([user, assistant]), "did not have response messages: c1").await;
    check(CHAT, "messages", json!([user, assistant, user]), "did not have response messages: c1").await;
    let good = with(CHAT, json!({ "messages": [user, assistant, result, user] }));
    assert_eq!(put(&sim, CHAT, &good).await.status, 200);

    let output = json!({ "type": "function_call_output", "call_id": "c1", "output": "x" });
    check(RESPONSES, "input", json!([user, output]), "No tool call found for function call output with call_id c1")
        .await;
    let wrong = json!({ "role": "user", "content": [{ "type": "output_text", "text": "x" }] });
    check(RESPONSES, "input", json!([wrong]), "does not have parts of type 'output_text'").await;
    let call = json!({ "type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}" });
    let good = with(RESPONSES, json!({ "input": [user, call, output] }));
    assert_eq!(put(&sim, RESPONSES, &good).await.status, 200);

    let tool_use =
        json!({ "role": "assistant", "content": [{ "type": "tool_use", "id": "c1", "name": "f", "input": {} }] });
    let result = json!({ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "c1", "content": "x" }] });
    check(MESSAGES, "messages", json!([result]), "unexpected `tool_use_id`").await;
    check(MESSAGES, "messages", json!([user, tool_use]), "without `tool_result` blocks").await;
    check(MESSAGES, "messages", json!([user, tool_use, user]), "without `tool_result` blocks").await;
    let thought = json!({ "role": "assistant", "content": [{ "type": "thinking", "thinking": "hm" }] });
    check(MESSAGES, "messages", json!([user, thought]), "messages.1.content.0.thinking.signature").await;
    let good = with(MESSAGES, json!({ "messages": [user, tool_use, result] }));
    assert_eq!(put(&sim, MESSAGES, &good).await.status, 200);
}

#[tokio::test]
async fn tools_must_be_well_formed() {
    let sim = LlmSim::builder().start().await.unwrap();
    let check = async |path: &str, more: Value, about: &str| {
        let why = refused(&sim, path, &with(path, more)).await;
        assert!(why.contains(about), "{why}");
    };
    let function = |function: Value| json!({ "tools": [{ "type": "function", "function": function }] });
    check(CHAT, function(json!({ "name": "a b" })), "tools[0].function.name").await;
    check(CHAT, function(json!({ "name": "f", "parameters": {} })), "must be of type 'object'").await;
    let loose = json!({ "type": "object", "properties": { "a": {} }, "additionalProperties": false });
    check(CHAT, function(json!({ "name": "f", "strict": true, "parameters": loose })), "'required' is required").await;
    check(CHAT, json!({ "tool_choice": "auto" }), "only allowed when 'tools' are specified").await;
    check(RESPONSES, json!({ "tools": [{ "type": "function" }] }), "tools[0].name").await;
    check(MESSAGES, json!({ "tools": [{ "name": "f" }] }), "tools.0.custom.input_schema: Field required").await;
    check(MESSAGES, json!({ "tool_choice": { "type": "auto" } }), "while providing `tools`").await;
    let forced = json!({ "thinking": { "type": "adaptive" }, "tools": [{ "name": "f", "input_schema": { "type": "object" } }], "tool_choice": { "type": "any" } });
    check(MESSAGES, forced, "Thinking may not be enabled").await;
    check(MESSAGES, json!({ "thinking": { "type": "enabled", "budget_tokens": 4096 } }), "must be greater than").await;
}
