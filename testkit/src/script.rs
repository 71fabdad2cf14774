//! The fault script: which request gets which misbehaviour. A script is plain data; servers keep the count of its use.

mod bomb;
mod broken;
mod file;
mod glob;
mod matcher;
mod reply;
mod sse;
mod step;

pub use file::ScriptError;
pub use matcher::Matcher;
pub(crate) use matcher::{Facts, Target};
pub use reply::Reply;
pub(crate) use reply::{Body, Ending, Kind};
pub use sse::SseEvent;
pub use step::Step;

/// An ordered list of steps. The first step that matches a request and has uses left answers it.
///
/// Uses are counted per target: per device in a fleet, per server otherwise. A request that no step answers gets the
/// simulator's own answer, and `404 Not Found` from a [`Server`](crate::Server), which has none.
///
/// ```
/// use steadfast_testkit::{Matcher, Reply, Script};
///
/// let script = Script::new()
///     .when(Matcher::new().path("/v1/messages"), 1, Reply::status(529))
///     .times(2, Reply::status(503).header("retry-after", "1"))
///     .always(Reply::json(200, serde_json::json!({ "ok": true })));
/// assert_eq!(script.steps().len(), 3);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    steps: Vec<Step>,
}

impl Script {
    /// A script without steps.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers one request.
    #[must_use]
    pub fn then(self, reply: Reply) -> Self {
        self.times(1, reply)
    }

    /// Answers `n` requests.
    #[must_use]
    pub fn times(self, n: u64, reply: Reply) -> Self {
        self.when(Matcher::new(), n, reply)
    }

    /// Answers every request that comes this far.
    #[must_use]
    pub fn always(self, reply: Reply) -> Self {
        self.step(Step::new(reply))
    }

    /// Answers `n` requests of those that match.
    #[must_use]
    pub fn when(self, matcher: Matcher, n: u64, reply: Reply) -> Self {
        self.step(Step::new(reply).matching(matcher).times(n))
    }

    /// Answers every request that matches.
    #[must_use]
    pub fn whenever(self, matcher: Matcher, reply: Reply) -> Self {
        self.step(Step::new(reply).matching(matcher))
    }

    /// Adds a step at the end.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The steps in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Reads a script from TOML: a list of `[[step]]` tables with `match`, `times` and `then`.
    ///
    /// ```
    /// use steadfast_testkit::Script;
    ///
    /// let script = Script::from_toml(
    ///     r#"
    ///     [[step]]
    ///     match = { provider = "openai" }
    ///     times = 1
    ///     then = { status = 429, headers = { retry-after = "1" } }
    ///     "#,
    /// )?;
    /// assert_eq!(script.steps()[0].times, Some(1));
    /// # Ok::<(), steadfast_testkit::ScriptError>(())
    /// ```
    ///
    /// The README lists every key.
    ///
    /// # Errors
    ///
    /// Text that is not TOML, an unknown key, a value of the wrong type or out of range, keys that contradict each other.
    /// The error names the line and the key.
    pub fn from_toml(text: &str) -> Result<Self, ScriptError> {
        file::read(text)
    }

    /// The reply to the request that `facts` describes, and one use of its step taken off. `used` is the target's count.
    pub(crate) fn pick(&self, facts: &Facts<'_>, used: &mut Vec<u64>) -> Option<&Reply> {
        for (i, step) in self.steps.iter().enumerate() {
            if !step.matcher.matches(facts) {
                continue;
            }
            let Some(times) = step.times else { return Some(&step.then) };
            if used.len() <= i {
                used.resize(i + 1, 0);
            }
            if used[i] < times {
                used[i] += 1;
                return Some(&step.then);
            }
        }
        None
    }

    /// Refuses a script that can never do what it says: one that asks for a device or provider where there is none.
    pub(crate) fn check(&self, server: &str, has_devices: bool, has_providers: bool) -> std::io::Result<()> {
        for (i, step) in self.steps.iter().enumerate() {
            let lacks = if !has_devices && step.matcher.asks_device() {
                "devices"
            } else if !has_providers && step.matcher.asks_provider() {
                "providers"
            } else {
                continue;
            };
            let message =
                format!("step {} of the script matches by something that {server} does not have: {lacks}", i + 1);
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, message));
        }
        Ok(())
    }
}
