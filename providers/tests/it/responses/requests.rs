//! What a call becomes on the wire, held against OpenAI's own description of it.

use serde_json::{Value, json};
use steadfast_providers::{
    Api, CacheTtl, Call, Effort, ErrorKind, Image, Message, Other, OutputFormat, Part, PromptCache, Reasoning,
    Thinking, Tool, ToolCall, ToolChoice, ToolResult,
};
use steadfast_testkit::{Reply as Answer, Script};

use super::{once, wire};
use crate::rig::{KEY, Mode};
use crate::schema::assert_valid_responses;

/// What is sent, and valid.
async fn sent(mode: Mode, call: Call) -> Value {
    let body = loose(mode, call).await;
    assert_valid_responses(&body);
    body
}

/// What is sent.
async fn loose(mode: Mode, call: Call) -> Value {
    let answer = wire::whole(&[wire::text("msg_1", &["ok"])]);
    let answer = match mode {
        Mode::Plain => Answer::json(200, answer),
        Mode::Stream => wire::sse(&wire::events(&answer)),
    };
    let (result, server, _) = once(mode, Script::new().always(answer), call).await;
    result.unwrap();
    let seen = server.seen().remove(0);
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/v1/responses"));
    assert_eq!(seen.headers.get("authorization"), Some(format!("Bearer {KEY}").as_str()));
    seen.json().unwrap()
}

