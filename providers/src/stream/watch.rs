//! Sees to it that a streamed answer goes on: something that is part of it must come in time, whatever else does.

use std::fmt;
use std::task::{Context, Poll};
use std::time::Duration;

use steadfast_clock::{BoxSleep, Nanos, SharedTimer};

use crate::{Event, StreamTimeouts, Wait};

/// Watches over the waits of one stream. Only time in which somebody waits counts.
///
/// There is one alarm for many waits: it is set when none is, and looks again when it goes off too early.
pub(super) struct Watch {
    timer: SharedTimer,
    limits: StreamTimeouts,
    /// A piece of the answer came.
    begun: bool,
    /// Since when the next useful event is waited for.
    since: Option<Nanos>,
    alarm: Option<BoxSleep>,
}

/// What was waited for in vain, and how long.
pub(super) struct InVain {
    pub(super) wait: Wait,
    pub(super) limit: Duration,
}

impl Watch {
    pub(super) fn new(timer: SharedTimer, limits: StreamTimeouts) -> Self {
        Self { timer, limits, begun: false, since: None, alarm: None }
    }

    /// Another connection goes on with the answer: the wait begins anew.
    pub(super) fn anew(&mut self) {
        self.since = None;
    }

    /// An event came.
    pub(super) fn saw(&mut self, event: &Event) {
        self.begun = self.begun || event.is_content();
        if self.begun {
            self.since = None;
        }
    }

    /// Nothing is there: waits until it has been so for too long.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<InVain> {
        let (wait, limit) = match self.begun {
            true => (Wait::NextEvent, self.limits.next_event),
            false => (Wait::FirstToken, self.limits.first_token),
        };
        loop {
            let now = self.timer.now();
            let until = self.since.get_or_insert(now).saturating_add(limit);
            if now >= until {
                return Poll::Ready(InVain { wait, limit });
            }
            let alarm = self.alarm.get_or_insert_with(|| self.timer.sleep_until(until));
            match alarm.as_mut().poll(cx) {
                Poll::Ready(()) => self.alarm = None,
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl fmt::Display for InVain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.wait {
            Wait::FirstToken => "first piece",
            _ => "further piece",
        };
        write!(f, "no {what} of the answer within {:?}", self.limit)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use steadfast_clock::{ManualClock, shared};

    use super::*;

    #[test]
    fn only_what_is_part_of_the_answer_counts_and_only_while_somebody_waits() {
        let clock = ManualClock::new();
        let second = Duration::from_secs(1);
        let limits = StreamTimeouts::new().first_token(8 * second).next_event(4 * second);
        let mut watch = Watch::new(shared(clock.clone()), limits);
        let waits = |watch: &mut Watch| match watch.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(in_vain) => Some(in_vain.wait),
            Poll::Pending => None,
        };
        assert_eq!(waits(&mut watch), None);
        clock.advance(5 * second);
        // The start is no piece of the answer.
        watch.saw(&Event::start("p", "m", None));
        assert_eq!(waits(&mut watch), None);
        clock.advance(3 * second);
        assert_eq!(waits(&mut watch), Some(Wait::FirstToken));
        watch.saw(&Event::Text(String::from("a")));
        // Nobody waits.
        clock.advance(100 * second);
        assert_eq!(waits(&mut watch), None);
        clock.advance(3 * second);
        watch.saw(&Event::Text(String::from("b")));
        assert_eq!(waits(&mut watch), None);
        // The alarm of the wait before goes off, and is too early.
        clock.advance(second);
        assert_eq!(waits(&mut watch), None);
        clock.advance(3 * second);
        assert_eq!(waits(&mut watch), Some(Wait::NextEvent));
    }
}
