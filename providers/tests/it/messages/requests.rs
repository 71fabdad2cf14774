//! What a call becomes.

use serde_json::{Value, json};
use steadfast_providers::{
    Api, CacheTtl, Call, Effort, Image, Message, Other, OutputFormat, Part, PromptCache, Reasoning, Role, Thinking,
    Tool, ToolCall, ToolChoice, ToolResult,
};

use super::{sent, unsent};
use crate::schema::assert_valid_messages;

/// The body that a call becomes has these fields, beside model and limit.
async fn check(call: Call, expected: Value) {
    let mut body = sent(call).await.json().unwrap();
    assert_valid_messages("2023-06-01", &body);
    let fields = body.as_object_mut().unwrap();
    fields.remove("model");
    fields.retain(|name, value| name != "max_tokens" || value != 4096);
    assert_eq!(body, expected, "{body:#}");
}

fn asks(content: impl Into<Value>) -> Value {
    json!([{ "role": "user", "content": content.into() }])
}

fn find() -> Tool {
    Tool::new("find", json!({ "type": "object" }))
}

#[tokio::test]
async fn system_text_comes_from_the_call_and_from_the_first_messages() {
    let system = || Call::of([Message::system("One."), Message::developer("Two."), Message::user("q")]);
    let text = |text: &str| json!({ "type": "text", "text": text });
    check(system(), json!({ "system": [text("One."), text("Two.")], "messages": asks("q") })).await;
    let expected = json!({ "system": [text("Zero."), text("One."), text("Two.")], "messages": asks("q") });
    check(system().system("Zero."), expected).await;
    let late = Call::new("q").message(Message::system("late"));
    assert!(unsent(late).await.contains("message of the system comes after others"));
    assert!(unsent(Call::of([Message::system("alone")])).await.contains("nothing in the conversation"));
}

#[tokio::test]
async fn tools_and_their_results_alternate() {
    let call = ToolCall::new("t-1", "find", r#" {"b": 1, "a": [2]} "#);
    let failed = ToolResult::new("t-2", "gone").part(Image::bytes("image/png", [1, 2, 3])).failed();
    let conversation = Call::new("Where?")
        .message(Message::assistant("Let me see.").part(call.clone()).part(ToolCall::new("t-2", "find", "")))
        .message(Message::tools([call.result("there")]))
        .message(Message::tools([failed]))
        .message(Message::user("So?"))
        .tool(find().description("Finds.").strict(true).extra("defer_loading", true));
    let expected = json!({
        "messages": [
            { "role": "user", "content": "Where?" },
            { "role": "assistant", "content": [
                { "type": "text", "text": "Let me see." },
                { "type": "tool_use", "id": "t-1", "name": "find", "input": { "a": [2], "b": 1 } },
                { "type": "tool_use", "id": "t-2", "name": "find", "input": {} },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "t-1", "content": "there" },
                { "type": "tool_result", "tool_use_id": "t-2", "is_error": true, "content": [
                    { "type": "text", "text": "gone" },
                    { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "AQID" } },
                ] },
                { "type": "text", "text": "So?" },
            ] },
        ],
        "tools": [{ "name": "find", "description": "Finds.", "input_schema": { "type": "object" }, "strict": true,
                    "defer_loading": true }],
    });
    check(conversation, expected).await;
}

#[tokio::test]
async fn arguments_that_are_no_object_are_wrapped() {
    for invalid in [r#"{"city": Paris}"#, "[1]", "null", "{"] {
        let call = ToolCall::new("t-1", "find", invalid);
        let conversation = Call::new("q").message(Message::of(Role::Assistant, [call.clone().into()]));
        let body = sent(conversation.message(Message::tools([call.result("?").failed()]))).await.json().unwrap();
        assert_eq!(body["messages"][1]["content"][0]["input"], json!({ "INVALID_JSON": invalid }));
    }
}

