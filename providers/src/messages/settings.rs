//! What a call asks for beside its messages, in the API's words, or why it has none for it.

use serde::Serialize;
use serde::ser::Serializer;
use serde_json::{Map, Value};

use super::block::is_marked;
use crate::family::{Ask, Unfit};
use crate::options::Options;
use crate::{Effort, OutputFormat, Thinking, Tool, ToolChoice};

pub(super) struct Settings<'a> {
    pub(super) tools: Vec<WireTool<'a>>,
    pub(super) tool_choice: Option<Choice<'a>>,
    pub(super) thinking: Option<WireThinking>,
    pub(super) output: Option<Output<'a>>,
    pub(super) max_tokens: u32,
    marked_tools: usize,
    marks_itself: bool,
}

impl<'a> Settings<'a> {
    pub(super) fn of(ask: &Ask<'a>) -> Result<Self, Unfit> {
        let options = &*ask.call.options;
        unknown(options)?;
        refused(ask)?;
        let thinking = thinking(options)?;
        let format = format(&options.format)?;
        let effort = options.effort.as_ref().and_then(effort);
        let budget = match thinking {
            Some(WireThinking::Enabled { budget_tokens }) => budget_tokens,
            _ => 0,
        };
        Ok(Self {
            tools: options.tools.iter().map(WireTool::of).collect::<Result<_, _>>()?,
            tool_choice: choice(options)?,
            thinking,
            output: (effort.is_some() || format.is_some()).then_some(Output { effort, format }),
            // Thoughts are part of the answer's tokens: a limit that nobody asked for must leave room for them.
            max_tokens: options.max_tokens.unwrap_or(ask.max_tokens.saturating_add(budget)),
            marked_tools: options.tools.iter().filter(|tool| is_marked_tool(tool)).count(),
            marks_itself: options.prompt_cache.is_some(),
        })
    }

    /// How often the prompt cache is told to keep what is so far, apart from the messages.
    pub(super) fn cache_points(&self) -> usize {
        self.marked_tools + usize::from(self.marks_itself)
    }
}

fn is_marked_tool(tool: &Tool) -> bool {
    match &tool.native {
        Some(native) => is_marked(native),
        None => tool.extra.get("cache_control").is_some_and(|mark| !mark.is_null()),
    }
}

/// What would change the answer, and the API has no word for.
fn unknown(options: &Options) -> Result<(), Unfit> {
    let asked = [
        ("seed", options.seed.is_some()),
        ("frequency penalty", options.frequency_penalty.is_some()),
        ("presence penalty", options.presence_penalty.is_some()),
        ("answer to go on from, as it keeps none", options.previous.is_some()),
        ("work in the background", options.background),
        ("store for answers", options.store == Some(true)),
    ];
    match asked.into_iter().find(|(_, asked)| *asked) {
        Some((what, _)) => Err(Unfit(format!("the Messages API has no {what}"))),
        None => Ok(()),
    }
}

/// What this version of the API answers with 400.
fn refused(ask: &Ask<'_>) -> Result<(), Unfit> {
    let options = &*ask.call.options;
    let asked = [
        ("temperature", options.temperature.is_some()),
        ("top_p", options.top_p.is_some()),
        ("top_k", options.top_k.is_some()),
    ];
    let refused = asked.into_iter().filter(|(_, asked)| *asked);
    match refused.filter_map(|(name, _)| Some((name, ask.vendor.refuses(name)?))).next() {
        Some((name, version)) => Err(Unfit(format!("version {version} of the API takes no {name}"))),
        None => Ok(()),
    }
}

#[derive(Clone, Copy, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum WireThinking {
    Adaptive,
    Enabled { budget_tokens: u32 },
    BetweenTools,
    Disabled,
}

/// The fewest tokens that a budget for thoughts may have.
const LEAST_BUDGET: u32 = 1024;

