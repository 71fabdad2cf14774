//! A call's way from provider to provider.

use crate::{Attempt, Error};

/// What happened to a call so far.
#[derive(Debug, Default)]
pub(crate) struct Journey {
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) fallbacks: u32,
    /// The failures of the providers that were left behind.
    pub(crate) earlier: Vec<Error>,
}

impl Journey {
    /// This way, and what came after it.
    pub(crate) fn then(mut self, mut later: Self) -> Self {
        self.attempts.append(&mut later.attempts);
        self.earlier.append(&mut later.earlier);
        self.fallbacks += later.fallbacks;
        self
    }

    /// The call goes on to another provider.
    pub(crate) fn leave(&mut self, error: Error) {
        self.stay(error);
        self.fallbacks += 1;
    }

    /// The call goes on where it is.
    pub(crate) fn stay(&mut self, mut error: Error) {
        self.attempts.append(&mut error.take_attempts());
        self.earlier.append(&mut error.take_earlier());
        self.fallbacks += error.fallbacks();
        self.earlier.push(error);
    }

    /// The call ends with this error, which takes everything with it.
    pub(crate) fn close(&mut self, mut error: Error) -> Error {
        self.attempts.append(&mut error.take_attempts());
        self.earlier.append(&mut error.take_earlier());
        let fallbacks = self.fallbacks + error.fallbacks();
        error
            .with_attempts(std::mem::take(&mut self.attempts))
            .with_fallbacks(fallbacks)
            .after(std::mem::take(&mut self.earlier))
    }
}
