//! What opens a closed breaker.

use crate::Rate;

/// The part of a [`Rule`](crate::Rule) that opens a closed breaker. A success never does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Trip {
    /// The rule's `failures` within its `window`, whatever the successes in between.
    #[default]
    Failures,
    /// The rule's `failures` in a row, however long they took. A success starts the row anew.
    Consecutive,
    /// A share of the calls that failed or were slow.
    Rate(Rate),
}
