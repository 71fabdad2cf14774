//! Who is asked first, and what a router knows of its targets.

use std::num::NonZeroU32;
use std::time::Duration;

use steadfast_clock::{ManualClock, shared};
use steadfast_providers::{Call, ErrorKind, Provider, Router, RouterBuilder, Strategy, Target};

use super::stage::{Act, Player, run};
use crate::rig::{Mode, ask};

const MODES: [Mode; 2] = [Mode::Plain, Mode::Stream];

fn router(clock: &ManualClock, strategy: Strategy) -> RouterBuilder {
    Router::builder().strategy(strategy).timer(shared(clock.clone())).seed(7)
}

fn player(name: &'static str, clock: &ManualClock) -> Player {
    Player::new(name, clock, [Act::says(&["hello"])])
}

fn who(clock: &ManualClock, llm: &Router, mode: Mode) -> String {
    run(clock, ask(llm, mode, Call::new("x"))).unwrap().provider
}

#[test]
fn weights_share_calls_and_the_others_follow_in_order() {
    for mode in MODES {
        let clock = ManualClock::new();
        let [a, b, c] = ["a", "b", "c"].map(|name| player(name, &clock));
        let failing = Player::new("d", &clock, [Act::fails(ErrorKind::Server)]);
        let llm = router(&clock, Strategy::Weighted)
            .target(Target::new(a.clone()).weight(0))
            .target(Target::new(b.clone()).weight(6))
            .target(Target::new(c.clone()).weight(3))
            .target(Target::new(failing.clone()).weight(1))
            .build()
            .unwrap();
        for _ in 0..1000 {
            who(&clock, &llm, mode);
        }
        let asked = [&b, &c, &failing].map(Player::asked);
        for (asked, expected) in asked.into_iter().zip([600usize, 300, 100]) {
            assert!(asked.abs_diff(expected) < 60, "{mode:?} {asked:?} {expected}");
        }
        // The one that is never drawn is the first of the others.
        assert_eq!(a.asked(), failing.asked());
    }
}

#[test]
fn the_least_busy_is_asked_and_places_are_given_back() {
    let clock = ManualClock::new();
    let (a, b) = (player("a", &clock), player("b", &clock));
    let llm = router(&clock, Strategy::LeastBusy).target(a.clone()).target(b.clone()).build().unwrap();
    let first = run(&clock, llm.stream(Call::new("x"))).unwrap();
    let second = run(&clock, llm.stream(Call::new("x"))).unwrap();
    assert_eq!((a.asked(), b.asked()), (1, 1));
    let in_flight = || llm.targets().iter().map(|target| target.in_flight).collect::<Vec<_>>();
    assert_eq!(in_flight(), [1, 1]);
    drop(first);
    assert_eq!((in_flight(), a.dropped()), (vec![0, 1], 1));
    run(&clock, second.collect()).unwrap();
    assert_eq!(in_flight(), [0, 0]);
    drop(llm.complete(Call::new("x")));
    assert_eq!((in_flight(), a.asked()), (vec![0, 0], 1));
}

#[test]
fn the_cheapest_is_asked() {
    let clock = ManualClock::new();
    let of = |name| Target::new(player(name, &clock));
    let llm = router(&clock, Strategy::Cheapest);
    let llm = llm.target(of("unknown")).target(of("dear").price(9.0)).target(of("cheap").price(0.5)).build().unwrap();
    assert_eq!(who(&clock, &llm, Mode::Plain), "cheap");
}

#[test]
fn the_fastest_is_asked_by_what_is_waited_for() {
    for mode in MODES {
        let clock = ManualClock::new();
        let quick = Player::new("quick", &clock, [Act::says(&["a"]).after(100)]);
        let slow = Player::new("slow", &clock, [Act::says(&["a"]).after(300)]);
        let broken = Player::new("broken", &clock, [Act::fails(ErrorKind::Server)]);
        let llm = router(&clock, Strategy::Fastest).target(slow.clone()).target(broken.clone()).target(quick.clone());
        let llm = llm.build().unwrap();
        for _ in 0..400 {
            who(&clock, &llm, mode);
        }
        assert!((350..400).contains(&quick.asked()), "{mode:?} {}", quick.asked());
        assert!((5..50).contains(&slow.asked()) && (2..30).contains(&broken.asked()), "{mode:?}");
        let known = llm.targets();
        let speed = |at: usize| if mode == Mode::Plain { known[at].latency } else { known[at].first_token };
        assert_eq!(speed(2), Some(Duration::from_millis(100)));
        assert!(speed(1) >= Some(Duration::from_secs(9)), "a failure is no quick answer");
        assert_eq!((known[0].failed, known[1].answered), (0, 0));
        assert_eq!(known[1].failed, known[1].asked);
    }
}

