//! The behaviour of the fleet: which device a request is for, its faults, and what the device does.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use serde_json::json;
use steadfast_clock::SharedTimer;

use crate::Reply;
use crate::script::{Facts, Kind, Target};
use crate::server::{App, Exchange, Head, Pace, Peer};

use super::address::{Plan, id};
use super::device::{Device, Received};
use super::devices::Devices;
use super::event::FleetEvent;
use super::presence::Presence;
use super::push::Push;
use super::ranks::ranks;
use super::report::{Report, Tally};
use super::settings::{Settings, Who};

/// All devices. A cheap handle.
#[derive(Clone)]
pub(super) struct Simulator(Arc<Inner>);

struct Inner {
    plan: Plan,
    settings: Settings,
    timer: SharedTimer,
    devices: Vec<Mutex<Device>>,
    /// Each device's place in the order by which shares are cut.
    ranks: Vec<u32>,
    presence: OnceLock<Weak<Presence>>,
}

impl Simulator {
    pub(super) fn new(plan: Plan, settings: Settings, timer: SharedTimer) -> Self {
        let devices = (0..plan.len()).map(|_| Mutex::default()).collect();
        let this = Self(Arc::new(Inner {
            plan,
            settings,
            timer,
            devices,
            ranks: ranks(plan.len()),
            presence: OnceLock::new(),
        }));
        for number in 0..plan.len() {
            this.0.device(number).offline = this.begins_offline(number);
        }
        this
    }

    pub(super) fn plan(&self) -> Plan {
        self.0.plan
    }

    pub(super) fn timer(&self) -> &SharedTimer {
        &self.0.timer
    }

    pub(super) fn begins_offline(&self, number: usize) -> bool {
        let settings = &self.0.settings;
        !settings.offline.is_empty() && settings.begins_offline(self.0.who(number, &id(number)))
    }

    /// Whether a device is one of these.
    #[cfg(feature = "tls")]
    pub(super) fn is_of(&self, devices: &Devices, number: usize, id: &str) -> bool {
        self.0.who(number, id).is_of(devices)
    }

    /// The numbers of some devices.
    pub(super) fn all_of(&self, devices: &Devices) -> impl Iterator<Item = usize> {
        (0..self.0.plan.len()).filter(|number| self.0.who(*number, &id(*number)).is_of(devices))
    }

    /// Brings devices online when asked over HTTP.
    pub(super) fn obey(&self, presence: &Arc<Presence>) {
        // There is one presence for each simulator.
        let _first = self.0.presence.set(Arc::downgrade(presence));
    }

    /// Takes a device off the network, or puts it on; false if it was so already.
    pub(super) fn set_offline(&self, number: usize, offline: bool) -> bool {
        std::mem::replace(&mut self.0.device(number).offline, offline) != offline
    }

    /// The version that a device tells now, if it is reachable.
    pub(super) fn heard(&self, number: usize, id: &str) -> Option<String> {
        let now = self.0.timer.now();
        let mut device = self.0.device(number);
        (!device.offline && device.is_up(now)).then(|| self.0.version(&device, number, id).to_owned())
    }

    pub(super) fn version(&self, id: &str) -> Option<String> {
        let number = self.0.plan.number(id)?;
        let now = self.0.timer.now();
        let mut device = self.0.device(number);
        device.is_up(now);
        Some(self.0.version(&device, number, id).to_owned())
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
        f.debug_struct("Simulator")
            .field("plan", &self.0.plan)
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn device(&self, number: usize) -> MutexGuard<'_, Device> {
        self.devices[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn who<'a>(&self, number: usize, id: &'a str) -> Who<'a> {
        Who { id, rank: self.ranks[number] as usize, of: self.plan.len() }
    }

    fn version<'a>(&'a self, device: &'a Device, number: usize, id: &str) -> &'a str {
        device.runs().map_or_else(|| self.settings.factory(self.who(number, id)), |(version, _)| version)
    }

    /// What a device does instead of anything else, if it is not there.
    fn absence(&self, device: &mut Device) -> Option<Reply> {
        if device.offline {
            return Some(Reply::reset());
        }
        (!device.is_up(self.timer.now())).then(|| self.settings.rebooting.clone())
    }
}

impl App for Simulator {
    type Exchange = Visit;

    fn begin(&self, head: &Head, peer: &Peer) -> Visit {
        let this = &self.0;
        let (mut fault, mut push) = (None, None);
        let aim = match this.plan.find(peer.local, head.path()) {
            _ if head.path() == "/_sim/report" => Aim::Report,
            _ if head.path().starts_with("/_sim/") => Aim::order(head),
            None => Aim::Nowhere,
            Some((number, path)) => {
                let id = id(number);
                let who = this.who(number, &id);
                let mut device = this.device(number);
                fault = this.absence(&mut device).or_else(|| {
                    let target = Target::Device { id: &id, rank: who.rank, of: who.of };
                    let facts = Facts { method: &head.method, path, headers: &head.headers, target };
                    this.settings.faults.pick(&facts, &mut device.used).cloned()
                });
                match (head.method.as_str(), path) {
                    ("POST", "/update") => {
                        let new = Push::new(head, this.settings.takes_zstd(who));
                        device.push(new.version.as_deref());
                        drop(device);
                        this.settings.tell(&FleetEvent::PushBegun { id: &id, version: new.version.as_deref() });
                        push = Some(new);
                        Aim::Update(number)
                    }
                    ("GET" | "HEAD", "/version") => {
                        drop(device);
                        this.settings.tell(&FleetEvent::Asked { id: &id });
                        Aim::Version(number)
                    }
                    ("OPTIONS", "/update") => Aim::Options(number),
                    (_, "/update" | "/version") => Aim::WrongMethod,
                    _ => Aim::Nowhere,
                }
            }
        };
        Visit { simulator: self.clone(), aim, push, fault }
    }

