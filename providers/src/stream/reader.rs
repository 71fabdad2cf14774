//! The body of a streamed answer, read: bytes in, events out, whatever the chunk boundaries. No I/O.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::BytesMut;
use steadfast_pool::SseDecoder;

use crate::assemble::events_of;
use crate::family::{Bookmark, Decode, Family, Origin, Progress};
use crate::problem::Fault;
use crate::{Event, Message, Reply, Role, Vendor};

mod marks;
#[cfg(test)]
mod tests;

use marks::Marks;

/// Reads one body.
pub(crate) struct Reader {
    family: &'static Family,
    vendor: Arc<Vendor>,
    origin: Origin,
    form: Form,
    decoder: Box<dyn Decode>,
    ready: VecDeque<Event>,
    /// The rest of an answer is read, whose beginning came another way.
    joined: bool,
    marks: Marks,
}

/// What the body turns out to be.
enum Form {
    /// Nothing but white space so far.
    Unknown,
    Events(SseDecoder),
    /// A whole answer, or an error, where a stream was asked for.
    Whole(BytesMut),
}

/// The most bytes of an answer that comes whole.
const LONGEST_WHOLE: usize = 32 * 1024 * 1024;

impl Reader {
    pub(crate) fn new(family: &'static Family, vendor: Arc<Vendor>, origin: Origin) -> Self {
        let decoder = (family.decoder)(origin.clone(), &vendor);
        let (ready, marks) = (VecDeque::new(), Marks::default());
        Self { family, vendor, origin, form: Form::Unknown, decoder, ready, joined: false, marks }
    }

    /// The next event that is there.
    pub(crate) fn next(&mut self) -> Option<Event> {
        let event = self.ready.pop_front();
        self.marks.given += u64::from(event.is_some());
        event
    }

    /// The bytes to come are those of another stream of the same answer, after this place.
    pub(crate) fn join(&mut self, at: Bookmark) {
        self.decoder.join(at);
        self.joined = true;
    }

    /// The connection was lost; the bytes to come are those of another one, which goes on after the last event.
    pub(crate) fn rejoin(&mut self) {
        self.form = Form::Unknown;
        self.decoder.rejoin();
        self.joined = true;
    }

    /// Where the answer can be taken up again.
    pub(crate) fn bookmark(&self) -> Option<Bookmark> {
        self.decoder.bookmark()
    }

    /// The number of the last event whose parts were all given out.
    pub(crate) fn position(&self) -> Option<u64> {
        self.marks.position()
    }

    /// Takes in the next bytes. Once the answer is complete, what follows is of no interest.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> Result<Progress, Fault> {
        if matches!(self.form, Form::Unknown) {
            bytes = bytes.trim_ascii_start();
            self.form = match bytes.first() {
                None => return Ok(Progress::More),
                // No line of an event stream begins like this; a page of HTML is no answer either, and fails as JSON.
                Some(b'{' | b'<') => Form::Whole(BytesMut::new()),
                Some(_) => Form::Events(SseDecoder::new()),
            };
        }
        match &mut self.form {
            Form::Unknown => {}
            Form::Whole(whole) if whole.len() + bytes.len() > LONGEST_WHOLE => {
                return Err(Fault::Malformed(format!("the answer is larger than {LONGEST_WHOLE} bytes")));
            }
            Form::Whole(whole) => whole.extend_from_slice(bytes),
            Form::Events(events) => {
                let (decoder, ready, marks) = (&mut self.decoder, &mut self.ready, &mut self.marks);
                let flow = events.decode(bytes, |event| {
                    let taken = decoder.take(event, ready);
                    match taken {
                        Ok(Progress::More) => {
                            marks.set(decoder.position(), ready.len());
                            ControlFlow::Continue(())
                        }
                        Ok(Progress::Done) => ControlFlow::Break(Ok(())),
                        Err(fault) => ControlFlow::Break(Err(fault)),
                    }
                });
                if let ControlFlow::Break(end) = flow.map_err(|error| Fault::Malformed(error.to_string()))? {
                    end?;
                    self.close()?;
                    self.marks.set(self.decoder.position(), self.ready.len());
                    return Ok(Progress::Done);
                }
            }
        }
        Ok(Progress::More)
    }

    /// The body is over.
    pub(crate) fn close(&mut self) -> Result<(), Fault> {
        let Form::Whole(whole) = &self.form else {
            return if self.decoder.close(&mut self.ready) { Ok(()) } else { Err(Fault::Truncated) };
        };
        if self.joined {
            self.decoder.whole(whole, &mut self.ready)?;
            return if self.decoder.close(&mut self.ready) { Ok(()) } else { Err(Fault::Truncated) };
        }
        let whole = (self.family.decode)(whole, &self.vendor)?;
        let model = whole.model.unwrap_or_else(|| self.origin.model.as_ref().to_owned());
        let message = Message::of(Role::Assistant, whole.parts);
        let reply = Reply {
            id: whole.id,
            usage: whole.usage.unwrap_or_default(),
            extra: whole.extra,
            ..Reply::of(&*self.origin.provider, model, message, whole.finish)
        };
        self.ready.extend(events_of(reply));
        Ok(())
    }

    /// The body broke off: tells whether the answer was complete all the same.
    pub(crate) fn break_off(&mut self) -> bool {
        !matches!(self.form, Form::Whole(_)) && self.decoder.close(&mut self.ready)
    }
}
