//! A conversation as input items: messages, calls of tools, what they answered, and thoughts, each an item of its own.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::family::Unfit;
use crate::{Api, Image, ImageSource, Message, Other, Part, Reasoning, Role, ToolResult};

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Item<'a> {
    Message {
        role: &'static str,
        content: Content<'a>,
    },
    /// What the model wrote, where a text alone cannot tell it.
    Written {
        #[serde(rename = "type")]
        class: &'static str,
        role: &'static str,
        status: &'static str,
        content: Vec<Piece<'a>>,
    },
    Call {
        #[serde(rename = "type")]
        class: &'static str,
        call_id: &'a str,
        name: &'a str,
        arguments: &'a str,
    },
    Output {
        #[serde(rename = "type")]
        class: &'static str,
        call_id: &'a str,
        output: Content<'a>,
    },
    Thought {
        #[serde(rename = "type")]
        class: &'static str,
        id: &'a str,
        summary: Vec<Piece<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<&'a str>,
    },
    Own(&'a Value),
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Content<'a> {
    Text(Cow<'a, str>),
    Pieces(Vec<Piece<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Piece<'a> {
    InputText {
        text: &'a str,
    },
    InputImage {
        image_url: Address<'a>,
        detail: &'a str,
    },
    OutputText {
        text: &'a str,
        annotations: [(); 0],
    },
    SummaryText {
        text: &'a str,
    },
    #[serde(untagged)]
    Own(&'a Value),
}

/// Where an image is, or a data URL (RFC 2397) that is written without being put together first.
pub(super) struct Address<'a>(&'a ImageSource);

impl Serialize for Address<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            ImageSource::Url(url) => serializer.serialize_str(url),
            ImageSource::Base64 { media_type, data } => {
                serializer.collect_str(&format_args!("data:{media_type};base64,{data}"))
            }
        }
    }
}

/// The items of a conversation. `keeps` tells whether the provider keeps what it answers: a thought that it does not
/// keep, and that is not sealed, means nothing to it.
pub(super) fn items(messages: &[Message], keeps: bool) -> Result<Vec<Item<'_>>, Unfit> {
    let mut items = Vec::with_capacity(messages.len());
    for message in messages {
        let mut pieces = Vec::new();
        for part in &message.parts {
            match part {
                Part::Text(text) if message.role == Role::Assistant => {
                    pieces.push(Piece::OutputText { text, annotations: [] });
                }
                Part::Text(text) => pieces.push(Piece::InputText { text }),
                Part::Image(image) if message.role != Role::Assistant => pieces.push(picture(image)),
                Part::Image(_) => {
                    return Err(Unfit(String::from(
                        "Responses takes no images of the assistant: give them as the user's",
                    )));
                }
                // What may be given back without the id that it came with is a text.
                Part::Refusal(text) => {
                    items.extend(spoken(message.role, std::mem::take(&mut pieces)));
                    items.push(Item::Message {
                        role: said_by(message.role),
                        content: Content::Text(Cow::Borrowed(text)),
                    });
                }
                Part::Other(other) if other.api == Api::Responses && is_piece(other) => {
                    pieces.push(Piece::Own(&other.value));
                }
                Part::Other(_) | Part::ToolCall(_) | Part::ToolResult(_) | Part::Reasoning(_) => {
                    if let Some(item) = item(part, keeps)? {
                        items.extend(spoken(message.role, std::mem::take(&mut pieces)));
                        items.push(item);
                    }
                }
                Part::CachePoint(_) => {}
            }
        }
        items.extend(spoken(message.role, pieces));
    }
    if items.is_empty() {
        return Err(Unfit(String::from("the conversation holds nothing that Responses takes")));
    }
    Ok(items)
}

/// A part that is an item of its own; `None` when it means nothing to this API.
fn item(part: &Part, keeps: bool) -> Result<Option<Item<'_>>, Unfit> {
    Ok(match part {
        Part::ToolCall(call) => {
            Some(Item::Call { class: "function_call", call_id: &call.id, name: &call.name, arguments: &call.arguments })
        }
        Part::ToolResult(result) => {
            let output = answered(result)?;
            Some(Item::Output { class: "function_call_output", call_id: &result.call_id, output })
        }
        Part::Reasoning(reasoning) => thought(reasoning, keeps),
        Part::Other(Other { api: Api::Responses, value }) => Some(Item::Own(value)),
        _ => None,
    })
}

/// Thoughts of other providers have no id.
fn thought(reasoning: &Reasoning, keeps: bool) -> Option<Item<'_>> {
    let id = reasoning.id.as_deref()?;
    if !keeps && reasoning.opaque.is_none() {
        return None;
    }
    let summary = Some(Piece::SummaryText { text: &reasoning.text }).filter(|_| !reasoning.text.is_empty());
    Some(Item::Thought {
        class: "reasoning",
        id,
        summary: summary.into_iter().collect(),
        encrypted_content: reasoning.opaque.as_deref(),
    })
}

fn answered(result: &ToolResult) -> Result<Content<'_>, Unfit> {
    let mut pieces = Vec::with_capacity(result.parts.len());
    for part in &result.parts {
        match part {
            Part::Text(text) => pieces.push(Piece::InputText { text }),
            Part::Image(image) => pieces.push(picture(image)),
            Part::Other(Other { api: Api::Responses, value }) => pieces.push(Piece::Own(value)),
            Part::Other(_) | Part::CachePoint(_) => {}
            _ => return Err(Unfit(String::from("Responses takes texts and images of a tool, and nothing else"))),
        }
    }
    Ok(match &*pieces {
        [] => Content::Text(Cow::Borrowed("")),
        [Piece::InputText { text }] => Content::Text(Cow::Borrowed(text)),
        _ => Content::Pieces(pieces),
    })
}

fn picture(image: &Image) -> Piece<'_> {
    Piece::InputImage { image_url: Address(&image.source), detail: image.detail.as_deref().unwrap_or("auto") }
}

/// What has no item of its own becomes a message.
fn spoken(role: Role, pieces: Vec<Piece<'_>>) -> Option<Item<'_>> {
    let role = said_by(role);
    if pieces.is_empty() {
        return None;
    }
    let text = |piece: &Piece<'_>| matches!(piece, Piece::OutputText { .. });
    if let [Piece::InputText { text }] = &*pieces {
        return Some(Item::Message { role, content: Content::Text(Cow::Borrowed(text)) });
    }
    if role != Role::Assistant.as_str() {
        return Some(Item::Message { role, content: Content::Pieces(pieces) });
    }
    if !pieces.iter().all(text) {
        return Some(Item::Written { class: "message", role, status: "completed", content: pieces });
    }
    let mut texts = pieces.iter().filter_map(|piece| match piece {
        Piece::OutputText { text, .. } => Some(*text),
        _ => None,
    });
    let first = texts.next().unwrap_or_default();
    let rest: String = texts.collect();
    let whole = if rest.is_empty() { Cow::Borrowed(first) } else { Cow::Owned(format!("{first}{rest}")) };
    Some(Item::Message { role, content: Content::Text(whole) })
}

/// There are no messages of tools.
fn said_by(role: Role) -> &'static str {
    match role {
        Role::Tool => Role::User.as_str(),
        role => role.as_str(),
    }
}

/// Whether it belongs into a message. All else is an item.
fn is_piece(other: &Other) -> bool {
    other.kind().is_some_and(|kind| kind.starts_with("input_") || matches!(kind, "output_text" | "refusal"))
}
