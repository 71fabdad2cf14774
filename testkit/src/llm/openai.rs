//! OpenAI's Chat Completions: what a request must have, and the answer whole and streamed.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::{Reply, SseEvent};

use super::problem::Problem;
use super::text::{End, Spoken, count};

/// The date of all answers: the same in every run.
const CREATED: u64 = 1_767_225_600;
const ROLES: [&str; 6] = ["system", "assistant", "user", "function", "tool", "developer"];

/// Answers a request, or says what is wrong with it.
pub(super) fn answer(body: &[u8], answer: &str, token_delay: Duration, serial: u64) -> Result<Reply, Problem> {
    let request: Value = serde_json::from_slice(body)
        .map_err(|_| Problem::invalid("We could not parse the JSON body of your request."))?;
    let call = Call::read(&request)?;
    let spoken = Spoken::new(answer, call.max_tokens, &call.stops);
    let id = format!("chatcmpl-sim{serial:012}");
    Ok(match &call.stream {
        Some(stream) => streamed(&call, stream, &spoken, &id).chunk_delay(token_delay),
        None => whole(&call, &spoken, &id),
    }
    .header("openai-version", "2020-10-01")
    .header("openai-processing-ms", "1"))
}

/// What of a request the answer depends on.
struct Call<'a> {
    model: &'a str,
    prompt_tokens: u64,
    max_tokens: Option<u64>,
    stops: Vec<String>,
    stream: Option<Stream>,
}

struct Stream {
    usage: bool,
    obfuscation: bool,
}

impl<'a> Call<'a> {
    fn read(request: &'a Value) -> Result<Self, Problem> {
        let model = request.get("model").and_then(Value::as_str).filter(|model| !model.is_empty());
        let model = model.ok_or_else(|| Problem::invalid("you must provide a model parameter"))?;
        let messages = messages(request)?;
        let per_message = |message: &Value| 4 + message.get("content").map_or(0, count);
        let max_tokens = match integer(request, "max_completion_tokens")? {
            Some(most) => Some(most),
            None => integer(request, "max_tokens")?,
        };
        if integer(request, "n")?.is_some_and(|n| n != 1) {
            return Err(Problem::invalid("Invalid 'n': this simulator gives one choice.")
                .param("n")
                .code("invalid_value"));
        }
        for (name, most) in [("temperature", 2.0), ("top_p", 1.0)] {
            number_up_to(request, name, most)?;
        }
        Ok(Self {
            model,
            prompt_tokens: messages.iter().map(per_message).sum(),
            max_tokens,
            stops: stops(request)?,
            stream: stream(request)?,
        })
    }

    fn usage(&self, spoken: &Spoken) -> Value {
        let said = spoken.tokens.len() as u64;
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": said,
            "total_tokens": self.prompt_tokens + said,
            "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        })
    }
}

fn whole(call: &Call<'_>, spoken: &Spoken, id: &str) -> Reply {
    let message = json!({ "role": "assistant", "content": spoken.text(), "refusal": null, "annotations": [] });
    let choice = json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason(spoken) });
    let body = json!({
        "id": id,
        "object": "chat.completion",
        "created": CREATED,
        "model": call.model,
        "choices": [choice],
        "usage": call.usage(spoken),
        "service_tier": "default",
        "system_fingerprint": "fp_steadfast",
    });
    Reply::json(200, body)
}

/// The role first, then one chunk for each token, then the end: reason, usage if asked for, `[DONE]`.
fn streamed(call: &Call<'_>, stream: &Stream, spoken: &Spoken, id: &str) -> Reply {
    let chunk = |choices: Value| {
        let mut chunk = Map::new();
        chunk.insert("id".to_owned(), json!(id));
        chunk.insert("object".to_owned(), json!("chat.completion.chunk"));
        chunk.insert("created".to_owned(), json!(CREATED));
        chunk.insert("model".to_owned(), json!(call.model));
        chunk.insert("service_tier".to_owned(), json!("default"));
        chunk.insert("system_fingerprint".to_owned(), json!("fp_steadfast"));
        chunk.insert("choices".to_owned(), choices);
        if stream.usage {
            chunk.insert("usage".to_owned(), Value::Null);
        }
        chunk
    };
    let delta = |delta: Value, finish: Value| {
        chunk(json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }]))
    };
    let wire = |chunk: Map<String, Value>| SseEvent::data(Value::Object(chunk).to_string()).encode();
    let first = delta(json!({ "role": "assistant", "content": "", "refusal": null }), Value::Null);
    let mut pieces = vec![wire(first)];
    for token in &spoken.tokens {
        let mut chunk = delta(json!({ "content": token }), Value::Null);
        if stream.obfuscation {
            chunk.insert("obfuscation".to_owned(), json!(padding(token)));
        }
        pieces.push(wire(chunk));
    }
    let mut end = wire(delta(json!({}), json!(finish_reason(spoken)))).to_vec();
    if stream.usage {
        let mut usage = chunk(json!([]));
        usage.insert("usage".to_owned(), call.usage(spoken));
        end.extend_from_slice(&wire(usage));
    }
    end.extend_from_slice(&SseEvent::data("[DONE]").encode());
    pieces.push(Bytes::from(end));
    Reply::status(200).header("content-type", "text/event-stream; charset=utf-8").chunks(pieces)
}

