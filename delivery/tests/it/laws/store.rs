//! The laws of stores.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use steadfast_delivery::{
    Attempt, Change, Command, Device, DeviceChange, DeviceState, ErrorKind, Event, EventKind, Failure, FailureClass,
    Heartbeat, Holder, Imported, Lease, MemoryStore, Outcome, Place, RolloutChange, RolloutRecord, RolloutState, Sent,
    SqliteStore, Stage, Store, Target, TargetState,
};
use tempfile::TempDir;

use crate::store::kit::{NOW, holder, new, scratch};
use crate::support::{device, devices};

const STATES: [DeviceState; 8] = [
    DeviceState::Pending,
    DeviceState::Deferred,
    DeviceState::Pushing,
    DeviceState::Verifying,
    DeviceState::Succeeded,
    DeviceState::Failed,
    DeviceState::Skipped,
    DeviceState::Cancelled,
];

/// What is asked of a store.
#[derive(Clone, Debug)]
enum Ask {
    Create {
        rollout: u8,
        devices: usize,
    },
    Acquire {
        rollout: u8,
        holder: u8,
        after_ms: u64,
    },
    Renew {
        after_ms: u64,
    },
    Release,
    Join {
        devices: usize,
    },
    Commit(Vec<Step>),
    /// The same step for all devices that are pending.
    All {
        to: usize,
    },
    Send {
        rollout: u8,
        command: u8,
    },
    Import {
        first: u8,
        devices: u8,
        tag: bool,
    },
    Beat {
        device: u8,
        version: bool,
    },
    Reopen,
}

/// One change, or one that does not fit.
#[derive(Clone, Debug)]
struct Step {
    place: u32,
    to: usize,
    /// What else is told, bit by bit.
    told: u8,
    fits: bool,
}

fn step() -> impl Strategy<Value = Step> {
    (0u32..6, 0usize..8, any::<u8>(), prop::bool::weighted(0.97)).prop_map(|(place, to, told, fits)| Step {
        place,
        to,
        told,
        fits,
    })
}

fn ask() -> impl Strategy<Value = Ask> {
    let rollout = 0u8..2;
    prop_oneof![
        1 => (rollout.clone(), 0usize..8).prop_map(|(rollout, devices)| Ask::Create { rollout, devices }),
        2 => (rollout.clone(), 0u8..2, 0u64..40_000)
            .prop_map(|(rollout, holder, after_ms)| Ask::Acquire { rollout, holder, after_ms }),
        1 => (0u64..40_000).prop_map(|after_ms| Ask::Renew { after_ms }),
        1 => Just(Ask::Release),
        1 => (0usize..3).prop_map(|devices| Ask::Join { devices }),
        8 => prop::collection::vec(step(), 0..8).prop_map(Ask::Commit),
        2 => (0usize..8).prop_map(|to| Ask::All { to }),
        1 => (rollout, any::<u8>()).prop_map(|(rollout, command)| Ask::Send { rollout, command }),
        1 => (0u8..9, 0u8..5, any::<bool>()).prop_map(|(first, devices, tag)| Ask::Import { first, devices, tag }),
        1 => (0u8..9, any::<bool>()).prop_map(|(device, version)| Ask::Beat { device, version }),
        1 => Just(Ask::Reopen),
    ]
}

/// What came of it, as far as it can be compared.
#[derive(Debug, PartialEq)]
enum Said {
    Done,
    Lease(Lease),
    Place(Place),
    Number(u64),
    Imported(Imported),
    Unknown(Vec<String>),
    Refused(ErrorKind),
}

impl<T: Into<Said>> From<Result<T, steadfast_delivery::Error>> for Said {
    fn from(result: Result<T, steadfast_delivery::Error>) -> Self {
        result.map_or_else(|error| Self::Refused(error.kind()), Into::into)
    }
}

macro_rules! said {
    ($($of:ty => $name:ident)*) => {
        $(impl From<$of> for Said {
            fn from(value: $of) -> Self {
                Self::$name(value)
            }
        })*
    };
}
said! { Lease => Lease Place => Place u64 => Number Imported => Imported Vec<String> => Unknown }

impl From<()> for Said {
    fn from((): ()) -> Self {
        Self::Done
    }
}

