//! Reading through, against the naive reference.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use steadfast_cache::{CacheKey, Entry, Fetched, How, Lifetime, ReadThrough};
use steadfast_clock::{ManualClock, Wall};

use crate::calls::settle;
use crate::map::Map;

/// What a call does if one is made.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    Keep,
    DoNotKeep,
    Refuse,
    Fail,
}

fn step() -> impl Strategy<Value = (u64, u8, Outcome)> {
    let outcome = prop_oneof![
        3 => Just(Outcome::Keep),
        1 => Just(Outcome::DoNotKeep),
        1 => Just(Outcome::Refuse),
        2 => Just(Outcome::Fail),
    ];
    (0u64..6, 0u8..2, outcome)
}

/// What the reference keeps of an answer: which it was, when it came, and whether it was a refusal.
#[derive(Clone, Copy)]
struct Held {
    number: u32,
    at: u64,
    refusal: bool,
}

const PAUSE: u64 = 3;

impl Held {
    /// Answers are fresh for 8 and stale for 6, refusals fresh for 3 and stale for 2.
    fn bounds(self) -> (u64, u64) {
        if self.refusal { (3, 5) } else { (8, 14) }
    }
}

/// The reference: what is held of one key, and when its last refresh failed.
#[derive(Clone, Copy, Default)]
struct Model {
    held: Option<Held>,
    failed: Option<u64>,
}

impl Model {
    /// What is served, as (number, how), or nothing if the call fails. `next` is the number of the next call.
    fn ask(&mut self, now: u64, outcome: Outcome, next: &mut u32) -> Option<(u32, How)> {
        let held = self.held.filter(|held| now - held.at < held.bounds().1);
        let fresh = held.is_some_and(|held| now - held.at < held.bounds().0);
        let served = held.map(|held| {
            let how = if fresh { How::Hit } else { How::Stale };
            (held.number, if held.refusal { How::Negative } else { how })
        });
        let paused = served.is_some() && self.failed.is_some_and(|at| now - at < PAUSE);
        if fresh || paused {
            return served;
        }
        if held.is_some() {
            self.failed = None;
        }
        let number = *next;
        *next += 1;
        match outcome {
            Outcome::Keep => self.held = Some(Held { number, at: now, refusal: false }),
            Outcome::Refuse => self.held = Some(Held { number, at: now, refusal: true }),
            Outcome::DoNotKeep => self.held = None,
            Outcome::Fail => {
                if held.is_some() {
                    self.failed = Some(now);
                }
                return served;
            }
        }
        served.or(Some((number, How::Fetched)))
    }
}

proptest! {
    /// Along any timeline of questions and outcomes, what is served, how, and how many calls are made is what the rules
    /// say: fresh is served, stale is served and fetched anew unless that failed within the pause, the rest is fetched.
    #[test]
    fn it_follows_the_timeline(steps in vec(step(), 0..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (clock, calls) = (ManualClock::new(), Arc::new(AtomicU32::new(0)));
            let reader = ReadThrough::<Map, &'static str>::builder(Map::default())
                .clock(clock.clone())
                .refresh_pause(Duration::from_secs(PAUSE))
                .build();
            let (mut models, mut now, mut next) = (BTreeMap::<u8, Model>::new(), 0, 0);
            for (wait, key, outcome) in steps {
                clock.advance(Duration::from_secs(wait));
                now += wait;
                let (calls, stored_at) = (Arc::clone(&calls), clock.wall());
                let fetch = move || async move {
                    let number = calls.fetch_add(1, Ordering::Relaxed);
                    let lives = |fresh, stale| {
                        let [fresh, stale] = [fresh, stale].map(Duration::from_secs);
                        Entry::new(number.to_string(), stored_at)
                            .with_lifetime(Lifetime::fresh_for(fresh).stale_for(stale))
                    };
                    match outcome {
                        Outcome::Keep => Ok(Fetched::Keep(lives(8, 6))),
                        Outcome::DoNotKeep => Ok(Fetched::DoNotKeep(lives(8, 6))),
                        Outcome::Refuse => Ok(Fetched::Refused(lives(3, 2))),
                        Outcome::Fail => Err("why"),
                    }
                };
                let served = reader.get_or_fetch(CacheKey::from_bytes([key; 32]), fetch).await;
                settle().await;
                let served = served.ok().map(|served| (served.entry.value().clone(), served.how));
                let expected = models.entry(key).or_default().ask(now, outcome, &mut next);
                prop_assert_eq!(served, expected.map(|(number, how)| (number.to_string().into(), how)));
            }
            let stats = reader.stats();
            prop_assert_eq!(stats.flights, u64::from(next));
            prop_assert_eq!(reader.refreshing(), 0);
            Ok(())
        })?;
    }
}
