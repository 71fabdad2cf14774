//! Why several limits together said no.

use core::fmt;

use crate::Denied;

/// No reservation, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitsError {
    /// A limit is reached: of those that are, the one that takes longest.
    Denied(Denied),
    /// Those ahead in line were not served by the deadline.
    InLine,
    /// Not as many costs as limits.
    WrongCosts(WrongCosts),
}

/// Not as many costs as limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrongCosts {
    /// How many limits there are.
    pub limits: usize,
    /// How many costs were given.
    pub costs: usize,
}

impl WrongCosts {
    /// So many costs for so many limits.
    #[must_use]
    pub const fn new(limits: usize, costs: usize) -> Self {
        Self { limits, costs }
    }
}

impl LimitsError {
    /// The denial, if it is one.
    #[must_use]
    pub const fn denied(&self) -> Option<&Denied> {
        match self {
            Self::Denied(denied) => Some(denied),
            Self::InLine | Self::WrongCosts(_) => None,
        }
    }
}

impl From<WrongCosts> for LimitsError {
    fn from(wrong: WrongCosts) -> Self {
        Self::WrongCosts(wrong)
    }
}

impl fmt::Display for LimitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denied) => denied.fmt(f),
            Self::InLine => f.write_str("those ahead in line were not served by the deadline"),
            Self::WrongCosts(wrong) => wrong.fmt(f),
        }
    }
}

impl fmt::Display for WrongCosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} costs for {} limits", self.costs, self.limits)
    }
}

impl core::error::Error for LimitsError {}
impl core::error::Error for WrongCosts {}
