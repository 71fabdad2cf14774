//! Which numbered event the last one given out came from.

use std::collections::VecDeque;

/// The numbers of events of the provider, and how many of ours had been made by then.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// How many were given out.
    pub(super) given: u64,
    latest: VecDeque<(u64, u64)>,
}

impl Marks {
    /// The event of this number was taken in, and so many of ours wait to be given out.
    pub(super) fn set(&mut self, number: Option<u64>, waiting: usize) {
        let Some(number) = number else { return };
        let made = self.given + waiting as u64;
        while self.latest.len() > 1 && self.latest[1].0 <= self.given {
            self.latest.pop_front();
        }
        match self.latest.back_mut() {
            Some(last) if last.0 == made => last.1 = number,
            _ => self.latest.push_back((made, number)),
        }
    }

    /// The last number of which everything was given out.
    pub(super) fn position(&self) -> Option<u64> {
        self.latest.iter().take_while(|(made, _)| *made <= self.given).last().map(|(_, number)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_not_given_out() {
        let mut marks = Marks::default();
        assert_eq!(marks.position(), None);
        marks.set(Some(0), 1);
        assert_eq!(marks.position(), None);
        marks.given = 1;
        assert_eq!(marks.position(), Some(0));
        // The second says nothing, the third makes two.
        marks.set(Some(1), 0);
        marks.set(Some(2), 2);
        marks.given = 2;
        assert_eq!(marks.position(), Some(1));
        marks.given = 3;
        assert_eq!(marks.position(), Some(2));
        marks.set(Some(3), 0);
        assert_eq!((marks.position(), marks.latest.len()), (Some(3), 1));
    }
}
