//! What observers of a router are told.

use crate::Error;

/// A call moves to another target.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Switch<'a> {
    /// Who failed.
    pub from: &'a str,
    /// The model that was asked there, when the call named none.
    pub from_model: &'a str,
    /// Who is asked now.
    pub to: &'a str,
    /// The model that is asked there.
    pub to_model: &'a str,
    /// How it failed.
    pub why: &'a Error,
    /// How many bytes of the answer were there already, and are gone on with; 0 unless the router
    /// [continues streams](crate::RouterBuilder::continue_streams).
    pub after_bytes: usize,
}
