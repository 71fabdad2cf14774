//! Targets that are not worth asking are passed over, and asked last.

use std::time::Duration;

use steadfast_clock::{ManualClock, shared};
use steadfast_providers::{Call, ErrorKind, Router, RouterBuilder};
use steadfast_testkit::{Reply as Answer, Script, Server};

use super::stage::{Act, Player, run};
use crate::rig::{Mode, Vendor, ask, rig};

const MODES: [Mode; 2] = [Mode::Plain, Mode::Stream];
const HOUR: Duration = Duration::from_secs(3600);

fn builder(clock: &ManualClock) -> RouterBuilder {
    Router::builder().timer(shared(clock.clone()))
}

/// One that fails once and then would answer, and one that answers.
fn pair(clock: &ManualClock, kind: ErrorKind) -> (Player, Player, Router) {
    let a = Player::new("a", clock, [Act::fails(kind), Act::says(&["a"])]);
    let b = Player::new("b", clock, [Act::says(&["b"])]);
    let llm = builder(clock).target(a.clone()).target(b.clone()).build().unwrap();
    (a, b, llm)
}

fn who(clock: &ManualClock, llm: &Router, mode: Mode) -> String {
    run(clock, ask(llm, mode, Call::new("x"))).unwrap().provider
}

#[test]
fn who_has_no_money_left_is_passed_over_for_an_hour() {
    for mode in MODES {
        let clock = ManualClock::new();
        let (a, _, llm) = pair(&clock, ErrorKind::QuotaSpent);
        assert_eq!([who(&clock, &llm, mode), who(&clock, &llm, mode)], ["b", "b"]);
        assert_eq!(a.asked(), 1);
        let parked = llm.targets()[0].parked.unwrap();
        assert_eq!((parked.why, parked.left), (ErrorKind::QuotaSpent, HOUR));
        clock.advance(HOUR);
        assert_eq!((llm.targets()[0].parked, who(&clock, &llm, mode)), (None, String::from("a")));
    }
}

#[test]
fn the_parking_time_can_be_set_and_ended() {
    let clock = ManualClock::new();
    let a = Player::new("a", &clock, [Act::fails(ErrorKind::QuotaSpent), Act::says(&["a"])]);
    let b = Player::new("b", &clock, [Act::says(&["b"])]);
    let llm = builder(&clock).target(a).target(b).parking(HOUR * 10).build().unwrap();
    assert_eq!(who(&clock, &llm, Mode::Plain), "b");
    clock.advance(HOUR * 9);
    assert_eq!(who(&clock, &llm, Mode::Plain), "b");
    llm.unpark();
    assert_eq!(who(&clock, &llm, Mode::Plain), "a");
}

#[test]
fn a_refused_key_is_passed_over_until_it_is_another() {
    for mode in MODES {
        let clock = ManualClock::new();
        let (a, b, llm) = pair(&clock, ErrorKind::Authentication);
        a.key("old");
        assert_eq!(who(&clock, &llm, mode), "b");
        clock.advance(HOUR * 5);
        assert_eq!(who(&clock, &llm, mode), "b");
        a.key("new");
        assert_eq!((who(&clock, &llm, mode), b.asked()), (String::from("a"), 2));
    }
}

#[test]
fn what_is_the_calls_own_parks_nobody() {
    for kind in [ErrorKind::Server, ErrorKind::Timeout, ErrorKind::NotFound, ErrorKind::RateLimited] {
        let clock = ManualClock::new();
        let (_, _, llm) = pair(&clock, kind);
        assert_eq!([who(&clock, &llm, Mode::Plain), who(&clock, &llm, Mode::Plain)], ["b", "a"], "{kind:?}");
    }
}

#[test]
fn rather_the_parked_than_nobody_and_an_answer_ends_it() {
    for mode in MODES {
        let clock = ManualClock::new();
        let (a, b) = (Act::fails(ErrorKind::QuotaSpent), Act::fails(ErrorKind::QuotaSpent));
        let a = Player::new("a", &clock, [a, Act::says(&["a"])]);
        let b = Player::new("b", &clock, [b]);
        let llm = builder(&clock).target(a.clone()).target(b.clone()).build().unwrap();
        let error = run(&clock, ask(&llm, mode, Call::new("x"))).unwrap_err();
        assert_eq!((error.kind(), error.fallbacks()), (ErrorKind::QuotaSpent, 1));
        assert!(llm.targets().iter().all(|target| target.parked.is_some()));
        assert_eq!(who(&clock, &llm, mode), "a");
        assert_eq!((llm.targets()[0].parked, llm.targets()[1].parked.is_some()), (None, true));
        assert_eq!((a.asked(), b.asked()), (2, 1));
    }
}

#[tokio::test]
async fn an_open_breaker_is_passed_over_until_it_lets_somebody_through() {
    for mode in MODES {
        let broken =
            Server::start(Script::new().times(5, Answer::status(500)).always(Vendor::OpenAi.answer(mode, "A")));
        let broken = broken.await.unwrap();
        let well = Server::start(Script::new().always(Vendor::Anthropic.answer(mode, "B"))).await.unwrap();
        let rig = rig();
        let (a, b) = (Vendor::OpenAi.client(&rig.pool, broken.url()), Vendor::Anthropic.client(&rig.pool, well.url()));
        let llm = builder(&rig.clock).target(a).target(b).build().unwrap();
        for _ in 0..3 {
            assert_eq!(ask(&llm, mode, Call::new("a")).await.unwrap().text(), "B");
        }
        assert_eq!((broken.seen().len(), llm.targets()[0].parked.unwrap().why), (5, ErrorKind::BreakerOpen));
        rig.clock.advance(Duration::from_secs(30));
        assert_eq!(ask(&llm, mode, Call::new("a")).await.unwrap().text(), "A");
    }
}
