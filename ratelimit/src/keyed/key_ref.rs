//! One key of a table, as a limiter.

use steadfast_clock::Nanos;

use super::plans::{Class, Plan};
use super::table::{Key, Table};
use crate::{Decision, Grant, Limiter, Quota};

/// The limit of one key in a [`Keyed`](crate::Keyed) table. The key is hashed once; keep this for a few calls.
///
/// Threads that all come for one key meet at its slot. A denial writes nothing; a [`Lease`](crate::Lease) of this takes many
/// permits at a time and keeps them apart.
///
/// A refund gives back what has not decayed. Where takers of any key follow each other within 4 us it is short by what the
/// quota earns in that time. It gives back nothing of a grant that was made at another quota, shortly before a change of
/// quota, or by a cell that keys without a slot share.
#[derive(Clone, Copy, Debug)]
pub struct KeyRef<'a> {
    table: &'a Table,
    key: Key,
    plan: Option<Plan>,
}

impl<'a> KeyRef<'a> {
    #[inline]
    pub(super) fn new(table: &'a Table, hash: u64, plan: Option<Plan>) -> Self {
        Self { table, key: table.key(hash), plan }
    }

    /// The quota that the key is held to.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.class().gcra.quota()
    }

    #[inline]
    fn class(&self) -> &'a Class {
        match self.plan {
            Some(plan) => self.table.plans.class(plan.class),
            None => self.table.plans.default(),
        }
    }
}

impl Limiter for KeyRef<'_> {
    #[inline]
    fn take(&self, cost: u64, now: Nanos) -> Decision {
        self.table.take(self.key, self.class(), cost, now)
    }

    fn peek(&self, cost: u64, now: Nanos) -> Decision {
        self.table.peek(self.key, self.class(), cost, now)
    }

    fn charge(&self, cost: u64, now: Nanos) {
        self.table.charge(self.key, self.class(), cost, now);
    }

    fn refund(&self, grant: Grant, unused: u64, now: Nanos) {
        self.table.refund(self.key, &grant, unused, now);
    }
}
