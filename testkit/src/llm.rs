//! The simulated provider pair: one listener that speaks OpenAI's and Anthropic's API.

mod anthropic;
mod app;
mod builder;
mod desk;
mod limits;
mod openai;
mod problem;
mod route;
mod said;
mod settings;
mod text;
mod track;
mod vendor;

use std::net::SocketAddr;

use crate::Seen;
use crate::server::Listening;

pub use builder::LlmBuilder;
pub use limits::LlmLimits;
pub use vendor::Vendor;

use app::Simulator;

/// Two simulated LLM providers on one loopback address: OpenAI's Chat Completions, Responses, embeddings and models, and
/// Anthropic's Messages, count of tokens and models. Answers come whole and streamed.
///
/// | endpoint | answers |
/// |---|---|
/// | `POST /v1/chat/completions` | as OpenAI does |
/// | `POST /v1/responses`, `GET /v1/responses/{id}`, `POST /v1/responses/{id}/cancel` | as OpenAI does; in the background, too, and from a sequence number on |
/// | `POST /v1/embeddings` | vectors that follow from the texts |
/// | `GET /v1/models`, `GET /v1/models/{id}` | as Anthropic does to who sends `anthropic-version`, as OpenAI does to others |
/// | `POST /v1/messages`, `POST /v1/messages/count_tokens` | as Anthropic does |
///
/// What comes before the last segments of a path is not looked at: `/openai/v1/chat/completions` serves, too. The answer
/// is a configured text, the same for every question, cut at the request's token limit and stop sequences; or calls of
/// the request's tools. A request that the vendor would refuse is refused with the vendor's error. The script comes
/// first; a step that gives a status of 400 or above and no body is given the vendor's error body.
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
