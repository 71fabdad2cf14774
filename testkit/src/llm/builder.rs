//! How a simulated provider pair is set up.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{SharedTimer, System, TokioTimer, Wall, shared};

use crate::Script;
use crate::server::{Log, Setup, any_port, listen};

use super::app::Simulator;
use super::settings::Settings;
use super::{LlmLimits, LlmSim};

/// How an [`LlmSim`] is set up; from [`LlmSim::builder`].
#[derive(Clone)]
#[must_use]
pub struct LlmBuilder {
    addr: SocketAddr,
    faults: Script,
    settings: Settings,
    limits: LlmLimits,
    timer: SharedTimer,
    wall: Arc<dyn Wall + Send + Sync>,
}

impl Default for LlmBuilder {
    fn default() -> Self {
        Self {
            addr: any_port(),
            faults: Script::new(),
            settings: Settings::default(),
            limits: LlmLimits::default(),
            timer: shared(TokioTimer::new()),
            wall: Arc::new(System::new()),
        }
    }
}

impl LlmBuilder {
    /// The address to listen on; without it, a free port of `127.0.0.1`.
    pub fn bind(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// What goes wrong; without it, nothing.
    pub fn faults(mut self, script: Script) -> Self {
        self.faults = script;
        self
    }

    /// The text of every answer; without it, two sentences of some 30 tokens.
    pub fn answer(mut self, text: impl Into<String>) -> Self {
        self.settings.answer = text.into();
        self
    }

    /// The text of answers to requests that ask for JSON, by a schema or without one; without it, an object whose member
    /// `answer` is the text of every answer. It is sent as given: a test may want it wrong.
    pub fn structured(mut self, json: impl Into<String>) -> Self {
        self.settings.structured = Some(json.into());
        self
    }

    /// A call of the tool `name` with these arguments, as JSON text, in answer to every request that offers the tool and
    /// does not forbid calls; given several times, parallel calls. Once the latest of a conversation is a tool's result,
    /// the answer is the text. Without any, tools are called only where a request requires it, with `{}`. The arguments
    /// are sent as given: a test may want them wrong.
    pub fn tool_call(mut self, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        self.settings.calls.push((name.into(), arguments.into()));
        self
    }

    /// What is thought before the answer where a request asks for reasoning; without it, nothing.
    pub fn reasoning(mut self, text: impl Into<String>) -> Self {
        self.settings.reasoning = Some(text.into());
        self
    }

    /// Refuses every question as to its contents, with these words where the API has room for them.
    pub fn refusal(mut self, text: impl Into<String>) -> Self {
        self.settings.refusal = Some(text.into());
        self
    }

    /// How many input tokens of every request were read from the vendor's cache, at most all; without it, 0.
    pub fn cached_tokens(mut self, n: u64) -> Self {
        self.settings.cached_tokens = n;
        self
    }

    /// How many of the other input tokens were written to the vendor's cache, at most all of them; without it, 0.
    pub fn cache_write_tokens(mut self, n: u64) -> Self {
        self.settings.cache_write_tokens = n;
        self
    }

    /// How many tokens every answer took to think, counted as output beside what is said; without it, as many as the
    /// reasoning text has where it is given, and 0 where not.
    pub fn reasoning_tokens(mut self, n: u64) -> Self {
        self.settings.reasoning_tokens = Some(n);
        self
    }

    /// What each key may do; without it, anything. The header fields of the vendors tell what is left of it, and what
    /// is beyond it is answered by 429.
    pub fn limits(mut self, limits: LlmLimits) -> Self {
        self.limits = limits;
        self
    }

    /// How long a streamed answer waits before each token, and before its end; without it, not at all. A response made
    /// in the background takes as long.
    pub fn token_delay(mut self, delay: Duration) -> Self {
        self.settings.token_delay = delay;
        self
    }

    /// The key that requests must carry; without it, any key will do, and none.
    pub fn require_key(mut self, key: impl Into<String>) -> Self {
        self.settings.key = Some(key.into());
        self
    }

    /// The timer of all delays and limits and of [`Seen::at`](crate::Seen::at); without it, tokio's.
    pub fn timer(mut self, timer: SharedTimer) -> Self {
        self.timer = timer;
        self
    }

    /// The calendar of the dates that Anthropic's limits are told with; without it, the system's.
    pub fn wall(mut self, wall: impl Wall + Send + Sync + 'static) -> Self {
        self.wall = Arc::new(wall);
        self
    }

    /// Starts the simulator.
    ///
    /// # Errors
    ///
    /// The address cannot be bound, or the script matches by device or share.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, there is no simulator.
    #[expect(clippy::unused_async, reason = "async says that it needs a runtime, and leaves room for one that waits")]
    pub async fn start(self) -> io::Result<LlmSim> {
        self.faults.check("a simulated provider", false, true)?;
        let log = Log::new(self.timer.clone());
        let timer = self.timer.clone();
        let simulator = Simulator::new(self.faults, self.settings, self.limits, log, timer, self.wall);
        let listening = listen(self.addr, simulator.clone(), Setup::new(self.timer))?;
        let anthropic_url = format!("http://{}", listening.addr());
        Ok(LlmSim { openai_url: format!("{anthropic_url}/v1"), anthropic_url, listening, simulator })
    }
}

impl fmt::Debug for LlmBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmBuilder")
            .field("addr", &self.addr)
            .field("faults", &self.faults)
            .field("answer", &self.settings.answer)
            .field("limits", &self.limits)
            .field("token_delay", &self.settings.token_delay)
            .field("key", &self.settings.key.as_ref().map(|_| "[redacted]"))
            .finish_non_exhaustive()
    }
}
