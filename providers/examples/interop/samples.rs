//! What the clients write when they are asked for all kinds of things.

use std::error::Error;

use serde::Deserialize;
use serde_json::Value;
use steadfast_providers::{Call, Message, Provider, Role};
use steadfast_testkit::LlmSim;

use crate::asked::{Api, client};

/// The requests of an API.
#[derive(Debug, Deserialize)]
pub(crate) struct Samples {
    api: Api,
}

impl Samples {
    /// The bodies of the requests, whole and streamed.
    pub(crate) async fn written(&self) -> Result<Vec<Value>, Box<dyn Error>> {
        let sim = LlmSim::builder().start().await?;
        let client = client(self.api, sim.anthropic_url())?;
        for call in calls() {
            // What comes of it does not matter here.
            let _ = client.complete(call.clone()).await;
            let _ = client.stream(call).await;
        }
        Ok(sim.seen().iter().filter_map(|request| request.json()).collect())
    }
}

fn calls() -> Vec<Call> {
    let said = [(Role::User, "Why do bees hum?"), (Role::Assistant, "They do not know the words."), (Role::User, "?")];
    let conversation = Call::of(said.map(|(role, text)| Message::new(role, text)));
    vec![
        Call::new("What keeps bees in the air?"),
        conversation.clone(),
        conversation.system("Answer in one sentence.").max_tokens(100).stop("\n").stop("END"),
    ]
}
