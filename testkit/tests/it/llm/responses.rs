//! Responses: whole, streamed, and built on earlier ones.

use serde_json::{Value, json};
use steadfast_testkit::{LlmSim, Matcher, Reply, Script, Vendor};

use super::{RESPONSES, events, fetch, put, question, refused, with};

#[tokio::test]
async fn a_plain_response_has_all_fields() {
    let sim = LlmSim::builder().answer("Hi, you.").start().await.unwrap();
    let answer = put(&sim, RESPONSES, &with(RESPONSES, json!({ "instructions": "Be brief." }))).await;
    assert_eq!((answer.status, answer.header("x-request-id")), (200, Some("req_sim000000000001")));
    let body = answer.json();
    assert_eq!(
        (&body["object"], &body["status"], &body["model"]),
        (&json!("response"), &json!("completed"), &json!("gpt-sim"))
    );
    assert_eq!((&body["error"], &body["incomplete_details"]), (&Value::Null, &Value::Null));
    assert_eq!(body["instructions"], "Be brief.");
    let item = &body["output"][0];
    assert_eq!(
        (&item["type"], &item["role"], &item["status"]),
        (&json!("message"), &json!("assistant"), &json!("completed"))
    );
    assert_eq!(item["content"][0]["text"], "Hi, you.");
    let usage = &body["usage"];
    assert_eq!(
        (&usage["input_tokens"], &usage["output_tokens"], &usage["total_tokens"]),
        (&json!(6), &json!(4), &json!(10))
    );
    assert_eq!(sim.requests(Vendor::OpenAi), 1);
    assert_eq!(fetch(&sim, "/v1/responses/resp_sim000000000001", &[]).await.json(), body);
}

#[tokio::test]
async fn a_stream_numbers_its_events() {
    let sim = LlmSim::builder().answer("Hi, you.").start().await.unwrap();
    let answer = put(&sim, RESPONSES, &with(RESPONSES, json!({ "stream": true }))).await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
    let events = events(&answer);
    let names: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let delta = "response.output_text.delta";
    let expected = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        delta,
        delta,
        delta,
        delta,
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(names, expected);
    assert!(events.iter().enumerate().all(|(i, event)| event["sequence_number"] == i));
    let said: String =
        events.iter().filter(|event| event["type"] == delta).map(|event| event["delta"].as_str().unwrap()).collect();
    assert_eq!(said, "Hi, you.");
    assert!(events[4]["obfuscation"].is_string());
    assert_eq!(events[2]["item"]["content"], json!([]));
    assert_eq!(events[11]["response"]["usage"]["output_tokens"], 4);
    let id = events[11]["response"]["id"].as_str().unwrap();
    assert_eq!(fetch(&sim, &format!("/v1/responses/{id}"), &[]).await.json(), events[11]["response"]);
    let bare = with(RESPONSES, json!({ "stream": true, "stream_options": { "include_obfuscation": false } }));
    assert!(!put(&sim, RESPONSES, &bare).await.text().contains("obfuscation"));
}

#[tokio::test]
async fn a_limit_makes_it_incomplete() {
    let sim = LlmSim::builder().answer("x ".repeat(40)).start().await.unwrap();
    let body = put(&sim, RESPONSES, &with(RESPONSES, json!({ "max_output_tokens": 16 }))).await.json();
    assert_eq!((&body["status"], &body["usage"]["output_tokens"]), (&json!("incomplete"), &json!(16)));
    assert_eq!(body["incomplete_details"], json!({ "reason": "max_output_tokens" }));
    assert_eq!(body["output"][0]["status"], "incomplete");
    let streamed = with(RESPONSES, json!({ "max_output_tokens": 16, "stream": true }));
    assert_eq!(events(&put(&sim, RESPONSES, &streamed).await).last().unwrap()["type"], "response.incomplete");
}

#[tokio::test]
async fn a_response_goes_on_from_another() {
    let sim = LlmSim::builder().answer("Hi, you.").start().await.unwrap();
    let first = put(&sim, RESPONSES, &question(RESPONSES)).await.json();
    let next = with(RESPONSES, json!({ "previous_response_id": first["id"] }));
    let second = put(&sim, RESPONSES, &next).await.json();
    let tokens = |body: &Value| body["usage"]["input_tokens"].as_u64().unwrap();
    assert_eq!(tokens(&second), tokens(&first) + 7);
    assert_eq!(second["previous_response_id"], first["id"]);
    let unknown = put(&sim, RESPONSES, &with(RESPONSES, json!({ "previous_response_id": "resp_x" }))).await;
    assert_eq!((unknown.status, &unknown.json()["error"]["code"]), (400, &json!("previous_response_not_found")));
    let unkept = put(&sim, RESPONSES, &with(RESPONSES, json!({ "store": false }))).await.json();
    assert_eq!(fetch(&sim, &format!("/v1/responses/{}", unkept["id"].as_str().unwrap()), &[]).await.status, 404);
}

#[tokio::test]
async fn what_openai_refuses_is_refused() {
    let sim = LlmSim::builder().start().await.unwrap();
    let check = async |body: Value, about: &str| {
        let why = refused(&sim, RESPONSES, &body).await;
        assert!(why.contains(about), "{why}");
    };
    check(json!({ "model": "m" }), "'input'").await;
    check(json!({ "input": "x" }), "model").await;
    check(with(RESPONSES, json!({ "input": [] })), "'input'").await;
    check(with(RESPONSES, json!({ "input": [{ "role": "robot", "content": "x" }] })), "input[0].role").await;
    check(with(RESPONSES, json!({ "max_output_tokens": 3 })), "max_output_tokens").await;
    check(with(RESPONSES, json!({ "stream_options": {} })), "stream_options").await;
    check(with(RESPONSES, json!({ "background": true, "store": false })), "'store'").await;
    check(with(RESPONSES, json!({ "reasoning": { "effort": "huge" } })), "'effort'").await;
}

#[tokio::test]
async fn faults_are_openais() {
    let script = Script::new().when(Matcher::new().provider("openai").path("/v1/responses"), 1, Reply::status(500));
    let sim = LlmSim::builder().faults(script).start().await.unwrap();
    let answer = put(&sim, RESPONSES, &question(RESPONSES)).await;
    assert_eq!((answer.status, &answer.json()["error"]["type"]), (500, &json!("server_error")));
    assert_eq!(put(&sim, "/openai/v1/responses", &question(RESPONSES)).await.status, 200);
}
