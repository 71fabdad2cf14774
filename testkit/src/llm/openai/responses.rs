//! OpenAI's Responses: made at once or in the background, whole or streamed, and looked up again.

mod body;
mod events;
mod request;
mod shelf;

use serde_json::Value;

use crate::Reply;

use super::super::desk::Desk;
use super::super::problem::Problem;
use super::super::said::Said;
use super::super::track::stream;

pub(in crate::llm) use shelf::Shelf;

use body::Draft;
use request::Request;
use shelf::{Kept, Progress};

/// `POST /v1/responses`.
pub(super) fn create(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let raw = super::fields::body(desk.body)?;
    let request = Request::read(&raw, desk.shelf)?;
    let said = Said::new(desk.settings, &request.asked);
    desk.charge(request.model, said.counted.input, said.counted.output)?;
    let draft = Draft { raw: &raw, request: &request, said: &said, serial: desk.serial };
    let track = events::track(&draft);
    let done = draft.done();
    let token_delay = desk.settings.token_delay;
    let reply = match (request.stream, request.background) {
        (true, _) => track.reply().chunk_delay(token_delay),
        (false, true) => Reply::json(200, draft.begun("queued")),
        (false, false) => Reply::json(200, done.clone()),
    };
    if request.store {
        desk.shelf.keep(Kept {
            id: draft.id(),
            begun: desk.now,
            token_delay,
            is_background: request.background,
            tokens: said.counted.input + said.counted.output,
            calls: (0..said.calls.len()).map(|i| draft.call_id(i)).collect(),
            working: draft.begun("in_progress"),
            done,
            track,
            cancelled: None,
        });
    }
    Ok(reply)
}

/// `GET /v1/responses/{id}`: how far it is; with `stream=true` its events, those after `starting_after` alone.
pub(super) fn retrieve(desk: &Desk<'_>, id: &str) -> Result<Reply, Problem> {
    let kept = desk.shelf.find(id).ok_or_else(|| not_found(id))?;
    if desk.parameter("stream") != Some("true") {
        return Ok(Reply::json(200, kept.told(desk.now)));
    }
    if !kept.is_background {
        let message = "This response cannot be streamed because it was not created with background=true.";
        return Err(Problem::invalid(message).param("stream"));
    }
    let from = match desk.parameter("starting_after") {
        None => 0,
        Some(after) => match after.parse::<usize>() {
            Ok(after) if after < kept.track.len() => after + 1,
            _ => {
                let why = "expected the sequence number of an event of the stream";
                return Err(super::fields::wrong("starting_after", why, "invalid_value"));
            }
        },
    };
    Ok(match kept.progress(desk.now) {
        Progress::Cancelled(due) => stream(vec![kept.track.due(from, due)]),
        Progress::Working(due) => stream(kept.track.pieces(from, due)).chunk_delay(kept.token_delay),
        Progress::Done => stream(kept.track.pieces(from, kept.track.waits())),
    })
}

/// `POST /v1/responses/{id}/cancel`.
pub(super) fn cancel(desk: &Desk<'_>, id: &str) -> Result<Reply, Problem> {
    let kept = desk.shelf.find(id).ok_or_else(|| not_found(id))?;
    if !kept.is_background {
        return Err(Problem::invalid("Cannot cancel a synchronous response."));
    }
    let told: Value = desk.shelf.cancel(id, desk.now).ok_or_else(|| not_found(id))?;
    Ok(Reply::json(200, told))
}

fn not_found(id: &str) -> Problem {
    Problem::new(404, format!("Response with id '{id}' not found."))
}
