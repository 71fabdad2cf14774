//! The simulated providers.

use std::error::Error;

use steadfast_testkit::{LlmSim, Script};

/// Simulated providers with faults.
#[derive(Debug)]
pub(crate) struct Served(LlmSim);

impl Served {
    /// Starts them with the faults of a script in TOML.
    pub(crate) async fn start(faults: &str) -> Result<Self, Box<dyn Error>> {
        Ok(Self(LlmSim::builder().faults(Script::from_toml(faults)?).start().await?))
    }

    /// Where they are, without a path.
    pub(crate) fn url(&self) -> &str {
        self.0.anthropic_url()
    }

    /// How many requests they have had.
    pub(crate) fn requests(&self) -> usize {
        self.0.seen().len()
    }
}
