//! What every provider must do, plain and streamed: against simulated vendors, and against every fault there is.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use steadfast_clock::Clock;
use steadfast_providers::pool::{CallContext, Reached, Resend};
use steadfast_providers::{Call, ErrorKind, Finish, Message, Usage};
use steadfast_testkit::{LlmSim, Reply as Answer, Script, Server};

use crate::rig::{EVERY, Mode, VENDORS, Vendor, ask, once, rig};

#[tokio::test]
async fn simulated_vendors_answer_whole_and_streamed_alike() {
    let sim = LlmSim::builder().require_key(crate::rig::KEY).answer("One two three, four.").start().await.unwrap();
    let rig = rig();
    for vendor in VENDORS {
        let client = vendor.client(&rig.pool, sim.anthropic_url());
        let call = Call::new("Count.").message(Message::assistant("One.")).message(Message::user("All of it."));
        for (call, text, finish) in [
            (call.clone(), "One two three, four.", Finish::Stop),
            (call.clone().max_tokens(2), "One two", Finish::Length),
            (call.clone().stop(" three").system("Slowly.").temperature(0.5), "One two", Finish::Stop),
        ] {
            let plain = ask(&*client, Mode::Plain, call.clone()).await.unwrap();
            let streamed = ask(&*client, Mode::Stream, call).await.unwrap();
            assert_eq!(plain.text(), text, "{vendor}");
            assert_eq!(plain.finish, finish, "{vendor}");
            assert_eq!((plain.provider.as_str(), plain.model.as_str()), (vendor.name(), client.model()));
            assert!(plain.usage.input > 0 && plain.usage.output > 0, "{vendor}");
            assert_eq!(plain.attempts.len(), 1);
            assert_eq!(plain.attempts[0].http.reached, Reached::Body);
            assert_eq!(streamed.attempts[0].http.reached, Reached::Body);
            assert!(plain.id.is_some() && streamed.id.is_some());
            let (mut plain, mut streamed) = (plain, streamed);
            plain.id = None;
            streamed.id = None;
            plain.attempts.clear();
            streamed.attempts.clear();
            assert_eq!(plain, streamed, "{vendor}");
        }
    }
}

#[tokio::test]
async fn requests_are_what_the_vendors_want() {
    let call = Call::new("Hi").system("Be brief.").model("m-2").max_tokens(9).temperature(0.5).stop("END");
    for (vendor, mode) in EVERY {
        let server = Server::start(Script::new().always(vendor.answer(mode, "x"))).await.unwrap();
        let rig = rig();
        ask(&*vendor.client(&rig.pool, server.url()), mode, call.clone()).await.unwrap();
        let seen = server.seen().remove(0);
        let user = json!({ "role": "user", "content": "Hi" });
        let mut expected = match vendor {
            Vendor::OpenAi => json!({
                "model": "m-2", "max_completion_tokens": 9, "temperature": 0.5, "stop": ["END"],
                "messages": [{ "role": "system", "content": "Be brief." }, user],
            }),
            Vendor::Anthropic => json!({
                "model": "m-2", "max_tokens": 9, "temperature": 0.5, "stop_sequences": ["END"],
                "system": "Be brief.", "messages": [user],
            }),
        };
        if mode == Mode::Stream {
            expected["stream"] = json!(true);
            if vendor == Vendor::OpenAi {
                expected["stream_options"] = json!({ "include_usage": true });
            }
        }
        assert_eq!(seen.json().unwrap(), expected, "{vendor} {mode:?}");
        assert_eq!(seen.headers.get("content-type"), Some("application/json"));
        match vendor {
            Vendor::OpenAi => {
                assert_eq!(seen.path, "/v1/chat/completions");
                assert_eq!(seen.headers.get("authorization"), Some(format!("Bearer {}", crate::rig::KEY).as_str()));
            }
            Vendor::Anthropic => {
                assert_eq!(seen.path, "/v1/messages");
                assert_eq!(seen.headers.get("x-api-key"), Some(crate::rig::KEY));
                assert_eq!(seen.headers.get("anthropic-version"), Some("2023-06-01"));
            }
        }
    }
}

#[tokio::test]
async fn usage_means_the_same_everywhere() {
    for (vendor, mode) in EVERY {
        let (result, ..) = once(vendor, mode, Script::new().always(vendor.answer(mode, "x"))).await;
        assert_eq!(result.unwrap().usage, Usage::new(7, 3, 0, 2, 0), "{vendor} {mode:?}");
    }
}

