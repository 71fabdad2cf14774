//! Where two providers' parts of one answer meet.

use std::fmt;

use serde::Serialize;

use crate::ErrorKind;

/// The place in a streamed answer at which another provider went on with it, after the one before had failed.
///
/// There is one only where a router was told to [continue streams](crate::RouterBuilder::continue_streams). What comes
/// after it was written by a model that was shown everything before it as its own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Seam {
    /// Who wrote what comes before.
    pub from: String,
    /// With which model.
    pub from_model: String,
    /// Who goes on.
    pub to: String,
    /// With which model.
    pub to_model: String,
    /// How many bytes of text come before.
    pub after_bytes: usize,
    /// How the one before failed.
    pub why: ErrorKind,
}

impl Seam {
    /// A seam between two providers, each with its model.
    #[must_use]
    pub fn new(from: (&str, &str), to: (&str, &str), after_bytes: usize, why: ErrorKind) -> Self {
        let [from, from_model, to, to_model] = [from.0, from.1, to.0, to.1].map(str::to_owned);
        Self { from, from_model, to, to_model, after_bytes, why }
    }
}

impl fmt::Display for Seam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, from_model, to, to_model, after_bytes, why } = self;
        write!(f, "{to}/{to_model} goes on for {from}/{from_model} after {after_bytes} bytes ({})", why.as_str())
    }
}
