//! The simulated provider pair: one listener that speaks OpenAI's and Anthropic's API.

mod anthropic;
mod app;
mod openai;
mod problem;
mod text;
mod vendor;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use steadfast_clock::{SharedTimer, TokioTimer, shared};

use crate::server::{Listening, Log, Setup, any_port, listen};
use crate::{Script, Seen};

pub use vendor::Vendor;

use app::{Settings, Simulator};

/// Two simulated LLM providers on one loopback address: `POST /v1/chat/completions` answers as OpenAI does,
/// `POST /v1/messages` as Anthropic does, whole and streamed.
///
/// The answer is a configured text, the same for every question, cut at the request's token limit and stop sequences. A
/// request that the vendor would refuse is refused with the vendor's error. The script comes first; a step that gives a
/// status of 400 or above and no body is given the vendor's error body.
#[derive(Debug)]
pub struct LlmSim {
    openai_url: String,
    anthropic_url: String,
    listening: Listening,
    simulator: Simulator,
}

impl LlmSim {
    /// A simulator with its address, faults, answer and pace chosen.
    pub fn builder() -> LlmBuilder {
        LlmBuilder::default()
    }

    /// The base URL of the OpenAI-shaped API, to which `/chat/completions` is appended: `http://127.0.0.1:PORT/v1`.
    #[must_use]
    pub fn openai_url(&self) -> &str {
        &self.openai_url
    }

    /// The base URL of the Anthropic-shaped API, to which `/v1/messages` is appended: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn anthropic_url(&self) -> &str {
        &self.anthropic_url
    }

    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.listening.addr()
    }

    /// The requests so far, of both vendors, oldest first; as many as a [`Server`](crate::Server) keeps.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.simulator.log().snapshot()
    }

    /// How many requests a vendor has had, those that a fault answered among them.
    #[must_use]
    pub fn requests(&self, vendor: Vendor) -> u64 {
        self.simulator.requests(vendor)
    }

    /// How many connections it has accepted.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.listening.accepted()
    }

    /// Waits until `n` requests have been read, as [`Server::wait_for`](crate::Server::wait_for).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future is always fine.
    pub async fn wait_for(&self, n: u64) {
        self.simulator.log().wait_for(n).await;
    }

    /// Stops the simulator and waits until its port is closed. Dropping it stops it too, a moment later.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, the simulator stops all the same.
    pub async fn stop(self) {
        self.listening.stop().await;
    }
}

/// How an [`LlmSim`] is set up; from [`LlmSim::builder`].
#[derive(Clone)]
#[must_use]
pub struct LlmBuilder {
    addr: SocketAddr,
    faults: Script,
    answer: String,
    token_delay: Duration,
    key: Option<String>,
    timer: SharedTimer,
}

/// What the providers answer when nothing else was asked for.
const ANSWER: &str = "Every call deserves an answer, even when the first try fails. This one comes from a simulated \
                      provider: token by token, the same each time, and counted at the end.";

impl Default for LlmBuilder {
    fn default() -> Self {
        Self {
            addr: any_port(),
            faults: Script::new(),
            answer: ANSWER.to_owned(),
            token_delay: Duration::ZERO,
            key: None,
            timer: shared(TokioTimer::new()),
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
        self.answer = text.into();
        self
    }

    /// How long a streamed answer waits before each token, and before its end; without it, not at all.
    pub fn token_delay(mut self, delay: Duration) -> Self {
        self.token_delay = delay;
        self
    }

    /// The key that requests must carry; without it, any key will do, and none.
    pub fn require_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The timer of all delays and of [`Seen::at`]; without it, tokio's.
    pub fn timer(mut self, timer: SharedTimer) -> Self {
        self.timer = timer;
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
        let settings = Settings { answer: self.answer, token_delay: self.token_delay, key: self.key };
        let simulator = Simulator::new(self.faults, settings, log);
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
            .field("answer", &self.answer)
            .field("token_delay", &self.token_delay)
            .field("key", &self.key.as_ref().map(|_| "[redacted]"))
            .finish_non_exhaustive()
    }
}
