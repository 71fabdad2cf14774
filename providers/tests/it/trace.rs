//! What a call says to `tracing`: its span, and contents only where they were asked for by name.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Once};

use steadfast_providers::{Api, ApiKey, Call, Client, Provider};
use steadfast_testkit::{Reply as Answer, Script, Server};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::outcomes::words::whole_call;
use crate::rig::{EVERY, KEY, Mode, Rig, Vendor, ask, rig};

const PROMPT: &str = "canary question";
const ANSWER: &str = "canary answer";

thread_local! {
    /// Everything told on this thread while a test asks for it: spans and records, a line each.
    static TOLD: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// The one subscriber of the process. One for each thread would race with the callsites that other threads register.
struct PerThread;

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

fn told(then: impl FnOnce(&mut Vec<String>)) {
    TOLD.with_borrow_mut(|told| told.as_mut().map(then));
}

impl Subscriber for PerThread {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut id = u64::MAX;
        told(|lines| {
            let mut line = format!("{} ", attributes.metadata().name());
            attributes.record(&mut Fields(&mut line));
            lines.push(line);
            id = lines.len() as u64;
        });
        Id::from_u64(id)
    }

    fn record(&self, id: &Id, record: &Record<'_>) {
        told(|lines| {
            if let Some(line) = usize::try_from(id.into_u64() - 1).ok().and_then(|at| lines.get_mut(at)) {
                record.record(&mut Fields(line));
            }
        });
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        told(|lines| {
            let mut line = String::new();
            event.record(&mut Fields(&mut line));
            lines.push(line);
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Begins to listen on this thread.
pub(crate) fn listen() {
    static SUBSCRIBED: Once = Once::new();
    SUBSCRIBED.call_once(|| tracing::subscriber::set_global_default(PerThread).unwrap());
    TOLD.set(Some(Vec::new()));
}

/// Everything told on this thread since [`listen`], a line each.
pub(crate) fn lines() -> Vec<String> {
    TOLD.take().unwrap()
}

/// The line of the call's span, and all lines together.
fn heard() -> (String, String) {
    let lines = lines();
    let call = lines.iter().find(|line| line.starts_with("chat ")).unwrap().clone();
    (call, lines.join("\n"))
}

fn contents_told(vendor: Vendor, rig: &Rig, root: &str) -> Arc<dyn Provider> {
    let (pool, key) = (rig.pool.clone(), ApiKey::new(KEY));
    match vendor {
        Vendor::OpenAi => {
            let builder = Client::openai(pool).base_url(format!("{root}/v1")).api_key(key).model("gpt-x");
            Arc::new(builder.trace_contents().build().unwrap())
        }
        Vendor::Anthropic => {
            let builder = Client::anthropic(pool).base_url(root).api_key(key).model("claude-x");
            Arc::new(builder.trace_contents().build().unwrap())
        }
    }
}

#[tokio::test]
async fn a_call_is_a_span_without_contents() {
    for (vendor, mode) in EVERY {
        let (server, rig) = (Server::start(Script::new().always(vendor.answer(mode, ANSWER))).await.unwrap(), rig());
        let client = vendor.client(&rig.pool, server.url());
        listen();
        ask(&*client, mode, Call::new(PROMPT).system(PROMPT).temperature(0.5)).await.unwrap();
        let (call, all) = heard();
        for expected in [
            r#"gen_ai.operation.name="chat" "#,
            &format!(r#"gen_ai.provider.name="{vendor}" "#),
            &format!(r#"gen_ai.request.model="{}" "#, client.model()),
            "gen_ai.request.temperature=0.5 ",
            r#"server.address="127.0.0.1" "#,
            r#"gen_ai.response.model="m-1" "#,
            r#"gen_ai.response.id="id-1" "#,
            r#"gen_ai.response.finish_reasons="stop" "#,
            "gen_ai.usage.input_tokens=7 ",
            "gen_ai.usage.output_tokens=2 ",
            "gen_ai.usage.cache_read.input_tokens=3 ",
            "gen_ai.usage.cache_creation.input_tokens=0 ",
            "gen_ai.usage.reasoning.output_tokens=0 ",
            &format!("gen_ai.request.stream={} ", mode == Mode::Stream),
        ] {
            assert!(call.contains(expected), "{vendor} {mode:?}: {expected} not in {call}");
        }
        assert!(!call.contains("error.type"), "{call}");
        assert_eq!(call.contains("gen_ai.response.time_to_first_chunk="), mode == Mode::Stream, "{call}");
        assert!(all.contains("attempt otel.kind"), "the attempt is traced too: {all}");
        for secret in ["canary", KEY] {
            assert!(!all.contains(secret), "{vendor} {mode:?}: {secret} in {all}");
        }
    }
}

#[tokio::test]
async fn contents_are_told_where_they_were_asked_for_by_name() {
    for (vendor, mode) in EVERY {
        let (server, rig) = (Server::start(Script::new().always(vendor.answer(mode, ANSWER))).await.unwrap(), rig());
        let client = contents_told(vendor, &rig, server.url());
        listen();
        ask(&*client, mode, Call::new(PROMPT).system("canary system")).await.unwrap();
        let (_, all) = heard();
        for expected in [PROMPT, "canary system", ANSWER, r#"\"role\":\"assistant\""#] {
            assert!(all.contains(expected), "{vendor} {mode:?}: {expected} not in {all}");
        }
        assert!(!all.contains(KEY), "{all}");
    }
}

#[tokio::test]
async fn a_call_of_a_tool_ends_with_the_word_of_the_conventions() {
    let apis = [(Vendor::OpenAi, Api::ChatCompletions), (Vendor::Anthropic, Api::Messages)];
    for (vendor, api) in apis {
        let script = Script::new().always(whole_call(api, "{}"));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let client = vendor.client(&rig.pool, server.url());
        listen();
        ask(&*client, Mode::Plain, Call::new(PROMPT)).await.unwrap();
        let (call, _) = heard();
        assert!(call.contains(r#"gen_ai.response.finish_reasons="tool_call" "#), "{vendor}: {call}");
    }
}

#[tokio::test]
async fn a_failure_is_told_by_its_kind() {
    for (vendor, mode) in EVERY {
        let refusal = Answer::json(401, vendor.error("authentication_error", None, PROMPT));
        let (server, rig) = (Server::start(Script::new().always(refusal)).await.unwrap(), rig());
        let client = vendor.client(&rig.pool, server.url());
        listen();
        ask(&*client, mode, Call::new(PROMPT)).await.unwrap_err();
        let (call, all) = heard();
        assert!(call.contains(r#"error.type="authentication" "#), "{vendor} {mode:?}: {call}");
        assert!(!all.contains("canary"), "{all}");
    }
}

#[tokio::test]
async fn a_stream_that_nobody_reads_to_its_end_was_cancelled() {
    for vendor in crate::rig::VENDORS {
        let answer = vendor.answer(Mode::Stream, ANSWER);
        let (server, rig) = (Server::start(Script::new().always(answer)).await.unwrap(), rig());
        let client = contents_told(vendor, &rig, server.url());
        listen();
        let mut stream = client.stream(Call::new(PROMPT)).await.unwrap();
        stream.next().await.unwrap().unwrap();
        drop(stream);
        let (call, all) = heard();
        assert!(call.contains(r#"error.type="cancelled" "#), "{vendor}: {call}");
        assert!(!all.contains(ANSWER), "only whole answers are told: {all}");
    }
}
