//! OpenAI's endpoints.

mod chat;
mod embeddings;
mod fields;
mod models;
mod responses;

use serde_json::Value;

use crate::Reply;

use super::desk::Desk;
use super::problem::Problem;
use super::route::Route;

pub(super) use responses::Shelf;

/// The date of all answers, in seconds since 1970: the same in every run.
const CREATED: u64 = 1_767_225_600;

/// Answers a request, or says what is wrong with it.
pub(super) fn answer(route: &Route, desk: &Desk<'_>) -> Result<Reply, Problem> {
    let reply = match route {
        Route::Chat => chat::answer(desk),
        Route::Responses => responses::create(desk),
        Route::Response(id) => responses::retrieve(desk, id),
        Route::CancelResponse(id) => responses::cancel(desk, id),
        Route::Embeddings => embeddings::answer(desk),
        Route::Models => Ok(models::list()),
        Route::Model(id) => models::one(id),
        Route::Messages | Route::CountTokens => Err(Problem::new(404, "This is Anthropic's.")),
    }?;
    Ok(reply.header("openai-version", "2020-10-01").header("openai-processing-ms", "1"))
}

/// Hides the length of a token from who watches the wire: token and padding are a multiple of 16 bytes.
fn padding(token: &str) -> &'static str {
    &"0123456789abcdef"[token.len() % 16..]
}

/// Whether deltas are padded: unless a request says that they are not to be.
fn is_padded(request: &Value) -> bool {
    let options = fields::field(request, "stream_options");
    options.and_then(|options| options.get("include_obfuscation")).and_then(Value::as_bool).unwrap_or(true)
}
