//! The laws of a call's way.

use proptest::prelude::*;

use super::*;

fn candidate() -> impl Strategy<Value = Candidate> {
    (any::<bool>(), 0usize..3, prop::option::of(1u64..4), any::<bool>())
        .prop_map(|(parked, group, context, open)| Candidate { parked, group, context, open })
}

fn onward() -> impl Strategy<Value = Onward> {
    prop_oneof![Just(Onward::NextKey), Just(Onward::NextTarget), Just(Onward::Larger)]
}

/// Everybody who is asked, when all fail in these ways.
fn asked(first: Option<usize>, targets: &[Candidate], failures: &[Onward]) -> Vec<usize> {
    let mut course = Course::new(first, targets.len());
    let mut failures = failures.iter().cycle();
    let mut way = Vec::new();
    let mut from = None;
    while let Some(at) = course.next(from, targets) {
        course.ask(at);
        way.push(at);
        from = Some((at, *failures.next().unwrap()));
    }
    way
}

proptest! {
    /// Nobody is asked twice, and nobody who is not open.
    #[test]
    fn everybody_is_asked_once_at_most(
        targets in prop::collection::vec(candidate(), 0..6),
        failures in prop::collection::vec(onward(), 1..6),
        first in prop::option::of(0usize..6),
    ) {
        let way = asked(first, &targets, &failures);
        let mut once = way.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), way.len());
        prop_assert!(way.iter().all(|at| targets[*at].open));
    }

    /// Everybody who is open is asked before a call fails for a reason that another one may not have.
    #[test]
    fn nobody_is_left_out(
        targets in prop::collection::vec(candidate(), 0..6),
        by_key in prop::collection::vec(any::<bool>(), 1..6),
        first in prop::option::of(0usize..6),
    ) {
        let failures: Vec<_> =
            by_key.iter().map(|by_key| if *by_key { Onward::NextKey } else { Onward::NextTarget }).collect();
        let way = asked(first, &targets, &failures);
        prop_assert_eq!(way.len(), targets.iter().filter(|target| target.open).count());
    }

    /// Nobody who is parked is asked before one who is not.
    #[test]
    fn the_parked_come_last(
        targets in prop::collection::vec(candidate(), 0..6),
        failure in prop_oneof![Just(Onward::NextKey), Just(Onward::NextTarget)],
        first in prop::option::of(0usize..6),
    ) {
        let way = asked(first, &targets, &[failure]);
        prop_assert!(way.windows(2).all(|pair| targets[pair[0]].parked <= targets[pair[1]].parked));
    }

    /// A call that is too large is only ever moved to somebody who reads more.
    #[test]
    fn too_large_means_larger(targets in prop::collection::vec(candidate(), 0..6)) {
        let way = asked(None, &targets, &[Onward::Larger]);
        prop_assert!(way.windows(2).all(|pair| targets[pair[0]].context < targets[pair[1]].context));
    }
}

fn check(groups: &[usize], failure: Onward, expected: &[usize]) {
    let of = |group: &usize| Candidate { parked: false, group: *group, context: None, open: true };
    let targets: Vec<_> = groups.iter().map(of).collect();
    assert_eq!(asked(None, &targets, &[failure]), expected, "{groups:?}");
}

#[test]
fn a_failure_of_the_key_goes_to_another_key_and_one_of_the_provider_to_another_provider() {
    check(&[0, 1, 0, 1], Onward::NextKey, &[0, 2, 1, 3]);
    check(&[0, 0, 1, 1], Onward::NextTarget, &[0, 2, 1, 3]);
    check(&[0, 1, 2], Onward::NextKey, &[0, 1, 2]);
}

#[test]
fn a_favourite_comes_first_and_the_others_in_their_order() {
    let target = Candidate { parked: false, group: 0, context: None, open: true };
    assert_eq!(asked(Some(2), &[target; 4], &[Onward::NextKey]), [2, 0, 1, 3]);
}
