//! A second target beside one that takes too long.

use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, shared};
use steadfast_providers::backoff::RetryBudget;
use steadfast_providers::pool::CallContext;
use steadfast_providers::{Billed, Call, ErrorKind, Hedging, Provider, Reply, Router, RouterBuilder, Target};
use steadfast_testkit::{Reply as Answer, Script, Server};

use super::stage::{Act, Player, refused, run};
use crate::rig::{Mode, Vendor, ask, rig};

const MODES: [Mode; 2] = [Mode::Plain, Mode::Stream];
const DELAY: Duration = Duration::from_millis(200);

fn builder(clock: &ManualClock, hedging: Hedging) -> RouterBuilder {
    Router::builder().timer(shared(clock.clone())).hedging(hedging.plain(true))
}

fn says(name: &'static str, clock: &ManualClock, after: u64) -> Player {
    Player::new(name, clock, [Act::says(&["hello"]).after(after)])
}

fn asked(clock: &ManualClock, llm: &Router, mode: Mode) -> Result<Reply, steadfast_providers::Error> {
    run(clock, ask(llm, mode, Call::new("x").max_tokens(100)))
}

#[test]
fn the_first_piece_of_an_answer_wins_and_the_other_is_dropped() {
    for mode in MODES {
        for (first, second, winner, expected) in
            [(5000, 100, "b", [1, 0]), (250, 100, "a", [0, 1]), (190, 100, "a", [0, 0])]
        {
            let clock = ManualClock::new();
            let (a, b) = (says("a", &clock, first), says("b", &clock, second));
            let llm = builder(&clock, Hedging::after(DELAY)).target(a.clone()).target(b.clone()).build().unwrap();
            let reply = asked(&clock, &llm, mode).unwrap();
            assert_eq!((reply.provider.as_str(), &*reply.text(), reply.fallbacks), (winner, "hello", 0));
            assert_eq!([a.dropped(), b.dropped()], expected, "{mode:?} {first}");
            let outrun = expected.iter().sum::<u64>() == 1;
            assert_eq!(b.asked(), usize::from(outrun));
            let ledger: Vec<_> = reply.attempts.iter().map(|it| (&*it.provider, it.http.hedge)).collect();
            match (outrun, winner) {
                (true, "b") => assert_eq!(ledger, [("a", false)]),
                (true, _) => assert_eq!(ledger, [("b", true)]),
                _ => assert!(ledger.is_empty()),
            }
            assert!(reply.attempts.iter().all(|attempt| attempt.http.maybe_executed && attempt.http.error.is_some()));
            assert!(llm.targets().iter().all(|target| target.in_flight == 0 && target.failed == 0));
        }
    }
}