fn id(rollout: u8) -> String {
    format!("r{rollout}")
}

fn who(number: u8) -> Holder {
    holder(&format!("t{number}"))
}

/// A driver that knows what the store knows, but for the changes that do not fit.
#[derive(Default)]
struct Driver {
    lease: Option<Lease>,
    now: u64,
}

impl Driver {
    async fn ask(&mut self, ask: &Ask, stores: [&dyn Store; 2]) -> [Said; 2] {
        let lease = self.lease.clone().unwrap_or_else(|| Lease::new("r0", 9, who(0)));
        let changes = match ask {
            Ask::Commit(steps) => self.changes(&lease, steps, stores[0]).await,
            Ask::All { to } => self.all(&lease, *to, stores[0]).await,
            _ => Vec::new(),
        };
        let mut said = [Said::Done, Said::Done];
        for (store, said) in stores.into_iter().zip(&mut said) {
            *said = match ask {
                Ask::Create { rollout, devices } => {
                    let mut made = new(&id(*rollout), *devices);
                    made.at_ms += self.now;
                    store.create(made).await.into()
                }
                Ask::Acquire { rollout, holder, after_ms } => {
                    store.acquire(&id(*rollout), &who(*holder), NOW + self.now + after_ms, 30_000).await.into()
                }
                Ask::Renew { after_ms } => store.renew(&lease, NOW + self.now + after_ms, 30_000).await.into(),
                Ask::Release => store.release(&lease).await.into(),
                Ask::Join { devices } => {
                    let late = (0..*devices).map(|i| device(&format!("late-{}-{i}", self.now), "http://127.0.0.1:9"));
                    store.join(&lease, late.collect()).await.into()
                }
                Ask::Commit(_) | Ask::All { .. } => store.commit(&lease, changes.clone()).await.into(),
                Ask::Send { rollout, command } => {
                    let command = match command % 3 {
                        0 => Command::Pause,
                        1 => Command::Approve { phase: Some(1), by: None },
                        _ => Command::Retry { classes: vec![FailureClass::Cut] },
                    };
                    store.send(&id(*rollout), command, NOW + self.now).await.into()
                }
                Ask::Import { first, devices, tag } => store.import(fleet(*first, *devices, *tag)).await.into(),
                Ask::Beat { device, version } => {
                    let mut beat = Heartbeat::new(format!("d{device}"), NOW + self.now);
                    beat.firmware_version = version.then(|| String::from("3"));
                    store.heartbeat(vec![beat]).await.into()
                }
                Ask::Reopen => Said::Done,
            };
        }
        if let (Said::Lease(lease), Ask::Acquire { after_ms, .. }) = (&said[0], ask) {
            self.lease = Some(lease.clone());
            self.now += after_ms;
        }
        self.now += 1;
        said
    }

    async fn changes(&self, lease: &Lease, steps: &[Step], store: &dyn Store) -> Vec<Change> {
        let Ok(Some(record)) = store.rollout(&lease.rollout).await else { return Vec::new() };
        let mut states: Vec<_> = store.scan(&lease.rollout).await.unwrap().iter().map(|target| target.state).collect();
        let mut seq = record.last_seq;
        let mut changes = Vec::new();
        for step in steps {
            let known = states.get_mut(step.place as usize);
            if known.is_none() && step.fits {
                continue;
            }
            let to = STATES[step.to];
            let from = known.map_or(DeviceState::Pending, |state| std::mem::replace(state, to));
            seq += 1;
            if step.told & 0x81 == 0x80 {
                let mut status = record.status.clone();
                (status.state, status.bytes_sent) = (RolloutState::Running, seq);
                let kind = EventKind::PhaseStarted { phase: 1, devices: seq };
                let change = RolloutChange::new(Some((seq, kind)), NOW + seq, status, json!({ "seq": seq }), seq);
                changes.push(Change::Rollout(Box::new(change)));
                seq += 1;
            }
            let shift = u64::from(!step.fits);
            changes.push(Change::Device(told(
                DeviceChange::new(
                    seq + shift,
                    NOW + self.now,
                    Place(step.place),
                    format!("d{}", step.place).into(),
                    from,
                    to,
                ),
                step.told,
            )));
        }
        changes
    }