/// No effort at all is no thinking.
fn thinking(options: &Options) -> Result<Option<WireThinking>, Unfit> {
    Ok(Some(match (options.thinking, &options.effort) {
        (None | Some(Thinking::Off), Some(Effort::None)) | (Some(Thinking::Off), _) => WireThinking::Disabled,
        (Some(_), Some(Effort::None)) => {
            return Err(Unfit(String::from("the model is to think, and with no effort")));
        }
        (Some(Thinking::Budget(tokens)), _) if tokens < LEAST_BUDGET => {
            return Err(Unfit(format!("a budget of {tokens} tokens to think is less than {LEAST_BUDGET}")));
        }
        (Some(Thinking::Budget(budget_tokens)), _) => WireThinking::Enabled { budget_tokens },
        (Some(Thinking::Adaptive), _) => WireThinking::Adaptive,
        (Some(Thinking::BetweenTools), _) => WireThinking::BetweenTools,
        (None, _) => return Ok(None),
    }))
}

/// `low` is the least that there is.
fn effort(effort: &Effort) -> Option<&str> {
    match effort {
        Effort::None => None,
        Effort::Minimal => Some(Effort::Low.as_str()),
        effort => Some(effort.as_str()),
    }
}

#[derive(Serialize)]
pub(super) struct Output<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
}

/// A schema is always kept to exactly: that is more than a loose one asks for.
#[derive(Serialize)]
struct Format<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: &'a Value,
}

fn format(format: &OutputFormat) -> Result<Option<Format<'_>>, Unfit> {
    match format {
        OutputFormat::Text => Ok(None),
        OutputFormat::Schema { schema, .. } if schema.is_object() => Ok(Some(Format { kind: "json_schema", schema })),
        OutputFormat::Schema { name, .. } => Err(Unfit(format!("the schema {name} is no object"))),
        OutputFormat::Json => {
            Err(Unfit(String::from("the Messages API has no JSON without a schema (OutputFormat::schema has one)")))
        }
    }
}

#[derive(Serialize)]
pub(super) struct Choice<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_parallel_tool_use: Option<bool>,
}

/// The API takes no choice where there are no tools.
fn choice(options: &Options) -> Result<Option<Choice<'_>>, Unfit> {
    let one_by_one = (options.parallel_tools == Some(false)).then_some(true);
    let (kind, name) = match &options.tool_choice {
        Some(ToolChoice::Required | ToolChoice::Named(_)) if options.tools.is_empty() => {
            return Err(Unfit(String::from("a tool has to be called, and there is none")));
        }
        _ if options.tools.is_empty() => return Ok(None),
        None if one_by_one.is_none() => return Ok(None),
        None | Some(ToolChoice::Auto) => ("auto", None),
        Some(ToolChoice::Required) => ("any", None),
        Some(ToolChoice::Named(name)) => ("tool", Some(&**name)),
        Some(ToolChoice::None) => {
            return Ok(Some(Choice { kind: "none", name: None, disable_parallel_tool_use: None }));
        }
    };
    Ok(Some(Choice { kind, name, disable_parallel_tool_use: one_by_one }))
}

pub(super) enum WireTool<'a> {
    Native(&'a Value),
    Custom(Custom<'a>),
}

#[derive(Serialize)]
pub(super) struct Custom<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

impl<'a> WireTool<'a> {
    fn of(tool: &'a Tool) -> Result<Self, Unfit> {
        let Tool { name, description, schema, strict, extra, native } = tool;
        if let Some(native) = native {
            return Ok(Self::Native(native));
        }
        if !schema.is_object() {
            return Err(Unfit(format!("the schema of the tool {name} is no object")));
        }
        let description = description.as_deref();
        Ok(Self::Custom(Custom { name, description, input_schema: schema, strict: *strict, extra }))
    }
}

impl Serialize for WireTool<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Native(value) => value.serialize(serializer),
            Self::Custom(tool) => tool.serialize(serializer),
        }
    }
}
