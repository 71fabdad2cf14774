//! Who drives a rollout at the moment: the rules of leases, for every store.

use super::{Holder, Lease};
use crate::error::{Error, ErrorKind};

/// What is kept of a rollout's lease.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tenure {
    /// That of the last lease; 0 before the first.
    pub(super) number: u64,
    /// Who has it, if anybody does.
    pub(super) holder: Option<Holder>,
    /// When it was taken or renewed last, in milliseconds since 1970.
    pub(super) renewed_ms: u64,
    /// Until when it is his unless renewed.
    pub(super) until_ms: u64,
}

impl Tenure {
    /// Makes `holder` the one that drives the rollout, if nobody else does.
    pub(super) fn acquire(&mut self, id: &str, holder: &Holder, now_ms: u64, ttl_ms: u64) -> Result<Lease, Error> {
        if let Some(other) = &self.holder {
            let over = other.token == holder.token || now_ms >= self.until_ms || other.is_dead();
            if !over {
                return Err(driven(id, other, now_ms.saturating_sub(self.renewed_ms)));
            }
        }
        self.number += 1;
        self.holder = Some(holder.clone());
        self.extend(now_ms, ttl_ms);
        Ok(Lease::new(id, self.number, holder.clone()))
    }

    /// Extends the lease if it is still the last one. One that is over is extended, too, as long as nobody took it.
    pub(super) fn renew(&mut self, lease: &Lease, now_ms: u64, ttl_ms: u64) -> Result<(), Error> {
        self.check(lease)?;
        self.extend(now_ms, ttl_ms);
        Ok(())
    }

    /// Ends the lease; whether it was still the last one.
    pub(super) fn release(&mut self, lease: &Lease) -> bool {
        let held = self.is_held_by(lease);
        if held {
            self.holder = None;
        }
        held
    }

    /// Whether its holder may write.
    pub(super) fn check(&self, lease: &Lease) -> Result<(), Error> {
        if self.is_held_by(lease) { Ok(()) } else { Err(self.lost(lease)) }
    }

    /// Who drives, and until when, for those who only read.
    pub(super) fn driver(&self) -> Option<(Holder, u64)> {
        self.holder.clone().map(|holder| (holder, self.until_ms))
    }

    fn is_held_by(&self, lease: &Lease) -> bool {
        self.number == lease.number && self.holder.is_some()
    }

    fn extend(&mut self, now_ms: u64, ttl_ms: u64) {
        (self.renewed_ms, self.until_ms) = (now_ms, now_ms.saturating_add(ttl_ms));
    }

    fn lost(&self, lease: &Lease) -> Error {
        let id = &lease.rollout;
        let message = match &self.holder {
            Some(other) if self.number != lease.number => {
                format!("rollout `{id}` was taken over by {}", named(other))
            }
            _ => format!("rollout `{id}` was given back: drive it anew"),
        };
        Error::new(ErrorKind::LeaseLost, message)
    }
}

fn driven(id: &str, by: &Holder, ago_ms: u64) -> Error {
    let ago = ago_ms as f64 / 1000.0;
    let message = format!("rollout `{id}` is driven by {}, last heard of {ago:.1} s ago", named(by));
    Error::new(ErrorKind::Driven, message)
}

fn named(holder: &Holder) -> String {
    format!("process {} on {}", holder.pid, holder.host)
}
