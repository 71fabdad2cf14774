//! The fields of OpenAI's requests that several of its endpoints have, and how they are refused.

use serde_json::Value;

use super::super::problem::Problem;
use super::super::said::Choice;

/// A field that is there.
pub(super) fn field<'a>(request: &'a Value, name: &str) -> Option<&'a Value> {
    request.get(name).filter(|value| !value.is_null())
}

/// A value that the vendor does not take.
pub(super) fn wrong(param: impl Into<String>, why: &str, code: &'static str) -> Problem {
    let param = param.into();
    Problem::invalid(format!("Invalid value for '{param}': {why}.")).param(param).code(code)
}

/// A field that must be there.
pub(super) fn missing(param: impl Into<String>) -> Problem {
    let param = param.into();
    Problem::invalid(format!("Missing required parameter: '{param}'.")).param(param).code("missing_required_parameter")
}

pub(super) fn body(bytes: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(bytes).map_err(|_| Problem::invalid("We could not parse the JSON body of your request."))
}

pub(super) fn model(request: &Value) -> Result<&str, Problem> {
    let model = request.get("model").and_then(Value::as_str).filter(|model| !model.is_empty());
    model.ok_or_else(|| Problem::invalid("you must provide a model parameter"))
}

/// An integer of at least 1.
pub(super) fn integer(request: &Value, name: &str) -> Result<Option<u64>, Problem> {
    let wrong = || wrong(name, "expected an integer of at least 1", "invalid_value");
    field(request, name).map(|value| value.as_u64().filter(|n| *n > 0).ok_or_else(wrong)).transpose()
}

/// A number between `least` and `most`.
pub(super) fn number(request: &Value, name: &str, least: f64, most: f64) -> Result<(), Problem> {
    match field(request, name) {
        Some(value) if !value.as_f64().is_some_and(|n| (least..=most).contains(&n)) => {
            Err(wrong(name, &format!("expected a number between {least} and {most}"), "invalid_value"))
        }
        _ => Ok(()),
    }
}

pub(super) fn flag(request: &Value, name: &str) -> Result<Option<bool>, Problem> {
    let wrong = || {
        let message = format!("Invalid type for '{name}': expected a boolean.");
        Problem::invalid(message).param(name).code("invalid_type")
    };
    field(request, name).map(|value| value.as_bool().ok_or_else(wrong)).transpose()
}

/// One of these words.
pub(super) fn word<'a>(request: &'a Value, name: &str, words: &[&str]) -> Result<Option<&'a str>, Problem> {
    let wrong = || wrong(name, &format!("expected one of {}", words.join(", ")), "invalid_value");
    let known = |value: &'a Value| value.as_str().filter(|word| words.contains(word)).ok_or_else(wrong);
    field(request, name).map(known).transpose()
}

/// How hard a model may be told to think.
pub(super) const EFFORTS: [&str; 6] = ["none", "minimal", "low", "medium", "high", "xhigh"];

