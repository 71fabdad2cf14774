//! What a call brought, and whether it is to be kept.

use crate::Entry;

/// What a call brought, and whether it is to be kept. A failure that is not to be remembered is an `Err` instead.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fetched {
    /// An answer to be kept, for the lifetime that it has.
    Keep(Entry),
    /// An answer for those who asked and nobody else. A stale one that it takes the place of is let go of.
    DoNotKeep(Entry),
    /// A refusal to be remembered, marked as [`negative`](Entry::negative) if it is not yet. Without a lifetime of its
    /// own it is given that of [`ReadThroughBuilder::refusals`](crate::ReadThroughBuilder::refusals).
    Refused(Entry),
}
