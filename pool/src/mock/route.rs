//! Replies in order, for the requests that meet a condition.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::recorded::Recorded;
use super::reply::MockReply;
use super::unmet::Missing;
use super::when::When;

/// The replies to the requests that meet one [`When`]. Clones share them; more can be added at any time.
///
/// Replies are used up in the order in which they were added. A route without one left is passed over.
#[derive(Clone)]
pub struct MockRoute {
    inner: Arc<Inner>,
}

struct Inner {
    when: When,
    steps: Mutex<Steps>,
}

#[derive(Default)]
struct Steps {
    ahead: VecDeque<Step>,
    /// Replies that must be used.
    expected: u64,
    came: Vec<Recorded>,
}

struct Step {
    /// How often it is still given; `None` for ever.
    left: Option<u64>,
    reply: MockReply,
}

impl MockRoute {
    pub(super) fn new(when: When) -> Self {
        Self { inner: Arc::new(Inner { when, steps: Mutex::default() }) }
    }

    /// Then replies once, in this way.
    pub fn then(&self, reply: impl Into<MockReply>) -> Self {
        self.times(1, reply)
    }

    /// Then replies so many times, in this way; all of them are expected to come.
    pub fn times(&self, times: u64, reply: impl Into<MockReply>) -> Self {
        let mut steps = self.lock();
        steps.expected = steps.expected.saturating_add(times);
        if times > 0 {
            steps.ahead.push_back(Step { left: Some(times), reply: reply.into() });
        }
        drop(steps);
        self.clone()
    }

    /// From then on always replies in this way; no request is expected for it. What is added after it is never reached.
    pub fn always(&self, reply: impl Into<MockReply>) -> Self {
        self.lock().ahead.push_back(Step { left: None, reply: reply.into() });
        self.clone()
    }

    /// The requests that it replied to, in the order in which they came.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.lock().came.clone()
    }

    pub(super) fn when(&self) -> &When {
        &self.inner.when
    }

    /// Takes the next reply for a request that meets the condition.
    pub(super) fn take(&self, request: &Recorded) -> Option<MockReply> {
        let mut steps = self.lock();
        let step = steps.ahead.front_mut()?;
        let reply = step.reply.clone();
        if let Some(left) = &mut step.left {
            *left -= 1;
            if *left == 0 {
                steps.ahead.pop_front();
            }
        }
        steps.came.push(request.clone());
        Some(reply)
    }

    /// What was expected and did not come.
    pub(super) fn missing(&self) -> Option<Missing> {
        let steps = self.lock();
        let came = steps.came.len() as u64;
        (came < steps.expected).then(|| Missing::new(self.inner.when.to_string(), steps.expected, came))
    }

    fn lock(&self) -> MutexGuard<'_, Steps> {
        self.inner.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MockRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.lock();
        f.debug_struct("MockRoute")
            .field("when", &self.inner.when)
            .field("expected", &steps.expected)
            .field("came", &steps.came.len())
            .finish()
    }
}