/// The names of the functions that a request offers. `nested` is where Chat Completions has them: below `function`.
pub(super) fn tools(request: &Value, nested: bool) -> Result<Vec<String>, Problem> {
    let Some(tools) = field(request, "tools") else { return Ok(Vec::new()) };
    let tools = tools.as_array().ok_or_else(|| wrong("tools", "expected an array of objects", "invalid_type"))?;
    let mut names = Vec::new();
    for (i, tool) in tools.iter().enumerate() {
        let kind = tool.get("type").and_then(Value::as_str).ok_or_else(|| missing(format!("tools[{i}].type")))?;
        if kind != "function" {
            continue;
        }
        let (at, function) = match nested {
            true => (format!("tools[{i}].function"), tool.get("function").unwrap_or(&Value::Null)),
            false => (format!("tools[{i}]"), tool),
        };
        let name = function.get("name").and_then(Value::as_str).ok_or_else(|| missing(format!("{at}.name")))?;
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            let why = "string does not match pattern '^[a-zA-Z0-9_-]+$' or is longer than 64";
            return Err(wrong(format!("{at}.name"), why, "invalid_value"));
        }
        let parameters = field(function, "parameters");
        if parameters.is_some_and(|schema| schema.get("type").is_none_or(|kind| kind != "object")) {
            return Err(schema_problem(&format!("function '{name}'"), "schema must be of type 'object'", &at));
        }
        if let (Some(schema), Some(true)) = (parameters, function.get("strict").and_then(Value::as_bool)) {
            strict(schema).map_err(|why| schema_problem(&format!("function '{name}'"), why, &at))?;
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// Which of the tools are to be called, and whether one at a time.
pub(super) fn choice(request: &Value, nested: bool) -> Result<(Choice, bool), Problem> {
    let offers = field(request, "tools").and_then(Value::as_array).is_some_and(|tools| !tools.is_empty());
    let one_call = flag(request, "parallel_tool_calls")? == Some(false);
    for name in ["tool_choice", "parallel_tool_calls"] {
        // Responses echoes both in its answers, and takes them back without tools.
        if nested && !offers && field(request, name).is_some() {
            let message = format!("Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.");
            return Err(Problem::invalid(message).param(name));
        }
    }
    let choice = match field(request, "tool_choice") {
        None => Choice::Auto,
        Some(Value::String(word)) => match word.as_str() {
            "auto" => Choice::Auto,
            "none" => Choice::None,
            "required" => Choice::Required,
            _ => return Err(wrong("tool_choice", "expected none, auto or required", "invalid_value")),
        },
        Some(choice) => {
            let holder = if nested { choice.get("function") } else { Some(choice) };
            match holder.and_then(|holder| holder.get("name")).and_then(Value::as_str) {
                Some(name) if tools(request, nested)?.iter().any(|known| known == name) => {
                    Choice::Named(name.to_owned())
                }
                Some(_) => return Err(wrong("tool_choice", "it names no function of 'tools'", "invalid_value")),
                None => Choice::Auto,
            }
        }
    };
    Ok((choice, one_call))
}

/// A schema that is not taken, at the place of the request where it is.
pub(super) fn schema_problem(whose: &str, why: &str, at: &str) -> Problem {
    let problem = Problem::invalid(format!("Invalid schema for {whose}: In context=(), {why}."));
    problem.param(format!("{at}.parameters")).code("invalid_function_parameters")
}

/// What a strict schema must say of every object in it: all its members, that all are required, and that there are no others.
pub(super) fn strict(schema: &Value) -> Result<(), &'static str> {
    match schema {
        Value::Array(schemas) => schemas.iter().try_for_each(strict),
        Value::Object(map) => {
            if let Some(members) = map.get("properties").and_then(Value::as_object) {
                if map.get("additionalProperties") != Some(&Value::Bool(false)) {
                    return Err("'additionalProperties' is required to be supplied and to be false");
                }
                let required = map.get("required").and_then(Value::as_array);
                let is_required = |name: &String| required.is_some_and(|list| list.iter().any(|known| known == name));
                if !members.keys().all(is_required) {
                    return Err(
                        "'required' is required to be supplied and to be an array including every key in properties",
                    );
                }
                members.values().try_for_each(strict)?;
            }
            let inner =
                map.iter().filter(|(name, _)| !["properties", "enum", "const", "default"].contains(&name.as_str()));
            inner.map(|(_, schema)| schema).try_for_each(strict)
        }
        _ => Ok(()),
    }
}

/// Whether the answer is to be JSON: a format of type `json_object` or `json_schema`, the schema's own fields in `holder`.
pub(super) fn format(format: Option<&Value>, nested: bool, at: &str) -> Result<bool, Problem> {
    let Some(format) = format else { return Ok(false) };
    match format.get("type").and_then(Value::as_str) {
        Some("text") => Ok(false),
        Some("json_object") => Ok(true),
        Some("json_schema") => {
            let holder = if nested { format.get("json_schema").unwrap_or(&Value::Null) } else { format };
            let inner = if nested { format!("{at}.json_schema") } else { at.to_owned() };
            let name = holder.get("name").and_then(Value::as_str).ok_or_else(|| missing(format!("{inner}.name")))?;
            let schema = field(holder, "schema").ok_or_else(|| missing(format!("{inner}.schema")))?;
            if holder.get("strict").and_then(Value::as_bool) == Some(true) {
                let refuse = |why: &str| {
                    let message = format!("Invalid schema for response_format '{name}': In context=(), {why}.");
                    Problem::invalid(message).param(at)
                };
                strict(schema).map_err(refuse)?;
            }
            Ok(true)
        }
        _ => Err(wrong(format!("{at}.type"), "expected text, json_object or json_schema", "invalid_value")),
    }
}