#[test]
fn a_target_has_as_many_places_as_it_is_given() {
    for mode in MODES {
        let clock = ManualClock::new();
        let one = NonZeroU32::MIN;
        let (a, b) = (player("a", &clock), player("b", &clock));
        let of = |player: &Player| Target::new(player.clone()).max_in_flight(one);
        let llm = router(&clock, Strategy::Ordered).target(of(&a)).target(of(&b)).build().unwrap();
        let held = [(); 2].map(|()| run(&clock, llm.stream(Call::new("x"))).unwrap());
        assert_eq!((a.asked(), b.asked()), (1, 1));
        let error = run(&clock, ask(&llm, mode, Call::new("x"))).unwrap_err();
        assert_eq!((error.kind(), error.provider()), (ErrorKind::RateLimited, "router"));
        drop(held);
        assert_eq!(who(&clock, &llm, mode), "a");
    }
}

#[test]
fn a_tag_leaves_those_that_have_it() {
    let clock = ManualClock::new();
    let (a, b) = (player("a", &clock), player("b", &clock));
    let llm = router(&clock, Strategy::Ordered).target(a).target(Target::new(b).tag("eu").tag("new")).build().unwrap();
    assert_eq!(who(&clock, &llm.tagged("eu").unwrap(), Mode::Plain), "b");
    assert_eq!(llm.targets()[1].answered, 1, "they are the same targets");
    assert_eq!(llm.tagged("us").unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn a_named_model_is_for_the_first_group() {
    let clock = ManualClock::new();
    let failing = |name| Player::new(name, &clock, [Act::fails(ErrorKind::QuotaSpent)]);
    let (first, other, second) = (failing("first"), failing("other"), failing("second"));
    let llm = router(&clock, Strategy::Ordered)
        .target(Target::new(first.clone()).group("keys"))
        .target(other.clone())
        .target(Target::new(second.clone()).group("keys"))
        .build()
        .unwrap();
    run(&clock, llm.complete(Call::new("x").model("special"))).unwrap_err();
    let named = |player: &Player| player.calls().iter().map(|call| format!("{call:?}").contains("special")).next();
    assert_eq!([&first, &second, &other].map(named), [Some(true), Some(true), Some(false)]);
}

#[test]
fn who_would_answer_depends_on_the_strategy() {
    let clock = ManualClock::new();
    let of = |strategy| {
        let (a, b) = (player("a", &clock), player("b", &clock));
        a.key("1");
        b.key("2");
        router(&clock, strategy).target(a).target(b).build().unwrap().identity(&Call::new("x")).unwrap()
    };
    assert_eq!(of(Strategy::Ordered), of(Strategy::Ordered));
    assert_ne!(of(Strategy::Ordered), of(Strategy::Weighted));
    assert_eq!(format!("{:?}", of(Strategy::Fastest)), r#"Identity(["router/fastest", "a/m", "b/m"])"#);
}

#[test]
fn what_cannot_be_is_an_error_at_build() {
    let clock = ManualClock::new();
    let of = |target: Target| router(&clock, Strategy::Weighted).target(target).build();
    for target in [
        Target::new(player("a", &clock)).weight(0),
        Target::new(player("a", &clock)).price(-1.0),
        Target::new(player("a", &clock)).price(f64::NAN),
    ] {
        assert_eq!(of(target).unwrap_err().kind(), ErrorKind::Config);
    }
    assert_eq!(Router::ordered::<Player>([]).unwrap_err().kind(), ErrorKind::Config);
}
