//! Large bodies: streamed through, whole, whatever their framing.

use steadfast_testkit::{FleetSim, Reply, Script, Server};

use crate::client::{Client, addr_of};

const CHUNK: usize = 256 * 1024;

#[tokio::test]
async fn only_the_front_of_a_large_body_is_kept() {
    let server = Server::start(Script::new().always(Reply::status(200))).await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    let chunk = vec![7; CHUNK];
    client.send(format!("PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", 10 * CHUNK).as_bytes()).await;
    for _ in 0..10 {
        client.send(&chunk).await;
    }
    assert_eq!(client.answer().await.unwrap().status, 200);
    let seen = &server.seen()[0];
    assert_eq!((seen.body.len(), seen.body_len, seen.complete), (1024 * 1024, 10 * CHUNK as u64, true));
}

#[tokio::test]
async fn a_device_takes_what_is_sent_to_it() {
    let fleet = FleetSim::builder(1).start().await.unwrap();
    let device = fleet.addresses().remove(0);
    let mut client = Client::dial(addr_of(&device.address)).await;
    let path = device.address.splitn(4, '/').nth(3).map_or_else(String::new, |path| format!("/{path}"));
    let head = format!("POST {path}/update HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    client.send(head.as_bytes()).await;
    let chunk = [format!("{CHUNK:x}\r\n").into_bytes(), vec![7; CHUNK], b"\r\n".to_vec()].concat();
    for _ in 0..128 {
        client.send(&chunk).await;
    }
    client.send(b"0\r\n\r\n").await;
    let answer = client.answer().await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["bytes"], 128 * CHUNK);
}
