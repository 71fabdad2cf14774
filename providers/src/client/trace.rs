//! The span of a call to one provider, for those who trace. Attributes have the names of OpenTelemetry's
//! [conventions for generative AI](https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/).
//!
//! What is asked and answered is in it only where the client was told so by name.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tracing::field::Empty;
use tracing::{Span, info, info_span};

use super::Core;
use crate::{Call, Error, Event, Finish, Usage};

/// The span of one call, told what comes of it.
pub(crate) struct Trace {
    span: Span,
    /// The answer's text so far, where contents are told.
    text: Option<String>,
    over: bool,
}

impl Trace {
    /// Begins the span; tells the question where contents are told.
    pub(super) fn begin(client: &Core, call: &Call, model: &Arc<str>, streamed: bool) -> Self {
        let span = info_span!(
            "chat",
            otel.kind = "client",
            otel.name = %format_args!("chat {model}"),
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = &*client.name,
            gen_ai.request.model = &**model,
            gen_ai.request.stream = streamed,
            gen_ai.request.max_tokens = call.options.max_tokens,
            gen_ai.request.temperature = call.options.temperature,
            server.address = client.url.host_str(),
            server.port = client.url.port_or_known_default(),
            gen_ai.response.id = Empty,
            gen_ai.response.model = Empty,
            gen_ai.response.finish_reasons = Empty,
            gen_ai.response.time_to_first_chunk = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            gen_ai.usage.cache_read.input_tokens = Empty,
            gen_ai.usage.cache_creation.input_tokens = Empty,
            gen_ai.usage.reasoning.output_tokens = Empty,
            error.type = Empty,
        );
        let told = client.traces_contents && !span.is_disabled();
        if told {
            let (system, asked) = question(call);
            info!(parent: &span, gen_ai.system_instructions = system, gen_ai.input.messages = asked, "question");
        }
        Self { span, text: told.then(String::new), over: false }
    }

    /// The span, to run the call in.
    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// A whole answer came.
    pub(super) fn answered(&mut self, model: Option<&str>, id: Option<&str>, usage: Option<&Usage>, finish: &Finish) {
        self.span.record("gen_ai.response.model", model);
        self.span.record("gen_ai.response.id", id);
        if let Some(usage) = usage {
            self.used(usage);
        }
        self.finished(finish);
    }

    /// A piece of the answer came; where contents are told it is kept until the end.
    pub(super) fn wrote(&mut self, text: &str) {
        if let Some(told) = &mut self.text {
            told.push_str(text);
        }
    }

    /// An event of a streamed answer came.
    pub(crate) fn saw(&mut self, event: &Event) {
        match event {
            Event::Start { model, id, .. } => {
                self.span.record("gen_ai.response.model", model.as_str());
                self.span.record("gen_ai.response.id", id.as_deref());
            }
            Event::Text(text) => self.wrote(text),
            Event::Usage(usage) => self.used(usage),
            Event::Finish(finish) => self.finished(finish),
            _ => {}
        }
    }

    /// The first piece of a streamed answer came, so long after the call began.
    pub(crate) fn began(&self, after: Duration) {
        self.span.record("gen_ai.response.time_to_first_chunk", after.as_secs_f64());
    }

    /// The call failed.
    pub(crate) fn failed(&mut self, error: &Error) {
        self.over = true;
        self.span.record("error.type", error.kind().as_str());
    }

    fn used(&self, usage: &Usage) {
        self.span.record("gen_ai.usage.input_tokens", usage.input);
        self.span.record("gen_ai.usage.output_tokens", usage.output);
        self.span.record("gen_ai.usage.cache_read.input_tokens", usage.cached_read);
        self.span.record("gen_ai.usage.cache_creation.input_tokens", usage.cache_write);
        self.span.record("gen_ai.usage.reasoning.output_tokens", usage.reasoning);
    }

    fn finished(&mut self, finish: &Finish) {
        self.over = true;
        self.span.record("gen_ai.response.finish_reasons", reason(finish));
        if let Some(text) = self.text.take() {
            let answered = json!([message("assistant", &text, Some(finish))]).to_string();
            info!(parent: &self.span, gen_ai.output.messages = answered, "answer");
        }
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if !self.over {
            self.span.record("error.type", "cancelled");
        }
    }
}

/// System text and messages as the conventions have them in JSON.
fn question(call: &Call) -> (Option<String>, String) {
    let system = call.system.as_deref().map(|text| json!([part(text)]).to_string());
    let messages = call.messages.iter().map(|asked| message(asked.role.as_str(), &asked.text(), None));
    (system, Value::from_iter(messages).to_string())
}

fn message(role: &str, text: &str, finish: Option<&Finish>) -> Value {
    let mut message = json!({ "role": role, "parts": [part(text)] });
    if let Some(finish) = finish {
        message["finish_reason"] = reason(finish).into();
    }
    message
}

/// Why an answer ends, in the conventions' word.
fn reason(finish: &Finish) -> &str {
    match finish {
        Finish::ToolUse => "tool_call",
        finish => finish.as_str(),
    }
}

fn part(text: &str) -> Value {
    json!({ "type": "text", "content": text })
}
