//! A whole answer: one chunk that has everything in it, so that it reads as a stream does.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Map;

use super::decode::{Decoder, problem};
use crate::assemble::Assembler;
use crate::family::Origin;
use crate::problem::{Fault, Whole};
use crate::{Event, Finish, Vendor};

/// What an answer says, or why it is none.
pub(super) fn decode(body: &[u8], _: &Vendor) -> Result<Whole, Fault> {
    let malformed = |what: &str| Fault::Malformed(what.to_owned());
    let text = std::str::from_utf8(body).map_err(|_| malformed("the answer is not UTF-8"))?.trim_ascii();
    let nobody: Arc<str> = Arc::from("");
    let mut decoder = Decoder::new(Origin { provider: Arc::clone(&nobody), model: nobody });
    let mut events = VecDeque::new();
    let mut is_read = decoder.chunk("the answer", text, false, &mut events);
    if is_read.is_ok() && !decoder.is_said {
        is_read = Err(malformed("the answer has no choices"));
    }
    if let Err(fault) = is_read {
        // Most errors look like an answer without choices.
        return Err(match fault {
            Fault::Malformed(_) => problem(text, false).map_or(fault, |problem| Fault::Told(Box::new(problem))),
            fault => fault,
        });
    }
    let reason = decoder.reason();
    decoder.end(&reason, &mut events);
    Ok(whole(events))
}

fn whole(events: VecDeque<Event>) -> Whole {
    let mut message = Assembler::default();
    let mut whole =
        Whole { id: None, model: None, parts: Vec::new(), finish: Finish::Unknown, usage: None, extra: Map::new() };
    for event in events {
        message.note(&event);
        match event {
            Event::Start { model, id, .. } => {
                whole.model = Some(model).filter(|model| !model.is_empty());
                whole.id = id;
            }
            Event::Extra { name, value } => drop(whole.extra.insert(name, value)),
            Event::Usage(usage) => whole.usage = Some(usage),
            Event::Finish(finish) => whole.finish = finish,
            _ => {}
        }
    }
    whole.parts = message.finish().parts;
    whole
}
