//! Two providers on real sockets, the first of which fails; and what else a router can be told.

mod hedging;
mod others;
mod parking;
mod rules;
mod seams;
pub(crate) mod stage;
mod strategies;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast_clock::Clock;
use steadfast_providers::pool::CallContext;
use steadfast_providers::{Call, ErrorKind, Event, Provider, Router};
use steadfast_testkit::{LlmSim, Matcher, Reply as Answer, Script, Vendor as SimVendor};

use crate::rig::{Mode, Rig, Vendor, ask, rig};

const MODES: [Mode; 2] = [Mode::Plain, Mode::Stream];

/// OpenAI with this fault, then Anthropic as it should be.
async fn pair(fault: Answer) -> (Router, LlmSim, Rig) {
    let script = Script::new().whenever(Matcher::new().provider("openai"), fault);
    let sim = LlmSim::builder().faults(script).answer("Hello there.").start().await.unwrap();
    let rig = rig();
    let root = sim.anthropic_url();
    let (first, second) = (Vendor::OpenAi.client(&rig.pool, root), Vendor::Anthropic.client(&rig.pool, root));
    (Router::builder().target(first).target(second).build().unwrap(), sim, rig)
}

#[tokio::test]
async fn an_overloaded_provider_gives_way() {
    for mode in MODES {
        let (llm, sim, _) = pair(Answer::status(529)).await;
        let reply = ask(&llm, mode, Call::new("a")).await.unwrap();
        assert_eq!((reply.text().into_owned().as_str(), reply.provider.as_str()), ("Hello there.", "anthropic"));
        assert_eq!((reply.fallbacks, reply.attempts.len()), (1, 5));
        assert_eq!((sim.requests(SimVendor::OpenAi), sim.requests(SimVendor::Anthropic)), (4, 1));
        let providers: Vec<_> = reply.attempts.iter().map(|attempt| &*attempt.provider).collect();
        assert_eq!(providers, ["openai", "openai", "openai", "openai", "anthropic"]);
    }
}

#[tokio::test]
async fn faults_of_the_provider_give_way_and_faults_of_the_call_do_not() {
    for mode in MODES {
        for (fault, gives_way) in [
            (Answer::status(500), true),
            (Answer::status(401), true),
            (Answer::status(402), true),
            (Answer::status(403), true),
            (Answer::status(404), true),
            (Answer::status(429).header("retry-after", "9999"), true),
            (Answer::close(), true),
            (Answer::status(200).body("<html>"), true),
            (Answer::status(400), false),
            (Answer::status(413), false),
            (Answer::status(422), false),
        ] {
            let (llm, sim, _) = pair(fault.clone()).await;
            let result = ask(&llm, mode, Call::new("a")).await;
            assert_eq!(result.is_ok(), gives_way, "{mode:?} {fault:?}: {result:?}");
            assert_eq!(sim.requests(SimVendor::Anthropic), u64::from(gives_way));
        }
    }
}

#[tokio::test]
async fn the_last_error_carries_everything() {
    for mode in MODES {
        let script =
            Script::new().whenever(Matcher::new().provider("openai"), Answer::status(503)).always(Answer::status(401));
        let (sim, rig) = (LlmSim::builder().faults(script).start().await.unwrap(), rig());
        let switches = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&switches);
        let root = sim.anthropic_url();
        let llm = Router::builder()
            .target(Vendor::OpenAi.client(&rig.pool, root))
            .target(Vendor::Anthropic.client(&rig.pool, root))
            .on_switch(move |switch| {
                let why = switch.why.kind();
                let (from, to) = (format!("{}/{}", switch.from, switch.from_model), switch.to.to_owned());
                seen.lock().unwrap().push((from, to, why));
            })
            .build()
            .unwrap();
        let error = ask(&llm, mode, Call::new("a")).await.unwrap_err();
        assert_eq!((error.kind(), error.provider(), error.fallbacks()), (ErrorKind::Authentication, "anthropic", 1));
        assert_eq!(error.attempts().len(), 5);
        assert_eq!(error.earlier().len(), 1);
        assert_eq!(error.earlier()[0].kind(), ErrorKind::Overloaded);
        assert!(error.to_string().contains("; before that, openai: HTTP 503"), "{error}");
        let expected = (String::from("openai/gpt-x"), String::from("anthropic"), ErrorKind::Overloaded);
        assert_eq!(*switches.lock().unwrap(), [expected]);
    }
}

