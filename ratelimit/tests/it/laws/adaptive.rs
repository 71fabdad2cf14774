//! The laws of adaptive limits.

use proptest::prelude::*;
use steadfast_ratelimit::{Aimd, Level, Sample, Signal};

proptest! {
    /// The level stays within its bounds, moves up by at most `increase` in a round, and down at most once for all calls
    /// that began before.
    #[test]
    fn it_stays_within_bounds_and_falls_once_a_round(
        (min, max) in (1u32..50, 0u32..200).prop_map(|(min, more)| (min, min + more)),
        start in 0u32..200,
        increase in 1u32..10,
        ratio in 0.0f64..1.0,
        steps in prop::collection::vec((0usize..20, any::<bool>(), 0u32..300), 0..200),
    ) {
        let start = min + start % (max - min + 1);
        let aimd = Aimd::new(min, max).unwrap().start(start).unwrap().increase(increase).unwrap();
        let aimd = aimd.decrease_to(ratio).unwrap();
        let mut level = aimd.first();
        prop_assert_eq!(level.limit().get(), start);
        // Calls that are under way, each with the number of decreases when it began.
        let (mut begun, mut decreases) = (Vec::new(), 0u32);
        for (which, success, in_flight) in steps {
            begun.push((Sample::new(level, in_flight), decreases, in_flight));
            if begun.len() <= which {
                continue;
            }
            let (sample, round, in_flight) = begun.swap_remove(which);
            let before = level;
            level = aimd.on(level, if success { Signal::Success } else { Signal::Overload }, sample);
            prop_assert_eq!(Level::from_bits(level.into_bits()), level);
            let (old, new) = (before.limit().get(), level.limit().get());
            prop_assert!((min..=max).contains(&new));
            if round != decreases || success && in_flight < old {
                prop_assert_eq!(level, before, "an earlier round, or a limit that was not used up");
            } else if success {
                prop_assert!(old <= new && new <= old + increase);
            } else {
                prop_assert!(new <= old && f64::from(new) >= (f64::from(old) * ratio).floor() - 1.0);
                decreases += 1;
            }
        }
    }

    /// A round of successes that use the limit up raises it by the increase, but for the rounding of a permit.
    #[test]
    fn a_round_of_successes_raises_it_by_the_increase(start in 1u32..200, increase in 1u32..10) {
        let aimd = Aimd::new(1, 1000).unwrap().start(start).unwrap().increase(increase).unwrap();
        let mut level = aimd.first();
        for _ in 0..start + increase {
            level = aimd.on(level, Signal::Success, Sample::new(level, u32::MAX));
        }
        let risen = level.limit().get() - start;
        prop_assert!(risen + 1 >= increase && risen <= increase * (start + increase) / start, "{} of {}", risen, increase);
    }
}
