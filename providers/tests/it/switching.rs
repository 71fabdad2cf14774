//! Routers over providers of your own, without a network: nesting, rules, cancellation.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use steadfast_providers::{
    BoxFuture, Call, Error, ErrorKind, Event, EventSource, Finish, Provider, Reply, ReplyStream, Router, Rule,
};

use crate::rig::{Mode, ask};

/// Answers, or fails at this point.
#[derive(Clone)]
struct Actor {
    name: &'static str,
    act: Act,
}

#[derive(Clone, Copy, PartialEq)]
enum Act {
    Answer,
    Refuse(ErrorKind),
    /// The stream opens, begins, and fails.
    Break(ErrorKind),
    /// The stream opens, begins, says something, and fails.
    BreakLate(ErrorKind),
}

impl Provider for Actor {
    fn name(&self) -> &str {
        self.name
    }

    fn model(&self) -> &str {
        "m"
    }

    fn complete(&self, _: Call) -> BoxFuture<'static, Result<Reply, Error>> {
        let Self { name, act } = self.clone();
        Box::pin(async move {
            match act {
                Act::Answer => Ok(Reply::new(name, "m", "hello", Finish::Stop)),
                Act::Refuse(kind) | Act::Break(kind) | Act::BreakLate(kind) => Err(Error::new(kind, name, "no")),
            }
        })
    }

    fn stream(&self, _: Call) -> BoxFuture<'static, Result<ReplyStream, Error>> {
        let Self { name, act } = self.clone();
        let start = Event::start(name, "m", None);
        let hello = Event::Text("hello".into());
        let finish = Event::Finish(Finish::Stop);
        Box::pin(async move {
            let events = match act {
                Act::Answer => vec![Ok(start), Ok(hello), Ok(finish)],
                Act::Refuse(kind) => return Err(Error::new(kind, name, "no")),
                Act::Break(kind) => vec![Ok(start), Err(Error::new(kind, name, "no"))],
                Act::BreakLate(kind) => vec![Ok(start), Ok(hello), Err(Error::new(kind, name, "no"))],
            };
            Ok(ReplyStream::from_events(events))
        })
    }
}

fn actor(name: &'static str, act: Act) -> Actor {
    Actor { name, act }
}

fn router(actors: impl IntoIterator<Item = Actor>) -> Router {
    actors.into_iter().fold(Router::builder(), |router, actor| router.target(actor)).build().unwrap()
}

const BUSY: ErrorKind = ErrorKind::Overloaded;

#[tokio::test]
async fn the_first_that_can_answers() {
    let acts = [Act::Refuse(BUSY), Act::Break(BUSY), Act::Answer, Act::Answer];
    let names = ["a", "b", "c", "d"];
    let llm = router(names.into_iter().zip(acts).map(|(name, act)| actor(name, act)));
    for mode in [Mode::Plain, Mode::Stream] {
        let reply = ask(&llm, mode, Call::new("x")).await.unwrap();
        assert_eq!((reply.provider.as_str(), reply.fallbacks, reply.text().into_owned().as_str()), ("c", 2, "hello"));
    }
}

#[tokio::test]
async fn routers_nest() {
    for act in [Act::Refuse(BUSY), Act::Break(BUSY)] {
        let inner = || router([actor("a", act), actor("b", act)]);
        let outer = Router::builder().target(inner()).target(inner()).target(actor("z", Act::Answer));
        let outer = outer.build().unwrap();
        for mode in [Mode::Plain, Mode::Stream] {
            let reply = ask(&outer, mode, Call::new("x")).await.unwrap();
            assert_eq!((reply.provider.as_str(), reply.fallbacks), ("z", 4));
        }
        let outer = Router::builder().target(inner()).target(inner()).build().unwrap();
        for mode in [Mode::Plain, Mode::Stream] {
            let error = ask(&outer, mode, Call::new("x")).await.unwrap_err();
            assert_eq!((error.provider(), error.fallbacks(), error.earlier().len()), ("b", 3, 3));
            assert_eq!(error.to_string(), "b: no; before that, a: no, b: no, a: no");
        }
    }
}

