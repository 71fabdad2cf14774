//! Bodies that are coded with zstd, for devices that take them.

use base64::Engine;
use compression_codecs::core::util::{PartialBuffer, WriteBuffer};
use compression_codecs::{EncodeV2, ZstdEncoder};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use steadfast_testkit::{FleetSim, SimDevice};

use super::base;
use crate::client::{Answer, Client, addr_of, ask};

fn digest(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(bytes)))
}

/// One frame of zstd.
fn coded(plain: &[u8]) -> Vec<u8> {
    let mut room = vec![0; plain.len() + 1024];
    let mut output = WriteBuffer::new_initialized(&mut room);
    let (mut encoder, mut input) = (ZstdEncoder::new(3), PartialBuffer::new(plain));
    while !input.unwritten().is_empty() {
        encoder.encode(&mut input, &mut output).unwrap();
    }
    while !encoder.finish(&mut output).unwrap() {}
    output.written().to_vec()
}

async fn push(device: &SimDevice, plain: &[u8], sent: &[u8]) -> Answer {
    let mut client = Client::dial(addr_of(&device.address)).await;
    let head = format!(
        "POST {}/update HTTP/1.1\r\nhost: x\r\nx-update-version: 2\r\ncontent-encoding: zstd\r\nrepr-digest: {}\r\n\
         content-digest: {}\r\ncontent-length: {}\r\n\r\n",
        base(device),
        digest(plain),
        digest(sent),
        sent.len()
    );
    client.send(head.as_bytes()).await;
    client.send(sent).await;
    client.answer().await.unwrap()
}

async fn check(plain: &[u8], sent: &[u8], status: u16) {
    let fleet = FleetSim::builder(1).zstd(1.0).json_digest("/sha256").start().await.unwrap();
    let answer = push(&fleet.addresses()[0], plain, sent).await;
    assert_eq!(answer.status, status, "{}", answer.text());
    let totals = fleet.report().totals;
    assert_eq!((totals.digest_ok, totals.digest_bad), if status == 200 { (1, 0) } else { (0, 1) });
    assert_eq!(fleet.version("dev-000001").as_deref(), Some(if status == 200 { "2" } else { "0.0.0" }));
}

#[tokio::test]
async fn what_is_coded_is_decoded_and_checked() {
    let plain = "firmware ".repeat(100_000).into_bytes();
    let whole = coded(&plain);
    assert!(whole.len() < plain.len() / 10);
    check(&plain, &whole, 200).await;
    check(b"", &coded(b""), 200).await;
    check(&plain, &[coded(&plain[..1000]), coded(&plain[1000..])].concat(), 200).await;
    // Another content, no end, no zstd, nothing at all, and something after the end.
    check(b"other", &whole, 400).await;
    check(&plain, &whole[..whole.len() - 1], 400).await;
    check(&plain, &plain, 400).await;
    check(b"", b"", 400).await;
    check(&plain, &[&whole[..], b"x"].concat(), 400).await;
}

#[tokio::test]
async fn devices_say_whether_they_take_it() {
    let fleet = FleetSim::builder(2).zstd("dev-000001").start().await.unwrap();
    for (device, expected) in fleet.addresses().iter().zip([Some("zstd"), None]) {
        let options = format!("OPTIONS {}/update HTTP/1.1\r\nhost: x\r\n\r\n", base(device));
        let answer = ask(addr_of(&device.address), &options).await;
        assert_eq!((answer.status, answer.header("accept-encoding")), (204, expected));
        let status = push(device, b"x", &coded(b"x")).await.status;
        assert_eq!(status, if expected.is_some() { 200 } else { 415 });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is coded comes out as it was, and no noise does.
    #[test]
    fn coding_is_undone(plain in prop::collection::vec(0u8..4, 0..5000), noise in prop::collection::vec(any::<u8>(), 0..50)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            check(&plain, &coded(&plain), 200).await;
            check(&plain, &[&coded(&plain)[1..], &noise[..]].concat(), 400).await;
        });
    }
}
