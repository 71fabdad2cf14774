//! The law of publishing through the facade, against what was recorded.

use metrics::with_local_recorder;
use proptest::collection::vec;
use proptest::prelude::*;
use steadfast_telemetry::export::metrics::{Facade, Publisher};
use steadfast_telemetry::{Key, Recorder, Registry};

/// Values of every magnitude, of which hundreds do not overflow a sum.
fn value() -> impl Strategy<Value = u64> {
    (any::<u64>(), 12u32..64).prop_map(|(bits, shift)| bits >> shift)
}

proptest! {
    /// Publishing through the facade in any number of steps tells every count once, and every value to within 1/128.
    #[test]
    fn publishing_tells_everything_once(steps in vec(vec((0u8..3, value()), 0..10), 0..6)) {
        let (ours, theirs) = (Registry::new(), Registry::new());
        let (facade, mut publisher) = (Facade::new(theirs.clone()), Publisher::new(ours.clone()));
        for step in &steps {
            for (host, value) in step {
                let host = host.to_string();
                ours.counter(&Key::new("bytes").label("host", host.clone())).add(*value);
                ours.histogram(&Key::new("size").label("host", host.clone())).record(*value);
                ours.gauge(&Key::new("last").label("host", host)).set(i64::try_from(*value >> 11).unwrap());
            }
            with_local_recorder(&facade, || publisher.publish());
        }
        let (ours, theirs) = (ours.snapshot(), theirs.snapshot());
        prop_assert_eq!(&ours.counters, &theirs.counters);
        prop_assert_eq!(&ours.gauges, &theirs.gauges);
        for (key, exact) in &ours.histograms {
            let told = theirs.histogram(key).unwrap();
            prop_assert_eq!(told.count(), exact.count());
            prop_assert!(told.sum() >= exact.sum() && told.sum() - exact.sum() <= exact.sum() / 128 + 1);
        }
    }
}
