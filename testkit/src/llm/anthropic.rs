//! Anthropic's endpoints.

mod conversation;
mod fields;
mod models;
mod request;
mod streamed;
mod whole;

use serde_json::{Value, json};

use crate::Reply;

use super::desk::Desk;
use super::problem::Problem;
use super::route::Route;
use super::said::{Counted, End, Said};

use request::{Request, Version};

/// Answers a request, or says what is wrong with it.
pub(super) fn answer(route: &Route, desk: &Desk<'_>) -> Result<Reply, Problem> {
    let version = Version::read(desk.headers)?;
    match route {
        Route::Models => models::list(desk),
        Route::Model(id) => models::one(id),
        Route::CountTokens => {
            let raw = body(desk)?;
            let (_, tokens) = request::measure(&raw)?;
            Ok(Reply::json(200, json!({ "input_tokens": tokens })))
        }
        _ => message(desk, version),
    }
}

/// `POST /v1/messages`.
fn message(desk: &Desk<'_>, version: Version) -> Result<Reply, Problem> {
    let raw = body(desk)?;
    let request = Request::read(&raw, version)?;
    let said = Said::new(desk.settings, &request.asked);
    desk.charge(request.model, said.counted.input - said.counted.cached, said.counted.output)?;
    let answer = Answer { model: request.model, serial: desk.serial, said };
    Ok(match request.stream {
        true => streamed::reply(&answer).chunk_delay(desk.settings.token_delay),
        false => whole::reply(&answer),
    })
}

fn body(desk: &Desk<'_>) -> Result<Value, Problem> {
    let wrong = |error| Problem::invalid(format!("The request body is not valid JSON: {error}"));
    serde_json::from_slice(desk.body).map_err(wrong)
}

/// What is answered, before it is put into words of the wire.
struct Answer<'a> {
    model: &'a str,
    serial: u64,
    said: Said,
}

impl Answer<'_> {
    /// The message without its contents, as a stream begins with it.
    fn begun(&self, output_tokens: u64) -> Value {
        json!({
            "id": format!("msg_sim{:012}", self.serial),
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "stop_reason": null,
            "stop_sequence": null,
            "usage": self.usage(output_tokens),
        })
    }

    fn call_id(&self, i: usize) -> String {
        format!("toolu_sim{:012}_{i}", self.serial)
    }

    /// What makes a thought one that can be sent back.
    fn signature(&self) -> String {
        format!("sim-signature-{:012}", self.serial)
    }

    /// Whether there is text to show: a refusal has none.
    fn has_text(&self) -> bool {
        !self.said.text.is_empty() && self.said.end != End::Refused
    }

    /// The reason, and the stop sequence; why it was refused where it was.
    fn end(&self) -> Value {
        let (reason, sequence) = match &self.said.end {
            End::Natural => ("end_turn", None),
            End::Length => ("max_tokens", None),
            End::Stop(stop) => ("stop_sequence", Some(stop)),
            End::Calls => ("tool_use", None),
            End::Refused => ("refusal", None),
        };
        let mut end = json!({ "stop_reason": reason, "stop_sequence": sequence });
        if self.said.end == End::Refused {
            end["stop_details"] = json!({ "type": "refusal", "category": "sim", "explanation": self.said.text() });
        }
        end
    }

    fn usage(&self, output_tokens: u64) -> Value {
        let Counted { input, cached, written, .. } = self.said.counted;
        json!({
            "input_tokens": input - cached - written,
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": cached,
            "cache_creation": { "ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0 },
            "output_tokens": output_tokens,
            "output_tokens_details": { "thinking_tokens": self.said.counted.reasoning },
            "service_tier": "standard",
        })
    }
}
