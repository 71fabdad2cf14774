//! Calls are counted once, whatever happens inside, in total and for each model, and told by the names of OpenTelemetry.

use std::sync::Arc;

use steadfast_providers::cache::MemoryCache;
use steadfast_providers::telemetry::{CallReport, Key, Recorder, Registry};
use steadfast_providers::{Cached, Call, Metered, Prices, Provider, Router, Usd};
use steadfast_testkit::{Reply as Answer, Script, Server};

use crate::rig::{EVERY, Mode, Rig, Vendor, ask, rig};

fn total(rig: &Rig) -> CallReport {
    CallReport::read(&rig.pool.snapshot(), "llm", &[])
}

#[tokio::test]
async fn an_answer_is_counted_with_its_retries_and_tokens() {
    for (vendor, mode) in EVERY {
        let busy = Answer::status(503).header("retry-after", "2");
        let script = Script::new().then(busy).always(vendor.answer(mode, "Hello"));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let metered = Metered::new(vendor.client(&rig.pool, server.url()), &rig.pool);
        ask(&metered, mode, Call::new("Hi")).await.unwrap();
        let total = total(&rig);
        assert_eq!((total.requests, total.succeeded, total.failed, total.cancelled, total.active), (1, 1, 0, 0, 0));
        assert_eq!((total.attempts, total.retries, total.retries_by_status), (2, 1, [(503, 1)].into()));
        assert_eq!((total.tokens_in, total.tokens_out, total.fallbacks), (7, 2, 0));
        assert_eq!(total.final_status, [(200, 1)].into());
        assert_eq!((total.hinted_wait.count, total.retry_delay.count, total.latency.count), (1, 1, 1));
        let models = CallReport::of_models(&rig.pool.snapshot(), "llm");
        assert_eq!(models.len(), 1, "{vendor} {mode:?}");
        let model = &models[metered.model()];
        assert_eq!((model.requests, model.succeeded, model.attempts, model.tokens_in), (1, 1, 2, 7));
    }
}

#[tokio::test]
async fn a_fallback_is_counted_for_the_model_that_answered() {
    for mode in [Mode::Plain, Mode::Stream] {
        let overloaded = Server::start(Script::new().always(Answer::status(401))).await.unwrap();
        let answers = Server::start(Script::new().always(Vendor::OpenAi.answer(mode, "Hello"))).await.unwrap();
        let rig = rig();
        let chain = Router::builder()
            .target(Vendor::Anthropic.client(&rig.pool, overloaded.url()))
            .target(Vendor::OpenAi.client(&rig.pool, answers.url()))
            .build()
            .unwrap();
        let metered = Metered::new(chain, &rig.pool);
        ask(&metered, mode, Call::new("Hi")).await.unwrap();
        let total = total(&rig);
        assert_eq!((total.requests, total.succeeded, total.fallbacks), (1, 1, 1), "{mode:?}");
        assert_eq!((total.attempts, total.retries), (2, 0));
        let models = CallReport::of_models(&rig.pool.snapshot(), "llm");
        assert_eq!((models["gpt-x"].requests, models["gpt-x"].succeeded), (1, 1));
        assert_eq!(models["gpt-x"].attempts, 1);
    }
}

