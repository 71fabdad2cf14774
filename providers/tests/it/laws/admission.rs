//! The laws of limits that learn.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_clock::UnixNanos;
use steadfast_providers::admission::{LimitTable, Limits, go_duration, reset_in, rfc3339};

use crate::admission::plan::Plan;
use crate::admission::world::World;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A vendor with any limits, and callers who ask for more or less than there is.
fn plan() -> impl Strategy<Value = Plan> {
    let openai = (2u64..300, 3_000u64..60_000)
        .prop_map(|(requests, tokens)| (LimitTable::OPENAI, vec![(0, requests), (1, tokens)]));
    let anthropic = (2u64..300, 2_000u64..30_000, 2_000u64..30_000)
        .prop_map(|(requests, input, output)| (LimitTable::ANTHROPIC, vec![(0, requests), (2, input), (3, output)]));
    (prop_oneof![openai, anthropic], any::<u64>(), 1u64..3_000, 0u64..501, 1u64..30_000, any::<bool>()).prop_map(
        |((table, limits), seed, gap, jitter, latency, early)| {
            let mut plan = Plan::new(80, table, &limits);
            (plan.seed, plan.gap, plan.jitter) = (seed, ms(gap), ms(jitter));
            (plan.latency, plan.early) = (ms(latency), early);
            plan
        },
    )
}

proptest! {
    /// One client that knows its limits never finds them used up, whatever way its requests take to the vendor, whenever
    /// the headers are written, and in whatever order the answers come.
    #[test]
    fn never_more_than_the_vendors_own_bucket_has(plan in plan()) {
        let tally = World::run(plan.known());
        prop_assert_eq!(tally.ended(), 80);
        prop_assert_eq!(tally.exceeded, 0, "{:?}", tally);
    }

    /// The same when nothing is known but what the first answer tells: what is under way is not forgotten for a header.
    #[test]
    fn one_answer_is_enough_to_know(plan in plan()) {
        let first = plan.latency + ms(10_000);
        let tally = World::run(Plan { first: Some(first), ..plan });
        prop_assert_eq!(tally.ended(), 80);
        prop_assert_eq!(tally.exceeded, 0, "{:?}", tally);
    }

    /// However wrong a configuration is, the first answer puts it right: what is too much is sent no more, and the limits
    /// that are told are those that are known.
    #[test]
    fn a_wrong_configuration_heals(plan in plan(), times in 1u64..30, over in 1u64..30) {
        let known = plan.limits.iter().fold(Limits::new(), |known, &(row, limit)| {
            known.with(plan.table.headers[row].measure, (limit * times / over).max(1), ms(60_000))
        });
        let (limits, latest) = (plan.limits.clone(), plan.jitter * 2 + plan.latency + ms(50));
        let tally = World::run(Plan { known, ..plan });
        prop_assert_eq!(tally.ended(), 80);
        prop_assert!(tally.exceeded == 0 || u128::from(tally.exceeded_last) <= latest.as_nanos(), "{:?}", tally);
        if tally.attempts > 0 {
            for (_, limit) in limits {
                prop_assert!(tally.known.iter().any(|known| known.told && known.limit == limit), "{:?}", tally);
            }
        }
    }

    /// Whatever a header says, it is read or passed over, and no reset is farther away than a month.
    #[test]
    fn whatever_headers_say(
        names in prop::collection::vec("(x-ratelimit|anthropic-ratelimit|retry|date)?[-a-z_]{0,24}", 0..6),
        values in prop::collection::vec("\\PC{0,24}", 6),
        now: u64,
    ) {
        let now = UnixNanos::from_nanos(now);
        let headers = names.iter().map(String::as_str).zip(values.iter().map(String::as_str));
        for table in [LimitTable::COMMON, LimitTable::OPENAI, LimitTable::ANTHROPIC] {
            let heard = table.read(headers.clone(), now);
            prop_assert!(heard.limits.iter().all(|(row, _)| *row < table.headers.len()));
        }
        for value in &values {
            prop_assert!(reset_in(value, now).is_none_or(|after| after <= Duration::from_secs(32 * 86_400)));
        }
    }

    /// A duration that is written as Go does is read back, to the nanosecond.
    #[test]
    fn durations_are_read_back(hours in 0u64..10_000, minutes in 0u64..60, nanos in 0u64..60_000_000_000) {
        let text = format!("{hours}h{minutes}m{}.{:09}s", nanos / 1_000_000_000, nanos % 1_000_000_000);
        let expected = Duration::from_secs(hours * 3_600 + minutes * 60) + Duration::from_nanos(nanos);
        prop_assert_eq!(go_duration(&text), Some(expected), "{}", text);
    }

    /// A second later is a second more, over every end of a month and a year; an offset only says the same otherwise.
    #[test]
    fn dates_are_in_order(days in 0u64..60_000, second in 0u64..86_400, offset in 0u64..1_440) {
        let at = days * 86_400 + second;
        let text = httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(at));
        let month = 1 + "JanFebMarAprMayJunJulAugSepOctNovDec".find(&text[8..11]).unwrap() / 3;
        let date = format!("{}-{month:02}-{}T{}", &text[12..16], &text[5..7], &text[17..25]);
        prop_assert_eq!(rfc3339(&format!("{date}Z")), Some(UnixNanos::from_secs(at)), "{}", date);
        let behind = format!("{date}-{:02}:{:02}", offset / 60, offset % 60);
        prop_assert_eq!(rfc3339(&behind), Some(UnixNanos::from_secs(at + offset * 60)), "{}", behind);
    }
}