#[tokio::test]
async fn a_503_is_retried() {
    for (vendor, mode) in EVERY {
        let script = Script::new().times(2, Answer::status(503)).always(vendor.answer(mode, "hello"));
        let (result, server, rig) = once(vendor, mode, script).await;
        let reply = result.unwrap();
        assert_eq!(reply.text(), "hello");
        assert_eq!(server.seen().len(), 3);
        let statuses: Vec<_> = reply.attempts.iter().map(|attempt| attempt.http.status).collect();
        assert_eq!(statuses, [Some(503), Some(503), Some(200)]);
        let waits = rig.waits.all();
        assert!((0.8..=1.2).contains(&waits[0].0.as_secs_f64()), "{waits:?}");
        assert!((1.6..=2.4).contains(&waits[1].0.as_secs_f64()), "{waits:?}");
        assert_eq!(waits.len(), 2);
    }
}

#[tokio::test]
async fn retry_after_is_obeyed() {
    for (vendor, mode) in EVERY {
        let busy = Answer::status(429).header("retry-after", "1");
        let (result, server, rig) = once(vendor, mode, Script::new().then(busy).always(vendor.answer(mode, "x"))).await;
        let reply = result.unwrap();
        assert_eq!(server.seen().len(), 2);
        assert!(reply.attempts[0].http.hinted);
        let (wait, hinted) = rig.waits.all()[0];
        assert!(hinted && (1.0..=1.1).contains(&wait.as_secs_f64()), "{wait:?}");
    }
}

#[tokio::test]
async fn a_wait_beyond_the_cap_is_not_slept() {
    for (vendor, mode) in EVERY {
        let busy = Answer::status(429).header("retry-after", "86400");
        let (result, server, rig) = once(vendor, mode, Script::new().always(busy)).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(86400)));
        assert_eq!((server.seen().len(), rig.waits.all().len()), (1, 0));
        assert!(error.to_string().contains("come back after 86400 s"), "{error}");
    }
}

#[tokio::test]
async fn an_overloaded_provider_is_asked_four_times() {
    for (vendor, mode) in EVERY {
        let body = vendor.error(vendor.overloaded(), None, "Overloaded");
        let (result, server, _) = once(vendor, mode, Script::new().always(Answer::json(529, body))).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Overloaded);
        assert!(error.is_retryable());
        assert_eq!((server.seen().len(), error.attempts().len()), (4, 4));
        let text = error.to_string();
        assert!(text.contains("HTTP 529 overloaded_error, after 4 attempts (it says: Overloaded)"), "{text}");
    }
}

#[tokio::test]
async fn spent_money_costs_one_request() {
    for (vendor, mode) in EVERY {
        let (class, code) = match vendor {
            Vendor::OpenAi => ("insufficient_quota", "insufficient_quota"),
            Vendor::Anthropic => ("rate_limit_error", "enforced_spend_limit_reached"),
        };
        let body = vendor.error(class, Some(code), "You exceeded your current quota.");
        let (result, server, _) = once(vendor, mode, Script::new().always(Answer::json(429, body))).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::QuotaSpent);
        assert!(!error.is_retryable());
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_connection_that_died_while_idle_is_replaced_once() {
    for (vendor, mode) in EVERY {
        let script = Script::new()
            .then(vendor.answer(mode, "first"))
            .then(Answer::close())
            .always(vendor.answer(mode, "second"));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let client = vendor.client(&rig.pool, server.url());
        assert_eq!(ask(&*client, mode, Call::new("a")).await.unwrap().text(), "first");
        let reply = ask(&*client, mode, Call::new("b")).await.unwrap();
        assert_eq!(reply.text(), "second", "{vendor} {mode:?}");
        assert!(reply.attempts[0].http.maybe_executed);
        assert_eq!(server.seen().len(), 3);
    }
}

#[tokio::test]
async fn what_may_have_been_done_is_not_asked_again() {
    for (vendor, mode) in EVERY {
        for fault in [Answer::close(), Answer::reset()] {
            let (result, server, _) = once(vendor, mode, Script::new().always(fault)).await;
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Network, "{error}");
            assert_eq!(server.seen().len(), 1);
            assert!(error.attempts()[0].http.maybe_executed);
        }
    }
}

