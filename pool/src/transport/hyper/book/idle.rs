//! What becomes of connections while they are idle.

use steadfast_clock::Nanos;

use super::terms::WHOLE;
use super::{Book, Dated, Effects, Idle, Parks};
use crate::transport::hyper::slots::Place;

/// How many are stripped at a time, while the lock is held.
const STRIPPED: usize = 32;

impl<L: Parks, M: Dated + Clone, W> Book<L, M, W> {
    /// When the next sweep has something to do.
    pub(in super::super) fn sweep_due(&self) -> Option<Nanos> {
        let (_, since) = self.shelf.oldest()?;
        let over = since.saturating_add(self.limits.idle_timeout);
        let whole = self.shelf.whole().map(|since| since.saturating_add(WHOLE));
        Some(whole.map_or(over, |whole| whole.min(over)))
    }

    /// Closes what has been idle for too long, and has what has been for a while give up what it does not need. Of the
    /// latter some are left for the next sweep when there are many.
    pub(in super::super) fn sweep(&mut self, now: Nanos, out: &mut Effects<L, M, W>) {
        while let Some((place, since)) = self.shelf.oldest() {
            if now.since(since) < self.limits.idle_timeout {
                break;
            }
            self.discard_oldest(place, out);
            self.plan(place, out);
            self.bury(place);
        }
        for _ in 0..STRIPPED {
            // Those that are due soon are done, too, so that few sweeps do for many connections.
            if self.shelf.whole().is_none_or(|since| now.since(since) < WHOLE / 2) {
                break;
            }
            self.strip(out);
        }
    }

    /// Closes what is too much on the shelf.
    pub(super) fn bound(&mut self, place: Place, out: &mut Effects<L, M, W>) {
        while self.sets.get(place).is_some_and(|set| set.idle.len() > self.limits.max_idle_per_host) {
            self.discard_oldest(place, out);
        }
        while self.shelf.len() > self.limits.max_idle {
            let Some((owner, _)) = self.shelf.oldest() else { break };
            self.discard_oldest(owner, out);
            if owner != place {
                self.plan(owner, out);
                self.bury(owner);
            }
        }
    }

    /// Closes the connection of a set that is idle longest.
    pub(super) fn discard_oldest(&mut self, place: Place, out: &mut Effects<L, M, W>) {
        let Some(set) = self.sets.get_mut(place) else { return };
        let Some((idle, _)) = set.idle.pop_front().and_then(|oldest| self.shelf.take(oldest)) else { return };
        match idle {
            Idle::Line(line) => out.lines.push(line),
            Idle::Many(id) => {
                if let Some(at) = set.many.iter().position(|many| many.id == id) {
                    out.many.push(set.many.swap_remove(at).handle);
                }
            }
        }
        self.count_closed(place);
    }

    /// Has the next on the shelf give up what it does not need; one that cannot be used any more is closed.
    fn strip(&mut self, out: &mut Effects<L, M, W>) {
        let Some((idle, place, item)) = self.shelf.next_whole() else { return };
        let fit = match item {
            Idle::Line(line) => line.strip(),
            Idle::Many(_) => true,
        };
        if fit {
            return;
        }
        if let Some(set) = self.sets.get_mut(place) {
            set.idle.retain(|other| *other != idle);
        }
        if let Some((Idle::Line(line), _)) = self.shelf.take(idle) {
            out.lines.push(line);
        }
        self.count_closed(place);
        self.plan(place, out);
        self.bury(place);
    }
}