#[tokio::test]
async fn a_stream_that_fails_before_its_first_text_moves_on_unnoticed() {
    let role = r#"{"id":"1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#;
    let overloaded = r#"{"error":{"message":"m","type":"server_error","param":null,"code":null}}"#;
    for fault in [
        Answer::sse([role, overloaded]),
        Answer::sse([role]),
        Answer::sse([role]).reset_after(u64::MAX),
        Answer::json(200, serde_json::json!({ "error": { "code": 502, "message": "m" } })),
    ] {
        let (llm, _sim, _) = pair(fault).await;
        let mut stream = llm.stream(Call::new("a")).await.unwrap();
        let mut starts = Vec::new();
        let mut text = String::new();
        while let Some(event) = stream.next().await {
            match event.unwrap() {
                Event::Start { provider, .. } => starts.push(provider),
                Event::Text(piece) => text.push_str(&piece),
                _ => {}
            }
        }
        assert_eq!((starts, text.as_str()), (vec![String::from("anthropic")], "Hello there."));
        assert_eq!((stream.fallbacks(), stream.attempts().len()), (1, 2));
        assert!(stream.attempts()[0].http.error.is_some());
        assert!(stream.attempts()[1].http.error.is_none());
    }
}

#[tokio::test]
async fn after_the_first_text_nobody_takes_over() {
    let hello = r#"{"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"Hel"}}]}"#;
    let overloaded = r#"{"error":{"message":"m","type":"server_error","param":null,"code":null}}"#;
    let (llm, sim, _) = pair(Answer::sse([hello, overloaded])).await;
    let error = ask(&llm, Mode::Stream, Call::new("a")).await.unwrap_err();
    assert_eq!((error.kind(), error.partial_text()), (ErrorKind::Server, Some("Hel")));
    assert_eq!((error.fallbacks(), sim.requests(SimVendor::Anthropic)), (0, 0));
}

#[tokio::test]
async fn one_deadline_serves_all() {
    for mode in MODES {
        let (llm, sim, rig) = pair(Answer::status(503)).await;
        let soon = CallContext::new().deadline(rig.clock.now().saturating_add(Duration::from_millis(500)));
        let reply = ask(&llm, mode, Call::new("a").context(soon)).await.unwrap();
        assert_eq!((reply.provider.as_str(), sim.requests(SimVendor::OpenAi)), ("anthropic", 1));
        let past = CallContext::new().deadline(rig.clock.now());
        let error = ask(&llm, mode, Call::new("a").context(past)).await.unwrap_err();
        assert_eq!((error.kind(), error.fallbacks()), (ErrorKind::Deadline, 0));
    }
}

#[tokio::test]
async fn a_models_name_is_for_the_first_provider_alone() {
    for mode in MODES {
        let (llm, sim, _) = pair(Answer::status(404)).await;
        let reply = ask(&llm, mode, Call::new("a").model("special")).await.unwrap();
        assert_eq!(reply.model, "claude-x");
        let asked: Vec<_> = sim.seen().iter().map(|seen| seen.json().unwrap()["model"].clone()).collect();
        assert_eq!(asked, ["special", "claude-x"]);
    }
}

#[tokio::test]
async fn an_open_breaker_gives_way_at_once() {
    for mode in MODES {
        let (llm, sim, _) = pair(Answer::status(500)).await;
        for _ in 0..3 {
            ask(&llm, mode, Call::new("a")).await.unwrap();
        }
        assert_eq!(sim.requests(SimVendor::OpenAi), 5);
        let reply = ask(&llm, mode, Call::new("a")).await.unwrap();
        // Not even asked: it is known to be open.
        assert_eq!((reply.attempts.len(), reply.fallbacks), (1, 0));
    }
}

#[test]
fn a_router_needs_a_provider() {
    assert_eq!(Router::builder().build().unwrap_err().kind(), ErrorKind::Config);
}
