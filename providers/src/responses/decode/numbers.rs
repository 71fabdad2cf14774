//! The numbers of the events: which event came already, and after which one a stream can be taken up again.

/// The numbers of the events so far.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    last: Option<u64>,
    trust: Trust,
    /// An event without a number came.
    unnumbered: bool,
    /// How many came that did not rise, before it was known whether they do.
    repeated: u8,
}

/// Whether the numbers rise, as they should. There are servers that give the same to all events.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Trust {
    /// Not known before the second one.
    #[default]
    Open,
    Rising,
    Flat,
}

impl Numbers {
    /// Those of a stream that goes on after this event.
    pub(super) fn after(last: Option<u64>) -> Self {
        Self { last, trust: if last.is_some() { Trust::Rising } else { Trust::Open }, ..Self::default() }
    }

    /// Whether an event of this number did not come before.
    pub(super) fn is_new(&mut self, number: Option<u64>) -> bool {
        let Some(number) = number else {
            self.unnumbered = true;
            return true;
        };
        let rises = self.last.is_none_or(|last| number > last);
        if !rises && self.trust == Trust::Rising {
            return false;
        }
        match (self.trust, rises) {
            (Trust::Open, true) if self.last.is_some() => self.trust = Trust::Rising,
            // The first event alone may come twice.
            (Trust::Open, false) if self.repeated > 0 => self.trust = Trust::Flat,
            (Trust::Open, false) => self.repeated += 1,
            _ => {}
        }
        self.last = Some(number);
        true
    }

    /// After which event the stream can be taken up again: `None` when it cannot.
    #[expect(clippy::option_option, reason = "taking up from the beginning is not the same as not being able to")]
    pub(super) fn bookmark(&self) -> Option<Option<u64>> {
        (self.trust != Trust::Flat && !self.unnumbered).then_some(self.last)
    }

    /// From here on, what is not new came twice.
    pub(super) fn trust(&mut self) {
        if self.last.is_some() {
            self.trust = Trust::Rising;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(numbers: &[Option<u64>], new: &[bool], bookmark: Option<Option<u64>>) {
        let mut seen = Numbers::default();
        let came: Vec<bool> = numbers.iter().map(|number| seen.is_new(*number)).collect();
        assert_eq!((came.as_slice(), seen.bookmark()), (new, bookmark), "{numbers:?}");
    }

    #[test]
    fn what_came_already_is_not_new() {
        check(&[], &[], Some(None));
        check(&[Some(0)], &[true], Some(Some(0)));
        check(&[Some(0), Some(0), Some(1), Some(1)], &[true, true, true, false], Some(Some(1)));
        check(&[Some(0), Some(1), Some(1), Some(0), Some(3)], &[true, true, false, false, true], Some(Some(3)));
    }

    #[test]
    fn numbers_that_do_not_rise_mean_nothing() {
        check(&[Some(0), Some(0), Some(0), Some(1)], &[true; 4], None);
        check(&[None, None], &[true; 2], None);
        check(&[Some(0), None], &[true; 2], None);
    }
}
