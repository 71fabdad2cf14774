//! The area `memory`: bytes per key of keyed limiters that hold a million keys.

use std::num::NonZeroU32;

use steadfast_clock::{Clock, System};
use steadfast_ratelimit::{Keyed, Limiter, Quota};
use throttle_net::PerKey;

use crate::{Better, Kind, Measured, Outcome, Reach};

const KEYS: u32 = 1_000_000;

/// One permit a minute: a key that was asked once is in use until the end.
const RATE: NonZeroU32 = NonZeroU32::MIN;

/// Enough for keys that share a limit, should any find the table full where they belong.
const BURST: NonZeroU32 = NonZeroU32::new(1_000).expect("not zero");

/// All rows of the area; `used` tells how many bytes the allocator has handed out.
pub fn outcomes(used: impl Fn() -> usize) -> Vec<Outcome> {
    let each = |who, kind, bytes: usize| Measured { who, kind, figure: bytes as f64 / f64::from(KEYS) };
    let ours = kept(&used, || {
        let quota = Quota::per_minute(u64::from(RATE.get())).and_then(|quota| quota.burst(u64::from(BURST.get())));
        let quota = quota.expect("a quota that works");
        let keyed = Keyed::with_capacity(quota, KEYS as usize);
        let now = System::new().now();
        (0..u64::from(KEYS)).for_each(|key| assert!(keyed.of(&key).take(1, now).is_allowed()));
        keyed
    });
    let governor = kept(&used, || {
        let keyed = governor::RateLimiter::keyed(governor::Quota::per_minute(RATE).allow_burst(BURST));
        (0..u64::from(KEYS)).for_each(|key| assert!(keyed.check_key(&key).is_ok()));
        keyed
    });
    let throttle = kept(&used, || {
        let keyed = PerKey::per_minute(RATE.get());
        (0..u64::from(KEYS)).for_each(|key| assert!(keyed.try_acquire(&key)));
        keyed
    });
    let figures = vec![
        each("steadfast", Kind::Ours, ours),
        each("governor", Kind::Peer, governor),
        each("throttle-net", Kind::Peer, throttle),
    ];
    vec![Outcome {
        row: "limiter: keyed, 1,000,000 u64 keys".into(),
        better: Better::Less,
        figures,
        reach: Some(Reach::times(1.0, "governor")),
    }]
}

/// Bytes that what `make` makes holds on to.
fn kept<T>(used: impl Fn() -> usize, make: impl FnOnce() -> T) -> usize {
    let before = used();
    let made = make();
    let bytes = used().saturating_sub(before);
    drop(made);
    bytes
}
