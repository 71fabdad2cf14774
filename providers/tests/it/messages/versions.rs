//! The versions of the API: chosen, told, and what they refuse.

use steadfast_providers::pool::Pool;
use steadfast_providers::{Call, Client, ErrorKind, Provider};
use steadfast_testkit::{Script, Server};

use crate::rig::{Vendor, rig};
use crate::schema::assert_valid_messages;

#[tokio::test]
async fn a_version_refuses_before_anything_is_sent() {
    let server = Server::start(Script::new().always(Vendor::Anthropic.whole("x"))).await.unwrap();
    let client = |version| {
        let client = Client::anthropic(rig().pool).base_url(server.url()).model("claude-x").api_version(version);
        client.build().unwrap()
    };
    let (old, new) = (client("2023-06-01"), client("2026-10-21"));
    for (field, call) in [
        ("temperature", Call::new("q").temperature(0.5)),
        ("top_p", Call::new("q").top_p(0.5)),
        ("top_k", Call::new("q").top_k(5)),
    ] {
        old.complete(call.clone()).await.unwrap();
        let error = new.complete(call).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        let expected =
            format!("anthropic: version 2026-10-21 of the API takes no {field}, nothing was sent: change the request");
        assert_eq!(error.to_string(), expected);
    }
    new.complete(Call::new("q")).await.unwrap();
    let seen = server.seen();
    let versions: Vec<_> = seen.iter().filter_map(|seen| seen.headers.get("anthropic-version")).collect();
    assert_eq!(versions, ["2023-06-01", "2023-06-01", "2023-06-01", "2026-10-21"]);
    for (version, seen) in versions.iter().zip(&seen) {
        assert_valid_messages(version, &seen.json().unwrap());
    }
}

#[test]
fn a_version_is_known_and_part_of_the_identity() {
    let builder = |vendor| Client::builder(Pool::new().unwrap(), vendor).base_url("http://localhost:1").model("m");
    let (openai, anthropic) = (steadfast_providers::Vendor::openai, steadfast_providers::Vendor::anthropic);
    let error = builder(anthropic()).api_version("2025-01-01").build().unwrap_err();
    let expected = "anthropic: its API has no version \"2025-01-01\": choose 2023-06-01 or 2026-10-21";
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Config, expected));
    assert_eq!(builder(openai()).api_version("1").build().unwrap_err().kind(), ErrorKind::Config);
    let identity = |version| builder(anthropic()).api_version(version).build().unwrap().identity(&Call::new("q"));
    assert_ne!(identity("2023-06-01"), identity("2026-10-21"));
    assert_eq!(identity("2023-06-01"), builder(anthropic()).build().unwrap().identity(&Call::new("q")));
    assert_eq!(anthropic().version(), Some("2023-06-01"));
    assert_eq!(openai().version(), None);
}
