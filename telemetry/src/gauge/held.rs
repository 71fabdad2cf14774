//! A guard that keeps a level raised.

use super::Gauge;

/// Keeps a [`Gauge`] raised until it is dropped. Made by [`Gauge::hold`].
#[derive(Debug)]
#[must_use = "dropping the guard lowers the level again"]
pub struct Held {
    gauge: Gauge,
    by: i64,
}

impl Held {
    pub(super) fn new(gauge: Gauge, by: i64) -> Self {
        gauge.add(by);
        Self { gauge, by }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.gauge.sub(self.by);
    }
}
