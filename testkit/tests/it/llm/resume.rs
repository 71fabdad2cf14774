//! Responses made in the background: how far they are, where their streams go on, and how they are cancelled.

use std::time::Duration;

use serde_json::{Value, json};
use steadfast_clock::{ManualClock, shared};
use steadfast_testkit::{LlmSim, Reply, Script};

use crate::client::{Answer, Client, End, post, until};

use super::{RESPONSES, events, fetch, put, question, with};

const ID: &str = "/v1/responses/resp_sim000000000001";

fn background(stream: bool) -> Value {
    with(RESPONSES, json!({ "background": true, "stream": stream }))
}

#[tokio::test]
async fn a_response_takes_its_time_in_the_background() {
    let clock = ManualClock::new();
    let builder = LlmSim::builder().timer(shared(clock.clone())).answer("one two three");
    let sim = builder.token_delay(Duration::from_secs(1)).start().await.unwrap();
    let begun = put(&sim, RESPONSES, &background(false)).await.json();
    assert_eq!(
        (&begun["status"], &begun["output"], &begun["background"]),
        (&json!("queued"), &json!([]), &json!(true))
    );
    let status = async || fetch(&sim, ID, &[]).await.json()["status"].as_str().unwrap().to_owned();
    assert_eq!(status().await, "in_progress");
    clock.advance(Duration::from_secs(3));
    assert_eq!(status().await, "in_progress");
    clock.advance(Duration::from_secs(1));
    let done = fetch(&sim, ID, &[]).await.json();
    assert_eq!(
        (&done["status"], &done["output"][0]["content"][0]["text"]),
        (&json!("completed"), &json!("one two three"))
    );
}

#[tokio::test]
async fn a_stream_goes_on_after_every_event() {
    let sim = LlmSim::builder().answer("one two three").reasoning("Hm.").start().await.unwrap();
    let mut body = background(true);
    body["reasoning"] = json!({ "summary": "auto" });
    let all = events(&put(&sim, RESPONSES, &body).await);
    assert_eq!(all[1]["type"], "response.queued");
    assert_eq!(events(&fetch(&sim, &format!("{ID}?stream=true"), &[]).await), all);
    for after in 0..all.len() {
        let rest = fetch(&sim, &format!("{ID}?stream=true&starting_after={after}"), &[]).await;
        assert_eq!(rest.end, End::Complete);
        assert_eq!(events(&rest), all[after + 1..]);
    }
}

#[tokio::test]
async fn a_stream_that_broke_goes_on_at_its_pace() {
    let clock = ManualClock::new();
    let script = Script::new().then(Reply::pass().reset_after(1500));
    let builder = LlmSim::builder().timer(shared(clock.clone())).faults(script).answer("one two three");
    let sim = builder.token_delay(Duration::from_secs(1)).start().await.unwrap();
    let mut client = Client::dial(sim.addr()).await;
    client.send(post(RESPONSES, &[], &background(true).to_string()).as_bytes()).await;
    assert_eq!(client.answer().await.map_or_else(|end| end, |answer| answer.end), End::Reset);
    clock.advance(Duration::from_secs(2));
    let mut client = Client::dial(sim.addr()).await;
    client.send(format!("GET {ID}?stream=true&starting_after=0 HTTP/1.1\r\nhost: test\r\n\r\n").as_bytes()).await;
    let deltas = |client: &Client| client.pending().matches("response.output_text.delta\"").count();
    while deltas(&client) < 2 {
        client.more().await.unwrap();
    }
    until(|| clock.waiting() == 1).await;
    assert_eq!(deltas(&client), 2);
    clock.advance(Duration::from_secs(1));
    until(|| clock.waiting() == 1).await;
    clock.advance(Duration::from_secs(1));
    let rest = client.answer().await.unwrap();
    assert_eq!(events(&rest)[0]["sequence_number"], 1);
    assert_eq!(events(&rest).last().unwrap()["type"], "response.completed");
}

#[tokio::test]
async fn a_response_can_be_cancelled() {
    let clock = ManualClock::new();
    let builder = LlmSim::builder().timer(shared(clock.clone())).answer("one two three");
    let sim = builder.token_delay(Duration::from_secs(1)).start().await.unwrap();
    put(&sim, RESPONSES, &background(false)).await;
    clock.advance(Duration::from_secs(1));
    let cancelled = put(&sim, &format!("{ID}/cancel"), &json!({})).await.json();
    assert_eq!(cancelled["status"], "cancelled");
    clock.advance(Duration::from_secs(60));
    assert_eq!(fetch(&sim, ID, &[]).await.json(), cancelled);
    let told = events(&fetch(&sim, &format!("{ID}?stream=true"), &[]).await);
    assert_eq!(told.last().unwrap()["delta"], "one");
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_refused() {
    let sim = LlmSim::builder().start().await.unwrap();
    put(&sim, RESPONSES, &question(RESPONSES)).await;
    let status = async |answer: Answer| (answer.status, answer.json()["error"]["message"].as_str().unwrap().to_owned());
    let (code, why) = status(fetch(&sim, "/v1/responses/resp_x", &[]).await).await;
    assert_eq!((code, why.as_str()), (404, "Response with id 'resp_x' not found."));
    let (code, why) = status(fetch(&sim, &format!("{ID}?stream=true"), &[]).await).await;
    assert!(code == 400 && why.contains("background=true"), "{why}");
    let (code, why) = status(put(&sim, &format!("{ID}/cancel"), &json!({})).await).await;
    assert!(code == 400 && why.contains("synchronous"), "{why}");
    put(&sim, RESPONSES, &background(false)).await;
    let id = "/v1/responses/resp_sim000000000005";
    for after in ["x", "-1", "999"] {
        let (code, why) = status(fetch(&sim, &format!("{id}?stream=true&starting_after={after}"), &[]).await).await;
        assert!(code == 400 && why.contains("starting_after"), "{why}");
    }
}