#[tokio::test]
async fn every_kind_of_failure_moves_on_or_not_as_documented() {
    use ErrorKind as Kind;
    for (kind, expected) in [
        (Kind::Config, false),
        (Kind::MissingKey, true),
        (Kind::Authentication, true),
        (Kind::Permission, true),
        (Kind::NotFound, true),
        (Kind::InvalidRequest, false),
        (Kind::TooLarge, false),
        (Kind::ContentRefused, false),
        (Kind::QuotaSpent, true),
        (Kind::RateLimited, true),
        (Kind::Overloaded, true),
        (Kind::Server, true),
        (Kind::Conflict, true),
        (Kind::Timeout, true),
        (Kind::Network, true),
        (Kind::Truncated, true),
        (Kind::Malformed, true),
        (Kind::BreakerOpen, true),
        (Kind::Deadline, false),
    ] {
        assert_eq!(kind.falls_back(), expected, "{kind:?}");
        for act in [Act::Refuse(kind), Act::Break(kind)] {
            let llm = router([actor("a", act), actor("b", Act::Answer)]);
            for mode in [Mode::Plain, Mode::Stream] {
                assert_eq!(ask(&llm, mode, Call::new("x")).await.is_ok(), expected, "{kind:?} {mode:?}");
            }
        }
        let late = router([actor("a", Act::BreakLate(kind)), actor("b", Act::Answer)]);
        let error = ask(&late, Mode::Stream, Call::new("x")).await.unwrap_err();
        assert_eq!((error.kind(), error.partial_text()), (kind, Some("hello")));
    }
}

#[tokio::test]
async fn the_rule_can_be_changed() {
    let llm = |kind: ErrorKind| {
        let router = Router::builder().target(actor("a", Act::Refuse(kind))).target(actor("b", Act::Answer));
        router
            .decide(|error| Some(if error.kind() == ErrorKind::TooLarge { Rule::Next } else { Rule::Stop }))
            .build()
            .unwrap()
    };
    assert!(llm(ErrorKind::TooLarge).complete(Call::new("x")).await.is_ok());
    assert!(llm(ErrorKind::Overloaded).complete(Call::new("x")).await.is_err());
}

/// Gives an event only at every second poll.
struct Slow {
    events: std::vec::IntoIter<Result<Event, Error>>,
    ready: bool,
}

impl EventSource for Slow {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Error>>> {
        self.ready = !self.ready;
        if self.ready {
            return Poll::Ready(self.events.next());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

struct Sleepy(Act);

impl Provider for Sleepy {
    fn name(&self) -> &str {
        "sleepy"
    }

    fn model(&self) -> &str {
        "m"
    }

    fn complete(&self, _: Call) -> BoxFuture<'static, Result<Reply, Error>> {
        Box::pin(async { Err(Error::new(BUSY, "sleepy", "no")) })
    }

    fn stream(&self, _: Call) -> BoxFuture<'static, Result<ReplyStream, Error>> {
        let mut events = vec![Ok(Event::start("sleepy", "m", None))];
        match self.0 {
            Act::Answer => events.extend(["a", "b", "c"].map(|text| Ok(Event::Text(text.into())))),
            _ => events.push(Err(Error::new(BUSY, "sleepy", "no"))),
        }
        events.push(Ok(Event::Finish(Finish::Stop)));
        let mut polled = false;
        Box::pin(async move {
            poll_fn(|_| if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }).await;
            Ok(ReplyStream::new(Slow { events: events.into_iter(), ready: true }))
        })
    }
}

#[tokio::test]
async fn no_event_is_lost_when_next_is_dropped() {
    let llm = Router::builder()
        .target(Sleepy(Act::Break(BUSY)))
        .target(Sleepy(Act::Break(BUSY)))
        .target(Sleepy(Act::Answer))
        .build()
        .unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let mut opening = llm.stream(Call::new("x"));
    let mut stream = loop {
        if let Poll::Ready(stream) = opening.as_mut().poll(&mut cx) {
            break stream.unwrap();
        }
    };
    let mut events = Vec::new();
    loop {
        // A new future for every single poll.
        let next = pin!(stream.next());
        match next.poll(&mut cx) {
            Poll::Ready(Some(event)) => events.push(event.unwrap()),
            Poll::Ready(None) => break,
            Poll::Pending => {}
        }
    }
    let text = |text: &str| Event::Text(text.into());
    let start = Event::start("sleepy", "m", None);
    assert_eq!(events, [start, text("a"), text("b"), text("c"), Event::Finish(Finish::Stop)]);
    assert_eq!(stream.fallbacks(), 2);
}

#[tokio::test]
async fn shared_providers_are_providers() {
    let shared: Arc<dyn Provider> = Arc::new(actor("a", Act::Answer));
    let llm = Router::builder().target(Arc::clone(&shared)).target(Box::new(shared)).name("mine").build().unwrap();
    assert_eq!((llm.name(), llm.model()), ("mine", "m"));
    assert!(llm.complete(Call::new("x")).await.is_ok());
}
