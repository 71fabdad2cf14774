//! Whose answers are whose: identities, scopes, routers.

use std::sync::Arc;

use steadfast_providers::cache::Rule;
use steadfast_providers::pool::Pool;
use steadfast_providers::telemetry::CallReport;
use steadfast_providers::{
    ApiKey, Cached, Call, Client, Error, ErrorKind, Event, Finish, HitKind, Metered, Provider, Router,
};
use steadfast_testkit::{LlmSim, Server};

use super::{MODES, Map, Oracle, cached, call};
use crate::rig::{EVERY, Mode, ask, rig};

#[tokio::test]
async fn who_does_not_say_who_it_is_needs_a_scope() {
    let (oracle, map) = (Oracle::new("oracle").unknown(), Map::default());
    for mode in MODES {
        ask(&cached(&oracle, &map).build(), mode, call()).await.unwrap();
    }
    assert_eq!((oracle.asked(), map.len()), (2, 0));
    for _ in 0..2 {
        ask(&cached(&oracle, &map).scope("team 7").build(), Mode::Plain, call()).await.unwrap();
    }
    assert_eq!((oracle.asked(), map.len()), (3, 1));
    ask(&cached(&oracle, &map).scope("team 8").build(), Mode::Plain, call()).await.unwrap();
    assert_eq!((oracle.asked(), map.len()), (4, 2));
}

#[test]
fn a_client_is_its_vendor_name_model_address_and_account() {
    let pool = rig().pool;
    let base = || Client::openai(pool.clone()).base_url("http://127.0.0.1:1/v1").model("m").api_key(ApiKey::new("a"));
    let anthropic = Client::anthropic(pool.clone()).base_url("http://127.0.0.1:1").model("m").name("openai");
    let clients: Vec<Arc<dyn Provider>> = vec![
        Arc::new(base().build().unwrap()),
        Arc::new(base().name("other").build().unwrap()),
        Arc::new(base().model("n").build().unwrap()),
        Arc::new(base().base_url("http://127.0.0.1:2/v1").build().unwrap()),
        Arc::new(base().base_url("http://127.0.0.1:1/v2").build().unwrap()),
        Arc::new(base().api_key(ApiKey::new("b")).build().unwrap()),
        Arc::new(anthropic.api_key(ApiKey::new("a")).build().unwrap()),
    ];
    let identity = |client: &Arc<dyn Provider>| client.identity(&call()).unwrap();
    for (at, one) in clients.iter().enumerate() {
        for (other_at, other) in clients.iter().enumerate() {
            assert_eq!(identity(one) == identity(other), at == other_at, "{at} {other_at}");
        }
        assert_eq!(one.identity(&call().model("x")), one.identity(&call().model("x").system("s")));
        assert_ne!(one.identity(&call().model("x")), one.identity(&call()));
        assert!(!format!("{:?}", identity(one)).contains("127"), "{:?}", identity(one));
    }
    assert_eq!(Metered::new(base().build().unwrap(), &pool).identity(&call()), clients[0].identity(&call()));
}

#[tokio::test]
async fn a_router_is_its_providers_in_order() {
    let (a, b, map) = (Oracle::new("a"), Oracle::new("b"), Map::default());
    let chain = |providers: [&Oracle; 2]| {
        let [first, second] = providers.map(Clone::clone);
        let router = Router::builder().target(first).target(second).build().unwrap();
        Cached::builder(router, map.shared()).build()
    };
    for _ in 0..2 {
        chain([&a, &b]).complete(call()).await.unwrap();
        chain([&b, &a]).complete(call()).await.unwrap();
    }
    assert_eq!((a.asked(), b.asked(), map.len()), (1, 1, 2));
    let unknown = Router::builder().target(a.clone()).target(b.clone().unknown()).build().unwrap();
    assert_eq!(unknown.identity(&call()), None);
}

