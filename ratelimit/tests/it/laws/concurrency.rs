//! The laws of concurrency limits.

use std::num::NonZeroU32;

use proptest::prelude::*;
use proptest::sample::Index;
use steadfast_ratelimit::Concurrency;

#[derive(Clone, Debug)]
enum Step {
    Take,
    Owned,
    End(Index),
    Limit(u32),
}

proptest! {
    /// After any history of takers, ends and changes of the limit it admits exactly when fewer run than may.
    #[test]
    fn it_counts_as_a_list_of_those_in_flight_does(
        first in 1u32..5,
        steps in prop::collection::vec(
            prop_oneof![
                3 => Just(Step::Take),
                3 => Just(Step::Owned),
                4 => any::<Index>().prop_map(Step::End),
                1 => (1u32..6).prop_map(Step::Limit),
            ],
            0..100,
        ),
    ) {
        let shared = std::sync::Arc::new(Concurrency::new(NonZeroU32::new(first).unwrap()));
        let (mut borrowed, mut owned, mut limit) = (Vec::new(), Vec::new(), first);
        for step in steps {
            let running = u32::try_from(borrowed.len() + owned.len()).unwrap();
            match step {
                Step::Take => match shared.try_acquire() {
                    Ok(permit) => {
                        prop_assert!(running < limit);
                        prop_assert_eq!(permit.nth(), running + 1);
                        borrowed.push(permit);
                    }
                    Err(busy) => prop_assert!(running >= limit && (busy.limit, busy.in_flight) == (limit, running)),
                },
                Step::Owned => match shared.try_acquire_owned() {
                    Ok(permit) => {
                        prop_assert!(running < limit);
                        owned.push(permit);
                    }
                    Err(_) => prop_assert!(running >= limit),
                },
                Step::End(which) if running > 0 => {
                    let which = which.index(borrowed.len() + owned.len());
                    if which < borrowed.len() {
                        drop(borrowed.swap_remove(which));
                    } else {
                        drop(owned.swap_remove(which - borrowed.len()));
                    }
                }
                Step::End(_) => {}
                Step::Limit(to) => {
                    shared.set_limit(NonZeroU32::new(to).unwrap());
                    limit = to;
                }
            }
            prop_assert_eq!(shared.in_flight() as usize, borrowed.len() + owned.len());
            prop_assert_eq!(shared.limit().get(), limit);
        }
    }
}
