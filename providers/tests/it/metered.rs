//! Calls are counted once, whatever happens inside, in total and for each model.

use std::sync::Arc;

use steadfast_providers::cache::MemoryCache;
use steadfast_providers::telemetry::CallReport;
use steadfast_providers::{Cached, Call, Metered, Provider, Router};
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
