//! OpenAI's Responses: what is written, what is read, whole and streamed, and answers that go on without us.

mod answers;
mod background;
mod requests;
mod streams;
mod wire;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use steadfast_providers::{ApiKey, Call, Client, Error, Provider, Reply};
use steadfast_testkit::{Script, Server};

use crate::rig::{KEY, Mode, Rig, ask, rig};

/// A client whose API is at the root of this URL.
fn client(rig: &Rig, root: &str) -> Client {
    let builder = Client::responses(rig.pool.clone()).base_url(format!("{root}/v1"));
    builder.api_key(ApiKey::new(KEY)).model("gpt-x").build().unwrap()
}

/// One server, one call: what comes of it.
async fn once(mode: Mode, script: Script, call: Call) -> (Result<Reply, Error>, Server, Rig) {
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let client = client(&rig, server.url());
    let result = patient(&rig, ask(&client as &dyn Provider, mode, call)).await;
    (result, server, rig)
}

/// Lets time pass whenever nothing else happens, and no further than to the next thing that waits for it.
async fn patient<T>(rig: &Rig, call: impl Future<Output = T>) -> T {
    let mut call = pin!(call);
    for _ in 0..2000 {
        for _ in 0..400 {
            if let Poll::Ready(result) = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await {
                return result;
            }
            tokio::task::yield_now().await;
        }
        rig.clock.advance_to_next();
    }
    panic!("the call waits for ever");
}
