//! Delays, on a manual clock: they last as long as the clock says, not a moment of real time.

use std::time::Duration;

use bytes::Bytes;
use steadfast_clock::{Clock, ManualClock, shared};
use steadfast_testkit::{LlmSim, Reply, Script, Server};

use crate::client::{Client, End, addr_of, get, post, until};

async fn server(clock: &ManualClock, reply: Reply) -> Server {
    Server::builder().timer(shared(clock.clone())).script(Script::new().always(reply)).start().await.unwrap()
}

#[tokio::test]
async fn a_delay_comes_before_the_headers() {
    let clock = ManualClock::new();
    let server = server(&clock, Reply::status(200).body("late").delay(Duration::from_secs(60))).await;
    let mut client = Client::dial(server.addr()).await;
    client.send(get("/").as_bytes()).await;
    until(|| clock.waiting() == 1).await;
    assert_eq!(server.seen()[0].at, clock.now());
    clock.advance(Duration::from_millis(59_999));
    assert!(client.socket.try_read(&mut [0]).is_err());
    clock.advance(Duration::from_millis(1));
    assert_eq!(client.answer().await.unwrap().text(), "late");
}

#[tokio::test]
async fn a_chunk_delay_comes_between_chunks() {
    let clock = ManualClock::new();
    let chunks = vec![Bytes::from("a"), Bytes::from("b"), Bytes::from("c")];
    let server = server(&clock, Reply::status(200).chunks(chunks).chunk_delay(Duration::from_secs(1))).await;
    let mut client = Client::dial(server.addr()).await;
    client.send(get("/").as_bytes()).await;
    for (waits, so_far) in ["1\r\na\r\n", "1\r\nb\r\n"].iter().enumerate() {
        until(|| clock.waiting() == 1).await;
        while !client.pending().ends_with(so_far) {
            client.more().await.unwrap();
        }
        assert_eq!(client.pending().matches("1\r\n").count(), waits + 1);
        assert_eq!(clock.advance_to_next(), Some(Duration::from_secs(1)));
    }
    assert_eq!(client.answer().await.unwrap().text(), "abc");
    assert_eq!(clock.waiting(), 0);
}

#[tokio::test]
async fn a_slow_reader_takes_its_time() {
    let clock = ManualClock::new();
    let server = server(&clock, Reply::status(200).slow_read(1000)).await;
    let mut client = Client::dial(server.addr()).await;
    client.send(post("/", &[], &"x".repeat(2000)).as_bytes()).await;
    let start = clock.now();
    while client.pending().is_empty() {
        until(|| clock.waiting() == 1 || client.socket.try_read(&mut [0; 4096]).is_ok()).await;
        if clock.advance_to_next().is_none() {
            break;
        }
    }
    assert_eq!(clock.now().since(start), Duration::from_secs(2));
    assert_eq!(server.seen()[0].body_len, 2000);
}

#[tokio::test]
async fn tokens_come_at_their_pace() {
    let clock = ManualClock::new();
    let builder = LlmSim::builder().timer(shared(clock.clone())).answer("one two three");
    let sim = builder.token_delay(Duration::from_millis(20)).start().await.unwrap();
    let mut client = Client::dial(addr_of(sim.openai_url())).await;
    let body = r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true}"#;
    client.send(post("/v1/chat/completions", &[], body).as_bytes()).await;
    let start = clock.now();
    for _ in 0..4 {
        until(|| clock.waiting() == 1).await;
        clock.advance_to_next();
    }
    assert_eq!(client.answer().await.unwrap().end, End::Complete);
    assert_eq!(clock.now().since(start), Duration::from_millis(80));
}
