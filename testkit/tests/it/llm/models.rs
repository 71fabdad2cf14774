//! The lists of models, and Anthropic's count of tokens.

use serde_json::{Value, json};
use steadfast_testkit::{LlmSim, Vendor};

use crate::client::{ask, post};

use super::{MESSAGES, fetch, put, question, with};

const VERSION: [(&str, &str); 1] = [("anthropic-version", "2023-06-01")];

#[tokio::test]
async fn each_vendor_lists_its_models() {
    let sim = LlmSim::builder().start().await.unwrap();
    let openai = fetch(&sim, "/v1/models", &[]).await.json();
    assert_eq!((&openai["object"], &openai["data"][0]["id"]), (&json!("list"), &json!("gpt-sim")));
    assert_eq!(fetch(&sim, "/v1/models/gpt-sim", &[]).await.json(), openai["data"][0]);
    let unknown = fetch(&sim, "/v1/models/gpt-none", &[]).await;
    assert_eq!((unknown.status, &unknown.json()["error"]["code"]), (404, &json!("model_not_found")));
    let anthropic = fetch(&sim, "/v1/models", &VERSION).await.json();
    assert_eq!((&anthropic["has_more"], &anthropic["data"][0]["type"]), (&json!(false), &json!("model")));
    assert_eq!(fetch(&sim, "/v1/models/claude-sim", &VERSION).await.json(), anthropic["data"][0]);
    assert_eq!(fetch(&sim, "/v1/models/claude-none", &VERSION).await.json()["error"]["type"], "not_found_error");
    assert_eq!((sim.requests(Vendor::OpenAi), sim.requests(Vendor::Anthropic)), (3, 3));
}

#[tokio::test]
async fn anthropics_models_come_in_pages() {
    let sim = LlmSim::builder().start().await.unwrap();
    let first = fetch(&sim, "/v1/models?limit=1", &VERSION).await.json();
    assert_eq!((&first["has_more"], &first["last_id"]), (&json!(true), &json!("claude-sim")));
    let second = fetch(&sim, "/v1/models?limit=1&after_id=claude-sim", &VERSION).await.json();
    assert_eq!((&second["has_more"], &second["first_id"]), (&json!(false), &json!("claude-sim-small")));
    assert_eq!(fetch(&sim, "/v1/models?limit=0", &VERSION).await.status, 400);
}

#[tokio::test]
async fn counted_tokens_are_those_of_the_message() {
    let sim = LlmSim::builder().start().await.unwrap();
    let more = json!({ "system": "Be brief.", "tools": [{ "name": "f", "input_schema": { "type": "object" } }] });
    let body = with(MESSAGES, more);
    let used = put(&sim, MESSAGES, &body).await.json()["usage"]["input_tokens"].clone();
    let mut bare = body.clone();
    bare.as_object_mut().unwrap().remove("max_tokens");
    assert_eq!(put(&sim, "/v1/messages/count_tokens", &bare).await.json(), json!({ "input_tokens": used }));
    assert_eq!(put(&sim, "/v1/messages/count_tokens", &json!({ "model": "m" })).await.status, 400);
}

#[tokio::test]
async fn a_version_that_takes_no_sampling_refuses_it() {
    let sim = LlmSim::builder().start().await.unwrap();
    let tell = async |version: &str, more: Value| {
        let body = with(MESSAGES, more).to_string();
        ask(sim.addr(), &post(MESSAGES, &[("anthropic-version", version)], &body)).await
    };
    for name in ["temperature", "top_p", "top_k"] {
        assert_eq!(tell("2023-06-01", json!({ name: 1 })).await.status, 200);
        let refused = tell("2026-10-21", json!({ name: 1 })).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.json()["error"]["message"], format!("{name}: Extra inputs are not permitted"));
    }
    assert_eq!(tell("2026-10-21", question(MESSAGES)).await.status, 200);
    assert_eq!(tell("1999-01-01", question(MESSAGES)).await.status, 400);
}