#[tokio::test]
async fn an_answer_of_the_second_choice_is_told_as_its_own() {
    for mode in MODES {
        let map = Map::default();
        let busy = Oracle::new("a").gives(vec![Err(Error::new(ErrorKind::Overloaded, "a", "busy"))]);
        let router = Router::builder().target(busy.clone()).target(Oracle::new("b")).build().unwrap();
        let llm = Cached::builder(router, map.shared()).build();
        let asked = ask(&llm, mode, call()).await.unwrap();
        assert_eq!((asked.provider.as_str(), asked.fallbacks), ("b", 1));
        let again = ask(&llm, mode, call()).await.unwrap();
        assert_eq!((again.provider.as_str(), again.fallbacks, busy.asked()), ("b", 0, 1));
        assert!(again.cached.is_some());
    }
}

/// Each provider of a router has a cache: what the second one says is never kept as the first one's.
#[tokio::test]
async fn a_router_over_caches_keeps_each_answer_where_it_belongs() {
    for mode in MODES {
        let map = Map::default();
        let start = Ok(Event::start("a", "m", None));
        let (a, b) = (Oracle::new("a"), Oracle::new("b"));
        a.clone().gives(vec![start, Err(Error::new(ErrorKind::Overloaded, "a", "busy"))]);
        let router = || {
            let (a, b) = (cached(&a, &map).build(), cached(&b, &map).build());
            Router::builder().target(a).target(b).build().unwrap()
        };
        let asked = ask(&router(), mode, call()).await.unwrap();
        assert_eq!((asked.provider.as_str(), asked.cached, map.len()), ("b", None, 1));
        let again = ask(&router(), mode, call()).await.unwrap();
        assert_eq!((again.provider.as_str(), again.cached.map(|hit| hit.kind)), ("b", Some(HitKind::Exact)));
        assert_eq!((a.asked(), b.asked()), (2, 1));
        a.clone().says(["from a"], Finish::Stop);
        assert_eq!(ask(&router(), mode, call()).await.unwrap().text(), "from a");
        assert_eq!((a.asked(), map.len()), (3, 2));
        let whole = Cached::builder(router(), map.shared()).build();
        assert_eq!(ask(&whole, mode, call()).await.unwrap().text(), "from a");
        assert_eq!(a.asked(), 3);
        assert!(ask(&whole, mode, call()).await.unwrap().cached.is_some());
    }
}

#[tokio::test]
async fn every_client_is_asked_once() {
    for (vendor, mode) in EVERY {
        let script = steadfast_testkit::Script::new().then(vendor.answer(mode, "bees"));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let llm = Cached::builder(vendor.client(&rig.pool, server.url()), Map::default().shared());
        let llm = llm.rule(Rule::everything()).build();
        let asked = ask(&llm, mode, Call::new("x")).await.unwrap();
        let again = ask(&llm, mode, Call::new("x")).await.unwrap();
        assert_eq!((asked.attempts.len(), again.attempts.len(), server.seen().len()), (1, 0, 1), "{vendor} {mode:?}");
        assert_eq!((&again.text(), again.usage, &again.id), (&asked.text(), asked.usage, &asked.id));
    }
}

#[tokio::test]
async fn tokens_are_counted_once() {
    for mode in MODES {
        let (oracle, rig) = (Oracle::new("oracle"), rig());
        let llm = Metered::new(cached(&oracle, &Map::default()).build(), &rig.pool);
        for _ in 0..3 {
            ask(&llm, mode, call()).await.unwrap();
        }
        let report = CallReport::read(&rig.pool.snapshot(), "llm", &[]);
        assert_eq!((report.succeeded, report.tokens_in, report.tokens_out), (3, 40, 17), "{mode:?}");
    }
}

#[tokio::test]
async fn a_plain_call_and_a_stream_of_the_simulator_share_an_answer() {
    let sim = LlmSim::builder().start().await.unwrap();
    let gpt = Client::openai(Pool::new().unwrap()).base_url(sim.openai_url()).model("gpt-x").build().unwrap();
    let llm = Cached::builder(gpt, Map::default().shared()).build();
    let streamed = ask(&llm, Mode::Stream, call()).await.unwrap();
    let plain = ask(&llm, Mode::Plain, call()).await.unwrap();
    assert_eq!((&plain.text(), plain.usage), (&streamed.text(), streamed.usage));
    assert!(plain.cached.is_some());
}
