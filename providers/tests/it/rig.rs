//! What the tests stand on: a pool on a manual clock that moves on by itself at every retry, both vendors, and how each of
//! them answers.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use steadfast_clock::{ManualClock, shared};
use steadfast_providers::pool::{Event, Observer, Pool};
use steadfast_providers::{ApiKey, Call, Client, ClientBuilder, Error, Provider, Reply};
use steadfast_testkit::{Reply as Answer, Server, SseEvent};

/// Waits are recorded and the clock is moved over them, so that no test waits.
pub(crate) struct Waits {
    clock: ManualClock,
    seen: Mutex<Vec<(Duration, bool)>>,
    pub(crate) told: Mutex<Vec<String>>,
}

impl Waits {
    /// Every wait so far, and whether the server asked for it.
    pub(crate) fn all(&self) -> Vec<(Duration, bool)> {
        self.seen.lock().unwrap().clone()
    }
}

impl Observer for Waits {
    fn on(&self, event: &Event<'_>) {
        self.told.lock().unwrap().push(format!("{event:?}"));
        if let Event::Retrying { delay, hinted, .. } = event {
            self.seen.lock().unwrap().push((*delay, *hinted));
            self.clock.advance(*delay);
        }
    }
}

pub(crate) struct Rig {
    pub(crate) clock: ManualClock,
    pub(crate) waits: Arc<Waits>,
    pub(crate) pool: Pool,
}

/// A pool on real sockets.
pub(crate) fn rig() -> Rig {
    let clock = ManualClock::new();
    let waits = Arc::new(Waits { clock: clock.clone(), seen: Mutex::default(), told: Mutex::default() });
    let observer: Arc<dyn Observer> = Arc::clone(&waits) as _;
    let builder = Pool::builder().timer(shared(clock.clone())).wall(Arc::new(clock.clone())).observer(observer);
    Rig { clock, waits, pool: builder.build().unwrap() }
}

/// How often both sides get a turn before time passes: many times what an exchange takes.
const TURNS: usize = 1000;

/// Lets time pass whenever nothing else happens. Waits between two attempts are over at once, by the rig.
pub(crate) async fn patient<T>(clock: &ManualClock, call: impl Future<Output = T>) -> T {
    let mut call = pin!(call);
    for _ in 0..200 {
        for _ in 0..TURNS {
            if let Poll::Ready(result) = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await {
                return result;
            }
            tokio::task::yield_now().await;
        }
        clock.advance_to_next();
    }
    panic!("the call waits for ever");
}

/// Whose API.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Vendor {
    OpenAi,
    Anthropic,
}

pub(crate) const VENDORS: [Vendor; 2] = [Vendor::OpenAi, Vendor::Anthropic];

/// How the answer is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    Plain,
    Stream,
}

pub(crate) const EVERY_MODE: [Mode; 2] = [Mode::Plain, Mode::Stream];

/// Every vendor, asked both ways.
pub(crate) const EVERY: [(Vendor, Mode); 4] = [
    (Vendor::OpenAi, Mode::Plain),
    (Vendor::OpenAi, Mode::Stream),
    (Vendor::Anthropic, Mode::Plain),
    (Vendor::Anthropic, Mode::Stream),
];

pub(crate) const KEY: &str = "sk-canary-4f1d9c-key";

