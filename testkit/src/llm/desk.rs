//! What an endpoint has at hand when it answers a request.

use steadfast_clock::Nanos;

use crate::Headers;

use super::Vendor;
use super::limits::{Meter, Spent};
use super::openai::Shelf;
use super::problem::Problem;
use super::settings::Settings;

/// One request, and what the simulator knows and keeps.
pub(super) struct Desk<'a> {
    pub(super) settings: &'a Settings,
    pub(super) vendor: Vendor,
    pub(super) headers: &'a Headers,
    pub(super) query: &'a str,
    pub(super) body: &'a [u8],
    /// The number of the request.
    pub(super) serial: u64,
    pub(super) now: Nanos,
    pub(super) key: &'a str,
    pub(super) meter: &'a Meter,
    pub(super) shelf: &'a Shelf,
}

impl Desk<'_> {
    /// Takes what an answer costs from the key's limits.
    pub(super) fn charge(&self, model: &str, input: u64, output: u64) -> Result<(), Problem> {
        self.meter.charge(self.vendor, self.key, model, Spent { input, output })
    }

    /// The value of a query parameter, as it was sent.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}
