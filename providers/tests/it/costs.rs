//! What calls cost, with all that goes wrong on the way, and what is kept of them.

use std::num::NonZeroUsize;

use steadfast_providers::pool::{CallContext, Resend};
use steadfast_providers::{Attempt, Billed, Call, Cost, Event, Prices, Provider, RecentCall, Usd};
use steadfast_testkit::{Reply as Answer, Script, Server};

use crate::rig::{EVERY, Mode, Rig, VENDORS, Vendor, ask, rig};

/// A dollar for each token that is read, a tenth where it comes from the cache, two for each that is written.
fn prices() -> Prices {
    let price = "input = 1e6\ncached_read = 1e5\noutput = 2e6\n";
    let text = format!("as_of = \"2026-11-22\"\n[openai.gpt-x]\n{price}[anthropic.claude-x]\n{price}");
    Prices::from_toml(&text).unwrap()
}

fn client(vendor: Vendor, rig: &Rig, url: &str) -> steadfast_providers::Client {
    vendor.builder(&rig.pool, url).prices(prices()).build().unwrap()
}

fn dollars(cost: Cost) -> f64 {
    cost.exact().unwrap().as_f64()
}

#[tokio::test]
async fn the_price_of_an_answer_is_that_of_its_tokens() {
    for (vendor, mode) in EVERY {
        let script = Script::new().then(Answer::status(503)).always(vendor.answer(mode, "x"));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let reply = ask(&client(vendor, &rig, server.url()), mode, Call::new("a")).await.unwrap();
        // Of 7 tokens 3 come from the cache, and 2 are written.
        assert!((dollars(reply.cost()) - 8.3).abs() < 1e-9, "{vendor} {mode:?}: {:?}", reply.cost());
        let billed: Vec<Billed> = reply.attempts.iter().map(Attempt::billed).collect();
        assert_eq!(billed, [Billed::No, Billed::Yes]);
        let last = reply.attempts.last().unwrap();
        assert_eq!(last.usage, Some(reply.usage));
        assert_eq!((last.first_token.is_some(), last.total.is_some()), (mode == Mode::Stream, true));
    }
}

#[tokio::test]
async fn a_model_without_a_price_costs_what_nobody_knows() {
    let (server, rig) = (Server::start(Script::new().always(Vendor::OpenAi.whole("x"))).await.unwrap(), rig());
    let client = client(Vendor::OpenAi, &rig, server.url());
    let reply = client.complete(Call::new("a").model("other")).await.unwrap();
    assert_eq!((reply.cost().exact(), reply.cost().known, reply.cost().unknown), (None, Usd::ZERO, 1));
}

#[tokio::test]
async fn what_may_be_on_the_bill_is_told() {
    for (vendor, mode) in EVERY {
        let script = Script::new().then(Answer::reset()).always(vendor.answer(mode, "x"));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let call = Call::new("a").context(CallContext::new().resend(Resend::Always));
        let reply = ask(&client(vendor, &rig, server.url()), mode, call).await.unwrap();
        assert_eq!(reply.attempts[0].billed(), Billed::Maybe, "{vendor} {mode:?}");
        assert_eq!((reply.cost().exact(), reply.cost().unknown), (None, 1));
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_costs_at_least_what_it_told() {
    for vendor in VENDORS {
        let script = Script::new().always(Answer::sse(vendor.unfinished(&["Hello"])));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let error = ask(&client(vendor, &rig, server.url()), Mode::Stream, Call::new("a")).await.unwrap_err();
        assert_eq!((error.cost().exact(), error.cost().unknown), (None, 1), "{vendor}");
        // OpenAI tells at the end alone.
        let told = if vendor == Vendor::Anthropic { 6.3 } else { 0.0 };
        assert!((error.cost().known.as_f64() - told).abs() < 1e-9, "{vendor}: {:?}", error.cost());
    }
}

#[tokio::test]
async fn the_last_calls_can_be_looked_at() {
    let vendor = Vendor::Anthropic;
    let script = Script::new()
        .then(vendor.whole("x"))
        .then(Answer::json(400, vendor.error("invalid_request_error", None, "no")))
        .then(Answer::sse(vendor.unfinished(&["Hello"])).stall_after(u64::MAX))
        .always(Answer::never());
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let client = client(vendor, &rig, server.url());
    client.complete(Call::new("a")).await.unwrap();
    client.complete(Call::new("a")).await.unwrap_err();
    let mut stream = client.stream(Call::new("a")).await.unwrap();
    while !matches!(stream.next().await.unwrap().unwrap(), Event::Text(_)) {}
    drop(stream);
    tokio::select! {
        result = client.complete(Call::new("a")) => panic!("{result:?}"),
        () = server.wait_for(4) => {}
    }
    let calls = RecentCall::of(&rig.pool);
    let outcomes: Vec<_> = calls.iter().map(|call| (call.outcome, call.attempts.len())).collect();
    assert_eq!(outcomes, [("ok", 1), ("invalid_request", 1), ("cancelled", 1), ("cancelled", 0)]);
    assert!(calls[2].attempts[0].usage.is_some() && calls[2].attempts[0].first_token.is_some());
    assert!(serde_json::to_string(&calls).unwrap().contains("\"outcome\":\"cancelled\""));

    RecentCall::keep(&rig.pool, NonZeroUsize::new(1));
    assert_eq!(RecentCall::of(&rig.pool).len(), 1);
    RecentCall::keep(&rig.pool, None);
    assert!(RecentCall::of(&rig.pool).is_empty());
}
