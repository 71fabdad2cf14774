//! Messages of parts, and how they go back.

use serde_json::json;
use steadfast_providers::{
    Api, CacheTtl, Call, Image, Message, Other, Part, Provider, Reasoning, Role, Tool, ToolCall, ToolResult, Vendor,
};
use steadfast_testkit::LlmSim;

use super::{answered, sent, sent_to};
use crate::rig::{Mode, VENDORS, ask, rig};

#[tokio::test]
async fn every_role_is_written() {
    let call = ToolCall::new("c-1", "find", "{\"x\":1}");
    let messages = [
        Message::system("s"),
        Message::developer("d"),
        Message::user("u"),
        Message::assistant("a").part(call.clone()).part(ToolCall::new("c-2", "find", "")),
        Message::tools([call.result("one"), ToolResult::new("c-2", "two").part(" and more").failed()]),
        Message::of(Role::Assistant, [Part::Refusal("no".into())]),
        Message::of(Role::User, [ToolResult::new("c-3", "late").into(), Part::from("and?")]),
        Message::of(Role::User, []),
    ];
    let function = |id: &str, arguments: &str| json!({ "id": id, "type": "function", "function": { "name": "find", "arguments": arguments } });
    let expected = json!([
        { "role": "system", "content": "first" },
        { "role": "system", "content": "s" },
        { "role": "developer", "content": "d" },
        { "role": "user", "content": "u" },
        { "role": "assistant", "content": "a", "tool_calls": [function("c-1", "{\"x\":1}"), function("c-2", "")] },
        { "role": "tool", "tool_call_id": "c-1", "content": "one" },
        { "role": "tool", "tool_call_id": "c-2", "content": "two and more" },
        { "role": "assistant", "content": null, "refusal": "no" },
        { "role": "tool", "tool_call_id": "c-3", "content": "late" },
        { "role": "user", "content": "and?" },
        { "role": "user", "content": "" },
    ]);
    assert_eq!(sent(Call::of(messages).system("first")).await["messages"], expected);
}

#[tokio::test]
async fn images_are_addresses() {
    let asked = Message::user("Which?")
        .part(Image::url("https://example.com/a.png?sig=1").detail("low"))
        .part(Image::bytes("image/png", [0x89, b'P']));
    let expected = json!([
        { "type": "text", "text": "Which?" },
        { "type": "image_url", "image_url": { "url": "https://example.com/a.png?sig=1", "detail": "low" } },
        { "type": "image_url", "image_url": { "url": "data:image/png;base64,iVA=" } },
    ]);
    assert_eq!(sent(Call::of([asked])).await["messages"][0]["content"], expected);
}

#[tokio::test]
async fn what_belongs_to_others_is_left_out() {
    let audio = json!({ "type": "input_audio", "input_audio": { "data": "AA==", "format": "wav" } });
    let mut signed = Reasoning::new("hm");
    signed.signature = Some("s".into());
    let messages = [
        Message::user("a")
            .part(Part::CachePoint(CacheTtl::Long))
            .part(Other::new(Api::Messages, json!({ "type": "x" }))),
        Message::of(Role::Assistant, [signed.into(), Reasoning::new("hm").into(), Part::from("b"), Part::from("c")]),
        Message::user("d").part(Other::new(Api::ChatCompletions, audio.clone())),
    ];
    let expected = json!([
        { "role": "user", "content": "a" },
        { "role": "assistant", "content": "bc" },
        { "role": "user", "content": [{ "type": "text", "text": "d" }, audio] },
    ]);
    assert_eq!(sent(Call::of(messages)).await["messages"], expected);
}

#[tokio::test]
async fn thoughts_go_back_to_those_who_want_them() {
    let call = ToolCall::new("c-1", "f", "{}");
    let thought = Message::of(Role::Assistant, [Reasoning::new("hm").into(), call.clone().into()]);
    let call = Call::of([Message::user("a"), thought, Message::tools([call.result("1")])]);
    let deepseek = sent_to(Vendor::named("deepseek").unwrap(), Mode::Plain, call.clone()).await.unwrap();
    assert_eq!(deepseek["messages"][1]["reasoning_content"], "hm");
    assert_eq!(sent(call).await["messages"][1].get("reasoning_content"), None);
}

/// What the model answers is the next message, and says the same there.
#[tokio::test]
async fn an_answer_goes_back_as_it_came() {
    let message = json!({
        "role": "assistant", "content": "Let me see.",
        "tool_calls": [
            { "id": "c-1", "type": "function", "function": { "name": "f", "arguments": "{\"x\": \"ä" } },
            { "id": "c-2", "type": "custom", "custom": { "name": "sh", "input": "ls" } },
        ],
    });
    let reply = answered(json!({ "choices": [{ "message": message, "finish_reason": "tool_calls" }] })).await;
    assert!(reply.tool_calls().next().unwrap().input().unwrap_err().is_cut);
    let request = sent(Call::new("Where am I?").message(reply.message)).await;
    assert_eq!(request["messages"][1], message);
}

/// The loop of tools, with everything real but the model.
#[tokio::test]
async fn tools_are_called_and_answered() {
    let sim = LlmSim::builder().tool_call("add", r#"{"a":1,"b":2}"#).answer("It is 3.").start().await.unwrap();
    let rig = rig();
    let client = VENDORS[0].client(&rig.pool, sim.anthropic_url());
    let schema = json!({ "type": "object", "properties": { "a": { "type": "number" }, "b": { "type": "number" } } });
    for mode in [Mode::Plain, Mode::Stream] {
        let mut call = Call::new("1 + 2?").tool(Tool::new("add", schema.clone()).description("Adds."));
        let asked = ask(&*client, mode, call.clone()).await.unwrap();
        assert_eq!(asked.finish, steadfast_providers::Finish::ToolUse);
        let results: Vec<ToolResult> = asked
            .tool_calls()
            .map(|call| {
                let numbers = call.input().unwrap();
                call.result((numbers["a"].as_i64().unwrap() + numbers["b"].as_i64().unwrap()).to_string())
            })
            .collect();
        assert_eq!(results.len(), 1);
        call = call.message(asked.message).message(Message::tools(results));
        assert_eq!(ask(&*client, mode, call).await.unwrap().text(), "It is 3.", "{mode:?}");
    }
    assert!(client.model() == "gpt-x");
}
