//! Calls that are refused before anything is sent, because the answer would not be the one that was asked for.

use serde_json::{Value, json};
use steadfast_providers::{
    Call, ErrorKind, Image, Message, OutputFormat, Part, Quirks, Role, Tool, ToolCall, ToolChoice, ToolResult, Vendor,
};

use super::{sent_to, unsent};
use crate::rig::Mode;

#[tokio::test]
async fn what_the_api_does_not_have_is_refused() {
    let call = || Call::new("a");
    let image = || Image::url("https://example.com/a.png");
    let seen = ToolResult::new("c", "see").part(image());
    for (call, why) in [
        (call().top_k(4), "there is no top_k here"),
        (["a", "b", "c", "d", "e"].into_iter().fold(call(), Call::stop), "there are 5 stop texts where 4 are taken"),
        (call().previous("r"), "Chat Completions has no answer to go on from (Responses has)"),
        (call().background(true), "Chat Completions has no answer in the background (Responses has)"),
        (call().tool_choice(ToolChoice::Required), "a tool has to be called that the call does not have"),
        (
            call().tool(Tool::new("f", Value::Null)).tool_choice(ToolChoice::Named("g".into())),
            "a tool has to be called that the call does not have",
        ),
        (call().message(Message::system("s").part(image())), "a message of the system holds an image"),
        (call().message(Message::assistant("s").part(image())), "a message of the assistant holds an image"),
        (
            call().message(Message::user("s").part(ToolCall::new("c", "f", ""))),
            "a message of the user holds a call of a tool",
        ),
        (call().message(Message::user("s").part(Part::Refusal("".into()))), "a message of the user holds a refusal"),
        (call().message(Message::new(Role::Tool, "s")), "a message of the tool holds a text outside of a result"),
        (call().message(Message::tools([])), "a message of the tool holds no result"),
        (
            call().message(Message::tools([seen])),
            "the answer of a tool holds an image (give it in a message of the user after it)",
        ),
    ] {
        assert_eq!(unsent(call).await, format!("openai: {why}, nothing was sent: change the request"));
    }
}

#[tokio::test]
async fn what_a_vendor_does_not_have_is_refused() {
    let mut vendor = Vendor::openai();
    vendor.quirks = Quirks::new().without("seed").without("tool_choice").without("parallel_tool_calls");
    (vendor.quirks.json, vendor.quirks.schemas, vendor.quirks.images, vendor.quirks.stops) = (false, false, false, 1);
    let call = || Call::new("a").tool(Tool::new("f", json!({ "type": "object" })));
    for (call, why) in [
        (call().seed(1), "there is no seed here"),
        (call().tool_choice(ToolChoice::Required), "there is no tool_choice here"),
        (call().parallel_tools(false), "there is no parallel_tool_calls here"),
        (call().stop("a").stop("b"), "there are 2 stop texts where 1 are taken"),
        (call().format(OutputFormat::Json), "there is no answer in JSON here"),
        (
            call().format(OutputFormat::schema("f", json!({}))),
            "there is no answer that fits a schema here (ask for JSON, and tell the schema in words)",
        ),
        (call().message(Message::user("").part(Image::url("https://x"))), "images are not read here"),
    ] {
        let error = sent_to(vendor.clone(), Mode::Plain, call).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.to_string(), format!("openai: {why}, nothing was sent: change the request"));
    }
    let idle = call().tool_choice(ToolChoice::Auto).parallel_tools(true);
    let request = sent_to(vendor.clone(), Mode::Plain, idle).await.unwrap();
    assert_eq!((request.get("tool_choice"), request.get("parallel_tool_calls")), (None, None));
    vendor.quirks.tools = false;
    let error = sent_to(vendor, Mode::Plain, call()).await.unwrap_err();
    assert!(error.to_string().contains("there are no tools here"), "{error}");
}
