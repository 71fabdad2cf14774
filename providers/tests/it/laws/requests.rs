//! The law of requests: what a client accepts is a request that the vendor takes.

use std::sync::{Arc, LazyLock, Mutex};

use http_body_util::{BodyExt, Full};
use proptest::collection::{btree_map, vec};
use proptest::option::weighted;
use proptest::prelude::*;
use serde_json::{Value, json};
use steadfast_providers::backoff::Policy;
use steadfast_providers::pool::{Inbound, Outbound, Pool, SendFuture, Transport};
use steadfast_providers::{
    CacheTtl, Call, Client, ClientBuilder, Effort, Image, Message, OutputFormat, Part, PromptCache, Provider,
    Reasoning, Role, Tool, ToolCall, ToolChoice,
};

use crate::schema::{assert_valid_chat, assert_valid_messages, assert_valid_responses};

/// The API's version and the body of each request.
pub(super) type Requests = Vec<(Option<String>, Value)>;

/// Keeps the requests, and refuses them.
#[derive(Clone, Debug, Default)]
struct Refusing(Arc<Mutex<Requests>>);

impl Transport for Refusing {
    fn send(&self, request: Outbound) -> SendFuture {
        let seen = Arc::clone(&self.0);
        Box::pin(async move {
            let version = request.headers.get("anthropic-version").map(|value| value.to_str().unwrap().to_owned());
            let body = request.body.unwrap().collect().await.unwrap().to_bytes();
            seen.lock().unwrap().push((version, serde_json::from_slice(&body).unwrap()));
            let nothing = Full::default().map_err(|never| match never {});
            Ok(Inbound::new(400.try_into().unwrap(), Default::default(), Box::pin(nothing)))
        })
    }
}

/// A client, and what came of its calls.
pub(super) struct Desk {
    client: Client,
    requests: Refusing,
}

static CHAT: LazyLock<Desk> = LazyLock::new(|| Desk::new(Client::openai));
static RESPONSES: LazyLock<Desk> = LazyLock::new(|| Desk::new(Client::responses));
static MESSAGES: LazyLock<Desk> = LazyLock::new(|| Desk::new(Client::anthropic));

impl Desk {
    pub(super) fn new(builder: impl FnOnce(Pool) -> ClientBuilder) -> Self {
        let requests = Refusing::default();
        let pool = Pool::builder().transport(Arc::new(requests.clone())).without_breaker().build().unwrap();
        let client = builder(pool).base_url("http://localhost").model("m").retry(Policy::disabled()).build().unwrap();
        Self { client, requests }
    }

    /// The requests that the call becomes, whole and streamed; none if it is refused.
    pub(super) fn written(&self, call: &Call) -> Requests {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            self.client.complete(call.clone()).await.unwrap_err();
            drop(self.client.stream(call.clone()).await.unwrap_err());
        });
        std::mem::take(&mut self.requests.0.lock().unwrap())
    }
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{1,8}"
}

fn tool_name() -> impl Strategy<Value = String> {
    prop_oneof![Just("get_weather".to_owned()), Just("look-up".to_owned())]
}

fn tool() -> impl Strategy<Value = Tool> {
    (tool_name(), weighted(0.5, text()), weighted(0.3, any::<bool>())).prop_map(|(name, description, strict)| {
        let tool = Tool::new(name, json!({ "type": "object", "properties": { "city": { "type": "string" } } }));
        let tool = description.into_iter().fold(tool, Tool::description);
        strict.into_iter().fold(tool, Tool::strict)
    })
}

/// What somebody says who is not the model.
fn said() -> impl Strategy<Value = Vec<Part>> {
    let image = prop_oneof![
        Just(Image::url("https://example.com/bees.jpg")),
        Just(Image::url("https://example.com/bees.jpg").detail("low")),
        Just(Image::bytes("image/png", b"\x89PNG\r\n\x1a\n")),
    ];
    let part = prop_oneof![
        6 => text().prop_map(Part::Text),
        2 => image.prop_map(Part::Image),
        1 => Just(Part::CachePoint(CacheTtl::Standard)),
        1 => Just(Part::CachePoint(CacheTtl::Long)),
    ];
    (text().prop_map(Part::Text), vec(part, 0..3)).prop_map(|(first, mut rest)| {
        rest.insert(0, first);
        rest
    })
}

/// A question, and a model that answers, refuses, or calls tools that are answered.
fn turn() -> impl Strategy<Value = Vec<Message>> {
    let called = (tool_name(), prop_oneof![Just("{\"city\": \"Paris\"}"), Just(""), Just("{\"city\":")], any::<bool>());
    let answer = prop_oneof![
        4 => text().prop_map(|text| vec![Message::assistant(text)]),
        1 => text().prop_map(|text| vec![Message::of(Role::Assistant, [Part::Refusal(text)])]),
        1 => text().prop_map(|text| vec![Message::of(Role::Assistant, [Reasoning::new("hm").into(), Part::Text(text)])]),
        3 => (weighted(0.5, text()), vec(called, 1..3), text()).prop_map(|(text, called, answer)| {
            let mut spoken: Vec<Part> = text.into_iter().map(Part::Text).collect();
            let mut results = Vec::new();
            for (at, (name, arguments, failed)) in called.into_iter().enumerate() {
                let call = ToolCall::new(format!("call_{at}"), name, arguments);
                let result = call.result(answer.as_str());
                results.push(if failed { result.failed() } else { result });
                spoken.push(call.into());
            }
            vec![Message::of(Role::Assistant, spoken), Message::tools(results), Message::assistant("So it is.")]
        }),
    ];
    (said(), answer).prop_map(|(said, answer)| {
        let mut turn = vec![Message::of(Role::User, said)];
        turn.extend(answer);
        turn
    })
}

