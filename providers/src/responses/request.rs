//! A call as a request.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::input::{Item, items};
use super::tools::{Choice, Declared, Form, choice, declared, form};
use crate::family::{Ask, Unfit};
use crate::options::Options;
use crate::{CacheTtl, Effort, Thinking};

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'a str>,
    input: Vec<Item<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_response_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Declared<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Form<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning<'a>>,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    include: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    background: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_retention: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_identifier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
}

#[derive(Serialize)]
struct Reasoning<'a> {
    effort: &'a str,
}

/// What is asked for when the provider keeps nothing: the thoughts as only the provider can read them, to be given back.
const SEALED: &[&str] = &["reasoning.encrypted_content"];

pub(super) fn encode(ask: &Ask<'_>) -> Result<Vec<u8>, Unfit> {
    let (call, options) = (ask.call, &*ask.call.options);
    check(options)?;
    let keeps = options.store != Some(false);
    let cache = options.prompt_cache.as_ref();
    let request = Request {
        model: ask.model,
        instructions: call.system.as_deref(),
        input: items(&call.messages, keeps)?,
        previous_response_id: options.previous.as_deref(),
        max_output_tokens: options.max_tokens,
        temperature: options.temperature,
        top_p: options.top_p,
        tools: options.tools.iter().map(declared).collect(),
        tool_choice: options.tool_choice.as_ref().map(|wanted| choice(wanted, &options.tools)),
        parallel_tool_calls: options.parallel_tools,
        text: form(&options.format),
        reasoning: effort(options)?.map(|effort| Reasoning { effort }),
        include: if keeps { &[] } else { SEALED },
        store: options.store,
        background: options.background.then_some(true),
        prompt_cache_key: cache.and_then(|cache| cache.key.as_deref()),
        prompt_cache_retention: cache.filter(|cache| cache.ttl == CacheTtl::Long).map(|_| "24h"),
        service_tier: options.service_tier.as_deref(),
        safety_identifier: options.user.as_deref(),
        metadata: Some(&options.metadata).filter(|metadata| !metadata.is_empty()),
        stream: ask.stream.then_some(true),
    };
    let mut extras = options.extras(ask.provider).peekable();
    if extras.peek().is_none() {
        return Ok(serde_json::to_vec(&request)?);
    }
    let mut body = serde_json::to_value(&request)?;
    if let Value::Object(fields) = &mut body {
        fields.extend(extras.map(|(name, value)| (name.clone(), value.clone())));
    }
    Ok(serde_json::to_vec(&body)?)
}

/// Refuses what the API has not.
fn check(options: &Options) -> Result<(), Unfit> {
    let chat = "use Chat Completions";
    let missing = [
        (!options.stop.is_empty(), "stop texts", chat),
        (options.seed.is_some(), "seed", chat),
        (options.frequency_penalty.is_some(), "frequency penalty", chat),
        (options.presence_penalty.is_some(), "presence penalty", chat),
        (options.top_k.is_some(), "top_k", "use top_p"),
    ];
    if let Some((_, what, instead)) = missing.into_iter().find(|(asked, ..)| *asked) {
        return Err(Unfit(format!("Responses takes no {what}: {instead}")));
    }
    if options.background && options.store == Some(false) {
        return Err(Unfit(String::from("Responses keeps what it answers in the background: leave out store(false)")));
    }
    Ok(())
}

fn effort(options: &Options) -> Result<Option<&str>, Unfit> {
    match options.thinking {
        Some(Thinking::Budget(_) | Thinking::BetweenTools) => {
            Err(Unfit(String::from("Responses takes no budget for thoughts: set the effort")))
        }
        Some(Thinking::Off) => Ok(Some(options.effort.as_ref().map_or("none", Effort::as_str))),
        Some(Thinking::Adaptive) | None => Ok(options.effort.as_ref().map(Effort::as_str)),
    }
}
