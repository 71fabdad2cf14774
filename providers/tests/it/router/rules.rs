//! What follows a failure, by its kind.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, shared};
use steadfast_providers::pool::CallContext;
use steadfast_providers::{Call, Error, ErrorKind, Provider, Router, RouterBuilder, Rule, Target};
use steadfast_testkit::{Reply as Answer, Script, Server};

use super::stage::{Act, Player, run};
use crate::rig::{Mode, Vendor, ask, rig};

const MODES: [Mode; 2] = [Mode::Plain, Mode::Stream];

fn builder(clock: &ManualClock) -> RouterBuilder {
    Router::builder().timer(shared(clock.clone()))
}

#[test]
fn what_is_too_large_goes_to_a_model_that_reads_more() {
    for mode in MODES {
        let clock = ManualClock::new();
        let of = |name| Player::new(name, &clock, [Act::fails(ErrorKind::TooLarge)]);
        let (small, unknown, same, large) = (of("small"), of("unknown"), of("same"), of("large"));
        let huge = Player::new("huge", &clock, [Act::says(&["all of it"])]);
        let llm = builder(&clock)
            .target(Target::new(small.clone()).context(8_000))
            .target(unknown.clone())
            .target(Target::new(same.clone()).context(8_000))
            .target(Target::new(large.clone()).context(32_000))
            .target(Target::new(huge.clone()).context(200_000))
            .build()
            .unwrap();
        let reply = run(&clock, ask(&llm, mode, Call::new("x"))).unwrap();
        assert_eq!((reply.provider.as_str(), reply.fallbacks), ("huge", 2));
        assert_eq!([&small, &unknown, &same, &large].map(Player::asked), [1, 0, 0, 1]);
        let only = builder(&clock).target(small).target(unknown).build().unwrap();
        let error = run(&clock, ask(&only, mode, Call::new("x"))).unwrap_err();
        assert_eq!((error.kind(), error.fallbacks()), (ErrorKind::TooLarge, 0));
    }
}

#[test]
fn refused_contents_go_elsewhere_only_by_a_rule_and_are_told() {
    for mode in MODES {
        let clock = ManualClock::new();
        let of = || {
            let refuses = Player::new("a", &clock, [Act::fails(ErrorKind::ContentRefused)]);
            builder(&clock).target(refuses).target(Player::new("b", &clock, [Act::says(&["well"])]))
        };
        let error = run(&clock, ask(&of().build().unwrap(), mode, Call::new("x"))).unwrap_err();
        assert_eq!((error.kind(), error.fallbacks()), (ErrorKind::ContentRefused, 0));
        let told = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&told);
        let llm = of().rule(ErrorKind::ContentRefused, Rule::Next);
        let llm = llm.on_switch(move |switch| seen.lock().unwrap().push(switch.why.kind())).build().unwrap();
        assert_eq!(run(&clock, ask(&llm, mode, Call::new("x"))).unwrap().provider, "b");
        assert_eq!(*told.lock().unwrap(), [ErrorKind::ContentRefused]);
    }
}

#[test]
fn another_key_before_another_provider_for_the_keys_sake_alone() {
    for mode in MODES {
        for (kind, expected) in [
            (ErrorKind::QuotaSpent, "key 2"),
            (ErrorKind::RateLimited, "key 2"),
            (ErrorKind::Authentication, "key 2"),
            (ErrorKind::Permission, "key 2"),
            (ErrorKind::Server, "other"),
            (ErrorKind::Overloaded, "other"),
            (ErrorKind::Timeout, "other"),
        ] {
            let clock = ManualClock::new();
            let answers = |name| Player::new(name, &clock, [Act::says(&["a"])]);
            let llm = builder(&clock)
                .target(Target::new(Player::new("key 1", &clock, [Act::fails(kind)])).group("keys"))
                .target(Target::new(answers("key 2")).group("keys"))
                .target(answers("other"))
                .build()
                .unwrap();
            assert_eq!(run(&clock, ask(&llm, mode, Call::new("x"))).unwrap().provider, expected, "{kind:?}");
        }
    }
}

