//! The types that a program would write for itself that reads these answers; texts are borrowed where JSON lets them be.

use std::borrow::Cow;

use serde::Deserialize;

/// An answer of Chat Completions, or a chunk of one.
#[derive(Deserialize)]
pub(super) struct Chat<'a> {
    #[serde(borrow)]
    pub(super) choices: Vec<Choice<'a>>,
    #[serde(default)]
    pub(super) usage: Option<ChatUsage>,
}

#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(borrow, alias = "delta")]
    pub(super) message: Spoken<'a>,
    #[serde(borrow, default)]
    pub(super) finish_reason: Option<&'a str>,
}

#[derive(Deserialize)]
pub(super) struct Spoken<'a> {
    #[serde(borrow, default)]
    pub(super) content: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct ChatUsage {
    pub(super) completion_tokens: u64,
}

/// An answer of Messages.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) content: Vec<Block<'a>>,
    pub(super) usage: MessageUsage,
}

#[derive(Deserialize)]
pub(super) struct Block<'a> {
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
}

/// An event of Messages.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(rename = "type")]
    pub(super) class: &'a str,
    #[serde(borrow, default)]
    pub(super) delta: Option<Delta<'a>>,
    #[serde(default)]
    pub(super) usage: Option<MessageUsage>,
}

#[derive(Deserialize)]
pub(super) struct Delta<'a> {
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) stop_reason: Option<&'a str>,
}

#[derive(Clone, Copy, Deserialize)]
pub(super) struct MessageUsage {
    pub(super) output_tokens: u64,
}

/// Of its own, because serde borrows no `Cow` within an `Option`.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);
