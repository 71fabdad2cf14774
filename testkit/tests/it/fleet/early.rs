//! Answers before the body is read, and clients that wait for leave to send it.

use steadfast_testkit::{FleetSim, Matcher, Reply, Script};

use super::{base, digest};
use crate::client::{Client, End, addr_of, get, until};

/// The head of a push of nine bytes, to the only device of a fleet.
async fn begin(fleet: &FleetSim, more: &str) -> Client {
    let device = fleet.addresses().remove(0);
    let mut client = Client::dial(addr_of(&device.address)).await;
    let head = format!("POST {}/update HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n", base(&device));
    let digest = digest("firmware!");
    client.send(format!("{head}x-update-version: 2\r\nrepr-digest: {digest}\r\n{more}\r\n").as_bytes()).await;
    client
}

async fn fleet(script: Script) -> FleetSim {
    FleetSim::builder(1).faults(script).start().await.unwrap()
}

#[tokio::test]
async fn an_early_answer_may_keep_the_connection() {
    let fleet = fleet(Script::new().then(Reply::status(413).early().stay())).await;
    let mut client = begin(&fleet, "").await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.header("connection")), (413, None));
    client.send(b"firmware!").await;
    let path = base(&fleet.addresses()[0]);
    client.send(get(&format!("{path}/version")).as_bytes()).await;
    assert_eq!(client.answer().await.unwrap().text(), "0.0.0");
    assert_eq!(fleet.report().totals.digest_ok, 1);
    assert_eq!(fleet.connections(), 1);
}

#[tokio::test]
async fn an_early_answer_may_close_the_connection() {
    let fleet = fleet(Script::new().then(Reply::status(401).early())).await;
    let mut client = begin(&fleet, "").await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.header("connection")), (401, Some("close")));
    client.send(b"firmware!").await;
    assert_eq!(client.end().await, End::Closed);
}

#[tokio::test]
async fn an_early_answer_may_reset_the_connection() {
    let fleet = fleet(Script::new().then(Reply::status(401).early().hang_up())).await;
    let mut client = begin(&fleet, "").await;
    assert_eq!(client.answer().await.unwrap().status, 401);
    until(|| fleet.report().totals.cut == 1).await;
    assert_eq!(client.end().await, End::Reset);
}

#[tokio::test]
async fn a_client_that_waits_for_leave_gets_it() {
    let fleet = fleet(Script::new()).await;
    let mut client = begin(&fleet, "expect: 100-continue\r\n").await;
    while !client.pending().contains("\r\n\r\n") {
        client.more().await.unwrap();
    }
    assert_eq!(client.pending(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(b"firmware!").await;
    while !client.pending().contains("accepted") {
        client.more().await.unwrap();
    }
    assert_eq!(fleet.version("dev-000001").as_deref(), Some("2"));
}

#[tokio::test]
async fn leave_may_be_refused() {
    let waits = Matcher::new().path("/update").header("expect", "100-continue");
    let fleet = fleet(Script::new().whenever(waits, Reply::status(417).early())).await;
    let mut client = begin(&fleet, "expect: 100-continue\r\n").await;
    assert_eq!(client.answer().await.unwrap().status, 417);
    assert_eq!(client.end().await, End::Closed);
    assert_eq!((fleet.report().totals.pushes, fleet.report().totals.accepted), (1, 0));
}

#[tokio::test]
async fn leave_may_never_come() {
    let fleet = fleet(Script::new().then(Reply::pass().no_continue())).await;
    let mut client = begin(&fleet, "expect: 100-continue\r\n").await;
    client.send(b"firmware!").await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    assert_eq!(fleet.version("dev-000001").as_deref(), Some("2"));
}
