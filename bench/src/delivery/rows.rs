//! The rows: who is measured with what, in turns, and what ours must reach.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::bare::digest;
use super::order::{Order, Ran};
use super::process::{Fleet, ours, ours_anywhere, run};
use super::{go, upload};
use crate::row::OURS;
use crate::{Better, Kind, Measured, Outcome, Reach};

const BARE: &str = "reqwest";
const GO: &str = "Go net/http";
const CURL: &str = "curl -T";

const DEVICES: usize = 20_000;
const MANY: usize = 100_000;
const CONCURRENCY: usize = 256;
const ROUNDS: usize = 5;

const MEMORY: &str = "100,000 no-op deliveries, store in memory: ms";
const SQLITE: &str = "100,000 no-op deliveries, SQLite, every transition kept: ms";
const PLAIN: &str = "20,000 devices, post and verify: devices/s";
const PLAIN_CPU: &str = "20,000 devices, post and verify: µs of the processor a device";
const SECRET: &str = "20,000 devices, post and verify, TLS 1.3: devices/s";
const SECRET_CPU: &str = "20,000 devices, post and verify, TLS 1.3: µs of the processor a device";
const KEPT: &str = "100,000 devices, SQLite: devices/s";
const KEPT_RSS: &str = "100,000 devices, SQLite: peak MiB";
const GIB: &str = "1 GiB to one device: MB/s";
const GIB_RSS: &str = "1 GiB to one device: peak MiB";
const HUNDRED_RSS: &str = "64 MiB to 100 devices at once: peak MiB";
const IDLE: &str = "1,000,000 devices that are waited for: B a device";

/// All rows of the area with `wanted` in their name.
pub(super) fn outcomes(wanted: &str) -> Vec<Outcome> {
    let folder = std::env::temp_dir().join(format!("steadfast-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for what is written");
    let is_wanted = |rows: &[&str]| rows.iter().any(|row| row.contains(wanted));
    let mut outcomes = Vec::new();
    if is_wanted(&[MEMORY, SQLITE]) {
        outcomes.extend(noop(&folder));
    }
    if is_wanted(&[PLAIN, PLAIN_CPU]) {
        outcomes.extend(fleet([PLAIN, PLAIN_CPU], false, &folder));
    }
    if is_wanted(&[SECRET, SECRET_CPU]) {
        outcomes.extend(fleet([SECRET, SECRET_CPU], true, &folder));
    }
    if is_wanted(&[KEPT, KEPT_RSS]) {
        outcomes.extend(kept(&folder));
    }
    if is_wanted(&[GIB, GIB_RSS]) {
        outcomes.extend(gib(&folder));
    }
    if is_wanted(&[HUNDRED_RSS]) {
        outcomes.push(hundred(&folder));
    }
    if is_wanted(&[IDLE]) {
        outcomes.push(idle(&folder));
    }
    let _ = fs::remove_dir_all(&folder);
    outcomes.retain(|outcome| outcome.row.contains(wanted));
    outcomes
}

fn noop(folder: &Path) -> [Outcome; 2] {
    let store = folder.join("noop.db");
    let fastest = |store: &Path| {
        let runs = (0..ROUNDS).map(|_| {
            remove(store);
            let mut order = order(Vec::new(), PathBuf::new(), PathBuf::new());
            store.clone_into(&mut order.store);
            let ran = ours_anywhere("--noop", &order, folder);
            assert_eq!(ran.succeeded, MANY as u64, "every device");
            ran.seconds * 1e3
        });
        runs.fold(f64::INFINITY, f64::min)
    };
    eprintln!("no-op deliveries");
    [
        alone(MEMORY, Better::Less, fastest(Path::new("")), Some(Reach::just(60.0))),
        alone(SQLITE, Better::Less, fastest(&store), Some(Reach::just(817.0))),
    ]
}

/// Who takes part, as what, and one run of it.
type Contestant<'a> = (&'static str, Kind, Box<dyn Fn() -> Ran + 'a>);

/// Everybody in turns, against the same fleet.
fn fleet(rows: [&'static str; 2], secret: bool, folder: &Path) -> Vec<Outcome> {
    eprintln!("{}", rows[0]);
    let mut fleet = Fleet::start(DEVICES, secret, folder);
    let artifact = upload::file(folder, "artifact", 1024);
    let order = &order(fleet.served.devices.clone(), artifact, fleet.served.roots.clone());
    let go = go::built(folder);
    let mut contestants: Vec<Contestant<'_>> = vec![
        (OURS, Kind::Ours, Box::new(move || ours("--ours", order, folder))),
        (BARE, Kind::Peer, Box::new(move || ours("--bare", order, folder))),
    ];
    if let Some(program) = go.as_deref() {
        contestants.push((GO, Kind::Peer, Box::new(move || run(&mut Command::new(program), order, folder))));
    }
    let mut runs: Vec<Vec<Ran>> = vec![Vec::new(); contestants.len()];
    for round in 0..ROUNDS {
        for turn in 0..contestants.len() {
            let who = (round + turn) % contestants.len();
            let before = fleet.totals();
            let ran = (contestants[who].2)();
            let after = fleet.totals();
            let name = contestants[who].0;
            assert_eq!(ran.succeeded, DEVICES as u64, "{name}: every device");
            assert_eq!(after.digest_ok - before.digest_ok, DEVICES as u64, "{name}: every body whole");
            assert_eq!((after.digest_bad, after.cut), (0, 0), "{name}: no other body");
            runs[who].push(ran);
        }
    }
    let row = |row: &'static str, better, of: fn(&Ran) -> f64| {
        let figures = contestants.iter().zip(&runs).map(|((who, kind, _), runs)| Measured {
            who,
            kind: *kind,
            figure: median(runs.iter().map(of)),
        });
        Outcome { row: row.into(), better, figures: figures.collect(), reach: None }
    };
    let mut rate = row(rows[0], Better::More, |ran| ran.succeeded as f64 / ran.seconds);
    // The harder of the two promises, by what was measured.
    let figure = |who: &str| rate.figures.iter().find(|measured| measured.who == who).map(|measured| measured.figure);
    let go_times = if secret { 1.3 } else { 1.1 };
    let (bare, by_go) = (figure(BARE).unwrap_or(0.0) * 0.9, figure(GO).unwrap_or(0.0) * go_times);
    rate.reach = Some(if bare >= by_go { Reach::times(0.9, BARE) } else { Reach::times(go_times, GO) });
    vec![rate, row(rows[1], Better::Less, |ran| ran.cpu * 1e6 / ran.succeeded as f64)]
}

