//! A key and a prompt that are looked for everywhere, also when the provider repeats them.

use std::sync::{Arc, Mutex};

use steadfast_providers::{Call, Error, Message, Reply};
use steadfast_testkit::{Reply as Answer, Script, Server};

use crate::rig::{EVERY, KEY, Vendor, rig};

const PROMPT: &str = "canary prompt: the heron stands in the shallow water at dawn";
const SYSTEM: &str = "canary system text: answer like a lighthouse keeper would";

/// The ways to fail, in which the provider repeats what it was told.
fn faults(vendor: Vendor) -> Vec<Answer> {
    let echo = format!("Incorrect key {KEY} (sk-canary-4*****) for '{PROMPT}'\nand {SYSTEM}");
    let body = |class: &str| vendor.error(class, Some(KEY), &echo);
    let mut events = vendor.unfinished(&["Hello"]);
    events.push(vendor.error_event(vendor.overloaded(), &echo));
    vec![
        Answer::json(400, body("invalid_request_error")),
        Answer::json(401, body("authentication_error")).header("request-id", KEY).header("x-request-id", KEY),
        Answer::json(429, body(KEY)).header("retry-after", "9999"),
        Answer::json(529, body("overloaded_error")),
        Answer::json(200, body("overloaded_error")),
        Answer::status(500).body(echo.clone()),
        Answer::status(200).body(echo),
        Answer::sse(events.clone()),
        Answer::sse(events).truncate_after(60),
        Answer::close(),
    ]
}

fn everything(result: &Result<Reply, Error>) -> String {
    match result {
        Ok(reply) => format!("{reply:?}{}", serde_json::to_string(&reply.attempts).unwrap()),
        Err(error) => {
            let mut text = format!("{error}{error:?}{:?}{:?}", error.request_id(), error.earlier());
            let mut source = std::error::Error::source(error);
            while let Some(cause) = source {
                text.push_str(&format!("{cause}{cause:?}"));
                source = cause.source();
            }
            text + &serde_json::to_string(error.attempts()).unwrap()
        }
    }
}

#[tokio::test]
async fn keys_and_prompts_are_told_nowhere() {
    for (vendor, mode) in EVERY {
        for fault in faults(vendor) {
            let (server, rig) = (Server::start(Script::new().always(fault.clone())).await.unwrap(), rig());
            let client = vendor.client(&rig.pool, server.url());
            let call = Call::new(PROMPT).system(SYSTEM).message(Message::assistant(PROMPT)).stop(SYSTEM);
            let shown = format!("{call:?}");
            let seen = Arc::new(Mutex::new(Vec::new()));
            let result = match mode {
                crate::rig::Mode::Plain => client.complete(call).await,
                crate::rig::Mode::Stream => match client.stream(call).await {
                    Ok(mut stream) => {
                        while let Some(event) = stream.next().await {
                            seen.lock().unwrap().push(format!("{event:?}{stream:?}"));
                        }
                        stream.collect().await
                    }
                    Err(error) => Err(error),
                },
            };
            let told = rig.waits.told.lock().unwrap().concat();
            let all = format!("{shown}{}{told}{}", everything(&result), seen.lock().unwrap().concat());
            for secret in [KEY, "canary", "heron stands", "lighthouse", "sk-canary-4"] {
                assert!(!all.contains(secret), "{vendor} {mode:?} {fault:?}: {secret} in {all}");
            }
            assert_eq!(server.seen()[0].text().matches("heron").count(), 2, "it was asked, though");
        }
    }
}
