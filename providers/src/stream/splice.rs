//! Where another provider goes on with a text: its events become the rest of the answer.

use crate::router::left_out;
use crate::{ErrorKind, Event, Seam, Usage};

/// A stream that goes on with the text of one that broke off.
pub(super) struct Splice {
    /// Told once something comes.
    seam: Option<Seam>,
    /// White space that was told before, and that the other one was not shown: it is not told twice.
    told: String,
    /// What was used before.
    used: Usage,
}

impl Splice {
    /// After this text, of that provider and model.
    pub(super) fn new(text: &str, from: (&str, &str), used: Usage, why: ErrorKind) -> Self {
        let seam = Seam::new(from, ("", ""), text.len(), why);
        Self { seam: Some(seam), told: left_out(text).to_owned(), used }
    }

    /// Who wrote what comes before, as long as nothing came since.
    pub(super) fn from(&self) -> Option<(&str, &str)> {
        self.seam.as_ref().map(|seam| (seam.from.as_str(), seam.from_model.as_str()))
    }

    /// The events that become of one: a start is none any more, and before the first piece there is the seam.
    pub(super) fn take(&mut self, event: Event) -> (Option<Event>, Option<Event>) {
        let event = match event {
            Event::Start { provider, model, .. } => {
                if let Some(seam) = &mut self.seam {
                    (seam.to, seam.to_model) = (provider, model);
                }
                return (None, None);
            }
            Event::Text(text) => match self.untold(&text) {
                "" => return (None, None),
                rest if rest.len() < text.len() => Event::Text(rest.to_owned()),
                _ => Event::Text(text),
            },
            Event::Usage(usage) => Event::Usage(self.used.plus(usage)),
            event => event,
        };
        let begins = event.is_content() || matches!(event, Event::Finish(_));
        (self.seam.take_if(|_| begins).map(Event::Seam), Some(event))
    }

    /// The text without what was told before.
    fn untold<'a>(&mut self, text: &'a str) -> &'a str {
        let same = |(one, other): &(char, char)| one == other;
        let told: usize = text.chars().zip(self.told.chars()).take_while(same).map(|(one, _)| one.len_utf8()).sum();
        let rest = text.get(told..).unwrap_or(text);
        // What does not begin with it all is another text.
        self.told = if rest.is_empty() { self.told.split_off(told) } else { String::new() };
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Finish;

    fn check(before: &str, pieces: &[&str], expected: &str) {
        let mut splice = Splice::new(before, ("a", "m"), Usage::new(5, 0, 0, 2, 0), ErrorKind::Server);
        let mut all = before.to_owned();
        let mut seams = 0;
        let events = pieces.iter().map(|piece| Event::Text((*piece).to_owned()));
        let start = Event::start("b", "n", None);
        for event in [start].into_iter().chain(events).chain([Event::Finish(Finish::Stop)]) {
            let (seam, event) = splice.take(event);
            if let Some(Event::Seam(seam)) = seam {
                assert_eq!((seam.to.as_str(), seam.to_model.as_str(), seam.after_bytes), ("b", "n", before.len()));
                seams += 1;
            }
            if let Some(Event::Text(text)) = event {
                assert_eq!(seams, 1);
                all.push_str(&text);
            }
        }
        assert_eq!((all.as_str(), seams), (expected, 1), "{before:?} {pieces:?}");
    }

    #[test]
    fn white_space_around_the_seam_is_told_once() {
        check("one", &[" two"], "one two");
        check("one ", &[" two"], "one two");
        check("one ", &["two"], "one two");
        check("one \n", &[" ", "\n", "\n two"], "one \n\n two");
        check("one \n", &["\ntwo"], "one \n\ntwo");
        check("one ", &[], "one ");
    }

    #[test]
    fn usage_is_that_of_both() {
        let mut splice = Splice::new("one", ("a", "m"), Usage::new(5, 1, 0, 2, 0), ErrorKind::Server);
        let (seam, event) = splice.take(Event::Usage(Usage::new(7, 0, 0, 3, 0)));
        assert_eq!((seam, event), (None, Some(Event::Usage(Usage::new(12, 1, 0, 5, 0)))));
    }
}
