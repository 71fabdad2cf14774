//! The laws of routers, over targets that answer, fail or take their time.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_clock::{ManualClock, shared};
use steadfast_providers::{Call, ErrorKind, Hedging, Router, Strategy as Routing, Target};

use crate::rig::{Mode, ask};
use crate::router::stage::{Act, Player, run};

const KINDS: [ErrorKind; 7] = [
    ErrorKind::QuotaSpent,
    ErrorKind::RateLimited,
    ErrorKind::Server,
    ErrorKind::Truncated,
    ErrorKind::TooLarge,
    ErrorKind::InvalidRequest,
    ErrorKind::ContentRefused,
];

const STRATEGIES: [Routing; 5] =
    [Routing::Ordered, Routing::Weighted, Routing::LeastBusy, Routing::Cheapest, Routing::Fastest];

/// What a target does, and how long it takes.
fn act() -> impl Strategy<Value = (Option<ErrorKind>, bool, u64)> {
    (prop::option::of(prop::sample::select(&KINDS[..])), any::<bool>(), 0u64..60)
}

proptest! {
    /// However targets fail and hesitate: in one call each is asked once at most, one hedge included; the call ends once,
    /// and when it has, nothing is under way. A plain call fails only with what a target said.
    #[test]
    fn each_is_asked_once(
        acts in prop::collection::vec(act(), 1..5),
        strategy in prop::sample::select(&STRATEGIES[..]),
        mode in prop::sample::select(&[Mode::Plain, Mode::Stream][..]),
        hedged: bool,
        continued: bool,
        seed: u64,
    ) {
        let clock = ManualClock::new();
        let players: Vec<_> = acts.iter().map(|(kind, late, ms)| {
            let act = match kind {
                None => Act::says(&["one ", "two"]),
                Some(kind) if *late => Act::breaks(&["one "], *kind),
                Some(kind) => Act::fails(*kind),
            };
            Player::new("p", &clock, [act.after(ms * 10)]).continuing()
        }).collect();
        let builder = Router::builder().strategy(strategy).timer(shared(clock.clone())).seed(seed);
        let builder = if hedged { builder.hedging(Hedging::after(Duration::from_millis(200)).plain(true)) } else { builder };
        let targets = players.iter().zip(&acts).map(|(player, (_, grouped, ms))| {
            let target = Target::new(player.clone()).context(*ms);
            if *grouped { target.group("keys") } else { target }
        });
        let llm = targets.fold(builder.continue_streams(continued), |builder, target| builder.target(target));
        let llm = llm.build().unwrap();
        let result = run(&clock, ask(&llm, mode, Call::new("x")));
        prop_assert!(players.iter().all(|player| player.asked() <= 1));
        prop_assert!(llm.targets().iter().all(|target| target.in_flight == 0));
        prop_assert_eq!(clock.waiting(), 0);
        let asked: usize = players.iter().map(Player::asked).sum();
        match result {
            Ok(reply) => {
                prop_assert!(reply.text().starts_with("one "));
                prop_assert!((reply.fallbacks as usize) < asked);
                prop_assert!(reply.seams.len() <= reply.fallbacks as usize && (continued || reply.seams.is_empty()));
            }
            Err(error) => {
                prop_assert!(acts.iter().any(|(kind, _, _)| *kind == Some(error.kind())));
                prop_assert!((error.fallbacks() as usize) < asked);
            }
        }
    }
}
