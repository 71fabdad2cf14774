//! The behaviour of the fleet: which device a request is for, its faults, and what the device does.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::script::{Facts, Target};
use crate::server::{App, Exchange, Head, Pace, Peer};
use crate::{Reply, Script};

use super::address::{Plan, id};
use super::device::{Device, Received};
use super::digest::announced;
use super::report::{Report, Tally};

/// All devices. A cheap handle.
#[derive(Clone)]
pub(super) struct Simulator(Arc<Inner>);

struct Inner {
    plan: Plan,
    script: Script,
    devices: Vec<Mutex<Device>>,
    /// Each device's place in the order of the hashes of their ids, by which shares are cut.
    ranks: Vec<u32>,
}

impl Simulator {
    pub(super) fn new(plan: Plan, script: Script) -> Self {
        let devices = (0..plan.len()).map(|_| Mutex::default()).collect();
        Self(Arc::new(Inner { plan, script, devices, ranks: ranks(plan.len()) }))
    }

    pub(super) fn plan(&self) -> Plan {
        self.0.plan
    }

    pub(super) fn version(&self, id: &str) -> Option<String> {
        let number = self.0.plan.number(id)?;
        Some(self.0.device(number).version().to_owned())
    }

    pub(super) fn report(&self) -> Report {
        let mut report = Report::default();
        for number in 0..self.0.plan.len() {
            let tally: Tally = self.0.device(number).tally();
            report.totals.add(&tally);
            report.devices.insert(id(number), tally);
        }
        report
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("plan", &self.0.plan).field("script", &self.0.script).finish_non_exhaustive()
    }
}

impl Inner {
    fn device(&self, number: usize) -> MutexGuard<'_, Device> {
        self.devices[number].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App for Simulator {
    type Exchange = Visit;

    fn begin(&self, head: &Head, peer: &Peer) -> Visit {
        let (mut fault, mut push) = (None, None);
        let aim = match self.0.plan.find(peer.local, head.path()) {
            _ if head.path() == "/_sim/report" => Aim::Report,
            None => Aim::Nowhere,
            Some((number, path)) => {
                let id = id(number);
                let rank = self.0.ranks[number] as usize;
                let target = Target::Device { id: &id, rank, of: self.0.plan.len() };
                let facts = Facts { method: &head.method, path, headers: &head.headers, target };
                let mut device = self.0.device(number);
                fault = self.0.script.pick(&facts, &mut device.used).cloned();
                match (head.method.as_str(), path) {
                    ("POST", "/update") => {
                        let new = Push::new(head);
                        device.push(new.version.as_deref());
                        push = Some(new);
                        Aim::Update(number)
                    }
                    ("GET" | "HEAD", "/version") => Aim::Version(number),
                    (_, "/update" | "/version") => Aim::WrongMethod,
                    _ => Aim::Nowhere,
                }
            }
        };
        Visit { simulator: self.clone(), aim, push, fault }
    }
}

/// What a request is for.
#[derive(Clone, Copy, Debug)]
enum Aim {
    Update(usize),
    Version(usize),
    WrongMethod,
    Report,
    Nowhere,
}

/// One request to the fleet.
pub(super) struct Visit {
    simulator: Simulator,
    aim: Aim,
    push: Option<Push>,
    fault: Option<Reply>,
}

/// A push whose body is being read.
struct Push {
    version: Option<String>,
    /// The digest announced, and the one of what came; without the first, the second is not computed.
    digest: Option<(Option<[u8; 32]>, Sha256)>,
    bytes: u64,
    received: Received,
}

impl Push {
    fn new(head: &Head) -> Self {
        Self {
            version: head.headers.get("x-update-version").map(str::to_owned),
            digest: announced(&head.headers).map(|announced| (announced, Sha256::new())),
            bytes: 0,
            received: Received::Cut,
        }
    }

    fn finish(&mut self, complete: bool) -> Received {
        self.received = match self.digest.take() {
            _ if !complete => Received::Cut,
            None => Received::Unchecked,
            Some((announced, hash)) => match announced == Some(hash.finalize().into()) {
                true => Received::Match,
                false => Received::Mismatch,
            },
        };
        self.received
    }
}

impl Exchange for Visit {
    fn pace(&self) -> Pace {
        Pace::of(self.fault.as_ref())
    }

    fn feed(&mut self, piece: &[u8]) {
        if let Some(push) = &mut self.push {
            push.bytes += piece.len() as u64;
            if let Some((_, hash)) = &mut push.digest {
                hash.update(piece);
            }
        }
    }

    fn finish(&mut self, complete: bool) {
        if let (Some(push), Aim::Update(number)) = (&mut self.push, self.aim) {
            let received = push.finish(complete);
            self.simulator.0.device(number).receive(received);
        }
    }

    fn reply(&mut self) -> Reply {
        match self.fault.take() {
            None => self.own(),
            Some(fault) if fault.is_pass() => fault.over(self.own()),
            Some(fault) => fault,
        }
    }
}

impl Visit {
    /// The device's own answer.
    fn own(&self) -> Reply {
        match (self.aim, &self.push) {
            (Aim::Update(number), Some(push)) => self.update(number, push),
            (Aim::Version(number), _) => {
                let version = self.simulator.0.device(number).version().to_owned();
                Reply::status(200).header("content-type", "text/plain; charset=utf-8").body(version)
            }
            (Aim::Report, _) => match serde_json::to_string(&self.simulator.report()) {
                Ok(report) => Reply::status(200).header("content-type", "application/json").body(report),
                Err(error) => refuse(500, &error.to_string()),
            },
            (Aim::WrongMethod, _) => refuse(405, "a device takes POST /update and GET /version"),
            _ => refuse(404, "there is nothing here"),
        }
    }

    fn update(&self, number: usize, push: &Push) -> Reply {
        if push.received == Received::Mismatch {
            return refuse(400, "the body does not match its Repr-Digest");
        }
        let mut device = self.simulator.0.device(number);
        device.accept(push.version.as_deref(), push.received);
        let verified = push.received == Received::Match;
        let body = json!({
            "status": "accepted",
            "bytes": push.bytes,
            "digest_verified": verified,
            "version": device.version(),
        });
        Reply::json(200, body)
    }
}

fn refuse(status: u16, why: &str) -> Reply {
    Reply::json(status, json!({ "status": "rejected", "error": why }))
}

/// Each device's place when all are ordered by the FNV-1a hash of their ids, mixed, ties by number.
fn ranks(devices: usize) -> Vec<u32> {
    let mut order: Vec<(u64, u32)> =
        (0u32..).take(devices).map(|number| (hash(&id(number as usize)), number)).collect();
    order.sort_unstable();
    let mut ranks = vec![0; devices];
    for (rank, (_, number)) in (0u32..).zip(order) {
        ranks[number as usize] = rank;
    }
    ranks
}

/// FNV-1a, then the finalizer of SplitMix64: neighbouring ids differ in their last bytes alone, which FNV spreads poorly.
fn hash(id: &str) -> u64 {
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let mut z = id.bytes().fold(0xcbf2_9ce4_8422_2325, fnv);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
