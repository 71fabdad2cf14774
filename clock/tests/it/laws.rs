//! The laws of points in time.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_clock::{Nanos, UnixNanos};

proptest! {
    /// Arithmetic saturates: no pair of point and duration panics, and adding never goes backwards.
    #[test]
    fn adding_never_wraps(at: u64, secs: u64, nanos in 0u32..1_000_000_000) {
        let duration = Duration::new(secs, nanos);
        let point = Nanos::from_nanos(at);
        prop_assert!(point.saturating_add(duration) >= point);
        prop_assert!(point.saturating_sub(duration) <= point);
        let date = UnixNanos::from_nanos(at);
        prop_assert!(date.saturating_add(duration) >= date);
    }

    /// `since` undoes `saturating_add` wherever nothing saturated.
    #[test]
    fn since_undoes_add(at in 0..=u64::MAX / 2, nanos in 0..=u64::MAX / 2) {
        let duration = Duration::from_nanos(nanos);
        let point = Nanos::from_nanos(at);
        prop_assert_eq!(point.saturating_add(duration).since(point), duration);
        prop_assert_eq!(point.since(point.saturating_add(duration)), Duration::ZERO);
    }
}