    async fn all(&self, lease: &Lease, to: usize, store: &dyn Store) -> Vec<Change> {
        let Ok(Some(record)) = store.rollout(&lease.rollout).await else { return Vec::new() };
        let states = store.scan(&lease.rollout).await.unwrap();
        let pending = (0..).zip(states).filter(|(_, target)| target.state == DeviceState::Pending);
        (record.last_seq + 1..)
            .zip(pending)
            .map(|(seq, (place, _))| {
                let device: Arc<str> = format!("d{place}").into();
                let change = DeviceChange::new(seq, NOW, Place(place), device, DeviceState::Pending, STATES[to]);
                Change::Device(change)
            })
            .collect()
    }
}

/// What else is told of a change.
fn told(mut change: DeviceChange, told: u8) -> DeviceChange {
    change.tried = (u32::from(told & 3), u32::from(told >> 2 & 1));
    if change.to == DeviceState::Deferred {
        (change.due_ms, change.after_ms) = (Some(NOW + u64::from(told)), Some(u64::from(told)));
        change.first_deferred_ms = (told & 8 != 0).then_some(NOW);
        change.token = (told & 16 != 0).then(|| "upload".into());
    }
    if change.to.is_final() && told & 32 != 0 {
        let mut outcome = Outcome::new(&*change.device, change.to);
        outcome.duration = Duration::from_millis(250);
        let mut attempt = Attempt::new(Stage::Pushing, 1);
        attempt.status = Some(503);
        if matches!(change.to, DeviceState::Failed | DeviceState::Cancelled) {
            let class = if told & 64 == 0 { FailureClass::Cut } else { FailureClass::Tls };
            outcome.failure = Some(Failure::new(Stage::Pushing, class, "no").attempts(vec![attempt]));
        } else {
            outcome.ledger = vec![attempt];
        }
        change.outcome = Some(Box::new(outcome));
    }
    change
}

fn fleet(first: u8, n: u8, tag: bool) -> Vec<Device> {
    let tagged = |mut device: Device| {
        if tag {
            device.tags.insert("region".into(), "eu".into());
        }
        device
    };
    devices(usize::from(first + n)).into_iter().skip(first.into()).map(tagged).collect()
}

/// All that can be read of a rollout.
#[derive(Debug, PartialEq)]
struct View {
    record: RolloutRecord,
    states: Vec<TargetState>,
    targets: Vec<Target>,
    events: Vec<Event>,
    outcomes: Vec<(Place, Outcome)>,
    failed: Vec<(Place, Outcome)>,
    commands: Vec<Sent>,
    places: Vec<Option<Place>>,
}

async fn view(store: &dyn Store, record: RolloutRecord) -> View {
    let id = record.id.clone();
    let states = store.scan(&id).await.unwrap();
    let places: Vec<_> = (0..).map(Place).take(states.len()).collect();
    let targets = store.targets(&id, &places).await.unwrap();
    let mut found = Vec::new();
    for target in &targets {
        found.push(store.place_of(&id, target.device.id()).await.unwrap());
    }
    View {
        events: store.events(&id, 0, usize::MAX).await.unwrap(),
        outcomes: store.outcomes(&id, Place(0), usize::MAX, false).await.unwrap(),
        failed: store.outcomes(&id, Place(0), usize::MAX, true).await.unwrap(),
        commands: store.commands(&id, 0).await.unwrap(),
        places: found,
        record,
        states,
        targets,
    }
}

/// The events are numbered without gaps, each device's steps chain from pending, and their ends are the states and the
/// counters.
fn replay(view: &View) {
    let mut states: HashMap<String, DeviceState> = HashMap::new();
    for (event, seq) in view.events.iter().zip(1..) {
        assert_eq!(event.seq, seq);
        if let EventKind::Device { device, from, to, .. } = &event.kind {
            let before = states.insert(device.clone(), *to);
            assert_eq!(before.unwrap_or(DeviceState::Pending), *from, "{device} at {seq}");
        }
    }
    assert_eq!(view.record.last_seq, view.events.len() as u64);
    let replayed = |target: &Target| states.get(target.device.id()).copied().unwrap_or(DeviceState::Pending);
    assert!(view.targets.iter().all(|target| replayed(target) == target.state));
    let count =
        |wanted: &[DeviceState]| view.states.iter().filter(|target| wanted.contains(&target.state)).count() as u64;
    let status = &view.record.status;
    let told = [status.pending, status.deferred, status.in_flight, status.succeeded, status.failed, status.skipped];
    let counted = [
        count(&[DeviceState::Pending]),
        count(&[DeviceState::Deferred]),
        count(&[DeviceState::Pushing, DeviceState::Verifying]),
        count(&[DeviceState::Succeeded]),
        count(&[DeviceState::Failed]),
        count(&[DeviceState::Skipped]),
    ];
    assert_eq!(told, counted);
    assert_eq!((status.cancelled, status.total), (count(&[DeviceState::Cancelled]), view.states.len() as u64));
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

async fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder.join("rollouts.db")).await.unwrap()
}