fn conversation() -> impl Strategy<Value = Call> {
    let conversation = (vec(turn(), 0..3), said(), weighted(0.3, text()), weighted(0.2, text())).prop_map(
        |(turns, last, system, developer)| {
            let developer = developer.into_iter().map(Message::developer);
            let messages = developer.chain(turns.into_iter().flatten()).chain([Message::of(Role::User, last)]);
            system.into_iter().fold(Call::of(messages), |call, system| call.system(system))
        },
    );
    conversation.prop_filter("no more cache points than Anthropic takes", |call| {
        let parts = call.messages().iter().flat_map(|message| &message.parts);
        parts.filter(|part| matches!(part, Part::CachePoint(_))).count() < 4
    })
}

/// Each setting now and then, within what the vendor's document allows: `hottest` is its highest temperature.
fn settled(hottest: f64) -> impl Strategy<Value = Call> {
    let tools = vec(tool(), 0..3).prop_flat_map(|mut tools| {
        tools.dedup_by(|one, other| one.name == other.name);
        let first = tools.first().map(|tool| tool.name.clone());
        let free = prop_oneof![Just(ToolChoice::Auto), Just(ToolChoice::None)];
        let choice = match first {
            None => free.boxed(),
            Some(name) => {
                let bound = prop_oneof![Just(ToolChoice::Required), Just(ToolChoice::Named(name))];
                prop_oneof![free, bound].boxed()
            }
        };
        (Just(tools), weighted(0.4, choice), weighted(0.3, any::<bool>()))
    });
    let schema = json!({ "type": "object", "properties": {}, "additionalProperties": false });
    let format = prop_oneof![
        Just(OutputFormat::Text),
        Just(OutputFormat::Json),
        Just(OutputFormat::schema("answer", schema.clone())),
        Just(OutputFormat::loose_schema("answer", schema)),
    ];
    let effort = prop_oneof![Just(Effort::Low), Just(Effort::Medium), Just(Effort::High), Just(Effort::Max)];
    let cache = (weighted(0.5, text()), any::<bool>()).prop_map(|(key, long)| {
        let cache = PromptCache::new().ttl(if long { CacheTtl::Long } else { CacheTtl::Standard });
        key.into_iter().fold(cache, PromptCache::key)
    });
    let sampling = (
        weighted(0.2, 1u32..100_000),
        weighted(0.2, 0.0..=hottest),
        weighted(0.2, 0.0..=1.0),
        weighted(0.1, -2.0..=2.0),
        weighted(0.1, any::<i64>()),
        vec(text(), 0..3),
    );
    let rest = (
        weighted(0.3, format),
        weighted(0.3, effort),
        weighted(0.2, cache),
        weighted(0.2, Just("auto")),
        weighted(0.2, text()),
        btree_map("[a-z]{1,8}", text(), 0..2),
        weighted(0.2, any::<bool>()),
    );
    (conversation(), tools, sampling, rest).prop_map(|(call, tools, sampling, rest)| {
        let (tools, choice, parallel) = tools;
        let call = tools.into_iter().fold(call, Call::tool);
        let call = choice.into_iter().fold(call, Call::tool_choice);
        let call = parallel.into_iter().fold(call, Call::parallel_tools);
        let (max_tokens, temperature, top_p, penalty, seed, stop) = sampling;
        let call = max_tokens.into_iter().fold(call, Call::max_tokens);
        let call = temperature.into_iter().fold(call, Call::temperature);
        let call = top_p.into_iter().fold(call, Call::top_p);
        let call =
            penalty.into_iter().fold(call, |call, penalty| call.frequency_penalty(penalty).presence_penalty(-penalty));
        let call = seed.into_iter().fold(call, Call::seed);
        let call = stop.into_iter().fold(call, Call::stop);
        let (format, effort, cache, tier, user, metadata, store) = rest;
        let call = format.into_iter().fold(call, Call::format);
        let call = effort.into_iter().fold(call, Call::effort);
        let call = cache.into_iter().fold(call, Call::prompt_cache);
        let call = tier.into_iter().fold(call, Call::service_tier);
        let call = user.into_iter().fold(call, Call::user);
        let call = metadata.into_iter().fold(call, |call, (name, value)| call.metadata(name, value));
        store.into_iter().fold(call, Call::store)
    })
}

proptest! {
    /// Whatever call a client of Chat Completions accepts, what it writes is a request by OpenAI's own description; and a
    /// conversation without settings it does accept.
    #[test]
    fn requests_to_chat_completions_are_valid(call in settled(2.0), plain in conversation()) {
        let requests = CHAT.written(&plain);
        prop_assert_eq!(requests.len(), 2);
        for (_, request) in requests.into_iter().chain(CHAT.written(&call)) {
            assert_valid_chat(&request);
        }
    }

    /// Whatever call a client of Responses accepts, what it writes is a request by OpenAI's own description; and a
    /// conversation without settings it does accept.
    #[test]
    fn requests_to_responses_are_valid(call in settled(2.0), plain in conversation()) {
        let requests = RESPONSES.written(&plain);
        prop_assert_eq!(requests.len(), 2);
        for (_, request) in requests.into_iter().chain(RESPONSES.written(&call)) {
            assert_valid_responses(&request);
        }
    }

    /// Whatever call a client of Messages accepts, what it writes is a request by Anthropic's own description; and a
    /// conversation without settings it does accept.
    #[test]
    fn requests_to_messages_are_valid(call in settled(1.0), plain in conversation()) {
        let requests = MESSAGES.written(&plain);
        prop_assert_eq!(requests.len(), 2);
        for (version, request) in requests.into_iter().chain(MESSAGES.written(&call)) {
            assert_valid_messages(version.as_deref().unwrap(), &request);
        }
    }
}