fn finish_reason(spoken: &Spoken) -> &'static str {
    match spoken.end {
        End::Natural | End::Stop(_) => "stop",
        End::Length => "length",
    }
}

/// Hides the length of a token from who watches the wire: token and padding are a multiple of 16 bytes.
fn padding(token: &str) -> &'static str {
    &"0123456789abcdef"[token.len() % 16..]
}

fn messages(request: &Value) -> Result<&[Value], Problem> {
    let missing = || {
        let problem = Problem::invalid("Missing required parameter: 'messages'.");
        problem.param("messages").code("missing_required_parameter")
    };
    let wrong = |param: String, why: &str, code| {
        Err(Problem::invalid(format!("Invalid value for '{param}': {why}.")).param(param).code(code))
    };
    let Some(messages) = request.get("messages").ok_or_else(missing)?.as_array() else {
        return wrong("messages".to_owned(), "expected an array of objects", "invalid_type");
    };
    if messages.is_empty() {
        return wrong("messages".to_owned(), "expected at least one message", "empty_array");
    }
    for (i, message) in messages.iter().enumerate() {
        let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
        if !ROLES.contains(&role) {
            return wrong(format!("messages[{i}].role"), "expected the role of a message", "invalid_value");
        }
        let fits = match message.get("content") {
            Some(Value::String(_)) => true,
            Some(Value::Array(parts)) => !parts.is_empty() && parts.iter().all(|part| part.get("type").is_some()),
            Some(Value::Null) | None => role == "assistant",
            Some(_) => false,
        };
        if !fits {
            return wrong(format!("messages[{i}].content"), "expected a string or content parts", "invalid_type");
        }
    }
    Ok(messages)
}

fn stops(request: &Value) -> Result<Vec<String>, Problem> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let stops = match request.get("stop") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(stops)) => stops.iter().map(text).collect(),
        Some(stop) => text(stop).map(|stop| vec![stop]),
    };
    stops.ok_or_else(|| {
        Problem::invalid("Invalid type for 'stop': expected a string or strings.").param("stop").code("invalid_type")
    })
}

fn stream(request: &Value) -> Result<Option<Stream>, Problem> {
    let wanted = match request.get("stream") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(wanted)) => *wanted,
        Some(_) => {
            let problem = Problem::invalid("Invalid type for 'stream': expected a boolean.");
            return Err(problem.param("stream").code("invalid_type"));
        }
    };
    let options = request.get("stream_options").filter(|options| !options.is_null());
    if !wanted && options.is_some() {
        let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(Problem::invalid(message).param("stream_options"));
    }
    let flag = |name| options.and_then(|options| options.get(name)).and_then(Value::as_bool);
    Ok(wanted.then(|| Stream {
        usage: flag("include_usage").unwrap_or(false),
        obfuscation: flag("include_obfuscation").unwrap_or(true),
    }))
}

fn integer(request: &Value, name: &str) -> Result<Option<u64>, Problem> {
    match request.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_u64().filter(|n| *n > 0).map(Some).ok_or_else(|| {
            let message = format!("Invalid value for '{name}': expected an integer of at least 1.");
            Problem::invalid(message).param(name).code("invalid_value")
        }),
    }
}

fn number_up_to(request: &Value, name: &str, most: f64) -> Result<(), Problem> {
    match request.get(name) {
        None | Some(Value::Null) => Ok(()),
        Some(value) if value.as_f64().is_some_and(|n| (0.0..=most).contains(&n)) => Ok(()),
        Some(_) => {
            let message = format!("Invalid value for '{name}': expected a number between 0 and {most}.");
            Err(Problem::invalid(message).param(name).code("invalid_value"))
        }
    }
}