#[tokio::test]
async fn the_choice_of_tools_has_the_words_of_the_api() {
    let one_by_one = |kind: &str| json!({ "type": kind, "disable_parallel_tool_use": true });
    for (choice, parallel, expected) in [
        (None, None, None),
        (None, Some(true), None),
        (None, Some(false), Some(one_by_one("auto"))),
        (Some(ToolChoice::Auto), None, Some(json!({ "type": "auto" }))),
        (Some(ToolChoice::Required), Some(false), Some(one_by_one("any"))),
        (Some(ToolChoice::Named("find".into())), None, Some(json!({ "type": "tool", "name": "find" }))),
        (Some(ToolChoice::None), Some(false), Some(json!({ "type": "none" }))),
    ] {
        let mut call = Call::new("q").tool(find());
        let mut expected_body = json!({ "messages": asks("q"),
                                        "tools": [{ "name": "find", "input_schema": { "type": "object" } }] });
        if let Some(choice) = choice {
            call = call.tool_choice(choice);
        }
        if let Some(parallel) = parallel {
            call = call.parallel_tools(parallel);
        }
        if let Some(expected) = expected {
            expected_body["tool_choice"] = expected;
        }
        check(call, expected_body).await;
    }
    check(Call::new("q").tool_choice(ToolChoice::Auto), json!({ "messages": asks("q") })).await;
    assert!(unsent(Call::new("q").tool_choice(ToolChoice::Required)).await.contains("there is none"));
    assert!(unsent(Call::new("q").tool(Tool::new("f", json!(null)))).await.contains("schema of the tool f"));
}

#[tokio::test]
async fn native_tools_and_parts_of_its_own_go_as_they_are() {
    let search = json!({ "type": "web_search_20250305", "name": "web_search", "max_uses": 3 });
    let document = json!({ "type": "document", "source": { "type": "text", "media_type": "text/plain", "data": "d" } });
    let foreign = Other::new(Api::Responses, json!({ "type": "reasoning" }));
    let asked = Message::user("q").part(Other::new(Api::Messages, document.clone())).part(foreign);
    let expected = json!({ "messages": asks(json!([{ "type": "text", "text": "q" }, document])), "tools": [search] });
    check(Call::of([asked]).tool(Tool::native(search.clone())), expected).await;
}

#[tokio::test]
async fn thoughts_go_back_as_they_came_and_foreign_ones_do_not() {
    let signed = {
        let mut signed = Reasoning::new("hm");
        signed.signature = Some("sig".into());
        signed
    };
    let redacted = {
        let mut redacted = Reasoning::default();
        redacted.opaque = Some("enc".into());
        redacted
    };
    let foreign = {
        let mut foreign = redacted.clone();
        foreign.id = Some("rs_1".into());
        foreign
    };
    let thoughts = [signed.into(), redacted.into(), foreign.into(), Reasoning::new("unsigned").into()];
    let said = Message::of(Role::Assistant, thoughts.into_iter().chain([Part::Text("a".into())]));
    let call = Call::new("q").message(said).message(Message::user("and?")).thinking(Thinking::Budget(2048));
    let expected = json!({
        "thinking": { "type": "enabled", "budget_tokens": 2048 },
        // The client's own limit leaves room for them.
        "max_tokens": 4096 + 2048,
        "messages": [
            { "role": "user", "content": "q" },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "hm", "signature": "sig" },
                { "type": "redacted_thinking", "data": "enc" },
                { "type": "text", "text": "a" },
            ] },
            { "role": "user", "content": "and?" },
        ],
    });
    check(call, expected).await;
}

#[tokio::test]
async fn thinking_and_effort_have_the_words_of_the_api() {
    let low = json!({ "effort": "low" });
    for (thinking, effort, kind, config) in [
        (Some(Thinking::Adaptive), Some(Effort::ExtraHigh), Some("adaptive"), Some(json!({ "effort": "xhigh" }))),
        (Some(Thinking::BetweenTools), None, Some("between_tools"), None),
        (Some(Thinking::Off), Some(Effort::Low), Some("disabled"), Some(low.clone())),
        (None, Some(Effort::None), Some("disabled"), None),
        (None, Some(Effort::Minimal), None, Some(low)),
    ] {
        let mut call = Call::new("q");
        let mut expected = json!({ "messages": asks("q") });
        if let Some(thinking) = thinking {
            call = call.thinking(thinking);
        }
        if let Some(effort) = effort {
            call = call.effort(effort);
        }
        if let Some(kind) = kind {
            expected["thinking"] = json!({ "type": kind });
        }
        if let Some(config) = config {
            expected["output_config"] = config;
        }
        check(call, expected).await;
    }
    let torn = Call::new("q").thinking(Thinking::Adaptive).effort(Effort::None);
    assert!(unsent(torn).await.contains("no effort"));
    assert!(unsent(Call::new("q").thinking(Thinking::Budget(1023))).await.contains("less than 1024"));
}

