//! What a client does otherwise for one model.

use steadfast_pool::Timeouts;

use crate::StreamTimeouts;

/// What a client does otherwise for one model; what is `None` is as for all.
///
/// ```
/// use std::time::Duration;
/// use steadfast_providers::{Client, ModelSettings, StreamTimeouts, pool::Pool};
///
/// let patient = StreamTimeouts::new().first_token(Duration::from_secs(600));
/// let gpt = Client::openai(Pool::new()?)
///     .base_url("http://localhost:8080/v1")
///     .model("gpt-5.4")
///     .for_model("o4-deep-research", ModelSettings::new().stream_timeouts(patient))
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelSettings {
    /// The limits of the attempts of plain calls.
    pub timeouts: Option<Timeouts>,
    /// The limits of the attempts of streamed calls.
    pub stream_timeouts: Option<StreamTimeouts>,
    /// How many tokens an answer may have when the call does not say, where the API insists on a limit.
    pub max_tokens: Option<u32>,
}

impl ModelSettings {
    /// Nothing is otherwise.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the limits of the attempts of plain calls.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = Some(timeouts);
        self
    }

    /// Sets the limits of the attempts of streamed calls.
    #[must_use]
    pub fn stream_timeouts(mut self, timeouts: StreamTimeouts) -> Self {
        self.stream_timeouts = Some(timeouts);
        self
    }

    /// Sets how many tokens an answer may have when the call does not say.
    #[must_use]
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = Some(tokens);
        self
    }
}
