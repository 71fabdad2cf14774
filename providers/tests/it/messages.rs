//! Anthropic's Messages on real sockets: what is asked, what is refused before it is sent, what the answers come to.

mod answers;
mod counting;
mod requests;
mod versions;

use serde_json::{Value, json};
use steadfast_providers::{ApiKey, Call, Client, Error, Provider, Reply};
use steadfast_testkit::{Reply as Answer, Script, Seen, Server, SseEvent};

use crate::rig::{KEY, Mode, Vendor, ask, rig};

/// A server that always answers so, and a client of it.
pub(crate) async fn served(answer: Answer) -> (Server, Client) {
    let server = Server::start(Script::new().always(answer)).await.unwrap();
    let client = Client::anthropic(rig().pool).base_url(server.url()).api_key(ApiKey::new(KEY)).model("claude-x");
    let client = client.build().unwrap();
    (server, client)
}

/// The request that a call becomes.
async fn sent(call: Call) -> Seen {
    let (server, client) = served(Vendor::Anthropic.whole("x")).await;
    client.complete(call).await.unwrap();
    server.seen().remove(0)
}

/// Why a call is not sent.
async fn unsent(call: Call) -> String {
    let (server, client) = served(Vendor::Anthropic.whole("x")).await;
    let error = client.complete(call).await.unwrap_err();
    assert!(server.seen().is_empty());
    let text = error.to_string();
    assert!(text.contains("nothing was sent"), "{text}");
    text
}

/// What comes of a whole answer.
pub(crate) async fn whole(content: &Value, rest: &Value) -> Reply {
    let mut body = json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-y",
                           "content": content, "stop_reason": "end_turn" });
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    let (_server, client) = served(Answer::json(200, body)).await;
    ask(&client, Mode::Plain, Call::new("q")).await.unwrap()
}

/// An event of a stream, named as its type.
pub(crate) fn event(data: &Value) -> SseEvent {
    SseEvent::named(data["type"].as_str().unwrap(), data.to_string())
}

/// What comes of a streamed answer.
pub(crate) async fn streamed(events: &[Value]) -> Result<Reply, Error> {
    let (_server, client) = served(Answer::sse(events.iter().map(event).collect::<Vec<_>>())).await;
    ask(&client, Mode::Stream, Call::new("q")).await
}

/// The beginning of a stream.
pub(crate) fn start() -> Value {
    json!({ "type": "message_start", "message": { "id": "msg_1", "type": "message", "role": "assistant",
            "model": "claude-y", "content": [], "stop_reason": null, "usage": { "input_tokens": 3, "output_tokens": 1 } } })
}

/// The end of a stream.
pub(crate) fn stop() -> [Value; 2] {
    [
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 9 } }),
        json!({ "type": "message_stop" }),
    ]
}
