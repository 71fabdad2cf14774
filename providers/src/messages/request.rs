//! Requests to Messages: a call as JSON, and what of it travels in headers.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::block::{CacheControl, Contents};
use super::conversation::Conversation;
use super::settings::Settings;
use crate::family::{Ask, Unfit};

/// What is asked for with the conversation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    Answer,
    /// The number of its tokens: nothing that concerns the answer alone is written.
    Count,
}

/// The most places at which the prompt cache may be told to keep what is before them.
const CACHE_POINTS: usize = 4;

pub(super) fn encode(ask: &Ask<'_>) -> Result<Vec<u8>, Unfit> {
    write(ask, Aim::Answer)
}

pub(super) fn write(ask: &Ask<'_>, aim: Aim) -> Result<Vec<u8>, Unfit> {
    let settings = Settings::of(ask)?;
    let conversation = Conversation::of(ask.call)?;
    let points = settings.cache_points() + conversation.cache_points();
    if points > CACHE_POINTS {
        return Err(Unfit(format!(
            "{points} points of the conversation are to be cached, the API takes {CACHE_POINTS}"
        )));
    }
    let mut extras: BTreeMap<&str, &Value> = BTreeMap::new();
    extras.extend(ask.call.options.extras(ask.provider).map(|(name, value)| (&**name, value)));
    Ok(serde_json::to_vec(&Request { ask, settings, conversation, extras, aim })?)
}

/// The betas that are asked for.
pub(super) fn headers(ask: &Ask<'_>) -> Result<HeaderMap, Unfit> {
    let (betas, mut headers) = (&ask.call.options.betas, HeaderMap::new());
    if !betas.is_empty() {
        let value = HeaderValue::try_from(betas.join(","))
            .map_err(|_| Unfit(String::from("the name of a beta has characters that no header carries")))?;
        headers.insert("anthropic-beta", value);
    }
    Ok(headers)
}

struct Request<'a> {
    ask: &'a Ask<'a>,
    settings: Settings<'a>,
    conversation: Conversation<'a>,
    /// The caller's own fields, in place of ours.
    extras: BTreeMap<&'a str, &'a Value>,
    aim: Aim,
}

impl Serialize for Request<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (ask, settings, options) = (self.ask, &self.settings, &*self.ask.call.options);
        let mut map = Fields { map: serializer.serialize_map(None)?, extras: &self.extras };
        map.add("model", Some(ask.model))?;
        let system = &*self.conversation.system;
        map.add("system", (!system.is_empty()).then_some(Contents(system)))?;
        map.add("messages", Some(&self.conversation.turns))?;
        map.add("tools", (!settings.tools.is_empty()).then_some(&settings.tools))?;
        map.add("tool_choice", settings.tool_choice.as_ref())?;
        map.add("thinking", settings.thinking.as_ref())?;
        map.add("output_config", settings.output.as_ref())?;
        map.add("cache_control", options.prompt_cache.as_ref().map(|cache| CacheControl::of(cache.ttl)))?;
        if self.aim == Aim::Answer {
            map.add("max_tokens", Some(settings.max_tokens))?;
            map.add("temperature", options.temperature)?;
            map.add("top_p", options.top_p)?;
            map.add("top_k", options.top_k)?;
            map.add("stop_sequences", (!options.stop.is_empty()).then_some(&options.stop))?;
            map.add("service_tier", options.service_tier.as_deref())?;
            map.add("metadata", options.user.as_deref().map(|user| BTreeMap::from([("user_id", user)])))?;
            map.add("stream", ask.stream.then_some(true))?;
        }
        map.end()
    }
}

/// The fields of a request, of which the caller may have set some.
struct Fields<'a, M> {
    map: M,
    extras: &'a BTreeMap<&'a str, &'a Value>,
}

impl<M: SerializeMap> Fields<'_, M> {
    fn add(&mut self, name: &str, value: Option<impl Serialize>) -> Result<(), M::Error> {
        match value.filter(|_| !self.extras.contains_key(name)) {
            Some(value) => self.map.serialize_entry(name, &value),
            None => Ok(()),
        }
    }

    fn end(mut self) -> Result<M::Ok, M::Error> {
        for (name, value) in self.extras {
            self.map.serialize_entry(name, value)?;
        }
        self.map.end()
    }
}
