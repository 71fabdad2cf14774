//! OpenAI's Chat Completions on the wire: what is asked, and what comes back.

mod embed;
mod options;
mod parts;
mod refused;

use serde_json::Value;
use steadfast_providers::{Call, Client, Error, Reply, Vendor};
use steadfast_testkit::{Script, Server};

use crate::rig::{self, Mode, ask, rig};
use crate::schema::assert_valid_chat;

/// A client of this vendor, and what it sends for a call. Nothing is sent: an error.
async fn sent_to(vendor: Vendor, mode: Mode, call: Call) -> Result<Value, Error> {
    let script = Script::new().always(rig::Vendor::OpenAi.answer(mode, "x"));
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let builder = Client::builder(rig.pool.clone(), vendor).base_url(format!("{}/v1", server.url())).model("gpt-x");
    let result = ask(&builder.build().unwrap(), mode, call).await;
    let seen = server.seen();
    match result {
        Ok(_) => Ok(seen[0].json().unwrap()),
        Err(error) => {
            assert_eq!(seen.len(), 0, "{error}");
            Err(error)
        }
    }
}

/// What is sent to OpenAI for a call, which fits OpenAI's own description of it.
async fn sent(call: Call) -> Value {
    let request = sent_to(Vendor::openai(), Mode::Plain, call).await.unwrap();
    assert_valid_chat(&request);
    request
}

/// Why a call is not sent to OpenAI.
async fn unsent(call: Call) -> String {
    sent_to(Vendor::openai(), Mode::Plain, call).await.unwrap_err().to_string()
}

/// What comes of an answer.
async fn answered(body: Value) -> Reply {
    let script = Script::new().always(steadfast_testkit::Reply::json(200, body));
    rig::once(rig::Vendor::OpenAi, Mode::Plain, script).await.0.unwrap()
}