#[tokio::test]
async fn a_question_is_an_input() {
    let body = sent(Mode::Plain, Call::new("Hi")).await;
    assert_eq!(body, json!({ "model": "gpt-x", "input": [{ "role": "user", "content": "Hi" }] }));
    let body = sent(Mode::Stream, Call::new("Hi").system("Be brief.").model("m-2")).await;
    let expected = json!({ "model": "m-2", "instructions": "Be brief.", "stream": true,
                           "input": [{ "role": "user", "content": "Hi" }] });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_conversation_is_a_list_of_items() {
    let mut thought = Reasoning::new("Bees. Hm.");
    thought.id = Some(String::from("rs_1"));
    thought.opaque = Some(String::from("c2VhbGVk"));
    let search = wire::search("ws_1");
    let call = Call::of([
        Message::developer("Look closely."),
        Message::user("What is it?")
            .part(Image::bytes("image/png", b"png"))
            .part(Image::url("https://a/b.png").detail("low")),
        Message::of(
            steadfast_providers::Role::Assistant,
            [
                Part::Reasoning(Reasoning::new("of another provider")),
                Part::Reasoning(thought),
                Part::from(Other::new(Api::Responses, search.clone())),
                Part::from(Other::new(Api::Messages, json!({ "type": "server_tool_use" }))),
                Part::from("A "),
                Part::from("bee."),
                Part::from(ToolCall::new("call_1", "find", r#"{"q":1}"#)),
                Part::from(ToolCall::new("call_2", "look", "{}")),
            ],
        ),
        Message::tools([
            ToolResult::new("call_1", "found"),
            ToolResult::new("call_2", "seen").part(Image::url("https://a/c.png")).failed(),
        ]),
        Message::user("And?").part(Part::CachePoint(CacheTtl::Standard)),
    ]);
    let body = sent(Mode::Plain, call).await;
    let image = |url: &str, detail: &str| json!({ "type": "input_image", "image_url": url, "detail": detail });
    let expected = json!([
        { "role": "developer", "content": "Look closely." },
        { "role": "user", "content": [
            { "type": "input_text", "text": "What is it?" },
            image("data:image/png;base64,cG5n", "auto"),
            image("https://a/b.png", "low"),
        ] },
        { "type": "reasoning", "id": "rs_1", "encrypted_content": "c2VhbGVk",
          "summary": [{ "type": "summary_text", "text": "Bees. Hm." }] },
        search,
        { "role": "assistant", "content": "A bee." },
        { "type": "function_call", "call_id": "call_1", "name": "find", "arguments": r#"{"q":1}"# },
        { "type": "function_call", "call_id": "call_2", "name": "look", "arguments": "{}" },
        { "type": "function_call_output", "call_id": "call_1", "output": "found" },
        { "type": "function_call_output", "call_id": "call_2", "output": [
            { "type": "input_text", "text": "seen" }, image("https://a/c.png", "auto"),
        ] },
        { "role": "user", "content": "And?" },
    ]);
    assert_eq!(body["input"], expected);
}

#[tokio::test]
async fn refusals_and_files_are_said() {
    let file = json!({ "type": "input_file", "file_id": "file_1" });
    let call = Call::of([
        Message::user("Read.").part(Other::new(Api::Responses, file.clone())),
        Message::of(steadfast_providers::Role::Assistant, [Part::from("Well."), Part::Refusal("No.".into())]),
        Message::user("Why?"),
    ]);
    let body = sent(Mode::Plain, call).await;
    let expected = json!([
        { "role": "user", "content": [{ "type": "input_text", "text": "Read." }, file] },
        { "role": "assistant", "content": "Well." },
        { "role": "assistant", "content": "No." },
        { "role": "user", "content": "Why?" },
    ]);
    assert_eq!(body["input"], expected);
}

#[tokio::test]
async fn settings_have_their_fields() {
    let schema = json!({ "type": "object", "properties": {}, "additionalProperties": false });
    let call = Call::new("Hi")
        .max_tokens(900)
        .temperature(0.5)
        .top_p(0.9)
        .tool(Tool::new("find", schema.clone()).description("Finds.").strict(true))
        .tool(Tool::new("look", schema.clone()))
        .tool(Tool::native(json!({ "type": "web_search" })))
        .tool_choice(ToolChoice::Named("find".into()))
        .parallel_tools(false)
        .format(OutputFormat::schema("bee", schema.clone()))
        .effort(Effort::High)
        .prompt_cache(PromptCache::new().key("k").ttl(CacheTtl::Long))
        .service_tier("flex")
        .user("u-1")
        .metadata("team", "7")
        .previous("resp_0")
        .store(true);
    let mut body = sent(Mode::Plain, call).await;
    body.as_object_mut().unwrap().remove("input");
    let expected = json!({
        "model": "gpt-x", "max_output_tokens": 900, "temperature": 0.5, "top_p": 0.9,
        "tools": [
            { "type": "function", "name": "find", "description": "Finds.", "parameters": schema, "strict": true },
            { "type": "function", "name": "look", "parameters": schema, "strict": null },
            { "type": "web_search" },
        ],
        "tool_choice": { "type": "function", "name": "find" }, "parallel_tool_calls": false,
        "text": { "format": { "type": "json_schema", "name": "bee", "schema": schema, "strict": true } },
        "reasoning": { "effort": "high" }, "prompt_cache_key": "k", "prompt_cache_retention": "24h",
        "service_tier": "flex", "safety_identifier": "u-1", "metadata": { "team": "7" },
        "previous_response_id": "resp_0", "store": true,
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn words_for_choices_and_forms() {
    let tool = || Tool::native(json!({ "type": "web_search" }));
    for (choice, expected) in [
        (ToolChoice::Auto, json!("auto")),
        (ToolChoice::None, json!("none")),
        (ToolChoice::Required, json!("required")),
        (ToolChoice::Named("web_search".into()), json!({ "type": "web_search" })),
        (ToolChoice::Named("find".into()), json!({ "type": "function", "name": "find" })),
    ] {
        let body = loose(Mode::Plain, Call::new("Hi").tool(tool()).tool_choice(choice)).await;
        assert_eq!(body["tool_choice"], expected);
    }
    let body = sent(Mode::Plain, Call::new("JSON!").format(OutputFormat::Json).thinking(Thinking::Off)).await;
    assert_eq!(body["text"], json!({ "format": { "type": "json_object" } }));
    assert_eq!(body["reasoning"], json!({ "effort": "none" }));
}

#[tokio::test]
async fn thoughts_that_are_not_kept_are_asked_for_sealed() {
    let mut open = Reasoning::new("Hm.");
    open.id = Some(String::from("rs_1"));
    let said = Message::of(steadfast_providers::Role::Assistant, [Part::from(open), Part::from("A bee.")]);
    let call = Call::new("What?").message(said).message(Message::user("And?"));
    let body = sent(Mode::Plain, call.clone().store(false)).await;
    assert_eq!(body["include"], json!(["reasoning.encrypted_content"]));
    // Nobody has that thought any more.
    assert_eq!(body["input"].as_array().unwrap().len(), 3);
    let body = sent(Mode::Plain, call).await;
    assert_eq!((body.get("include"), body["input"].as_array().unwrap().len()), (None, 4));
}

#[tokio::test]
async fn extras_go_as_they_are() {
    let call = Call::new("Hi")
        .effort(Effort::Low)
        .extra("truncation", "auto")
        .extra("reasoning", json!({ "effort": "low", "summary": "auto" }))
        .extra_for("openai", "conversation", "conv_1")
        .extra_for("another", "top_logprobs", 3);
    let body = sent(Mode::Plain, call).await;
    let expected = json!({ "model": "gpt-x", "input": [{ "role": "user", "content": "Hi" }], "truncation": "auto",
                           "reasoning": { "effort": "low", "summary": "auto" }, "conversation": "conv_1" });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn what_the_api_has_not_is_not_sent() {
    let image = Message::of(steadfast_providers::Role::Assistant, [Part::from(Image::url("https://a"))]);
    let nested = ToolResult::new("c", ToolCall::new("c", "f", "{}"));
    for (call, named) in [
        (Call::new("Hi").stop("END"), "stop texts"),
        (Call::new("Hi").seed(7), "seed"),
        (Call::new("Hi").frequency_penalty(0.1), "frequency penalty"),
        (Call::new("Hi").presence_penalty(0.1), "presence penalty"),
        (Call::new("Hi").top_k(7), "top_k"),
        (Call::new("Hi").thinking(Thinking::Budget(7)), "budget"),
        (Call::new("Hi").background(true).store(false), "store(false)"),
        (Call::of([image]), "images"),
        (Call::of([Message::tools([nested])]), "of a tool"),
        (Call::of([Message::of(steadfast_providers::Role::Assistant, [Part::from(Reasoning::new("Hm."))])]), "nothing"),
    ] {
        let (result, server, _) = once(Mode::Plain, Script::new().always(Answer::status(500)), call).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.to_string().contains(named) && error.to_string().contains("nothing was sent"), "{error}");
        assert!(server.seen().is_empty());
    }
}