#[tokio::test]
async fn cache_points_mark_what_is_before_them() {
    let mark = json!({ "type": "ephemeral" });
    let long = json!({ "type": "ephemeral", "ttl": "1h" });
    let thought = {
        let mut thought = Reasoning::new("hm");
        thought.signature = Some("sig".into());
        thought
    };
    let call = Call::of([
        Message::user("").part(Part::CachePoint(CacheTtl::Long)).part("q").part(Part::CachePoint(CacheTtl::Standard)),
        Message::assistant("a").part(thought).part(Part::CachePoint(CacheTtl::Standard)),
        Message::user("r"),
    ])
    .system("s")
    .prompt_cache(PromptCache::new().key("k").ttl(CacheTtl::Long));
    let text = |text: &str, mark: &Value| json!({ "type": "text", "text": text, "cache_control": mark });
    let expected = json!({
        "cache_control": long,
        "system": [text("s", &long)],
        "messages": [
            { "role": "user", "content": [text("q", &mark)] },
            // Thoughts take no mark.
            { "role": "assistant", "content": [
                text("a", &mark), { "type": "thinking", "thinking": "hm", "signature": "sig" },
            ] },
            { "role": "user", "content": "r" },
        ],
    });
    check(call.clone(), expected).await;
    let marked = find().extra("cache_control", json!({ "type": "ephemeral" }));
    assert!(unsent(call.tool(marked)).await.contains("5 points"));
    let nothing = Message::of(Role::User, [Part::CachePoint(CacheTtl::Standard), "q".into()]);
    assert!(unsent(Call::of([nothing])).await.contains("nothing before a cache point"));
}

#[tokio::test]
async fn everything_else_that_the_api_has() {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    let call = Call::new("q")
        .max_tokens(0)
        .temperature(0.25)
        .top_p(0.5)
        .top_k(7)
        .stop("END")
        .user("u-1")
        .service_tier("standard_only")
        .metadata("team", "left out")
        .store(false)
        .format(OutputFormat::loose_schema("numbers", schema.clone()))
        .extra("top_p", 0.75)
        .extra_for("anthropic", "speed", "fast")
        .extra_for("openai", "verbosity", "low");
    let expected = json!({
        "messages": asks("q"), "max_tokens": 0, "temperature": 0.25, "top_p": 0.75, "top_k": 7, "stop_sequences": ["END"],
        "metadata": { "user_id": "u-1" }, "service_tier": "standard_only", "speed": "fast",
        "output_config": { "format": { "type": "json_schema", "schema": schema } },
    });
    check(call, expected).await;
    check(
        Call::of([Message::user("q").part(Image::url("https://example.com/a.png"))]),
        json!({ "messages": asks(json!([
            { "type": "text", "text": "q" },
            { "type": "image", "source": { "type": "url", "url": "https://example.com/a.png" } },
        ])) }),
    )
    .await;
}

#[tokio::test]
async fn betas_travel_in_a_header() {
    let seen = sent(Call::new("q").beta("context-1m-2025-08-07").beta("files-api-2025-04-14")).await;
    assert_eq!(seen.headers.get("anthropic-beta"), Some("context-1m-2025-08-07,files-api-2025-04-14"));
    assert_eq!(sent(Call::new("q")).await.headers.get("anthropic-beta"), None);
    assert!(unsent(Call::new("q").beta("a\nb")).await.contains("beta"));
}

#[tokio::test]
async fn what_the_api_has_no_word_for_is_refused() {
    let q = || Call::new("q");
    for (call, what) in [
        (q().seed(1), "no seed"),
        (q().frequency_penalty(0.1), "no frequency penalty"),
        (q().presence_penalty(0.1), "no presence penalty"),
        (q().previous("resp_1"), "no answer to go on from"),
        (q().background(true), "no work in the background"),
        (q().store(true), "no store"),
        (q().format(OutputFormat::Json), "no JSON without a schema"),
        (q().format(OutputFormat::schema("numbers", json!([]))), "the schema numbers is no object"),
        (q().message(Message::of(Role::Assistant, [Image::url("u").into()])), "image is in a message of the model"),
        (q().message(Message::of(Role::User, [ToolCall::new("1", "f", "").into()])), "call of a tool is in a message"),
        (q().message(Message::of(Role::Assistant, [ToolResult::new("1", "x").into()])), "result of a tool is in"),
        (Call::of([Message::user("q").part(Image::bytes("image/tiff", [1]))]), "neither PNG, JPEG, GIF nor WebP"),
        (Call::of([Message::of(Role::System, [Image::url("u").into()]), Message::user("q")]), "no more than text"),
        (Call::of([Message::user("")]), "nothing in the conversation"),
    ] {
        let text = unsent(call).await;
        assert!(text.contains(what), "{what}: {text}");
    }
}
