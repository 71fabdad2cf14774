//! The behaviour that all simulated devices share: faults, the log, the version, and the way to each model.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use steadfast_clock::SharedTimer;

use crate::script::{Facts, Kind, Target};
use crate::server::{App, Exchange, Head, Log, Pace, Peer, Recording};
use crate::{Reply, Script};

use super::draft::Draft;
use super::firmware::Firmware;
use super::redfish::Redfish;
use super::request::Request;
use super::swupdate::Swupdate;
use super::tus::Tus;

/// How much of a body the log holds.
const KEEP: usize = 64 * 1024;

/// What a device speaks.
#[derive(Clone, Debug)]
pub(super) enum Model {
    Tus(Tus),
    Draft(Draft),
    Redfish(Redfish),
    Swupdate(Swupdate),
}

impl Model {
    /// The head of a request has come.
    fn begin(&mut self, request: &mut Request) {
        match self {
            Self::Tus(tus) => tus.begin(request),
            Self::Draft(draft) => draft.begin(request),
            Self::Redfish(redfish) => redfish.begin(request),
            Self::Swupdate(swupdate) => swupdate.begin(request),
        }
    }

    /// Its body is over, or has broken off.
    fn end(&mut self, request: &mut Request, firmware: &mut Firmware) -> Reply {
        match self {
            Self::Tus(tus) => tus.end(request, firmware),
            Self::Draft(draft) => draft.end(request, firmware),
            Self::Redfish(redfish) => redfish.end(request, firmware),
            Self::Swupdate(swupdate) => swupdate.end(request, firmware),
        }
    }

    pub(super) fn forget(&mut self) {
        match self {
            Self::Tus(tus) => tus.upload = None,
            Self::Draft(draft) => draft.upload = None,
            Self::Redfish(_) | Self::Swupdate(_) => {}
        }
    }
}

/// A device. A cheap handle.
#[derive(Clone)]
pub(super) struct Simulator(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    script: Script,
    timer: SharedTimer,
    log: Log,
}

pub(super) struct State {
    pub(super) model: Model,
    pub(super) firmware: Firmware,
    pub(super) violations: Vec<String>,
    used: Vec<u64>,
}

impl Simulator {
    pub(super) fn new(model: Model, version: String, script: Script, timer: SharedTimer, log: Log) -> Self {
        let firmware = Firmware::new(version);
        let state = State { model, firmware, violations: Vec::new(), used: Vec::new() };
        Self(Arc::new(Inner { state: Mutex::new(state), script, timer, log }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("model", &self.lock().model).finish_non_exhaustive()
    }
}

impl App for Simulator {
    type Exchange = Visit;

    fn begin(&self, head: &Head, peer: &Peer) -> Visit {
        let facts = Facts { method: &head.method, path: head.path(), headers: &head.headers, target: Target::Server };
        let mut request = Request::new(head, self.0.timer.now());
        let mut state = self.lock();
        let state = &mut *state;
        let fault = self.0.script.pick(&facts, &mut state.used).cloned();
        // Who answers by a status of the script has seen nothing; any other fault happens to what the device does.
        let aside = fault.as_ref().is_some_and(|fault| fault.kind == Kind::Answer && !fault.is_pass());
        if !aside {
            if let ("GET" | "HEAD", "/version") = (&*request.method, &*request.path) {
                let version = state.firmware.version().to_owned();
                request.answer(Reply::status(200).header("content-type", "text/plain; charset=utf-8").body(version));
            } else {
                state.model.begin(&mut request);
            }
            state.violations.append(&mut request.violations);
        }
        let recording = self.0.log.begin(head, peer, KEEP);
        Visit { simulator: self.clone(), request, fault, aside, own: None, recording }
    }
}

/// One request to a device.
pub(super) struct Visit {
    simulator: Simulator,
    request: Request,
    fault: Option<Reply>,
    aside: bool,
    /// The device's own answer.
    own: Option<Reply>,
    recording: Recording,
}

impl Exchange for Visit {
    fn pace(&self) -> Pace {
        Pace::of(self.fault.as_ref())
    }

    fn feed(&mut self, piece: &[u8]) {
        self.recording.feed(piece);
        if !self.aside {
            self.request.feed(piece);
        }
    }

    fn finish(&mut self, complete: bool) {
        self.request.complete = complete;
        if !self.aside {
            self.own = Some(match self.request.refused.take() {
                Some(refused) => refused,
                None => {
                    let mut state = self.simulator.lock();
                    let state = &mut *state;
                    let reply = state.model.end(&mut self.request, &mut state.firmware);
                    state.violations.append(&mut self.request.violations);
                    reply
                }
            });
        }
        self.recording.finish(complete);
    }

    fn reply(&mut self) -> Reply {
        self.recording.count();
        let own = self.own.take().unwrap_or_else(|| Reply::status(500));
        match self.fault.take() {
            None => own,
            Some(fault) if fault.is_pass() => fault.over(own),
            Some(fault) => fault,
        }
    }
}
