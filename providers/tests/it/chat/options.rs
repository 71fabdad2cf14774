//! Everything that a call may ask for, and what becomes of it at vendors that differ.

use serde_json::{Value, json};
use steadfast_providers::{
    CacheTtl, Call, Effort, Message, OutputFormat, PromptCache, Quirks, Thinking, Tool, ToolChoice, Vendor,
};

use super::{sent, sent_to};
use crate::rig::Mode;
use crate::schema::assert_valid_chat;

fn everything() -> Call {
    let schema = json!({ "type": "object", "properties": {}, "additionalProperties": false, "required": [] });
    Call::new("a")
        .max_tokens(9)
        .temperature(0.5)
        .top_p(0.5)
        .frequency_penalty(0.25)
        .presence_penalty(-0.25)
        .seed(-7)
        .stop("x")
        .stop("y")
        .tool(Tool::new("f", schema.clone()).description("d").strict(true))
        .tool(Tool::native(json!({ "type": "custom", "custom": { "name": "sh" } })))
        .tool_choice(ToolChoice::Named("f".into()))
        .parallel_tools(false)
        .format(OutputFormat::schema("form", schema))
        .effort(Effort::ExtraHigh)
        .prompt_cache(PromptCache::new().key("k").ttl(CacheTtl::Long))
        .service_tier("flex")
        .user("u")
        .metadata("m", "n")
        .store(true)
}

#[tokio::test]
async fn everything_is_asked_for() {
    let schema = json!({ "type": "object", "properties": {}, "additionalProperties": false, "required": [] });
    let mut expected = json!({
        "model": "gpt-x", "messages": [{ "role": "user", "content": "a" }], "max_completion_tokens": 9,
        "temperature": 0.5, "top_p": 0.5, "frequency_penalty": 0.25, "presence_penalty": -0.25, "seed": -7,
        "stop": ["x", "y"],
        "tools": [
            { "type": "function", "function": { "name": "f", "description": "d", "parameters": schema, "strict": true } },
            { "type": "custom", "custom": { "name": "sh" } },
        ],
        "tool_choice": { "type": "function", "function": { "name": "f" } }, "parallel_tool_calls": false,
        "response_format": { "type": "json_schema", "json_schema": { "name": "form", "schema": schema, "strict": true } },
        "reasoning_effort": "xhigh", "prompt_cache_key": "k", "prompt_cache_retention": "24h", "service_tier": "flex",
        "safety_identifier": "u", "metadata": { "m": "n" }, "store": true,
    });
    assert_eq!(sent(everything()).await, expected);
    expected["stream"] = json!(true);
    expected["stream_options"] = json!({ "include_usage": true });
    let streamed = sent_to(Vendor::openai(), Mode::Stream, everything()).await.unwrap();
    assert_valid_chat(&streamed);
    assert_eq!(streamed, expected);
}

#[tokio::test]
async fn nothing_is_asked_for_that_is_not_wanted() {
    let least = json!({ "model": "gpt-x", "messages": [{ "role": "user", "content": "a" }] });
    let call = || Call::new("a");
    for idle in [
        call(),
        call().tool_choice(ToolChoice::None),
        call().parallel_tools(false),
        call().format(OutputFormat::Text),
        call().thinking(Thinking::Off).beta("b"),
        call().prompt_cache(PromptCache::new()),
    ] {
        assert_eq!(sent(idle).await, least);
    }
}

#[tokio::test]
async fn forms_and_choices_have_their_words() {
    let tool = || {
        Call::new("a")
            .tool(Tool::new("f", Value::Null))
            .tool(Tool::native(json!({ "type": "custom", "custom": { "name": "sh" } })))
    };
    for (choice, word) in [(ToolChoice::Auto, "auto"), (ToolChoice::None, "none"), (ToolChoice::Required, "required")] {
        assert_eq!(sent(tool().tool_choice(choice)).await["tool_choice"], word);
    }
    assert_eq!(sent(tool()).await["tools"][0], json!({ "type": "function", "function": { "name": "f" } }));
    assert_eq!(
        sent(Call::new("a").format(OutputFormat::Json)).await["response_format"],
        json!({ "type": "json_object" })
    );
    let loose = sent(Call::new("a").format(OutputFormat::loose_schema("form", json!({ "type": "object" })))).await;
    assert_eq!(loose["response_format"]["json_schema"]["strict"], false);
}

#[tokio::test]
async fn fields_of_your_own_replace_ours() {
    let call = Call::new("a").temperature(0.5).extra("temperature", 1).extra("verbosity", "low");
    let call = call.extra_for("openai", "verbosity", "high").extra_for("mistral", "safe_prompt", true);
    let request = sent(call.extra("stop", json!(["a"])).stop("b")).await;
    assert_eq!((&request["temperature"], &request["verbosity"]), (&json!(1), &json!("high")));
    assert_eq!((&request["stop"], request.get("safe_prompt")), (&json!(["a"]), None));
}

#[tokio::test]
async fn vendors_have_their_own_names_for_fields() {
    let vendor = |quirks: Quirks| {
        let mut vendor = Vendor::openai();
        vendor.quirks = quirks;
        vendor
    };
    let quirks = Quirks::new()
        .field("max_completion_tokens", "max_tokens")
        .field("seed", "random_seed")
        .field("safety_identifier", "user")
        .field("top_k", "top_k");
    let quirks = ["store", "metadata", "prompt_cache_key", "prompt_cache_retention", "service_tier", "stream_options"]
        .into_iter()
        .fold(quirks, Quirks::without);
    let mut vendor = vendor(quirks);
    vendor.quirks.strict = false;
    vendor.quirks.developer = false;
    let request = sent_to(vendor, Mode::Stream, everything().top_k(4).message(Message::developer("d"))).await.unwrap();
    assert_eq!(
        (&request["max_tokens"], &request["random_seed"], &request["user"]),
        (&json!(9), &json!(-7), &json!("u"))
    );
    assert_eq!((&request["top_k"], &request["messages"][1]["role"]), (&json!(4), &json!("system")));
    for gone in [
        "max_completion_tokens",
        "seed",
        "safety_identifier",
        "store",
        "metadata",
        "prompt_cache_key",
        "prompt_cache_retention",
        "service_tier",
        "stream_options",
    ] {
        assert_eq!(request.get(gone), None, "{gone}");
    }
    assert_eq!(request["tools"][0]["function"].get("strict"), None);
}
