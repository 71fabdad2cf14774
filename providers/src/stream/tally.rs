//! What the events of a stream came to.

use serde_json::{Map, Value};

use crate::assemble::Assembler;
use crate::{Error, ErrorKind, Event, Finish, Seam, Usage};

/// What the events came to.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) id: Option<String>,
    pub(super) message: Assembler,
    pub(super) extra: Map<String, Value>,
    pub(super) usage: Usage,
    pub(super) seams: Vec<Seam>,
    pub(super) finish: Option<Finish>,
    /// Where the stream was when it ended.
    pub(super) position: Option<u64>,
}

/// The most bytes in one answer.
const LONGEST: usize = 64 * 1024 * 1024;

impl Tally {
    /// Takes in the next event.
    ///
    /// # Errors
    ///
    /// The answer is longer than any.
    pub(super) fn note(&mut self, event: &Event) -> Result<(), Error> {
        if self.message.len() + event.len() > LONGEST {
            let what = format!("the answer is longer than {LONGEST} bytes");
            return Err(Error::new(ErrorKind::Malformed, self.provider.as_str(), what));
        }
        self.message.note(event);
        match event {
            Event::Start { provider, model, id } => {
                self.provider.clone_from(provider);
                self.model.clone_from(model);
                self.id.clone_from(id);
            }
            Event::Extra { name, value } => drop(self.extra.insert(name.clone(), value.clone())),
            Event::Usage(usage) => self.usage = *usage,
            Event::Seam(seam) => self.seams.push(seam.clone()),
            Event::Finish(finish) => self.finish = Some(finish.clone()),
            _ => {}
        }
        Ok(())
    }
}
