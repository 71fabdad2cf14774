//! One call's way through the targets: who was asked, and who is next. No I/O.

use super::rule::Onward;

/// One call's way through the targets.
#[derive(Clone, Debug)]
pub(super) struct Course {
    /// Who is asked before the others, whatever their order.
    first: Option<usize>,
    asked: Vec<bool>,
    /// Who was asked once more, after a wait.
    waited: Vec<bool>,
    /// Another target was asked beside one that took too long.
    pub(super) hedged: bool,
}

/// What there is to know about a target that might be next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) parked: bool,
    /// Targets of one group have the same number.
    pub(super) group: usize,
    /// How many tokens it reads, if that was said.
    pub(super) context: Option<u64>,
    /// It has a place for the call, and can do what the call needs.
    pub(super) open: bool,
}

impl Course {
    /// The way of a call that begins at `first`, among so many.
    pub(super) fn new(first: Option<usize>, targets: usize) -> Self {
        Self { first, asked: vec![false; targets], waited: vec![false; targets], hedged: false }
    }

    /// Who is asked next, after the one at `from` has failed, or after nobody. Of those that were not asked yet and are
    /// open: first those that are not parked, of them those that the failure does not concern, of them the first.
    pub(super) fn next(&self, from: Option<(usize, Onward)>, targets: &[Candidate]) -> Option<usize> {
        let context = |at: usize| targets.get(at).and_then(|target| target.context);
        let fits = |target: &Candidate| match from {
            Some((from, Onward::Larger)) => target.context > context(from),
            _ => true,
        };
        let behind = |target: &Candidate| {
            let same = |from: usize| targets.get(from).is_some_and(|from| from.group == target.group);
            match from {
                Some((from, Onward::NextKey)) => !same(from),
                Some((from, Onward::NextTarget)) => same(from),
                _ => false,
            }
        };
        let left = targets.iter().enumerate().zip(&self.asked);
        let left = left.filter(|((_, target), asked)| !**asked && target.open && fits(target)).map(|(left, _)| left);
        let rank = |at: usize, target: &Candidate| (target.parked, behind(target), self.first != Some(at), at);
        left.map(|(at, target)| (rank(at, target), at)).min().map(|(_, at)| at)
    }

    /// The one at `at` is being asked.
    pub(super) fn ask(&mut self, at: usize) {
        if let Some(asked) = self.asked.get_mut(at) {
            *asked = true;
        }
    }

    /// The one at `at` is to be asked once more, after a wait; `false` when it was already.
    pub(super) fn ask_again(&mut self, at: usize) -> bool {
        self.waited.get_mut(at).is_some_and(|waited| !std::mem::replace(waited, true))
    }
}

#[cfg(test)]
#[path = "course/tests.rs"]
mod tests;
