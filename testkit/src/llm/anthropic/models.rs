//! Anthropic's models.

use serde_json::{Value, json};

use crate::Reply;

use super::super::desk::Desk;
use super::super::problem::Problem;
use super::fields::wrong;

const MODELS: [(&str, &str); 2] = [("claude-sim", "Claude Sim"), ("claude-sim-small", "Claude Sim Small")];

/// `GET /v1/models`: those after `after_id`, at most `limit`.
pub(super) fn list(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let limit = match desk.parameter("limit") {
        None => 20,
        Some(limit) => limit
            .parse()
            .ok()
            .filter(|limit| (1..=1000).contains(limit))
            .ok_or_else(|| wrong("limit", "Input should be an integer between 1 and 1000"))?,
    };
    let first = match desk.parameter("after_id") {
        None => 0,
        Some(id) => 1 + place(id)?,
    };
    let page: Vec<Value> = MODELS.iter().skip(first).take(limit).map(model).collect();
    let id = |model: Option<&Value>| model.map_or(Value::Null, |model| model["id"].clone());
    let body = json!({
        "data": page,
        "first_id": id(page.first()),
        "last_id": id(page.last()),
        "has_more": first + page.len() < MODELS.len(),
    });
    Ok(Reply::json(200, body))
}

/// `GET /v1/models/{id}`.
pub(super) fn one(id: &str) -> Result<Reply, Problem> {
    Ok(Reply::json(200, model(&MODELS[place(id)?])))
}

fn place(id: &str) -> Result<usize, Problem> {
    let place = MODELS.iter().position(|(known, _)| *known == id);
    place.ok_or_else(|| Problem::new(404, format!("model: {id}")))
}

fn model((id, name): &(&str, &str)) -> Value {
    json!({ "type": "model", "id": id, "display_name": name, "created_at": "2026-01-01T00:00:00Z" })
}
