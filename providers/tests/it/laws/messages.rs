//! The laws of requests to Anthropic's Messages.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::json;
use steadfast_providers::{
    CacheTtl, Call, Client, Effort, Image, Message, OutputFormat, Part, PromptCache, Reasoning, Role, Thinking, Tool,
    ToolCall, ToolChoice, ToolResult,
};

use super::requests::Desk;
use crate::schema::assert_valid_messages;

static OLD: LazyLock<Desk> = LazyLock::new(|| Desk::new(|pool| Client::anthropic(pool).api_version("2023-06-01")));
static NEW: LazyLock<Desk> = LazyLock::new(|| Desk::new(|pool| Client::anthropic(pool).api_version("2026-10-21")));

fn part() -> impl Strategy<Value = Part> {
    let text = || "\\PC{0,6}";
    prop_oneof![
        6 => text().prop_map(Part::Text),
        1 => text().prop_map(Part::Refusal),
        1 => Just(Part::from(Image::bytes("image/png", [1]))),
        1 => Just(Part::from(Image::url("https://example.com/a"))),
        2 => ("[a-z]{1,3}", text()).prop_map(|(id, arguments)| ToolCall::new(id, "f", arguments).into()),
        2 => ("[a-z]{1,3}", text()).prop_map(|(id, text)| ToolResult::new(id, text).into()),
        2 => (text(), option::of(text()), option::of(text())).prop_map(|(text, signature, opaque)| {
            let mut thought = Reasoning::new(text);
            (thought.signature, thought.opaque) = (signature, opaque);
            thought.into()
        }),
        1 => Just(Part::CachePoint(CacheTtl::Long)),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let role =
        prop_oneof![4 => Just(Role::User), 3 => Just(Role::Assistant), 1 => Just(Role::Tool), 1 => Just(Role::System)];
    let messages = vec((role, vec(part(), 0..3)).prop_map(|(role, parts)| Message::of(role, parts)), 1..5);
    let settings = (any::<bool>(), 0u8..8, 0u8..6, option::of(0.0f64..1.0), any::<bool>());
    (messages, settings).prop_map(|(messages, (tools, choice, thinking, temperature, cached))| {
        let mut call = Call::of(messages).max_tokens(7).parallel_tools(choice % 2 == 0);
        if tools {
            call = call.tool(Tool::new("f", json!({ "type": "object" })).strict(cached));
        }
        if let Some(choice) = [ToolChoice::Auto, ToolChoice::None, ToolChoice::Required].get(usize::from(choice)) {
            call = call.tool_choice(choice.clone());
        }
        if let Some(thinking) = [Thinking::Adaptive, Thinking::Budget(1024), Thinking::Off].get(usize::from(thinking)) {
            call = call.thinking(*thinking).effort(Effort::Minimal);
        }
        if let Some(temperature) = temperature {
            call = call.temperature(temperature);
        }
        match cached {
            true => {
                call.prompt_cache(PromptCache::new()).format(OutputFormat::schema("s", json!({ "type": "object" })))
            }
            false => call,
        }
    })
}

proptest! {
    /// Whatever roles and parts a conversation has, it is refused before it is sent, or what is sent is what the version of
    /// the API describes.
    #[test]
    fn what_is_sent_is_valid(call in call(), is_new: bool) {
        let version = if is_new { "2026-10-21" } else { "2023-06-01" };
        let requests = if is_new { &NEW } else { &OLD }.written(&call);
        prop_assert!(matches!(requests.len(), 0 | 2));
        for (told, request) in requests {
            prop_assert_eq!(told.as_deref(), Some(version));
            assert_valid_messages(version, &request);
        }
    }
}