#[tokio::test]
async fn a_failure_is_counted_with_its_status() {
    for (vendor, mode) in EVERY {
        let (server, rig) = (Server::start(Script::new().always(Answer::status(401))).await.unwrap(), rig());
        let metered = Metered::new(vendor.client(&rig.pool, server.url()), &rig.pool);
        ask(&metered, mode, Call::new("Hi")).await.unwrap_err();
        let total = total(&rig);
        assert_eq!((total.requests, total.succeeded, total.failed, total.cancelled), (1, 0, 1, 0));
        assert_eq!(total.final_status, [(401, 1)].into());
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_failed_and_one_that_is_dropped_was_cancelled() {
    for vendor in crate::rig::VENDORS {
        let script = Script::new().always(Answer::sse(vendor.unfinished(&["Hel"])));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let metered = Metered::new(vendor.client(&rig.pool, server.url()), &rig.pool);
        ask(&metered, Mode::Stream, Call::new("Hi")).await.unwrap_err();
        let mut stream = metered.stream(Call::new("Hi")).await.unwrap();
        stream.next().await.unwrap().unwrap();
        assert_eq!(total(&rig).active, 1);
        drop(stream);
        let total = total(&rig);
        assert_eq!((total.requests, total.succeeded, total.failed, total.cancelled), (2, 0, 1, 1), "{vendor}");
        assert_eq!(total.active, 0);
    }
}

#[tokio::test]
async fn what_follows_the_finish_changes_nothing() {
    for vendor in crate::rig::VENDORS {
        let script = Script::new().always(vendor.answer(Mode::Stream, "Hello"));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let metered = Metered::new(vendor.client(&rig.pool, server.url()), &rig.pool);
        let mut stream = metered.stream(Call::new("Hi")).await.unwrap();
        while !matches!(stream.next().await.unwrap().unwrap(), steadfast_providers::Event::Finish(_)) {}
        drop(stream);
        let total = total(&rig);
        assert_eq!((total.succeeded, total.cancelled), (1, 0), "{vendor}");
    }
}

#[tokio::test]
async fn what_a_cache_answers_is_counted_as_saved() {
    for (vendor, mode) in EVERY {
        let script = Script::new().always(vendor.answer(mode, "Hello"));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let cache = Arc::new(MemoryCache::new(10).unwrap());
        let cached = Cached::builder(vendor.client(&rig.pool, server.url()), cache).registry(rig.pool.registry());
        let metered = Metered::new(cached.build(), &rig.pool);
        for _ in 0..3 {
            ask(&metered, mode, Call::new("Hi").temperature(0.0)).await.unwrap();
        }
        let total = total(&rig);
        assert_eq!((total.requests, total.succeeded, total.attempts), (3, 3, 1), "{vendor} {mode:?}");
        assert_eq!((total.cache_hits, total.cache_misses, total.tokens_saved), (2, 1, 2 * 9));
        assert_eq!(total.cache_hit_rate(), Some(2.0 / 3.0));
        assert_eq!((total.tokens_in, total.tokens_out), (7, 2));
        assert!(total.to_string().contains("2 of 3 (66 %)"), "{total}");
        let model = &CallReport::of_models(&rig.pool.snapshot(), "llm")[metered.model()];
        assert_eq!((model.cache_hits, model.cache_misses, model.tokens_saved), (2, 1, 2 * 9));
    }
}

/// What the conventions have to say, by series: how many values, and their sum.
fn told(rig: &Rig, name: &str, labels: &[(&str, &str)]) -> (u64, u64) {
    let snapshot = rig.pool.snapshot();
    let fits = |key: &Key| key.name() == name && labels.iter().all(|label| key.labels().any(|own| own == *label));
    let found = snapshot.histograms.iter().filter(|(key, _)| fits(key));
    found.fold((0, 0), |(count, sum), (_, values)| (count + values.count(), sum + values.sum()))
}

const DURATION: &str = "gen_ai.client.operation.duration_ns";
const FIRST: &str = "gen_ai.client.operation.time_to_first_chunk_ns";
const TOKENS: &str = "gen_ai.client.token.usage";

fn priced(vendor: Vendor, rig: &Rig, url: &str) -> Metered {
    let prices = "as_of = \"2026-11-22\"\n[openai.gpt-x]\ninput = 1.0\noutput = 2.0\n[anthropic.claude-x]\ninput = 1.0\noutput = 2.0\n";
    let client = vendor.builder(&rig.pool, url).prices(Prices::from_toml(prices).unwrap()).build().unwrap();
    Metered::new(client, &rig.pool)
}

#[tokio::test]
async fn an_answer_is_told_by_the_names_of_the_conventions() {
    for (vendor, mode) in EVERY {
        let (server, rig) = (Server::start(Script::new().always(vendor.answer(mode, "Hello"))).await.unwrap(), rig());
        let metered = priced(vendor, &rig, server.url());
        ask(&metered, mode, Call::new("Hi")).await.unwrap();
        let who = [
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", vendor.name()),
            ("gen_ai.request.model", metered.model()),
        ];
        assert_eq!(told(&rig, DURATION, &who).0, 1, "{vendor} {mode:?}");
        assert_eq!(told(&rig, FIRST, &who).0, u64::from(mode == Mode::Stream));
        let tokens = |kind| told(&rig, TOKENS, &[who.as_slice(), &[("gen_ai.token.type", kind)]].concat());
        assert_eq!((tokens("input"), tokens("output")), ((1, 7), (1, 2)));
        // Seven tokens for a millionth of a dollar each, two for two.
        let key =
            Key::new("llm_cost_micros").label("provider", vendor.name()).label("model", metered.model().to_owned());
        assert_eq!(rig.pool.snapshot().counter(&key), 11, "{vendor} {mode:?}");
    }
}

#[tokio::test]
async fn who_failed_and_who_left_are_told_by_their_error() {
    for (vendor, mode) in EVERY {
        let script = Script::new().then(Answer::status(401)).always(Answer::sse(vendor.unfinished(&["Hel"])));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let metered = priced(vendor, &rig, server.url());
        ask(&metered, mode, Call::new("Hi")).await.unwrap_err();
        assert_eq!(told(&rig, DURATION, &[("error.type", "authentication")]).0, 1, "{vendor} {mode:?}");
        let mut stream = metered.stream(Call::new("Hi")).await.unwrap();
        while !matches!(stream.next().await.unwrap().unwrap(), steadfast_providers::Event::Text(_)) {}
        drop(stream);
        assert_eq!(told(&rig, DURATION, &[("error.type", "cancelled")]).0, 1, "{vendor} {mode:?}");
        assert_eq!(told(&rig, DURATION, &[]).0, 2);
        assert_eq!(told(&rig, FIRST, &[]).0, 1);
        // Anthropic tells at the beginning what it has read.
        let input = if vendor == Vendor::Anthropic { (1, 7) } else { (0, 0) };
        assert_eq!(told(&rig, TOKENS, &[("gen_ai.token.type", "input")]), input);
        drop(metered.complete(Call::new("Hi")));
        assert_eq!(told(&rig, DURATION, &[]).0, 2, "what nobody ran is no call");
    }
}

#[tokio::test]
async fn a_call_that_fell_back_is_told_for_who_answered() {
    let refuses = Server::start(Script::new().always(Answer::sse(Vendor::Anthropic.unfinished(&[])))).await.unwrap();
    let answers = Server::start(Script::new().always(Vendor::OpenAi.answer(Mode::Stream, "Hello"))).await.unwrap();
    let rig = rig();
    let chain = Router::builder()
        .target(Vendor::Anthropic.client(&rig.pool, refuses.url()))
        .target(Vendor::OpenAi.client(&rig.pool, answers.url()))
        .build()
        .unwrap();
    ask(&Metered::new(chain, &rig.pool), Mode::Stream, Call::new("Hi")).await.unwrap();
    let of = |name, provider| told(&rig, name, &[("gen_ai.provider.name", provider)]).0;
    assert_eq!((of(DURATION, "openai"), of(DURATION, "anthropic")), (1, 0));
    assert_eq!(of(TOKENS, "openai"), 2);
}

#[tokio::test]
async fn what_a_cache_answers_saves_money_and_is_no_operation() {
    for (vendor, mode) in EVERY {
        let script = Script::new().always(vendor.answer(mode, "Hello"));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let cache = Arc::new(MemoryCache::new(1 << 20).unwrap());
        let text = format!("as_of = \"2026-11-22\"\n[{vendor}.m-1]\ninput = 1.0\noutput = 2.0\n");
        let cached = Cached::builder(vendor.client(&rig.pool, server.url()), cache)
            .registry(rig.pool.registry())
            .prices(Prices::from_toml(&text).unwrap())
            .build();
        let metered = Metered::new(cached.clone(), &rig.pool);
        for _ in 0..3 {
            ask(&metered, mode, Call::new("Hi").temperature(0.0)).await.unwrap();
        }
        let reply = ask(&metered, mode, Call::new("Hi").temperature(0.0)).await.unwrap();
        let hit = reply.cached.unwrap();
        assert_eq!((hit.tokens_saved, hit.cost_saved.map(Usd::as_micro)), (9, Some(11)), "{vendor} {mode:?}");
        assert_eq!(cached.stats().cost_saved.as_micro(), 3 * 11);
        let snapshot = rig.pool.snapshot();
        assert_eq!(snapshot.counter(&Key::new("llm_money_saved_micros")), 3 * 11);
        assert_eq!(told(&rig, DURATION, &[]).0, 1, "{vendor} {mode:?}");
        assert_eq!(told(&rig, TOKENS, &[]).0, 2);
    }
}

#[tokio::test]
async fn there_are_never_more_series_than_the_registry_keeps() {
    let vendor = Vendor::OpenAi;
    let server = Server::start(Script::new().always(vendor.whole("Hello"))).await.unwrap();
    let registry = Registry::with_max_series(100);
    let pool = steadfast_providers::pool::Pool::builder().registry(registry.clone()).build().unwrap();
    let metered = Metered::new(vendor.client(&pool, server.url()), &pool);
    for model in 0..60 {
        metered.complete(Call::new("Hi").model(format!("model-{model}"))).await.unwrap();
    }
    let snapshot = registry.snapshot();
    assert!(snapshot.histograms.len() <= 100 + 64 + 1, "{}", snapshot.histograms.len());
    let sum: u64 = snapshot.histograms.iter().filter(|(key, _)| key.name() == DURATION).map(|(_, of)| of.count()).sum();
    assert_eq!(sum, 60, "none of them is lost");
}