impl Vendor {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }

    /// A client whose API is at the root of this URL.
    pub(crate) fn client(self, pool: &Pool, root: &str) -> Arc<dyn Provider> {
        Arc::new(self.builder(pool, root).build().unwrap())
    }

    /// The same, to be changed.
    pub(crate) fn builder(self, pool: &Pool, root: &str) -> ClientBuilder {
        let builder = match self {
            Self::OpenAi => Client::openai(pool.clone()).base_url(format!("{root}/v1")).model("gpt-x"),
            Self::Anthropic => Client::anthropic(pool.clone()).base_url(root).model("claude-x"),
        };
        builder.api_key(ApiKey::new(KEY))
    }

    /// A whole answer.
    pub(crate) fn whole(self, text: &str) -> Answer {
        let body = match self {
            Self::OpenAi => json!({
                "id": "id-1", "model": "m-1",
                "choices": [{ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }],
                "usage": { "prompt_tokens": 7, "completion_tokens": 2, "prompt_tokens_details": { "cached_tokens": 3 } },
            }),
            Self::Anthropic => json!({
                "id": "id-1", "model": "m-1", "type": "message", "role": "assistant",
                "content": [{ "type": "text", "text": text }], "stop_reason": "end_turn",
                "usage": { "input_tokens": 4, "cache_read_input_tokens": 3, "output_tokens": 2 },
            }),
        };
        Answer::json(200, body)
    }

    /// The events of a streamed answer, the last of which is its finish.
    pub(crate) fn events(self, texts: &[&str]) -> Vec<SseEvent> {
        let typed = |data: Value| SseEvent::named(data["type"].as_str().unwrap(), data.to_string());
        let mut events = Vec::new();
        match self {
            Self::OpenAi => {
                let chunk = |choice: Value| json!({ "id": "id-1", "model": "m-1", "choices": [choice] });
                for text in texts {
                    events.push(SseEvent::data(chunk(json!({ "index": 0, "delta": { "content": text } })).to_string()));
                }
                let mut last = chunk(json!({ "index": 0, "delta": {}, "finish_reason": "stop" }));
                last["usage"] = json!({ "prompt_tokens": 7, "completion_tokens": 2,
                                        "prompt_tokens_details": { "cached_tokens": 3 } });
                events.push(SseEvent::data(last.to_string()));
            }
            Self::Anthropic => {
                let usage = json!({ "input_tokens": 4, "cache_read_input_tokens": 3, "output_tokens": 1 });
                let message = json!({ "id": "id-1", "model": "m-1", "content": [], "usage": usage });
                events.push(typed(json!({ "type": "message_start", "message": message })));
                for text in texts {
                    let delta = json!({ "type": "text_delta", "text": text });
                    events.push(typed(json!({ "type": "content_block_delta", "index": 0, "delta": delta })));
                }
                let delta = json!({ "stop_reason": "end_turn" });
                events.push(typed(json!({ "type": "message_delta", "delta": delta, "usage": { "output_tokens": 2 } })));
                events.push(typed(json!({ "type": "message_stop" })));
            }
        }
        events
    }

    /// A streamed answer without its finish.
    pub(crate) fn unfinished(self, texts: &[&str]) -> Vec<SseEvent> {
        let mut events = self.events(texts);
        events.pop();
        if self == Self::Anthropic {
            events.pop();
        }
        events
    }

    /// An error in the vendor's words.
    pub(crate) fn error(self, class: &str, code: Option<&str>, message: &str) -> Value {
        match self {
            Self::OpenAi => json!({ "error": { "message": message, "type": class, "param": null, "code": code } }),
            Self::Anthropic => {
                let details = code.map(|code| json!({ "error_code": code }));
                json!({ "type": "error", "request_id": "req_1",
                        "error": { "type": class, "message": message, "details": details } })
            }
        }
    }

    /// The same inside of a stream.
    pub(crate) fn error_event(self, class: &str, message: &str) -> SseEvent {
        let data = self.error(class, None, message).to_string();
        match self {
            Self::OpenAi => SseEvent::data(data),
            Self::Anthropic => SseEvent::named("error", data),
        }
    }

    /// What an overloaded provider calls itself.
    pub(crate) fn overloaded(self) -> &'static str {
        "overloaded_error"
    }

    /// An answer in the form that the mode asks for.
    pub(crate) fn answer(self, mode: Mode, text: &str) -> Answer {
        match mode {
            Mode::Plain => self.whole(text),
            Mode::Stream => Answer::sse(self.events(&[text])),
        }
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Asks, and collects what comes.
pub(crate) async fn ask(provider: &dyn Provider, mode: Mode, call: Call) -> Result<Reply, Error> {
    match mode {
        Mode::Plain => provider.complete(call).await,
        Mode::Stream => provider.stream(call).await?.collect().await,
    }
}

/// One server, one call: what comes of it and the server.
pub(crate) async fn once(
    vendor: Vendor,
    mode: Mode,
    script: steadfast_testkit::Script,
) -> (Result<Reply, Error>, Server, Rig) {
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let client = vendor.client(&rig.pool, server.url());
    let result = ask(&*client, mode, Call::new("What keeps bees in the air?")).await;
    (result, server, rig)
}

/// The bytes of a stream, in one piece.
pub(crate) fn wire(events: &[(&str, &str)]) -> Bytes {
    let text: String = events.iter().map(|(name, data)| format!("event: {name}\ndata: {data}\n\n")).collect();
    Bytes::from(text)
}
