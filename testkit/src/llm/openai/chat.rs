//! OpenAI's Chat Completions: what a request must have, and the answer whole and streamed.

mod conversation;
mod streamed;
mod whole;

use serde_json::{Value, json};

use crate::Reply;

use super::super::desk::Desk;
use super::super::problem::Problem;
use super::super::said::{Asked, Counted, End, Said};
use super::fields::{EFFORTS, body, choice, field, format, integer, model, number, tools, word};
use super::is_padded;

/// `POST /v1/chat/completions`.
pub(super) fn answer(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let request = body(desk.body)?;
    let model = model(&request)?;
    let asked = asked(&request)?;
    let stream = stream(&request)?;
    let said = Said::new(desk.settings, &asked);
    desk.charge(model, said.counted.input, said.counted.output)?;
    let answer = Answer { model, id: format!("chatcmpl-sim{:012}", desk.serial), serial: desk.serial, said };
    Ok(match &stream {
        Some(stream) => streamed::reply(&answer, stream).chunk_delay(desk.settings.token_delay),
        None => whole::reply(&answer),
    })
}

/// What is answered, before it is put into words of the wire.
struct Answer<'a> {
    model: &'a str,
    id: String,
    serial: u64,
    said: Said,
}

/// How an answer is streamed.
struct Stream {
    usage: bool,
    padded: bool,
}

impl Answer<'_> {
    fn finish_reason(&self) -> &'static str {
        match self.said.end {
            End::Natural | End::Stop(_) | End::Refused => "stop",
            End::Length => "length",
            End::Calls => "tool_calls",
        }
    }

    fn call_id(&self, i: usize) -> String {
        format!("call_sim{:012}_{i}", self.serial)
    }

    fn is_refused(&self) -> bool {
        self.said.end == End::Refused
    }

    fn usage(&self) -> Value {
        let Counted { input, cached, written, output, reasoning } = self.said.counted;
        json!({
            "prompt_tokens": input,
            "completion_tokens": output,
            "total_tokens": input + output,
            "prompt_tokens_details": { "cached_tokens": cached, "cache_write_tokens": written, "audio_tokens": 0 },
            "completion_tokens_details": {
                "reasoning_tokens": reasoning,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        })
    }
}

fn asked(request: &Value) -> Result<Asked, Problem> {
    let heard = conversation::read(request)?;
    let max_tokens = match integer(request, "max_completion_tokens")? {
        Some(most) => Some(most),
        None => integer(request, "max_tokens")?,
    };
    if integer(request, "n")?.is_some_and(|n| n != 1) {
        return Err(super::fields::wrong("n", "this simulator gives one choice", "invalid_value"));
    }
    number(request, "temperature", 0.0, 2.0)?;
    number(request, "top_p", 0.0, 1.0)?;
    number(request, "frequency_penalty", -2.0, 2.0)?;
    number(request, "presence_penalty", -2.0, 2.0)?;
    let effort = word(request, "reasoning_effort", &EFFORTS)?;
    let (choice, one_call) = choice(request, true)?;
    let wanted = field(request, "response_format");
    let structured = format(wanted, true, "response_format")?;
    let is_object = wanted.is_some_and(|format| format["type"] == "json_object");
    if is_object && !heard.mentions_json {
        let message =
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
        return Err(Problem::invalid(message).param("messages"));
    }
    Ok(Asked {
        tools: tools(request, true)?,
        choice,
        one_call,
        has_result: heard.has_result,
        structured,
        reasons: effort.is_some_and(|effort| effort != "none"),
        max_tokens,
        stops: stops(request)?,
        input_tokens: heard.tokens,
    })
}

fn stops(request: &Value) -> Result<Vec<String>, Problem> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let stops = match field(request, "stop") {
        None => Some(Vec::new()),
        Some(Value::Array(stops)) => stops.iter().map(text).collect(),
        Some(stop) => text(stop).map(|stop| vec![stop]),
    };
    stops.ok_or_else(|| {
        Problem::invalid("Invalid type for 'stop': expected a string or strings.").param("stop").code("invalid_type")
    })
}

fn stream(request: &Value) -> Result<Option<Stream>, Problem> {
    let wanted = super::fields::flag(request, "stream")?.unwrap_or(false);
    let options = field(request, "stream_options");
    if !wanted && options.is_some() {
        let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(Problem::invalid(message).param("stream_options"));
    }
    let usage = options.and_then(|options| options.get("include_usage")).and_then(Value::as_bool).unwrap_or(false);
    Ok(wanted.then(|| Stream { usage, padded: is_padded(request) }))
}