fn kept(folder: &Path) -> [Outcome; 2] {
    eprintln!("{KEPT}");
    let mut fleet = Fleet::start(MANY, false, folder);
    let mut order = order(fleet.served.devices.clone(), upload::file(folder, "artifact", 1024), PathBuf::new());
    order.store = folder.join("kept.db");
    remove(&order.store);
    let ran = ours("--ours", &order, folder);
    let totals = fleet.totals();
    assert_eq!((ran.succeeded, totals.digest_ok), (MANY as u64, MANY as u64), "every device, and every body whole");
    assert_eq!((totals.digest_bad, totals.cut, totals.pushes_after_success), (0, 0, 0), "nothing else");
    [
        alone(KEPT, Better::More, ran.succeeded as f64 / ran.seconds, None),
        alone(KEPT_RSS, Better::Less, mib(&ran), Some(Reach::just(200.0))),
    ]
}

fn gib(folder: &Path) -> [Outcome; 2] {
    eprintln!("{GIB}");
    let fleet = Fleet::start(1, false, folder);
    let artifact = upload::file(folder, "gib", 1 << 30);
    let digest = digest(&fs::read(&artifact).expect("what was written"));
    let order = order(fleet.served.devices.clone(), artifact.clone(), PathBuf::new());
    let (mut mine, mut curls, mut peak) = (Vec::new(), Vec::new(), 0.0_f64);
    for _ in 0..ROUNDS {
        let ran = ours_anywhere("--ours", &order, folder);
        assert_eq!(ran.succeeded, 1, "the device");
        peak = peak.max(mib(&ran));
        mine.push(f64::from(1 << 30) / 1e6 / ran.seconds);
        curls.extend(upload::curl(&fleet.served, &artifact, &digest).map(|seconds| f64::from(1 << 30) / 1e6 / seconds));
    }
    let mut figures = vec![Measured { who: OURS, kind: Kind::Ours, figure: median(mine.into_iter()) }];
    let reach = (!curls.is_empty()).then(|| Reach::times(0.9, CURL));
    if reach.is_some() {
        figures.push(Measured { who: CURL, kind: Kind::Peer, figure: median(curls.into_iter()) });
    }
    [
        Outcome { row: GIB.into(), better: Better::More, figures, reach },
        alone(GIB_RSS, Better::Less, peak, Some(Reach::just(32.0))),
    ]
}

fn hundred(folder: &Path) -> Outcome {
    eprintln!("{HUNDRED_RSS}");
    let fleet = Fleet::start(100, false, folder);
    let artifact = upload::file(folder, "large", 64 << 20);
    let mut order = order(fleet.served.devices.clone(), artifact, PathBuf::new());
    order.concurrency = 100;
    let ran = ours("--ours", &order, folder);
    assert_eq!(ran.succeeded, 100, "every device");
    alone(HUNDRED_RSS, Better::Less, mib(&ran), Some(Reach::just(96.0)))
}

fn idle(folder: &Path) -> Outcome {
    eprintln!("{IDLE}");
    let mut order = order(Vec::new(), PathBuf::new(), PathBuf::new());
    order.store = folder.join("idle.db");
    remove(&order.store);
    ours("--stock", &order, folder);
    let ran = ours("--idle", &order, folder);
    alone(IDLE, Better::Less, ran.rss_kib as f64, Some(Reach::just(300.0)))
}

fn order(devices: Vec<super::order::Device>, artifact: PathBuf, roots: PathBuf) -> Order {
    Order { devices, artifact, roots, concurrency: CONCURRENCY, store: PathBuf::new() }
}

fn alone(row: &'static str, better: Better, figure: f64, reach: Option<Reach>) -> Outcome {
    Outcome { row: row.into(), better, figures: vec![Measured { who: OURS, kind: Kind::Ours, figure }], reach }
}

fn mib(ran: &Ran) -> f64 {
    ran.rss_kib as f64 / 1024.0
}

/// A store of before must not be gone on with.
fn remove(store: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = store.as_os_str().to_owned();
        name.push(suffix);
        let _ = fs::remove_file(name);
    }
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = figures.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