#[test]
fn the_events_of_the_winner_come_whole() {
    let clock = ManualClock::new();
    let llm = builder(&clock, Hedging::after(DELAY));
    let llm = llm.target(says("a", &clock, 5000)).target(says("b", &clock, 100)).build().unwrap();
    let mut stream = run(&clock, llm.stream(Call::new("x"))).unwrap();
    let mut events = Vec::new();
    while let Some(event) = run(&clock, stream.next()) {
        events.push(format!("{:?}", event.unwrap()));
    }
    assert_eq!(events[0], r#"Start { provider: "b", model: "m", id: None }"#);
    assert_eq!(
        events[1..],
        [
            "Text(5 bytes)",
            "Usage(Usage { input: 10, cached_read: 0, cache_write: 0, output: 5, reasoning: 0 })",
            "Finish(Stop)"
        ]
    );
}

#[test]
fn a_failure_waits_for_the_other_one() {
    use ErrorKind::{InvalidRequest, Server};
    for mode in MODES {
        for (first, second, expected) in [
            // The first fails while the hedge is under way: that is who the call falls back to.
            (refused(Server, 300), Act::says(&["b"]).after(400), Ok(("b", 1))),
            (Act::says(&["a"]).after(900), refused(Server, 100), Ok(("a", 0))),
            // Both fail: the call goes on to the third.
            (refused(Server, 300), refused(Server, 400), Ok(("c", 2))),
            (refused(Server, 900), refused(Server, 100), Ok(("c", 1))),
            // What is the call's own ends it at once.
            (refused(InvalidRequest, 300), Act::says(&["b"]).after(400), Err(0)),
        ] {
            let clock = ManualClock::new();
            let (a, b) = (Player::new("a", &clock, [first]), Player::new("b", &clock, [second]));
            let c = says("c", &clock, 0);
            let llm = builder(&clock, Hedging::after(DELAY)).target(a.clone()).target(b.clone()).target(c.clone());
            let result = asked(&clock, &llm.build().unwrap(), mode);
            let result = result.as_ref().map(|reply| (reply.provider.as_str(), reply.fallbacks));
            assert_eq!(result.map_err(|error| error.fallbacks()), expected, "{mode:?}");
            assert_eq!((a.asked(), b.asked()), (1, 1));
        }
    }
}

#[test]
fn plain_calls_are_hedged_only_on_request() {
    let clock = ManualClock::new();
    let (a, b) = (says("a", &clock, 5000), says("b", &clock, 0));
    let llm = Router::builder().timer(shared(clock.clone())).hedging(Hedging::after(DELAY));
    let llm = llm.target(a).target(b.clone()).build().unwrap();
    assert_eq!(asked(&clock, &llm, Mode::Plain).unwrap().provider, "a");
    assert_eq!(b.asked(), 0);
    assert_eq!(asked(&clock, &llm, Mode::Stream).unwrap().provider, "b");
}

/// How many of so many slow calls are hedged.
fn hedged(calls: usize, hedging: Hedging, price: Option<f64>, call: impl Fn(&ManualClock) -> Call) -> usize {
    let clock = ManualClock::new();
    let (a, b) = (says("a", &clock, 300), says("b", &clock, 300));
    let target = |player: &Player| price.into_iter().fold(Target::new(player.clone()), Target::price);
    let llm = builder(&clock, hedging).target(target(&a)).target(target(&b)).build().unwrap();
    for _ in 0..calls {
        run(&clock, llm.complete(call(&clock))).unwrap();
    }
    assert_eq!(a.asked(), calls);
    b.asked()
}

#[test]
fn hedges_are_bounded_in_every_way_that_is_asked_for() {
    // 102 tokens: eight bytes, and a hundred for the answer.
    let call = |_: &ManualClock| Call::new("12345678").max_tokens(100);
    let all = || Hedging::after(DELAY).share(1.0);
    assert_eq!(hedged(50, all(), None, call), 50);
    // Five are saved up, and one in ten is earned.
    assert_eq!(hedged(50, Hedging::after(DELAY).share(0.1), None, call), 5 + 4);
    assert_eq!(hedged(200, Hedging::after(DELAY), None, call), 5 + 9);
    // Half of the hour's allowance at once.
    assert_eq!(hedged(50, all().tokens_per_hour(102 * 20), None, call), 10);
    assert_eq!(hedged(50, all().money_per_hour(102.0 * 20.0), Some(1e6), call), 10);
    assert_eq!(hedged(50, all().money_per_hour(1000.0), None, call), 0);
    let spent = || RetryBudget::builder().ratio(0.0).floor(0.0).reserve(3).build().unwrap();
    let budget = std::sync::Arc::new(spent());
    let context = CallContext::new().budget(budget);
    assert_eq!(hedged(50, all(), None, |_| Call::new("12345678").context(context.clone())), 3);
    let soon = |clock: &ManualClock| {
        let deadline = clock.now().saturating_add(DELAY);
        Call::new("12345678").context(CallContext::new().deadline(deadline))
    };
    assert_eq!(hedged(50, all(), None, soon), 0);
}

#[test]
fn a_call_is_hedged_once_at_a_target_that_is_well() {
    for mode in MODES {
        let clock = ManualClock::new();
        let [a, b, c] = ["a", "b", "c"].map(|name| says(name, &clock, 2000));
        let llm = builder(&clock, Hedging::after(DELAY));
        let llm = llm.target(a.clone()).target(b.clone()).target(c.clone()).build().unwrap();
        asked(&clock, &llm, mode).unwrap();
        assert_eq!([&a, &b, &c].map(Player::asked), [1, 1, 0]);

        let spent = Player::new("spent", &clock, [Act::fails(ErrorKind::QuotaSpent)]);
        let llm = builder(&clock, Hedging::after(DELAY)).target(spent.clone()).target(a.clone()).build().unwrap();
        for _ in 0..2 {
            asked(&clock, &llm, mode).unwrap();
        }
        assert_eq!((spent.asked(), a.asked()), (1, 3), "who is parked is no hedge");
    }
}

#[test]
fn the_same_target_is_a_hedge_where_there_is_no_other_and_that_is_allowed() {
    for (same, expected) in [(true, 2), (false, 1)] {
        let clock = ManualClock::new();
        let acts = [Act::says(&["slow"]).after(5000), Act::says(&["quick"])];
        let a = Player::new("a", &clock, acts);
        let llm = builder(&clock, Hedging::after(DELAY).same_target(same)).target(a.clone()).build().unwrap();
        assert_eq!(asked(&clock, &llm, Mode::Stream).unwrap().text(), if same { "quick" } else { "slow" });
        assert_eq!(a.asked(), expected);
    }
}

#[test]
fn the_delay_follows_what_the_target_took() {
    let clock = ManualClock::new();
    let quick = (0..100).map(|_| Act::says(&["a"]).after(100));
    let a = Player::new("a", &clock, quick.chain([Act::says(&["slow"]).after(5000)]));
    let b = says("b", &clock, 0);
    let llm = builder(&clock, Hedging::at_quantile(0.95)).target(a.clone()).target(b.clone()).build().unwrap();
    for _ in 0..100 {
        asked(&clock, &llm, Mode::Stream).unwrap();
    }
    assert_eq!(b.asked(), 0, "nothing is known yet");
    let start = clock.now();
    assert_eq!(asked(&clock, &llm, Mode::Stream).unwrap().provider, "b");
    assert!((100..=120).contains(&clock.now().since(start).as_millis()));
}

#[test]
fn dropping_the_call_drops_both() {
    for mode in MODES {
        let clock = ManualClock::new();
        let (a, b) = (says("a", &clock, 5000), says("b", &clock, 5000));
        let llm = builder(&clock, Hedging::after(DELAY)).target(a.clone()).target(b.clone()).build().unwrap();
        let mut call = Box::pin(ask(&llm, mode, Call::new("x")));
        let waker = std::task::Waker::noop();
        for _ in 0..100 {
            assert!(call.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
            clock.advance(Duration::from_millis(10));
        }
        assert_eq!([&a, &b].map(Player::asked), [1, 1]);
        drop(call);
        assert_eq!(([a.dropped(), b.dropped()], clock.waiting()), ([1, 1], 0));
        assert!(llm.targets().iter().all(|target| target.in_flight == 0));
    }
}

#[test]
fn hedging_out_of_range_is_an_error_at_build() {
    let clock = ManualClock::new();
    for hedging in [
        Hedging::after(DELAY).share(0.0),
        Hedging::after(DELAY).share(1.1),
        Hedging::after(DELAY).share(f64::NAN),
        Hedging::at_quantile(1.0),
        Hedging::after(DELAY).money_per_hour(0.0),
    ] {
        let llm = builder(&clock, hedging).target(says("a", &clock, 0)).build();
        assert_eq!(llm.unwrap_err().kind(), ErrorKind::Config, "{hedging:?}");
    }
}

/// On real sockets: the connection of the one that was outrun is closed, and the ledger says so.
#[tokio::test]
async fn the_slower_ones_connection_closes() {
    for mode in MODES {
        let silent = Server::start(Script::new().always(Answer::never())).await.unwrap();
        let quick = Server::start(Script::new().always(Vendor::Anthropic.answer(mode, "Hello"))).await.unwrap();
        let rig = rig();
        let llm = builder(&rig.clock, Hedging::after(DELAY))
            .target(Vendor::OpenAi.client(&rig.pool, silent.url()))
            .target(Vendor::Anthropic.client(&rig.pool, quick.url()))
            .build()
            .unwrap();
        let call = tokio::spawn(async move { ask(&llm, mode, Call::new("x")).await });
        silent.wait_for(1).await;
        while rig.clock.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        rig.clock.advance(DELAY);
        let reply = call.await.unwrap().unwrap();
        assert_eq!((reply.provider.as_str(), reply.fallbacks), ("anthropic", 0));
        let ledger: Vec<_> =
            reply.attempts.iter().map(|it| (&*it.provider, it.http.hedge, it.http.maybe_executed)).collect();
        assert_eq!(ledger, [("openai", false, true), ("anthropic", true, false)]);
        assert_eq!(reply.attempts[0].http.elapsed, DELAY);
        assert_eq!((reply.attempts[0].billed(), reply.attempts[1].billed()), (Billed::Maybe, Billed::Yes));
        while silent.open_connections() > 0 {
            tokio::task::yield_now().await;
        }
    }
}
