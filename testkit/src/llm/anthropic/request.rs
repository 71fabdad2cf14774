//! What a request for a message must have.

use serde_json::Value;

use crate::Headers;

use super::super::problem::Problem;
use super::super::said::{Asked, Choice};
use super::super::text::{count, tokens};
use super::conversation;
use super::fields::{field, flag, number, required, word, wrong};

/// The version of the API that a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    V2023,
    /// Takes no sampling parameters.
    V2026,
}

impl Version {
    pub(super) fn read(headers: &Headers) -> Result<Self, Problem> {
        match headers.get("anthropic-version").filter(|version| !version.is_empty()) {
            Some("2023-01-01" | "2023-06-01") => Ok(Self::V2023),
            Some("2026-10-21") => Ok(Self::V2026),
            Some(other) => Err(wrong("anthropic-version", &format!("\"{other}\" is not a valid version"))),
            None => Err(wrong("anthropic-version", "header is required")),
        }
    }
}

/// What of a request the answer depends on.
pub(super) struct Request<'a> {
    pub(super) model: &'a str,
    pub(super) asked: Asked,
    pub(super) stream: bool,
}

impl<'a> Request<'a> {
    pub(super) fn read(raw: &'a Value, version: Version) -> Result<Self, Problem> {
        required(raw, "model", "")?;
        let max_tokens = required(raw, "max_tokens", "")?.as_u64();
        let max_tokens = max_tokens.ok_or_else(|| wrong("max_tokens", "Input should be a non-negative integer"))?;
        let (model, input_tokens) = measure(raw)?;
        check_sampling(raw, version)?;
        let stream = flag(raw, "stream")?;
        let stops = match field(raw, "stop_sequences") {
            None => Some(Vec::new()),
            Some(Value::Array(stops)) => stops.iter().map(|stop| stop.as_str().map(str::to_owned)).collect(),
            Some(_) => None,
        };
        let stops = stops.ok_or_else(|| wrong("stop_sequences", "Input should be a valid array of strings"))?;
        let reasons = thinks(raw, max_tokens)?;
        let tools = tools(raw)?;
        let (choice, one_call) = choice(raw, &tools)?;
        if reasons && matches!(choice, Choice::Required | Choice::Named(_)) {
            return Err(Problem::invalid("Thinking may not be enabled when tool_choice forces tool use."));
        }
        let asked = Asked {
            tools,
            choice,
            one_call,
            has_result: conversation::has_result(raw),
            structured: is_structured(raw)?,
            reasons,
            max_tokens: Some(max_tokens),
            stops,
            input_tokens,
        };
        Ok(Self { model, asked, stream })
    }
}

/// The model, and how many tokens there are to read: all that a request for a count of tokens needs.
pub(super) fn measure(raw: &Value) -> Result<(&str, u64), Problem> {
    let model = required(raw, "model", "")?.as_str().filter(|model| !model.is_empty());
    let model = model.ok_or_else(|| wrong("model", "Input should be a valid string"))?;
    let said = conversation::read(raw)?;
    let system = raw.get("system").unwrap_or(&Value::Null);
    if !(system.is_null() || system.is_string() || system.is_array()) {
        return Err(wrong("system", "Input should be a string or content blocks"));
    }
    let offered = field(raw, "tools").map_or(0, |tools| tokens(&tools.to_string()).count() as u64);
    Ok((model, count(system) + said + offered))
}

fn check_sampling(raw: &Value, version: Version) -> Result<(), Problem> {
    for name in ["temperature", "top_p", "top_k"] {
        if version >= Version::V2026 && field(raw, name).is_some() {
            return Err(wrong(name, "Extra inputs are not permitted"));
        }
    }
    number(raw, "temperature", 0.0, 1.0)?;
    number(raw, "top_p", 0.0, 1.0)?;
    match field(raw, "top_k") {
        Some(value) if value.as_u64().is_none() => Err(wrong("top_k", "Input should be a non-negative integer")),
        _ => Ok(()),
    }
}

/// Whether thinking is to be told.
fn thinks(raw: &Value, max_tokens: u64) -> Result<bool, Problem> {
    let Some(thinking) = field(raw, "thinking") else { return Ok(false) };
    let kind = word(thinking, "type", "thinking.", &["enabled", "adaptive", "disabled", "between_tools"])?;
    if kind == "enabled" {
        let budget = required(thinking, "budget_tokens", "thinking.enabled.")?.as_u64().unwrap_or(0);
        if budget < 1024 {
            return Err(wrong("thinking.enabled.budget_tokens", "Input should be greater than or equal to 1024"));
        }
        if budget >= max_tokens {
            return Err(Problem::invalid("`max_tokens` must be greater than `thinking.budget_tokens`."));
        }
    }
    let thinks = kind != "disabled";
    if thinks && field(raw, "temperature").is_some_and(|value| value.as_f64() != Some(1.0)) {
        return Err(Problem::invalid("`temperature` may only be set to 1 when thinking is enabled."));
    }
    Ok(thinks)
}

/// The names of the tools that a client runs.
fn tools(raw: &Value) -> Result<Vec<String>, Problem> {
    let Some(tools) = field(raw, "tools") else { return Ok(Vec::new()) };
    let tools = tools.as_array().ok_or_else(|| wrong("tools", "Input should be a valid array"))?;
    let mut names: Vec<String> = Vec::new();
    for (i, tool) in tools.iter().enumerate() {
        if field(tool, "type").is_some_and(|kind| kind != "custom") {
            continue;
        }
        let at = format!("tools.{i}.custom.");
        let name = required(tool, "name", &at)?.as_str().unwrap_or_default();
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > 128 || !name.chars().all(fits) {
            return Err(wrong(&format!("{at}name"), "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"));
        }
        if required(tool, "input_schema", &at)?.get("type").is_none_or(|kind| kind != "object") {
            return Err(wrong(&format!("{at}input_schema.type"), "Input should be 'object'"));
        }
        if names.iter().any(|known| known == name) {
            return Err(wrong("tools", "Tool names must be unique."));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// Which of the tools are to be called, and whether one at a time.
fn choice(raw: &Value, tools: &[String]) -> Result<(Choice, bool), Problem> {
    let Some(choice) = field(raw, "tool_choice") else { return Ok((Choice::Auto, false)) };
    let kind = word(choice, "type", "tool_choice.", &["auto", "any", "tool", "none"])?;
    if field(raw, "tools").is_none() && kind != "none" {
        return Err(wrong("tool_choice", "may only be specified while providing `tools`"));
    }
    let one_call = flag(choice, "disable_parallel_tool_use")?;
    let choice = match kind {
        "any" => Choice::Required,
        "none" => Choice::None,
        "tool" => {
            let name = required(choice, "name", "tool_choice.tool.")?.as_str().unwrap_or_default();
            if !tools.iter().any(|known| known == name) {
                let why = format!("Tool '{name}' not found in provided tools");
                return Err(wrong("tool_choice", &why));
            }
            Choice::Named(name.to_owned())
        }
        _ => Choice::Auto,
    };
    Ok((choice, one_call))
}

/// Whether the answer is to be JSON.
fn is_structured(raw: &Value) -> Result<bool, Problem> {
    let config = field(raw, "output_config");
    let Some(format) = config.and_then(|config| field(config, "format")) else { return Ok(false) };
    word(format, "type", "output_config.format.", &["json_schema"])?;
    required(format, "schema", "output_config.format.")?;
    Ok(true)
}
