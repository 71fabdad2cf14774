//! The law of resumed uploads, over real sockets.

use proptest::prelude::*;
use steadfast_clock::{ManualClock, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{Artifact, Push, PushContext, Resumable};
use steadfast_testkit::{DeviceSim, Matcher, Reply, Script};

use crate::support::{device, http, run};

/// What goes wrong with one request of an upload.
fn fault() -> impl Strategy<Value = (&'static str, Reply)> {
    prop_oneof![
        4 => (0u64..60_000).prop_map(|bytes| ("PATCH", Reply::pass().take_only(bytes))),
        1 => Just(("PATCH", Reply::reset())),
        1 => Just(("HEAD", Reply::close())),
        1 => Just(("HEAD", Reply::status(500))),
        1 => Just(("HEAD", Reply::status(404))),
        1 => Just(("PATCH", Reply::status(409))),
        1 => Just(("POST", Reply::status(503))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is cut off, lost, refused or forgotten on the way: the device ends with exactly the artifact's bytes,
    /// nothing is asked of it against its protocol, and a process that takes an upload up by its
    /// token goes on where the one before stood.
    #[test]
    fn a_resumed_upload_ends_with_all_bytes_there(
        faults in proptest::collection::vec(fault(), 0..5),
        tus in any::<bool>(),
        len in 0usize..60_000,
        spent in 1u32..4,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let clock = ManualClock::new();
            let script = faults.iter().cloned().fold(Script::new(), |script, (method, reply)| {
                script.when(Matcher::new().method(method), 1, reply)
            });
            let (how, sim) = match tus {
                true => (Resumable::Tus, DeviceSim::tus()),
                false => (Resumable::Draft, DeviceSim::draft()),
            };
            let sim = sim.faults(script).timer(shared(clock.clone())).start().await.unwrap();
            let artifact = Artifact::from_bytes((0..len).map(|n| u8::try_from(n % 251).unwrap()).collect::<Vec<u8>>());
            // The first process gives up early; each of the next takes up what the one before has left.
            let mut token = None;
            let mut done = false;
            for attempts in [spent, spent, 8] {
                let push = http(&clock, Policy::delivery().with_attempts(attempts).unwrap()).resumable(how).build();
                let context = PushContext::new().version("2.0.0").resume(token.take());
                done = run(&clock, push.unwrap().push(&context, &device("d", sim.url()), &artifact)).await.is_ok();
                if done {
                    break;
                }
                token = context.resume_token();
            }
            assert!(done, "{faults:?}");
            assert_eq!((sim.image(), sim.version().as_str()), (Some(*artifact.digest()), "2.0.0"));
            assert_eq!(sim.violations(), [""; 0]);
        });
    }
}
