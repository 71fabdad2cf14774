//! What can be wrong with a calendar budget.

use core::fmt;

use alloc::borrow::ToOwned;
use alloc::string::String;

/// A [`CalendarBudget`](crate::CalendarBudget) that cannot work, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CalendarError {
    /// A budget of zero: nothing would ever be admitted.
    ZeroBudget,
    /// A budget above 281,474,976,710,655.
    BudgetTooLarge(u64),
    /// No time zone of this name, here.
    UnknownZone(String),
}

impl CalendarError {
    pub(super) fn unknown_zone(zone: &str) -> Self {
        Self::UnknownZone(zone.to_owned())
    }
}

impl fmt::Display for CalendarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroBudget => f.write_str("calendar: budget must be at least 1"),
            Self::BudgetTooLarge(budget) => write!(f, "calendar: a budget of {budget} is above 2^48 - 1"),
            Self::UnknownZone(zone) => write!(f, "calendar: no time zone \"{zone}\""),
        }
    }
}

impl core::error::Error for CalendarError {}
