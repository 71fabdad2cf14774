//! A conversation as the API wants it: the system's words apart, then user and model in turn.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::block::{Block, Content, Contents, Input};
use crate::family::Unfit;
use crate::{Api, CacheTtl, Call, Image, ImageSource, Part, Reasoning, Role, ToolResult};

/// System text and messages, whose roles alternate.
pub(super) struct Conversation<'a> {
    pub(super) system: Vec<Block<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
}

/// What one side says until it is the other's turn.
pub(super) struct Turn<'a> {
    role: &'static str,
    blocks: Vec<Block<'a>>,
}

impl<'a> Conversation<'a> {
    /// Leaves out what means nothing to the API: empty texts, parts in the words of other APIs, and thoughts that are not
    /// signed by it.
    pub(super) fn of(call: &'a Call) -> Result<Self, Unfit> {
        let mut this = Self { system: Vec::new(), turns: Vec::new() };
        this.system.extend(text(call.system.as_deref().unwrap_or_default()));
        for message in call.messages.iter() {
            match message.role {
                Role::System | Role::Developer if this.turns.is_empty() => {
                    message.parts.iter().try_for_each(|part| this.told(part))?;
                }
                Role::System | Role::Developer => {
                    let what = "a message of the system comes after others, the API takes it before them alone";
                    return Err(Unfit(String::from(what)));
                }
                Role::User | Role::Tool => message.parts.iter().try_for_each(|part| this.asked(part))?,
                Role::Assistant => message.parts.iter().try_for_each(|part| this.answered(part))?,
            }
        }
        match this.turns.is_empty() {
            true => Err(Unfit(String::from("there is nothing in the conversation"))),
            false => Ok(this),
        }
    }

    pub(super) fn cache_points(&self) -> usize {
        let turns = self.turns.iter().flat_map(|turn| &turn.blocks);
        self.system.iter().chain(turns).map(Block::cache_points).sum()
    }

    fn told(&mut self, part: &'a Part) -> Result<(), Unfit> {
        match part {
            Part::Text(said) | Part::Refusal(said) => self.system.extend(text(said)),
            Part::CachePoint(ttl) => self.mark(*ttl)?,
            Part::Other(other) if other.api == Api::Messages => {
                self.system.push(Block::new(Content::Other(&other.value)));
            }
            Part::Other(_) | Part::Reasoning(_) => {}
            Part::Image(_) | Part::ToolCall(_) | Part::ToolResult(_) => {
                return Err(Unfit(String::from("the API takes no more than text from the system")));
            }
        }
        Ok(())
    }

    fn asked(&mut self, part: &'a Part) -> Result<(), Unfit> {
        let block = match part {
            Part::Text(said) | Part::Refusal(said) => text(said),
            Part::Image(picture) => Some(image(picture)?),
            Part::ToolResult(result) => Some(tool_result(result)?),
            Part::CachePoint(ttl) => return self.mark(*ttl),
            Part::Other(other) => (other.api == Api::Messages).then(|| Block::new(Content::Other(&other.value))),
            Part::Reasoning(_) => None,
            Part::ToolCall(_) => return Err(Unfit(String::from("a call of a tool is in a message of the user"))),
        };
        self.say("user", block);
        Ok(())
    }

    fn answered(&mut self, part: &'a Part) -> Result<(), Unfit> {
        let block = match part {
            Part::Text(said) | Part::Refusal(said) => text(said),
            Part::ToolCall(call) => {
                let input = Input::of(&call.arguments);
                Some(Block::new(Content::ToolUse { id: &call.id, name: &call.name, input }))
            }
            Part::Reasoning(thought) => reasoning(thought),
            Part::CachePoint(ttl) => return self.mark(*ttl),
            Part::Other(other) => (other.api == Api::Messages).then(|| Block::new(Content::Other(&other.value))),
            Part::Image(_) => return Err(Unfit(String::from("an image is in a message of the model"))),
            Part::ToolResult(_) => {
                return Err(Unfit(String::from("the result of a tool is in a message of the model")));
            }
        };
        self.say("assistant", block);
        Ok(())
    }

    fn say(&mut self, role: &'static str, block: Option<Block<'a>>) {
        let Some(block) = block else { return };
        match self.turns.last_mut().filter(|turn| turn.role == role) {
            Some(turn) => turn.blocks.push(block),
            None => self.turns.push(Turn { role, blocks: vec![block] }),
        }
    }

    /// Marks the last block that takes a mark: thoughts take none.
    fn mark(&mut self, ttl: CacheTtl) -> Result<(), Unfit> {
        let turns = self.turns.iter_mut().flat_map(|turn| &mut turn.blocks);
        mark(self.system.iter_mut().chain(turns), ttl)
    }
}

fn mark<'a, 'b: 'a>(blocks: impl Iterator<Item = &'a mut Block<'b>>, ttl: CacheTtl) -> Result<(), Unfit> {
    match blocks.filter(|block| block.takes_mark()).last() {
        Some(block) => block.cache = Some(ttl),
        None => return Err(Unfit(String::from("there is nothing before a cache point"))),
    }
    Ok(())
}

/// The API refuses texts that are empty.
fn text(text: &str) -> Option<Block<'_>> {
    (!text.is_empty()).then(|| Block::new(Content::Text(text)))
}

fn image(image: &Image) -> Result<Block<'_>, Unfit> {
    if let ImageSource::Base64 { media_type, .. } = &image.source {
        if !matches!(&**media_type, "image/png" | "image/jpeg" | "image/gif" | "image/webp") {
            return Err(Unfit(String::from("an image is neither PNG, JPEG, GIF nor WebP")));
        }
    }
    Ok(Block::new(Content::Image(&image.source)))
}

/// What other APIs thought has a name, and no signature of this one.
fn reasoning(thought: &Reasoning) -> Option<Block<'_>> {
    let content = match thought {
        Reasoning { text, signature: Some(signature), .. } => Content::Thinking { text, signature },
        Reasoning { id: None, opaque: Some(data), .. } => Content::Redacted(data),
        _ => return None,
    };
    Some(Block::new(content))
}

fn tool_result(result: &ToolResult) -> Result<Block<'_>, Unfit> {
    let mut contents = Vec::new();
    for part in &result.parts {
        match part {
            Part::Text(said) | Part::Refusal(said) => contents.extend(text(said)),
            Part::Image(picture) => contents.push(image(picture)?),
            Part::Other(other) if other.api == Api::Messages => {
                contents.push(Block::new(Content::Other(&other.value)));
            }
            Part::CachePoint(ttl) => mark(contents.iter_mut(), *ttl)?,
            Part::Other(_) | Part::Reasoning(_) => {}
            Part::ToolCall(_) | Part::ToolResult(_) => {
                return Err(Unfit(String::from("the result of a tool holds a call of a tool, or another result")));
            }
        }
    }
    Ok(Block::new(Content::ToolResult { id: &result.call_id, contents, is_error: result.is_error }))
}

impl Serialize for Turn<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut turn = serializer.serialize_struct("Turn", 2)?;
        turn.serialize_field("role", self.role)?;
        turn.serialize_field("content", &Contents(&self.blocks))?;
        turn.end()
    }
}