/// A store's file with one rollout of six devices: made once, since that takes longer than what is asked of it.
fn made() -> &'static [u8] {
    static MADE: OnceLock<Vec<u8>> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = scratch();
        block_on(async {
            let store = open(folder.path()).await;
            store.create(new("r0", 6)).await.unwrap();
            store.close().await;
        });
        std::fs::read(folder.path().join("rollouts.db")).unwrap()
    })
}

/// A folder with that file.
fn folder() -> TempDir {
    let folder = scratch();
    std::fs::write(folder.path().join("rollouts.db"), made()).unwrap();
    folder
}

proptest! {
    /// Whatever is asked, in whatever order, with the file closed and opened in between: the store on disk says what the
    /// one in memory says, and after each answer the events replay to the states and counters.
    #[test]
    fn the_store_on_disk_is_the_one_in_memory(asks in prop::collection::vec(ask(), 1..12)) {
        let folder = folder();
        block_on(async {
            let (memory, mut disk) = (MemoryStore::new(), open(folder.path()).await);
            memory.create(new("r0", 6)).await.unwrap();
            let mut driver = Driver::default();
            for ask in &asks {
                if matches!(ask, Ask::Reopen) {
                    disk.close().await;
                    disk = open(folder.path()).await;
                }
                let [one, two] = driver.ask(ask, [&memory, &disk]).await;
                assert_eq!(one, two, "{ask:?}");
            }
            let (one, two) = (memory.rollouts().await.unwrap(), disk.rollouts().await.unwrap());
            assert_eq!(one.len(), two.len());
            for (one, two) in one.into_iter().zip(two) {
                let (one, two) = (view(&memory, one).await, view(&disk, two).await);
                replay(&two);
                assert_eq!(one, two);
            }
            assert_eq!(memory.devices(None, 99).await.unwrap(), disk.devices(None, 99).await.unwrap());
            assert_eq!(memory.heartbeats(0, 99).await.unwrap(), disk.heartbeats(0, 99).await.unwrap());
        });
    }

    /// Wherever a loss of power cuts the log of the file: what is read is what was there after one of the commits, with
    /// states, counters and events of that moment.
    #[test]
    fn states_and_events_are_kept_together(
        batches in prop::collection::vec(prop::collection::vec(step(), 1..7), 1..5),
        cut in 0usize..=1000,
    ) {
        let folder = folder();
        block_on(async {
            let disk = open(folder.path()).await;
            let mut driver = Driver::default();
            let acquire = Ask::Acquire { rollout: 0, holder: 0, after_ms: 0 };
            driver.ask(&acquire, [&disk, &MemoryStore::new()]).await;
            let lease = driver.lease.clone().unwrap();
            let mut ends = vec![0];
            for batch in batches {
                let changes = driver.changes(&lease, &batch, &disk).await;
                if disk.commit(&lease, changes).await.is_ok() {
                    ends.push(disk.rollout("r0").await.unwrap().unwrap().last_seq);
                }
            }
            let log = std::fs::read(folder.path().join("rollouts.db-wal")).unwrap();
            let cut = log.len() * cut / 1000;
            let elsewhere = self::folder();
            std::fs::write(elsewhere.path().join("rollouts.db-wal"), &log[..cut]).unwrap();
            let after = open(elsewhere.path()).await;
            let seen = view(&after, after.rollout("r0").await.unwrap().unwrap()).await;
            replay(&seen);
            assert!(ends.contains(&seen.record.last_seq), "{} of {ends:?}", seen.record.last_seq);
        });
    }
}
