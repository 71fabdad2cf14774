//! A call as a request of Chat Completions, as OpenAI's API reference has it and as the vendor's quirks change it.

mod check;
mod format;
mod said;
mod tools;

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::family::{Ask, Unfit};
use crate::{CacheTtl, OutputFormat, Quirks, ToolChoice};

use format::Format;
use said::Said;
use tools::{Choice, Offered};

/// The body of a request, or why there is none.
pub(super) fn encode(ask: &Ask<'_>) -> Result<Vec<u8>, Unfit> {
    let extras = ask.call.options.extras(ask.provider).map(|(name, value)| (&**name, value)).collect();
    let request = Request { ask, quirks: &ask.vendor.quirks, extras };
    request.check()?;
    Ok(serde_json::to_vec(&request)?)
}

struct Request<'a> {
    ask: &'a Ask<'a>,
    quirks: &'a Quirks,
    /// Fields that replace what would be there.
    extras: BTreeMap<&'a str, &'a Value>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

impl Serialize for Request<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (call, options) = (self.ask.call, &*self.ask.call.options);
        let mut fields = Fields { request: self, map: serializer.serialize_map(None)? };
        fields.put("model", self.ask.model)?;
        fields.put("messages", &Said { call, quirks: self.quirks })?;
        fields.put_some("max_completion_tokens", options.max_tokens)?;
        fields.put_some("temperature", options.temperature)?;
        fields.put_some("top_p", options.top_p)?;
        fields.put_some("top_k", options.top_k)?;
        fields.put_some("frequency_penalty", options.frequency_penalty)?;
        fields.put_some("presence_penalty", options.presence_penalty)?;
        fields.put_some("seed", options.seed)?;
        fields.put_some("stop", Some(&options.stop).filter(|stop| !stop.is_empty()))?;
        if !options.tools.is_empty() {
            fields.put("tools", &Offered { tools: &options.tools, quirks: self.quirks })?;
            fields.put_some("parallel_tool_calls", options.parallel_tools)?;
        }
        let choice = options.tool_choice.as_ref().filter(|choice| !self.is_idle(choice));
        fields.put_some("tool_choice", choice.map(|choice| Choice { choice, tools: &options.tools }))?;
        if options.format != OutputFormat::Text {
            fields.put("response_format", &Format(&options.format))?;
        }
        fields.put_some("reasoning_effort", options.effort.as_ref().map(crate::Effort::as_str))?;
        fields.put_some("service_tier", options.service_tier.as_deref())?;
        fields.put_some("store", options.store)?;
        fields.put_some("metadata", Some(&options.metadata).filter(|metadata| !metadata.is_empty()))?;
        fields.put_some("safety_identifier", options.user.as_deref())?;
        if let Some(cache) = &options.prompt_cache {
            fields.put_some("prompt_cache_key", cache.key.as_deref())?;
            fields.put_some("prompt_cache_retention", (cache.ttl == CacheTtl::Long).then_some("24h"))?;
        }
        if self.ask.stream {
            fields.put("stream", &true)?;
            fields.put("stream_options", &StreamOptions { include_usage: true })?;
        }
        fields.end()
    }
}

impl Request<'_> {
    /// A choice that says nothing, because there are no tools to choose from.
    fn is_idle(&self, choice: &ToolChoice) -> bool {
        self.ask.call.options.tools.is_empty() && matches!(choice, ToolChoice::Auto | ToolChoice::None)
    }
}

/// Writes fields by the vendor's names, where it has one.
struct Fields<'a, M> {
    request: &'a Request<'a>,
    map: M,
}

impl<M: SerializeMap> Fields<'_, M> {
    fn put<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), M::Error> {
        let theirs = self.request.quirks.name_of(name).filter(|theirs| !self.request.extras.contains_key(theirs));
        theirs.map_or(Ok(()), |theirs| self.map.serialize_entry(theirs, value))
    }

    fn put_some<T: Serialize>(&mut self, name: &str, value: Option<T>) -> Result<(), M::Error> {
        value.map_or(Ok(()), |value| self.put(name, &value))
    }

    fn end(mut self) -> Result<M::Ok, M::Error> {
        for (name, value) in &self.request.extras {
            self.map.serialize_entry(name, value)?;
        }
        self.map.end()
    }
}
