//! What Chat Completions, or the vendor, does not take, and cannot be left out.

use super::Request;
use crate::family::Unfit;
use crate::{Message, OutputFormat, Part, Role, ToolChoice, ToolResult};

impl Request<'_> {
    /// Whether the call can be asked as it is.
    pub(super) fn check(&self) -> Result<(), Unfit> {
        self.fields()?;
        self.tools()?;
        self.ask.call.messages.iter().try_for_each(|message| self.message(message))
    }

    fn fields(&self) -> Result<(), Unfit> {
        let options = &*self.ask.call.options;
        let asked = [
            ("max_completion_tokens", options.max_tokens.is_some()),
            ("temperature", options.temperature.is_some()),
            ("top_p", options.top_p.is_some()),
            ("top_k", options.top_k.is_some()),
            ("frequency_penalty", options.frequency_penalty.is_some()),
            ("presence_penalty", options.presence_penalty.is_some()),
            ("seed", options.seed.is_some()),
            ("stop", !options.stop.is_empty()),
            ("reasoning_effort", options.effort.is_some()),
            ("parallel_tool_calls", options.parallel_tools == Some(false) && !options.tools.is_empty()),
        ];
        let lost = asked
            .into_iter()
            .find(|(name, is_asked)| *is_asked && !self.extras.contains_key(name) && !self.quirks.takes(name));
        if let Some((name, _)) = lost {
            return unfit(format!("there is no {name} here"));
        }
        if options.stop.len() > self.quirks.stops && !self.extras.contains_key("stop") {
            return unfit(format!("there are {} stop texts where {} are taken", options.stop.len(), self.quirks.stops));
        }
        if options.previous.is_some() || options.background {
            let what = if options.background { "answer in the background" } else { "answer to go on from" };
            return unfit(format!("Chat Completions has no {what} (Responses has)"));
        }
        match options.format {
            OutputFormat::Json if !self.quirks.json => unfit("there is no answer in JSON here"),
            OutputFormat::Schema { .. } if !self.quirks.schemas => {
                unfit("there is no answer that fits a schema here (ask for JSON, and tell the schema in words)")
            }
            _ => Ok(()),
        }
    }

    fn tools(&self) -> Result<(), Unfit> {
        let options = &*self.ask.call.options;
        if !options.tools.is_empty() && !self.quirks.tools {
            return unfit("there are no tools here");
        }
        let chosen = match &options.tool_choice {
            Some(ToolChoice::Required) => !options.tools.is_empty(),
            Some(ToolChoice::Named(name)) => options.tools.iter().any(|tool| tool.name == *name),
            _ => true,
        };
        let is_told = ["tools", "tool_choice"].iter().any(|name| self.extras.contains_key(name));
        if chosen || is_told {
            return if options.tool_choice.is_none() || self.quirks.takes("tool_choice") || self.is_free() {
                Ok(())
            } else {
                unfit("there is no tool_choice here")
            };
        }
        unfit("a tool has to be called that the call does not have")
    }

    /// The model may choose as it would anyway.
    fn is_free(&self) -> bool {
        matches!(self.ask.call.options.tool_choice, Some(ToolChoice::Auto))
    }

    fn message(&self, message: &Message) -> Result<(), Unfit> {
        let role = message.role;
        for part in &message.parts {
            match (role, part) {
                (_, Part::CachePoint(_) | Part::Other(_)) => {}
                (Role::System | Role::Developer | Role::User | Role::Assistant, Part::Text(_)) => {}
                (Role::User, Part::Image(_)) if !self.quirks.images => return unfit("images are not read here"),
                (Role::User, Part::Image(_)) => {}
                (Role::Assistant, Part::ToolCall(_) | Part::Reasoning(_) | Part::Refusal(_)) => {}
                (Role::User | Role::Tool, Part::ToolResult(result)) => check_result(result)?,
                (role, part) => {
                    return unfit(format!("a message of the {} holds {}", role.as_str(), kind(part)));
                }
            }
        }
        let is_empty = role == Role::Tool && !message.parts.iter().any(|part| matches!(part, Part::ToolResult(_)));
        if is_empty { unfit("a message of the tool holds no result") } else { Ok(()) }
    }
}

fn check_result(result: &ToolResult) -> Result<(), Unfit> {
    match result.parts.iter().find(|part| !matches!(part, Part::Text(_) | Part::CachePoint(_) | Part::Other(_))) {
        None => Ok(()),
        Some(Part::Image(_)) => {
            unfit("the answer of a tool holds an image (give it in a message of the user after it)")
        }
        Some(part) => unfit(format!("the answer of a tool holds {}", kind(part))),
    }
}

fn kind(part: &Part) -> &'static str {
    match part {
        Part::Text(_) => "a text outside of a result",
        Part::Image(_) => "an image",
        Part::ToolCall(_) => "a call of a tool",
        Part::ToolResult(_) => "the answer of a tool",
        Part::Reasoning(_) => "a thought",
        Part::Refusal(_) => "a refusal",
        Part::CachePoint(_) | Part::Other(_) => "what it cannot hold",
    }
}

fn unfit(what: impl Into<String>) -> Result<(), Unfit> {
    Err(Unfit(what.into()))
}
