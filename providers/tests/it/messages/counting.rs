//! Counting tokens without an answer.

use serde_json::json;
use steadfast_providers::{Call, Client, ErrorKind, OutputFormat, Provider, Thinking, Tool, ToolChoice};
use steadfast_testkit::{Reply as Answer, Script, Server};

use super::served;
use crate::rig::rig;
use crate::schema::assert_valid_count_tokens;

#[tokio::test]
async fn the_same_body_goes_to_the_endpoint_that_counts() {
    let (server, client) = served(Answer::json(200, json!({ "input_tokens": 42 }))).await;
    let call = Call::new("q")
        .system("s")
        .max_tokens(5)
        .temperature(0.5)
        .stop("END")
        .user("u")
        .service_tier("auto")
        .tool(Tool::new("f", json!({ "type": "object" })))
        .tool_choice(ToolChoice::Required)
        .thinking(Thinking::Adaptive)
        .format(OutputFormat::schema("x", json!({ "type": "object" })))
        .beta("b-1");
    assert_eq!(client.count_tokens(call).await.unwrap(), 42);
    let seen = server.seen().remove(0);
    assert_eq!((seen.path.as_str(), seen.headers.get("anthropic-beta")), ("/v1/messages/count_tokens", Some("b-1")));
    assert_eq!(seen.headers.get("x-api-key"), Some(crate::rig::KEY));
    let body = seen.json().unwrap();
    assert_valid_count_tokens(&body);
    let mut names: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["messages", "model", "output_config", "system", "thinking", "tool_choice", "tools"]);
}

#[tokio::test]
async fn it_goes_through_the_same_pipeline() {
    let script = Script::new()
        .times(2, Answer::status(529))
        .then(Answer::json(200, json!({ "input_tokens": 7 })))
        .then(Answer::status(404))
        .always(Answer::json(200, json!({ "tokens": 7 })));
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let client = Client::anthropic(rig.pool.clone()).base_url(server.url()).model("m").build().unwrap();
    assert!(client.capabilities().counts_tokens);
    assert_eq!(client.count_tokens(Call::new("q")).await.unwrap(), 7);
    assert_eq!((server.seen().len(), rig.waits.all().len()), (3, 2));
    let error = client.count_tokens(Call::new("q")).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::NotFound, 1));
    let error = client.count_tokens(Call::new("q")).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Malformed, 1));
    assert_eq!(client.count_tokens(Call::of([])).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    let openai = Client::openai(rig.pool).base_url(server.url()).model("m").build().unwrap();
    assert_eq!(openai.count_tokens(Call::new("q")).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(!openai.capabilities().counts_tokens);
}

#[tokio::test]
async fn simulated_vendors_count() {
    let sim = steadfast_testkit::LlmSim::builder().start().await.unwrap();
    let client = Client::anthropic(rig().pool).base_url(sim.anthropic_url()).model("m").build().unwrap();
    let count = async |text: &str| client.count_tokens(Call::new(text)).await.unwrap();
    assert!(count("one two three four").await > count("one").await);
}
