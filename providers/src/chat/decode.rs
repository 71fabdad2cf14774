//! Answers of Chat Completions, read: chunks in, events out. A whole answer is one chunk.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde_json::Value;
use steadfast_pool::SseEvent;

use super::calls::Calls;
use super::chunk::{Choice, Chunk, Content};
use super::finish::finish;
use super::loose::{Str, read};
use super::noted::Noted;
use super::{parts, usage};
use crate::family::{Decode, Origin, Progress};
use crate::problem::{Fault, Problem};
use crate::{Event, Finish, ReasoningEnd, Vendor};

pub(super) fn decoder(origin: Origin, _: &Vendor) -> Box<dyn Decode> {
    Box::new(Decoder::new(origin))
}

/// Reads one answer.
pub(super) struct Decoder {
    origin: Origin,
    is_started: bool,
    is_thinking: bool,
    is_refused: bool,
    /// There was a message, or a piece of one.
    pub(super) is_said: bool,
    calls: Calls,
    /// Held back until the end, because what follows it is part of the answer: usage, and fields that are nobody's.
    finish: Option<String>,
    usage: String,
    noted: Noted,
}

impl Decode for Decoder {
    fn take(&mut self, event: &SseEvent, out: &mut VecDeque<Event>) -> Result<Progress, Fault> {
        let data = event.data.trim_ascii();
        if data == "[DONE]" {
            return Ok(Progress::Done);
        }
        if !data.is_empty() {
            self.chunk("a chunk", data, event.event == "error", out)?;
        }
        Ok(Progress::More)
    }

    fn close(&mut self, out: &mut VecDeque<Event>) -> bool {
        let Some(reason) = self.finish.take() else { return false };
        self.end(&reason, out);
        true
    }
}

impl Decoder {
    pub(super) fn new(origin: Origin) -> Self {
        Self {
            origin,
            is_started: false,
            is_thinking: false,
            is_refused: false,
            is_said: false,
            calls: Calls::default(),
            finish: None,
            usage: String::new(),
            noted: Noted::default(),
        }
    }

    /// Takes in one chunk. `is_error` says that it calls itself an error elsewhere.
    pub(super) fn chunk(
        &mut self,
        what: &str,
        data: &str,
        is_error: bool,
        out: &mut VecDeque<Event>,
    ) -> Result<(), Fault> {
        let mut chunk = Chunk::new(&mut self.noted);
        let malformed = |place: String| Fault::Malformed(format!("{what} is not the expected JSON{place}"));
        if !data.starts_with('{') && !is_error {
            return Err(malformed(String::new()));
        }
        // serde_json's own words can quote contents: only the place is told.
        let is_read = read(data, &mut chunk)
            .map_err(|error| malformed(format!(" (line {} column {})", error.line(), error.column())));
        let Chunk { id, model, is_suspect, choice, usage, .. } = chunk;
        if is_suspect || is_error {
            if let Some(problem) = problem(data, is_error) {
                return Err(Fault::Told(Box::new(problem)));
            }
        }
        is_read?;
        if let Some(usage) = usage {
            self.usage.clear();
            self.usage.push_str(usage.get());
        }
        if !self.is_started && (choice.is_some() || !id.as_str().is_empty() || !model.as_str().is_empty()) {
            self.is_started = true;
            let owned = |text: Str<'_>| text.some().map(Cow::into_owned);
            out.push_back(self.origin.start(owned(model), owned(id)));
        }
        choice.map_or(Ok(()), |choice| self.choice(choice, out))
    }

    fn choice(&mut self, choice: Choice<'_>, out: &mut VecDeque<Event>) -> Result<(), Fault> {
        self.is_said |= choice.is_said;
        if let Some(thought) = choice.reasoning.some() {
            self.is_thinking = true;
            out.push_back(Event::Reasoning(thought.into_owned()));
        }
        match choice.content {
            Content::None => {}
            Content::Text(text) if text.is_empty() => {}
            Content::Text(text) => self.say(Event::Text(text.into_owned()), out),
            Content::Parts(list) => list.into_iter().flat_map(parts::events_of).for_each(|event| self.say(event, out)),
        }
        if let Some(refusal) = choice.refusal.some() {
            self.say(Event::Refusal(refusal.into_owned()), out);
        }
        if !choice.calls.is_empty() {
            self.thought(out);
            self.calls.next_chunk();
            choice.calls.into_iter().try_for_each(|piece| self.calls.take(piece, out))?;
        }
        choice.grown.into_iter().for_each(|(name, piece)| self.noted.grow(name, piece));
        choice.told.iter().for_each(|(name, value)| self.noted.told(name, value));
        match choice.finish.some() {
            // OpenRouter's word for an answer that broke off, when it does not say why.
            Some(reason) if reason == "error" => Err(Fault::Told(Box::default())),
            Some(reason) => {
                self.finish = Some(reason.into_owned());
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn say(&mut self, event: Event, out: &mut VecDeque<Event>) {
        match event {
            Event::Reasoning(_) => self.is_thinking = true,
            _ => self.thought(out),
        }
        self.is_refused |= matches!(event, Event::Refusal(_));
        out.push_back(event);
    }

    /// What was thought so far is complete.
    fn thought(&mut self, out: &mut VecDeque<Event>) {
        if std::mem::replace(&mut self.is_thinking, false) {
            out.push_back(Event::ReasoningEnd(ReasoningEnd::new()));
        }
    }

    /// Gives out what was held back.
    pub(super) fn end(&mut self, reason: &str, out: &mut VecDeque<Event>) {
        let has_calls = !self.calls.is_empty();
        self.thought(out);
        self.calls.close(out);
        let used = usage::read(&self.usage);
        if let Some((_, Some(rest))) = &used {
            out.push_back(Event::extra("usage", rest.clone()));
        }
        self.noted.close(out);
        out.extend(used.map(|(usage, _)| Event::Usage(usage)));
        out.push_back(Event::Finish(match self.is_refused {
            true => Finish::Refusal,
            false => finish(reason, has_calls),
        }));
    }

    /// The reason that came, if one did.
    pub(super) fn reason(&mut self) -> String {
        self.finish.take().unwrap_or_default()
    }
}

/// What a chunk that looks like an error says: truthy `error`, in it or in its choice, vLLM's `"object": "error"`, or an
/// event of that name.
pub(super) fn problem(data: &str, is_error: bool) -> Option<Problem> {
    let named = || is_error.then(|| Problem::of_refusal(data.as_bytes()));
    let Ok(value) = serde_json::from_str::<Value>(data) else { return named() };
    let within = || value.get("choices").and_then(|choices| choices.get(0)).and_then(Problem::of_value);
    Problem::of_value(&value).or_else(within).or_else(named)
}
