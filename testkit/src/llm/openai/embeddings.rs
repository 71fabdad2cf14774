//! OpenAI's embeddings: vectors that follow from what they stand for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Reply;

use super::super::desk::Desk;
use super::super::problem::Problem;
use super::super::text::count;
use super::fields::{body, field, integer, model, word, wrong};

/// How long a vector is unless the request says so.
const DIMENSIONS: u64 = 64;
/// The longest that can be asked for, and the most texts in one request.
const MOST_DIMENSIONS: u64 = 4096;
const MOST_INPUTS: usize = 2048;

/// `POST /v1/embeddings`.
pub(super) fn answer(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let request = body(desk.body)?;
    let model = model(&request)?;
    let inputs = inputs(&request)?;
    let dimensions = integer(&request, "dimensions")?.unwrap_or(DIMENSIONS);
    if dimensions > MOST_DIMENSIONS {
        return Err(wrong("dimensions", "expected an integer of at most 4096", "invalid_value"));
    }
    let is_base64 = word(&request, "encoding_format", &["float", "base64"])? == Some("base64");
    let tokens = inputs.iter().map(|input| measure(input)).sum();
    desk.charge(model, tokens, 0)?;
    let data = inputs.iter().enumerate().map(|(i, input)| {
        let vector = vector(input, dimensions);
        let vector = match is_base64 {
            true => json!(STANDARD.encode(vector.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())),
            false => json!(vector),
        };
        json!({ "object": "embedding", "index": i, "embedding": vector })
    });
    let usage = json!({ "prompt_tokens": tokens, "total_tokens": tokens });
    let data: Vec<Value> = data.collect();
    Ok(Reply::json(200, json!({ "object": "list", "data": data, "model": model, "usage": usage })))
}

/// A text, texts, tokens, or lists of tokens.
fn inputs(request: &Value) -> Result<Vec<&Value>, Problem> {
    let empty = || wrong("input", "input cannot be an empty string or array", "invalid_value");
    let input = field(request, "input").ok_or_else(empty)?;
    let inputs: Vec<&Value> = match input {
        Value::Array(list) if list.first().is_some_and(Value::is_number) => vec![input],
        Value::Array(list) => list.iter().collect(),
        _ => vec![input],
    };
    if inputs.is_empty() || inputs.len() > MOST_INPUTS {
        return Err(wrong("input", "expected 1 to 2048 texts", "invalid_value"));
    }
    for input in &inputs {
        match input {
            Value::String(text) if text.is_empty() => return Err(empty()),
            Value::String(_) => {}
            Value::Array(tokens) if !tokens.is_empty() && tokens.iter().all(Value::is_u64) => {}
            _ => return Err(wrong("input", "expected texts or tokens", "invalid_type")),
        }
    }
    Ok(inputs)
}

fn measure(input: &Value) -> u64 {
    match input {
        Value::Array(tokens) => tokens.len() as u64,
        text => count(text),
    }
}

/// A vector of length 1 whose direction is the digest of the input.
#[expect(clippy::cast_possible_truncation, reason = "embeddings are told as f32")]
fn vector(input: &Value, dimensions: u64) -> Vec<f32> {
    let text = input.as_str().map_or_else(|| input.to_string(), str::to_owned);
    let component = |i: u64| {
        let digest = Sha256::new().chain_update(i.to_be_bytes()).chain_update(&text).finalize();
        f64::from(i16::from_be_bytes([digest[0], digest[1]])) + 0.5
    };
    let vector: Vec<f64> = (0..dimensions).map(component).collect();
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    vector.iter().map(|x| (x / length) as f32).collect()
}
