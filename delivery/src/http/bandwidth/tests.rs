//! The laws of limited bandwidth, on simulated time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn rate(bytes: u64) -> NonZeroU64 {
    NonZeroU64::new(bytes).unwrap()
}

/// `n` devices of `sites` sites.
fn devices(n: usize, sites: usize) -> Vec<Device> {
    let of = |i: usize| {
        let mut device = Device::new(format!("d{i}"), &format!("http://10.0.0.{}/d/{i}", i % sites)).unwrap();
        device.tags.insert(String::from("store"), format!("s{}", i % sites));
        device
    };
    (0..n).map(of).collect()
}

/// One that never holds more than its burst.
struct Bucket {
    rate: u64,
    burst: u64,
    debt: f64,
    at: Nanos,
    sent: u64,
}

impl Bucket {
    fn new(limit: NonZeroU64) -> Self {
        Self { rate: limit.get(), burst: burst(limit), debt: 0.0, at: Nanos::ZERO, sent: 0 }
    }

    /// Whether `bytes` may go through now, by the law.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn pour(&mut self, bytes: u64, now: Nanos) -> bool {
        self.debt = (self.debt - now.since(self.at).as_secs_f64() * self.rate as f64).max(0.0) + bytes as f64;
        (self.at, self.sent) = (now, self.sent + bytes);
        self.debt <= self.burst as f64 + 0.01
    }
}

/// What every lane sent, always having more to send, from 0 to `until`.
fn saturated(lanes: &[Lane], until: Nanos, mut sent: impl FnMut(usize, u64, Nanos)) {
    let mut due: BinaryHeap<_> = (0..lanes.len()).map(|i| Reverse((Nanos::ZERO, i))).collect();
    while let Some(Reverse((now, i))) = due.pop() {
        if now > until {
            return;
        }
        let bytes = lanes[i].most();
        match lanes[i].pass(bytes, now) {
            Ok(()) => {
                sent(i, bytes as u64, now);
                due.push(Reverse((now, i)));
            }
            Err(at) => {
                assert!(at > now, "nobody is told to ask again at once");
                due.push(Reverse((at, i)));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the limits, and however many devices want to be sent to: over any time no more than burst + rate · t goes
    /// to a device, to a site, and to all.
    #[test]
    fn no_limit_is_exceeded(
        limits in (proptest::option::of(1u64..50_000), proptest::option::of(1u64..200_000), proptest::option::of(1u64..500_000)),
        n in 1usize..12,
        sites in 1usize..4,
        by_host in any::<bool>(),
    ) {
        let mut bandwidth = Bandwidth::new();
        if let Some(device) = limits.0 {
            bandwidth = bandwidth.per_device(rate(device));
        }
        if let Some(site) = limits.1 {
            bandwidth = if by_host { bandwidth.per_host(rate(site)) } else { bandwidth.per_site("store", rate(site)) };
        }
        if let Some(total) = limits.2 {
            bandwidth = bandwidth.total(rate(total));
        }
        let Some(shaper) = bandwidth.shaper().unwrap() else { return Ok(()) };
        let lanes: Vec<_> = devices(n, sites).iter().map(|device| shaper.lane(device)).collect();
        let mut buckets: BTreeMap<(u8, usize), Bucket> = BTreeMap::new();
        saturated(&lanes, Nanos::from_nanos(5_000_000_000), |i, bytes, now| {
            for (kind, key, limit) in [(0, i, limits.0), (1, i % sites, limits.1), (2, 0, limits.2)] {
                let Some(limit) = limit else { continue };
                let bucket = buckets.entry((kind, key)).or_insert_with(|| Bucket::new(rate(limit)));
                assert!(bucket.pour(bytes, now), "{kind} {key} at {now:?}");
            }
        });
    }

    /// Whichever limit is the narrowest, with enough devices to fill it: at least 99 % of it is used.
    #[test]
    fn a_limit_is_used(which in 0u8..3, narrow in 1_000u64..5_000_000, n in 2usize..9) {
        let (count, wide) = (n as u64, rate(narrow * 20));
        let bandwidth = match which {
            0 => Bandwidth::new().per_device(rate(narrow)).per_site("store", wide).total(wide),
            1 => Bandwidth::new().per_device(wide).per_site("store", rate(narrow)).total(wide),
            _ => Bandwidth::new().per_device(wide).per_site("store", wide).total(rate(narrow)),
        };
        let shaper = bandwidth.shaper().unwrap().unwrap();
        let lanes: Vec<_> = devices(n, 1).iter().map(|device| shaper.lane(device)).collect();
        let mut total = 0;
        let pieces = 300 * shaper.piece as u64;
        let seconds = (pieces / (narrow * if which == 0 { count } else { 1 })).clamp(10, 600);
        saturated(&lanes, Nanos::ZERO.saturating_add(Duration::from_secs(seconds)), |_, bytes, _| total += bytes);
        let expected = narrow * seconds * if which == 0 { count } else { 1 };
        prop_assert!(total >= expected / 100 * 99, "{total} of {expected}");
    }
}

#[test]
fn without_limits_nothing_is_asked() {
    assert!(Bandwidth::new().shaper().unwrap().is_none());
}

#[test]
fn who_has_no_tag_is_not_limited_by_it() {
    let shaper = Bandwidth::new().per_site("store", rate(1)).shaper().unwrap().unwrap();
    let stray = Device::new("stray", "http://10.0.0.1").unwrap();
    let lane = shaper.lane(&stray);
    assert!((0..100).all(|_| lane.pass(lane.most(), Nanos::ZERO).is_ok()));
}

#[test]
fn limits_that_cannot_be_kept_are_refused() {
    let error = Bandwidth::new().total(rate(u64::MAX)).shaper().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
