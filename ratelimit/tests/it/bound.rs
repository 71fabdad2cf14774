//! The check that most tests share: never more than burst + rate * t.

use steadfast_ratelimit::Quota;

/// The first span in which more was admitted than `burst + rate * t`, as `(from, to, admitted)`; exact integers.
/// `grants` are times in nanoseconds and costs.
pub(crate) fn excess(quota: Quota, mut grants: Vec<(u64, u64)>) -> Option<(u64, u64, u64)> {
    grants.sort_unstable();
    let period = quota.period().as_nanos();
    let within = |cost: u64, span: u64| {
        (u128::from(cost) - u128::from(cost.min(quota.burst_size()))) * period
            <= u128::from(quota.permits()) * u128::from(span)
    };
    for (i, (from, _)) in grants.iter().enumerate() {
        let mut admitted = 0;
        for (to, cost) in &grants[i..] {
            admitted += cost;
            if !within(admitted, to - from) {
                return Some((*from, *to, admitted));
            }
        }
    }
    None
}

#[test]
fn the_check_itself_finds_an_excess() {
    let quota = Quota::per_second(1).unwrap();
    let second = 1_000_000_000;
    assert_eq!(excess(quota, vec![(0, 1), (second, 1)]), None);
    assert_eq!(excess(quota, vec![(0, 1), (second - 1, 1)]), Some((0, second - 1, 2)));
    assert_eq!(excess(quota, vec![(5, 2)]), Some((5, 5, 2)));
}
