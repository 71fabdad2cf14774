//! What users may rely on at compile time, and that anyone can write a recorder.

use std::fmt::Debug;
use std::sync::Arc;

use steadfast_clock::ManualClock;
use steadfast_telemetry::{
    Attempt, CallReport, Calls, Counter, Gauge, Held, Histogram, HistogramSnapshot, Key, Latency, Operation, Recorder,
    Registry, RegistryBuilder, Snapshot, Timed, Window,
};

fn send_sync<T: Send + Sync + Debug + 'static>() {}

#[test]
fn everything_is_send_sync_and_debug() {
    send_sync::<Key>();
    send_sync::<Counter>();
    send_sync::<Gauge>();
    send_sync::<Histogram>();
    send_sync::<Timed<ManualClock>>();
    send_sync::<Held>();
    send_sync::<Registry>();
    send_sync::<RegistryBuilder>();
    send_sync::<Window<Registry>>();
    send_sync::<Snapshot>();
    send_sync::<HistogramSnapshot>();
    send_sync::<Calls>();
    send_sync::<Operation<'static, ManualClock>>();
    send_sync::<Attempt<'static, 'static, ManualClock>>();
    send_sync::<CallReport>();
    send_sync::<Latency>();
}

#[test]
fn the_trait_is_dyn_compatible_and_passes_through_references() {
    fn count(recorder: impl Recorder) -> u64 {
        recorder.counter(&Key::new("calls")).inc();
        recorder.histogram(&Key::new("latency")).record(1);
        recorder.snapshot().counter(&Key::new("calls"))
    }
    let registry = Registry::new();
    let recorder: Arc<dyn Recorder> = Arc::new(registry.clone());
    assert_eq!(count(&*recorder), 1);
    assert_eq!(count(&recorder), 2);
    assert_eq!(count(recorder), 3);
    assert_eq!(count(registry), 4);
}

#[test]
fn a_recorder_can_be_written_outside_of_the_crate() {
    #[derive(Default)]
    struct One(Counter, Histogram);

    impl Recorder for One {
        fn counter(&self, _: &Key) -> Counter {
            self.0.clone()
        }

        fn gauge(&self, _: &Key) -> Gauge {
            Gauge::new()
        }

        fn histogram(&self, _: &Key) -> Histogram {
            self.1.clone()
        }

        fn snapshot(&self) -> Snapshot {
            let mut snapshot = Snapshot::new();
            snapshot.counters.insert(Key::new("all"), self.0.get());
            snapshot.histograms.insert(Key::new("all"), self.1.snapshot());
            snapshot
        }
    }

    let one = One::default();
    one.counter(&Key::new("a")).inc();
    one.counter(&Key::new("b")).inc();
    one.histogram(&Key::new("c")).record(7);
    assert_eq!(one.snapshot().counter_sum("all"), 2);
    assert_eq!(one.snapshot().histogram_sum("all").max(), Some(7));
}

#[test]
fn exporters_are_send_and_sync() {
    #[cfg(feature = "prometheus")]
    send_sync::<steadfast_telemetry::export::prometheus::Exporter<Registry>>();
    #[cfg(feature = "otlp")]
    {
        send_sync::<steadfast_telemetry::export::otlp::Exporter>();
        send_sync::<steadfast_telemetry::export::otlp::Conventions>();
        send_sync::<steadfast_telemetry::export::Bounds>();
    }
    #[cfg(feature = "metrics")]
    {
        send_sync::<steadfast_telemetry::export::metrics::Facade<Registry>>();
        send_sync::<steadfast_telemetry::export::metrics::Publisher<Registry>>();
    }
}

#[test]
fn the_future_of_a_counted_call_can_be_spawned() {
    fn spawn(_: impl Future<Output = ()> + Send + 'static) {}
    let (calls, clock) = (Arc::new(Calls::new(Registry::new(), "x")), ManualClock::new());
    spawn(async move {
        let operation = calls.begin(&clock);
        let attempt = operation.attempt();
        std::future::ready(()).await;
        attempt.end();
        operation.succeed();
    });
}
