//! OpenAI's models.

use serde_json::{Value, json};

use crate::Reply;

use super::super::problem::Problem;
use super::CREATED;

const MODELS: [&str; 3] = ["gpt-sim", "gpt-sim-mini", "text-embedding-sim"];

/// `GET /v1/models`.
pub(super) fn list() -> Reply {
    Reply::json(200, json!({ "object": "list", "data": MODELS.map(model) }))
}

/// `GET /v1/models/{id}`.
pub(super) fn one(id: &str) -> Result<Reply, Problem> {
    match MODELS.contains(&id) {
        true => Ok(Reply::json(200, model(id))),
        false => {
            let message = format!("The model '{id}' does not exist or you do not have access to it.");
            Err(Problem::new(404, message).param("model").code("model_not_found"))
        }
    }
}

fn model(id: &str) -> Value {
    json!({ "id": id, "object": "model", "created": CREATED, "owned_by": "steadfast" })
}