    fn turns_away(&self, peer: &Peer) -> bool {
        let Some(number) = self.0.plan.host(peer.local) else { return false };
        let away = self.0.absence(&mut self.0.device(number));
        away.is_some_and(|reply| reply.kind == Kind::Reset && reply.delay.is_zero())
    }
}

/// What a request is for.
#[derive(Debug)]
enum Aim {
    Update(usize),
    Version(usize),
    /// What `/update` takes.
    Options(usize),
    WrongMethod,
    /// Devices to bring online, or to take off.
    Order(Devices, bool),
    Report,
    Nowhere,
}

impl Aim {
    fn order(head: &Head) -> Self {
        let path = head.path();
        let (online, offline) = (path.strip_prefix("/_sim/online/"), path.strip_prefix("/_sim/offline/"));
        match (online, offline, head.method.as_str()) {
            (Some(pattern), _, "POST") => Self::Order(Devices::id(pattern), true),
            (_, Some(pattern), "POST") => Self::Order(Devices::id(pattern), false),
            _ => Self::Nowhere,
        }
    }
}

/// One request to the fleet.
pub(super) struct Visit {
    simulator: Simulator,
    aim: Aim,
    push: Option<Push>,
    fault: Option<Reply>,
}

impl Exchange for Visit {
    fn pace(&self) -> Pace {
        Pace::of(self.fault.as_ref())
    }

    fn feed(&mut self, piece: &[u8]) {
        if let Some(push) = &mut self.push {
            push.feed(piece);
        }
    }

    fn finish(&mut self, complete: bool) {
        if let (Some(push), &Aim::Update(number)) = (&mut self.push, &self.aim) {
            push.finish(complete);
            let this = &self.simulator.0;
            this.device(number).receive(push.received);
            if this.settings.watcher.is_some() {
                this.settings.tell(&FleetEvent::PushEnded { id: &id(number), bytes: push.bytes, complete });
            }
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
        let this = &self.simulator.0;
        match (&self.aim, &self.push) {
            (&Aim::Update(number), Some(push)) => self.update(number, push),
            (&Aim::Version(number), _) => {
                let device = this.device(number);
                let digest = device.runs().map(|(_, sha256)| sha256);
                this.settings.told.reply(this.version(&device, number, &id(number)), digest)
            }
            (&Aim::Options(number), _) => {
                let reply = Reply::status(204).header("allow", "OPTIONS, POST");
                match this.settings.takes_zstd(this.who(number, &id(number))) {
                    // RFC 9110, section 12.5.3: in an answer it tells what requests may be coded with.
                    true => reply.header("accept-encoding", "zstd"),
                    false => reply,
                }
            }
            (Aim::Report, _) => match serde_json::to_string(&self.simulator.report()) {
                Ok(report) => Reply::status(200).header("content-type", "application/json").body(report),
                Err(error) => refuse(500, &error.to_string()),
            },
            (Aim::Order(devices, online), _) => self.order(devices, *online),
            (Aim::WrongMethod, _) => refuse(405, "a device takes POST /update and GET /version"),
            _ => refuse(404, "there is nothing here"),
        }
    }

    fn order(&self, devices: &Devices, online: bool) -> Reply {
        let presence = self.simulator.0.presence.get().and_then(Weak::upgrade);
        let done = match presence {
            Some(presence) if online => presence.bring_online(devices),
            Some(presence) => Ok(presence.take_offline(devices)),
            None => Ok(0),
        };
        match done {
            Ok(changed) => Reply::json(200, json!({ "changed": changed })),
            Err(error) => refuse(500, &error.to_string()),
        }
    }

    fn update(&self, number: usize, push: &Push) -> Reply {
        let this = &self.simulator.0;
        let id = id(number);
        let who = this.who(number, &id);
        if !push.is_readable() {
            let codings = if this.settings.takes_zstd(who) { "zstd" } else { "identity" };
            return refuse(415, "the coding of the body is not known here").header("accept-encoding", codings);
        }
        if push.received == Received::Mismatch {
            return refuse(400, "the body does not match its digest, or cannot be decoded");
        }
        let now = this.timer.now();
        let mut device = this.device(number);
        let version = push.version.as_deref();
        device.accept(version);
        let mut body = json!({ "status": "accepted", "bytes": push.bytes, "digest_verified": false });
        if let Received::Match(sha256) = push.received {
            let told = version.unwrap_or_else(|| this.version(&device, number, &id)).to_owned();
            let update = this.settings.boots(who, version).then_some((&*told, sha256));
            device.boot(update, now.saturating_add(this.settings.reboot));
            body["digest_verified"] = true.into();
        }
        device.is_up(now);
        body["version"] = this.version(&device, number, &id).into();
        Reply::json(200, body)
    }
}

fn refuse(status: u16, why: &str) -> Reply {
    Reply::json(status, json!({ "status": "rejected", "error": why }))
}