/// A key whose minute is full, and one that is not, on real sockets.
#[tokio::test]
async fn two_keys_of_one_provider_stand_in_for_each_other() {
    for mode in MODES {
        let spent = Answer::status(429).header("retry-after", "9999");
        let first = Server::start(Script::new().always(spent)).await.unwrap();
        let second = Server::start(Script::new().always(Vendor::OpenAi.answer(mode, "Hello"))).await.unwrap();
        let other = Server::start(Script::new()).await.unwrap();
        let rig = rig();
        let client = |vendor: Vendor, server: &Server| vendor.client(&rig.pool, server.url());
        let llm = builder(&rig.clock)
            .target(Target::new(client(Vendor::OpenAi, &first)).group("openai"))
            .target(client(Vendor::Anthropic, &other))
            .target(Target::new(client(Vendor::OpenAi, &second)).group("openai"))
            .build()
            .unwrap();
        for expected in [1, 0] {
            let reply = ask(&llm, mode, Call::new("a")).await.unwrap();
            assert_eq!((&*reply.text(), reply.fallbacks), ("Hello", expected), "the second time it is parked");
        }
        assert_eq!((first.seen().len(), second.seen().len(), other.seen().len()), (1, 2, 0));
        let parked = llm.targets()[0].parked.unwrap();
        assert_eq!((parked.why, parked.left.as_secs()), (ErrorKind::RateLimited, 9999));
    }
}

fn waits(clock: &ManualClock, mode: Mode, at_most: u64, call: Call) -> (String, u32, Vec<usize>) {
    let a = Player::new("a", clock, [busy(2), Act::says(&["a"])]);
    let b = Player::new("b", clock, [Act::says(&["b"])]);
    let rule = Rule::Wait { at_most: Duration::from_secs(at_most) };
    let llm = builder(clock).target(a.clone()).target(b.clone()).rule(ErrorKind::RateLimited, rule).build().unwrap();
    let reply = run(clock, ask(&llm, mode, call)).unwrap();
    (reply.provider, reply.fallbacks, vec![a.asked(), b.asked()])
}

/// Too many requests: come back after so many seconds.
fn busy(seconds: u64) -> Act {
    let error = Error::new(ErrorKind::RateLimited, "a", "busy");
    Act::gives([], Err(error.with_retry_after(Duration::from_secs(seconds))))
}

#[test]
fn a_short_wait_is_waited_where_a_rule_says_so() {
    for mode in MODES {
        let clock = ManualClock::new();
        let start = clock.now();
        assert_eq!(waits(&clock, mode, 5, Call::new("x")), (String::from("a"), 0, vec![2, 0]));
        assert_eq!(clock.now().since(start).as_secs(), 2);
        assert_eq!(waits(&clock, mode, 1, Call::new("x")), (String::from("b"), 1, vec![1, 1]));
        let soon = CallContext::new().deadline(clock.now().saturating_add(Duration::from_secs(1)));
        assert_eq!(waits(&clock, mode, 5, Call::new("x").context(soon)), (String::from("b"), 1, vec![1, 1]));
    }
}

#[test]
fn who_was_waited_for_in_vain_is_not_waited_for_again() {
    for mode in MODES {
        let clock = ManualClock::new();
        let a = Player::new("a", &clock, [busy(2)]);
        let b = Player::new("b", &clock, [Act::says(&["b"])]);
        let rule = Rule::Wait { at_most: Duration::from_secs(5) };
        let llm = builder(&clock).target(a.clone()).target(b).rule(ErrorKind::RateLimited, rule).build().unwrap();
        let reply = run(&clock, ask(&llm, mode, Call::new("x"))).unwrap();
        assert_eq!((reply.provider.as_str(), reply.fallbacks, a.asked()), ("b", 1, 2));
    }
}

#[test]
fn a_program_decides_where_it_wants_to() {
    let clock = ManualClock::new();
    let llm = |kind| {
        let a = Player::new("a", &clock, [Act::fails(kind)]);
        let llm = builder(&clock).target(a).target(Player::new("b", &clock, [Act::says(&["b"])]));
        llm.decide(|error| (error.kind() == ErrorKind::Server).then_some(Rule::Stop)).build().unwrap()
    };
    assert!(run(&clock, llm(ErrorKind::Server).complete(Call::new("x"))).is_err());
    assert!(run(&clock, llm(ErrorKind::Overloaded).complete(Call::new("x"))).is_ok());
}
