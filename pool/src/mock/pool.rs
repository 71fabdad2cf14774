//! A pool over a mock transport, on a clock of its own.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use steadfast_clock::{ManualClock, shared};

use super::recorded::Recorded;
use super::response::MockResponse;
use super::route::MockRoute;
use super::time::OnItsOwn;
use super::transport::MockTransport;
use super::unmet::{Unmet, VerifyOnDrop};
use super::when::When;
use crate::error::Error;
use crate::pool::{Pool, PoolBuilder};

/// A [`Pool`] for tests: it derefs to one, and [`pool`](Self::pool) hands it to code that keeps it.
///
/// Its time is that of a [`ManualClock`] which moves on by itself to what is due next, as soon as all calls wait for it: a
/// retry in an hour is tried at once, a limit of a minute strikes at once, and the figures are as if it had taken that
/// long. As with tokio's paused clock, what time does not bring (a real socket, a file) is not waited for; only a request
/// body that is not there yet is.
pub struct MockPool {
    pool: Pool,
    transport: MockTransport,
    clock: ManualClock,
    verify: Option<VerifyOnDrop>,
}

impl MockPool {
    /// A pool with the defaults.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the default settings are valid: every test of it says so"
    )]
    #[must_use]
    pub fn new() -> Self {
        Self::build(|pool| pool).expect("the default settings are valid")
    }

    /// A pool with settings of its own. Transport, timer and calendar are set already.
    ///
    /// # Errors
    ///
    /// As [`PoolBuilder::build`].
    pub fn build(settings: impl FnOnce(PoolBuilder) -> PoolBuilder) -> Result<Self, Error> {
        let (clock, transport) = (ManualClock::new(), MockTransport::new());
        let timer = shared(OnItsOwn::new(clock.clone(), transport.gate()));
        let builder = Pool::builder().transport(Arc::new(transport.clone())).timer(timer).wall(Arc::new(clock.clone()));
        Ok(Self { pool: settings(builder).build()?, transport, clock, verify: None })
    }

    /// Time moves only when the test moves the [`clock`](Self::clock).
    #[must_use]
    pub fn time_by_hand(self) -> Self {
        self.transport.gate().by_hand();
        self
    }

    /// Verifies when it is dropped, and panics with the list if the requests were not those that were scripted; not while
    /// the thread panics already.
    #[must_use]
    pub fn verify_on_drop(mut self) -> Self {
        self.verify = Some(self.transport.verify_on_drop());
        self
    }

    /// The pool, for code that takes one.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The transport.
    #[must_use]
    pub fn transport(&self) -> &MockTransport {
        &self.transport
    }

    /// The clock. It starts at one second after its origin, its calendar at 2026-01-01T00:00:00Z.
    #[must_use]
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// Answers one request to a host: see [`MockTransport::add_response`].
    pub fn add_response(&self, host: &str, response: MockResponse) {
        self.transport.add_response(host, response);
    }

    /// Replies to the requests that meet `when`: see [`MockTransport::when`].
    #[expect(
        clippy::must_use_candidate,
        reason = "a route without replies objects in reports, which may be all it is for"
    )]
    pub fn when(&self, when: When) -> MockRoute {
        self.transport.when(when)
    }

    /// The requests that were sent, in order; retries are requests of their own.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.transport.requests()
    }

    /// Whether all that was scripted came, and nothing else did.
    ///
    /// # Errors
    ///
    /// [`Unmet`] lists what was expected and did not come, and what came and was not expected.
    pub fn verify(&self) -> Result<(), Unmet> {
        self.transport.verify()
    }
}

impl Default for MockPool {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for MockPool {
    type Target = Pool;

    fn deref(&self) -> &Pool {
        &self.pool
    }
}

impl fmt::Debug for MockPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockPool")
            .field("transport", &self.transport)
            .field("clock", &self.clock)
            .field("verifies_on_drop", &self.verify.is_some())
            .finish_non_exhaustive()
    }
}
