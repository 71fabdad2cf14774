//! The laws of delivery.

mod filter;
#[cfg(feature = "sqlite")]
mod store;
mod uploads;
mod version;
mod window;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use steadfast_clock::{ManualClock, shared};
use steadfast_delivery::{
    Artifact, Deferral, DetachedSignature, Device, Event, EventKind, Failure, FailureClass, Handle, Plan, Rollout,
    RolloutStatus, SignatureKey, chunk_size,
};

use crate::support::{Fake, Memory, devices, run, whole};

fn sum(status: &RolloutStatus) -> u64 {
    let done = status.succeeded + status.failed + status.skipped + status.cancelled;
    done + status.pending + status.deferred + status.in_flight
}

/// What a simulated device does with each request.
#[derive(Clone, Copy, Debug)]
enum Act {
    Take,
    Refuse,
    Later(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![4 => Just(Act::Take), 1 => Just(Act::Refuse), 2 => (0u64..100_000).prop_map(Act::Later)]
}

proptest! {
    /// A chunk is within 64 KiB ..= 256 KiB, and all chunks together stay within the budget wherever the lower bound
    /// allows it.
    #[test]
    fn chunks_stay_within_the_budget(budget in 0usize..1 << 40, concurrency in 0usize..1_000_000) {
        let chunk = chunk_size(budget, concurrency);
        prop_assert!((64 * 1024..=256 * 1024).contains(&chunk));
        prop_assert!(chunk == 64 * 1024 || chunk * concurrency <= budget);
    }

    /// No text makes a reader of keys and signatures panic.
    #[test]
    fn keys_and_signatures_are_read_or_refused(text in "(\\PC{0,40}\n?){0,5}", line in "[A-Za-z0-9+/=]{0,110}") {
        let _ = (SignatureKey::minisign(&text), DetachedSignature::minisign(&text), SignatureKey::minisign(&line));
        let _ = DetachedSignature::minisign(&format!("untrusted comment:\n{line}\ntrusted comment: {text}\n{line}"));
    }

    /// No text makes a device panic, and every device is read back from JSON as it was.
    #[test]
    fn devices_survive_json(id in ".{0,20}", address in "(http://)?.{0,30}", name in proptest::option::of(".{0,9}")) {
        if let Ok(mut device) = Device::new(id, &address) {
            device.name = name;
            let json = serde_json::to_string(&device).unwrap();
            prop_assert_eq!(serde_json::from_str::<Device>(&json).unwrap(), device);
        }
    }

    /// Whatever devices do and whenever the rollout is cancelled: the counters sum to the total at every event, each
    /// device's states chain from pending to exactly one final state, never more devices are in hands than allowed, and
    /// the last event is the end.
    #[test]
    fn everybody_is_accounted_for(
        acts in proptest::collection::vec(proptest::collection::vec(act(), 0..25), 0..12),
        concurrency in 1usize..5,
        cancel_at in proptest::option::of(0usize..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let clock = ManualClock::new();
            let n = acts.len();
            let turns: Vec<AtomicUsize> = (0..n).map(|_| AtomicUsize::new(0)).collect();
            let push = Fake::new(move |stage, _, device| {
                let i: usize = device.id()[1..].parse().unwrap();
                match acts[i].get(turns[i].fetch_add(1, Ordering::Relaxed)).copied().unwrap_or(Act::Take) {
                    Act::Take => Ok(()),
                    Act::Refuse => Err(Failure::new(stage, FailureClass::Rejected, "no").into()),
                    Act::Later(seconds) => Err(Deferral::new(Duration::from_secs(seconds), Vec::new()).into()),
                }
            });
            let plan = Plan::builder(Artifact::from_bytes("x"))
                .version("2")
                .devices(devices(n))
                .concurrency(NonZeroUsize::new(concurrency).unwrap())
                .build()
                .unwrap();
            let memory = Memory::default();
            let events = memory.clone();
            let slot: Arc<Mutex<Option<Handle>>> = Arc::default();
            let wrong = Arc::new(AtomicBool::new(false));
            let (watched, noted) = (Arc::clone(&slot), Arc::clone(&wrong));
            let observer = move |event: &Event| {
                steadfast_delivery::Observer::on(&events, event);
                let handle = watched.lock().unwrap().clone().unwrap();
                let status = handle.status();
                if sum(&status) != n as u64 || status.in_flight > concurrency as u64 {
                    noted.store(true, Ordering::Relaxed);
                }
                if cancel_at == Some(events.events().len()) {
                    handle.cancel();
                }
            };
            let rollout =
                Rollout::builder(plan, push).timer(shared(clock.clone())).observer(Arc::new(observer)).build();
            *slot.lock().unwrap() = Some(rollout.handle());
            let report = run(&clock, whole(rollout)).await;
            assert!(!wrong.load(Ordering::Relaxed));
            assert_eq!((sum(&report.status), report.outcomes.len()), (n as u64, n));
            let mut finals: HashMap<String, usize> = HashMap::new();
            for event in memory.events() {
                if let EventKind::Device { device, to, .. } = event.kind {
                    *finals.entry(device).or_default() += usize::from(to.is_final());
                }
            }
            for (i, outcome) in report.outcomes.iter().enumerate() {
                assert_eq!(outcome.device, format!("d{i}"));
                let path = memory.path(&outcome.device);
                assert_eq!((path.last(), finals[&outcome.device]), (Some(&outcome.state), 1));
            }
            let events = memory.events();
            let ended = matches!(events.last().unwrap().kind, EventKind::Finished { .. });
            assert!(ended && report.status.state.is_final());
            assert_eq!(clock.waiting(), 0, "nothing is left behind");
        });
    }
}