#[tokio::test]
async fn silence_is_a_timeout() {
    for (vendor, mode) in EVERY {
        let (server, rig) = (Server::start(Script::new().always(Answer::never())).await.unwrap(), rig());
        let client = vendor.client(&rig.pool, server.url());
        let silence = async {
            server.wait_for(1).await;
            rig.clock.advance(Duration::from_secs(60));
        };
        let (result, ()) = tokio::join!(ask(&*client, mode, Call::new("a")), silence);
        let error = result.unwrap_err();
        assert_eq!((error.kind(), server.seen().len()), (ErrorKind::Timeout, 1), "{error}");
        assert!(error.attempts()[0].http.maybe_executed);
    }
}

#[tokio::test]
async fn dropping_a_call_closes_its_connection() {
    for (vendor, mode) in EVERY {
        let (server, rig) = (Server::start(Script::new().always(Answer::never())).await.unwrap(), rig());
        let client = vendor.client(&rig.pool, server.url());
        tokio::select! {
            result = ask(&*client, mode, Call::new("a")) => panic!("{result:?}"),
            () = server.wait_for(1) => {}
        }
        while server.open_connections() > 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn leave_to_ask_again_is_the_callers() {
    for (vendor, mode) in EVERY {
        let script = Script::new().then(Answer::reset()).always(vendor.answer(mode, "x"));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let call = Call::new("a").context(CallContext::new().resend(Resend::Always));
        let reply = ask(&*vendor.client(&rig.pool, server.url()), mode, call).await.unwrap();
        assert_eq!((reply.attempts.len(), server.seen().len()), (2, 2));
    }
}

#[tokio::test]
async fn the_ledger_is_json() {
    let script = Script::new().then(Answer::status(503)).always(Vendor::OpenAi.whole("x"));
    let reply = once(Vendor::OpenAi, Mode::Plain, script).await.0.unwrap();
    let ledger = serde_json::to_value(&reply.attempts).unwrap();
    let first = ledger[0].as_object().unwrap();
    let names: Vec<_> = first.keys().map(String::as_str).collect();
    let expected = [
        "billed",
        "cost",
        "elapsed_s",
        "error",
        "first_token_s",
        "hinted",
        "maybe_executed",
        "model",
        "number",
        "provider",
        "reached",
        "status",
        "target",
        "total_s",
        "usage",
        "wait_s",
    ];
    assert_eq!(names, expected);
    assert_eq!((&ledger[0]["provider"], &ledger[0]["model"]), (&json!("openai"), &json!("gpt-x")));
    assert_eq!((&ledger[1]["status"], &ledger[1]["reached"]), (&json!(200), &json!("body")));
    assert_eq!((&ledger[0]["billed"], &ledger[1]["billed"]), (&json!("no"), &json!("yes")));
    assert_eq!((&ledger[0]["usage"], &ledger[1]["usage"]["input"]), (&json!(null), &json!(7)));
    let usage = json!({ "input": 7, "cached_read": 3, "cache_write": 0, "output": 2, "reasoning": 0 });
    assert_eq!(serde_json::to_value(reply.usage).unwrap(), usage);
    assert_eq!(serde_json::to_value(reply.finish).unwrap(), json!("stop"));
}

#[tokio::test]
async fn a_refused_connection_says_so() {
    for (vendor, mode) in EVERY {
        let server = Server::start(Script::new()).await.unwrap();
        let url = server.url().to_owned();
        server.stop().await;
        let rig = rig();
        let error = ask(&*vendor.client(&rig.pool, &url), mode, Call::new("a")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Network);
        assert_eq!(error.attempts().len(), 4);
        let text = error.to_string();
        assert!(text.contains("refused") && text.contains("check the base URL"), "{text}");
    }
}

#[tokio::test]
async fn statuses_have_their_kinds() {
    for (vendor, mode) in EVERY {
        for (status, kind, requests) in [
            (400, ErrorKind::InvalidRequest, 1),
            (401, ErrorKind::Authentication, 1),
            (402, ErrorKind::QuotaSpent, 1),
            (403, ErrorKind::Permission, 1),
            (404, ErrorKind::NotFound, 1),
            (408, ErrorKind::Timeout, 4),
            (409, ErrorKind::Conflict, 1),
            (413, ErrorKind::TooLarge, 1),
            (422, ErrorKind::InvalidRequest, 1),
            (429, ErrorKind::RateLimited, 4),
            (500, ErrorKind::Server, 4),
            (503, ErrorKind::Overloaded, 4),
            (504, ErrorKind::Timeout, 4),
            (302, ErrorKind::Malformed, 1),
        ] {
            let (result, server, _) = once(vendor, mode, Script::new().always(Answer::status(status))).await;
            let error = result.unwrap_err();
            assert_eq!((error.kind(), server.seen().len()), (kind, requests), "{vendor} {mode:?} {status}: {error}");
            assert!(!error.to_string().contains('\n'));
        }
    }
}

#[tokio::test]
async fn a_wrong_key_names_its_variable() {
    for (vendor, mode) in EVERY {
        let sim = LlmSim::builder().require_key("another").start().await.unwrap();
        let rig = rig();
        let client = vendor.client(&rig.pool, sim.anthropic_url());
        let error = ask(&*client, mode, Call::new("a")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        let variable = format!("check {}_API_KEY", vendor.name().to_uppercase());
        assert!(error.to_string().ends_with(&variable), "{error}");
        assert!(error.request_id().is_some());
    }
}

#[tokio::test]
async fn an_error_inside_of_a_success_is_an_error() {
    for (vendor, mode) in EVERY {
        for (class, kind, retried) in [
            ("invalid_request_error", ErrorKind::InvalidRequest, false),
            (vendor.overloaded(), ErrorKind::Overloaded, true),
        ] {
            let body = vendor.error(class, None, "no");
            let (result, server, _) = once(vendor, mode, Script::new().always(Answer::json(200, body))).await;
            let error = result.unwrap_err();
            assert_eq!(error.kind(), kind, "{vendor} {mode:?}");
            // A stream's head is all that retries see.
            let expected = if retried && mode == Mode::Plain { 4 } else { 1 };
            assert_eq!(server.seen().len(), expected, "{vendor} {mode:?}");
            assert!(error.attempts().last().unwrap().http.error.is_some());
        }
        let script =
            Script::new().always(Answer::json(200, json!({ "error": { "code": 502, "message": "model down" } })));
        let (result, ..) = once(vendor, mode, script).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Server, "{vendor} {mode:?}");
    }
}

#[tokio::test]
async fn minimal_bodies_are_enough() {
    for (vendor, mode) in EVERY {
        let body = match vendor {
            Vendor::OpenAi => json!({ "choices": [{ "message": { "content": "hi" } }] }),
            Vendor::Anthropic => json!({ "content": [{ "type": "text", "text": "hi" }] }),
        };
        let blank_lines_first = Answer::status(200).body(format!("\n\n \n{body}"));
        let (result, ..) = once(vendor, mode, Script::new().always(blank_lines_first)).await;
        let reply = result.unwrap();
        assert_eq!(
            (reply.text().into_owned().as_str(), reply.finish.clone()),
            ("hi", Finish::Unknown),
            "{vendor} {mode:?}"
        );
        assert!(!reply.usage.is_known());
        assert_eq!((reply.provider.as_str(), reply.id), (vendor.name(), None));
    }
}

#[tokio::test]
async fn odd_fields_do_not_cost_the_answer() {
    for (vendor, mode) in EVERY {
        let body = match vendor {
            Vendor::OpenAi => {
                json!({ "id": 7, "model": null, "usage": { "prompt_tokens": "many", "completion_tokens": 3 },
                "choices": [{ "message": { "content": [{ "type": "text", "text": "h" }, { "type": "text", "text": "i" }] },
                              "finish_reason": "enough" }] })
            }
            Vendor::Anthropic => json!({ "id": 7, "usage": { "input_tokens": null, "output_tokens": 3 },
                "content": [{ "type": "thinking", "thinking": "hm", "text": "no" }, { "type": "text", "text": "hi" }],
                "stop_reason": "enough" }),
        };
        let (result, ..) = once(vendor, mode, Script::new().always(Answer::json(200, body))).await;
        let reply = result.unwrap();
        assert_eq!(
            (reply.text().into_owned().as_str(), reply.finish.clone()),
            ("hi", Finish::Other("enough".into())),
            "{vendor} {mode:?}"
        );
        assert_eq!(reply.usage, Usage::new(0, 0, 0, 3, 0));
    }
}

#[tokio::test]
async fn what_is_no_answer_is_malformed() {
    for (vendor, mode) in EVERY {
        for body in ["<html>hello</html>", "{\"choices\": 1}", "{}", "{\"choices\":[]}"] {
            let (result, ..) = once(vendor, mode, Script::new().always(Answer::status(200).body(body))).await;
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Malformed, "{vendor} {mode:?} {body}");
            assert!(error.to_string().contains(&format!("speaks the API of {vendor}")), "{error}");
        }
    }
}

#[tokio::test]
async fn a_body_that_ends_early_is_truncated() {
    for vendor in VENDORS {
        for fault in [vendor.whole("hello").truncate_after(20), vendor.whole("hello").reset_after(20)] {
            let (result, server, _) = once(vendor, Mode::Plain, Script::new().always(fault)).await;
            let error = result.unwrap_err();
            assert_eq!((error.kind(), server.seen().len()), (ErrorKind::Truncated, 1), "{error}");
        }
    }
}

#[tokio::test]
async fn the_deadline_spans_everything() {
    for (vendor, mode) in EVERY {
        let server = Server::start(Script::new().always(Answer::status(503))).await.unwrap();
        let rig = rig();
        let client = vendor.client(&rig.pool, server.url());
        let soon = CallContext::new().deadline(rig.clock.now().saturating_add(Duration::from_millis(500)));
        let error = ask(&*client, mode, Call::new("a").context(soon)).await.unwrap_err();
        assert_eq!((error.kind(), server.seen().len()), (ErrorKind::Overloaded, 1), "{error}");
        let past = CallContext::new().deadline(rig.clock.now());
        let error = ask(&*client, mode, Call::new("a").context(past)).await.unwrap_err();
        assert_eq!((error.kind(), server.seen().len()), (ErrorKind::Deadline, 1), "{error}");
    }
}

#[tokio::test]
async fn connections_are_used_again() {
    for (vendor, mode) in EVERY {
        let server = Server::start(Script::new().always(vendor.answer(mode, "x"))).await.unwrap();
        let rig = rig();
        let client = vendor.client(&rig.pool, server.url());
        for _ in 0..4 {
            ask(&*client, mode, Call::new("a")).await.unwrap();
        }
        assert_eq!(server.connections(), 1, "{vendor} {mode:?}");
    }
}

#[tokio::test]
async fn empty_conversations_are_not_sent() {
    for (vendor, mode) in EVERY {
        let server = Server::start(Script::new()).await.unwrap();
        let rig = rig();
        let client = vendor.client(&rig.pool, server.url());
        for call in [Call::of([]), Call::new("a").temperature(f64::NAN)] {
            let error = ask(&*client, mode, call).await.unwrap_err();
            assert_eq!((error.kind(), server.seen().len()), (ErrorKind::InvalidRequest, 0));
        }
    }
}

#[tokio::test]
async fn the_documented_answers_are_understood() {
    let body = |text: &'static str| Bytes::from_static(text.split_once('\n').unwrap().1.as_bytes());
    let check = |body: Bytes, expected: (&'static str, Finish, Usage)| async move {
        let script = Script::new().always(Answer::status(200).body(body));
        let reply = once(Vendor::OpenAi, Mode::Plain, script).await.0.unwrap();
        assert_eq!((reply.text().into_owned().as_str(), reply.finish.clone(), reply.usage), expected);
    };
    let plain = include_str!("../fixtures/openai_completion.txt");
    check(body(plain), ("Hello! How can I assist you today?", Finish::Stop, Usage::new(19, 0, 0, 10, 0))).await;
    let tools = include_str!("../fixtures/openai_tools.txt");
    check(body(tools), ("", Finish::ToolUse, Usage::new(82, 0, 0, 17, 0))).await;
}

#[tokio::test]
async fn the_recorded_429_is_retried() {
    let recorded = include_str!("../fixtures/anthropic_recorded_429.txt").split_once('\n').unwrap().1;
    let limited = Answer::status(429).header("x-should-retry", "true").body(recorded);
    let script = Script::new().then(limited).always(Vendor::Anthropic.whole("x"));
    assert_eq!(once(Vendor::Anthropic, Mode::Plain, script).await.0.unwrap().attempts.len(), 2);
}
