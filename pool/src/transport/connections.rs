//! How many connections there are, and how well they are used.

/// The connections to one host, or to all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connections {
    /// Connections that carry an exchange now.
    pub active: usize,
    /// Connections that are kept for the next.
    pub idle: usize,
    /// Connections opened so far.
    pub opened: u64,
    /// Connections closed so far, by whichever side.
    pub closed: u64,
    /// Exchanges that were given a connection so far.
    pub exchanges: u64,
}

impl Connections {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The share of exchanges that went over a connection which had served others before, 0.0 ..= 1.0; `None` before the
    /// first.
    #[must_use]
    pub fn reuse_rate(&self) -> Option<f64> {
        let reused = self.exchanges.saturating_sub(self.opened);
        (self.exchanges > 0).then(|| reused as f64 / self.exchanges as f64)
    }
}
