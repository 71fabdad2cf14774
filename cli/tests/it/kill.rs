//! A rollout whose process is killed, again and again, at points that a seed chooses.
//!
//! The devices live in this process, so they see every byte that any of those processes sent, and the store is read
//! afterwards by the library itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use steadfast_delivery::{DeviceState, EventKind, Place, RolloutState, SqliteStore, Store};
use steadfast_testkit::{FleetEvent, FleetSim, Layout, Matcher, Reply, Script};

use crate::rig::command;

const DEVICES: usize = 30;
const ID: &str = "killed";

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

/// A fleet, and everything that a process needs to update it.
struct World {
    runtime: tokio::runtime::Runtime,
    fleet: FleetSim,
    /// One message for everything that a device sees.
    seen: Receiver<()>,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let update = || Matcher::new().path("/update");
        let script = Script::new()
            .when(update().share(0.2), 1, Reply::status(503).header("retry-after", "0"))
            .whenever(update().share_from(0.2, 0.3), Reply::pass().slow_read(20_000_000))
            .whenever(update().share_from(0.5, 0.3), Reply::pass().delay(Duration::from_millis(4)))
            .whenever(Matcher::new().path("/version"), Reply::pass().delay(Duration::from_millis(2)));
        let (tell, seen) = channel();
        let watcher = move |_: &FleetEvent<'_>| {
            // Nobody listens any more once the test is over.
            let _over = tell.send(());
        };
        let builder = FleetSim::builder(DEVICES).layout(Layout::Paths).version("1.0.0").faults(script).watch(watcher);
        let fleet = runtime.block_on(builder.start()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let lines = fleet.addresses().into_iter().map(|device| format!("{},{}\n", device.id, device.address));
        let world = Self { runtime, fleet, seen, folder };
        std::fs::write(world.path("fleet.csv"), format!("id,address\n{}", lines.collect::<String>())).unwrap();
        let payload: Vec<u8> = (0..300_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        std::fs::write(world.path("fw.bin"), payload).unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn steadfast(&self, args: &[&str]) -> Command {
        let store = self.path("rollouts.db");
        command(&[args, &["--store", store.to_str().unwrap()]].concat())
    }

    fn run(&self) -> Command {
        let (artifact, inventory) = (self.path("fw.bin"), self.path("fleet.csv"));
        let (artifact, inventory) = (artifact.to_str().unwrap(), inventory.to_str().unwrap());
        let run = ["rollout", "run", "--id", ID, "--artifact", artifact, "--inventory", inventory];
        self.steadfast(&[&run[..], &["--version", "2.0.0", "--concurrency", "4"]].concat())
    }

    fn resume(&self) -> Command {
        self.steadfast(&["rollout", "resume", ID])
    }

    /// Starts a process, and kills it at a point of its life that the dice choose. Tells whether it was still alive then.
    fn kill(&self, command: &mut Command, dice: &mut Dice, log: &Path) -> bool {
        while self.seen.try_recv().is_ok() {}
        let errors = std::fs::File::options().create(true).append(true).open(log).unwrap();
        let mut child = command.stdout(Stdio::null()).stderr(errors).spawn().unwrap();
        let by_requests = dice.roll(4) > 0;
        let mut left = if by_requests { 1 + dice.roll(16) } else { dice.roll(60) };
        while left > 0 {
            match self.seen.recv_timeout(Duration::from_millis(1)) {
                Ok(()) => left -= u64::from(by_requests),
                Err(RecvTimeoutError::Timeout) => left -= u64::from(!by_requests),
                Err(RecvTimeoutError::Disconnected) => panic!("the fleet is gone"),
            }
            if ended(&mut child) {
                return false;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        true
    }

    /// Kills one process after the other until one comes to the end. Tells how many were killed.
    fn ride(&self, dice: &mut Dice) -> u32 {
        let log = self.path("stderr.txt");
        let mut kills = u32::from(self.kill(&mut self.run(), dice, &log));
        loop {
            let begun = self.runtime.block_on(async {
                let store = SqliteStore::open(self.path("rollouts.db")).await.ok()?;
                let record = store.rollout(ID).await.ok()?;
                store.close().await;
                record
            });
            let mut command = match begun {
                Some(record) if record.status.state == RolloutState::Completed => return kills,
                Some(_) => self.resume(),
                None => self.run(),
            };
            kills += u32::from(self.kill(&mut command, dice, &log));
            assert!(kills < 1000, "it never comes to an end: {}", std::fs::read_to_string(&log).unwrap());
        }
    }

    /// What every ride has to lead to, however often it was interrupted.
    fn check(&self) {
        let report = self.fleet.report();
        assert_eq!((report.totals.digest_bad, report.totals.accepted), (0, DEVICES as u64), "{:?}", report.totals);
        for (id, tally) in &report.devices {
            assert_eq!((tally.accepted, tally.pushes_after_success), (1, 0), "{id}");
            assert_eq!(self.fleet.version(id).as_deref(), Some("2.0.0"), "{id}");
        }
        self.runtime.block_on(async {
            let store = SqliteStore::open(self.path("rollouts.db")).await.unwrap();
            let status = store.rollout(ID).await.unwrap().unwrap().status;
            assert_eq!((status.state, status.succeeded), (RolloutState::Completed, DEVICES as u64));
            let events = store.events(ID, 0, usize::MAX).await.unwrap();
            let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
            assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<_>>());
            let mut states: BTreeMap<&str, DeviceState> = BTreeMap::new();
            for event in &events {
                if let EventKind::Device { device, from, to, .. } = &event.kind {
                    let before = states.insert(device, *to).unwrap_or(DeviceState::Pending);
                    assert!(!before.is_final() && before == *from, "{device}: {before} before {from} -> {to}");
                }
            }
            let ends: Vec<u64> = events
                .iter()
                .filter(|event| matches!(event.kind, EventKind::Finished { .. }))
                .map(|event| event.seq)
                .collect();
            assert_eq!(ends, [events.len() as u64]);
            let rows = store.scan(ID).await.unwrap();
            let places: Vec<Place> = (0..).take(DEVICES).map(Place).collect();
            let targets = store.targets(ID, &places).await.unwrap();
            assert_eq!((rows.len(), targets.len()), (DEVICES, DEVICES));
            for (row, target) in rows.iter().zip(&targets) {
                let told = states.get(target.device.id()).copied();
                assert_eq!((row.state, told), (DeviceState::Succeeded, Some(DeviceState::Succeeded)));
            }
            store.close().await;
        });
    }
}

fn ended(child: &mut Child) -> bool {
    child.try_wait().unwrap().is_some()
}

/// However often and wherever a rollout's process is killed, all devices end with the new version, each took it once, and
/// the log of events agrees with the states. Each of these kills at least 25 processes.
macro_rules! rides {
    ($($name:ident: $seed:expr;)*) => {
        $(#[test]
        fn $name() {
            let (mut dice, mut kills) = (Dice($seed), 0);
            while kills < 25 {
                let world = World::new();
                kills += world.ride(&mut dice);
                world.check();
            }
        })*
    };
}

rides! {
    killed_at_random_1: 1;
    killed_at_random_2: 2;
    killed_at_random_3: 3;
    killed_at_random_4: 4;
    killed_at_random_5: 5;
    killed_at_random_6: 6;
    killed_at_random_7: 7;
    killed_at_random_8: 8;
}
