//! The behaviour of the simulated providers: faults first, then the vendor's own answer.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use steadfast_clock::{SharedTimer, Wall};

use crate::script::{Facts, Kind, Target};
use crate::server::{App, Exchange, Head, Log, Pace, Peer, Recording};
use crate::{Headers, Reply, Script};

use super::desk::Desk;
use super::limits::Meter;
use super::openai::Shelf;
use super::problem::Problem;
use super::route::Route;
use super::settings::Settings;
use super::{LlmLimits, Vendor, anthropic, openai};

/// The largest request, in bytes: Anthropic's limit.
const LARGEST: usize = 32 * 1024 * 1024;

/// Both providers. A cheap handle.
#[derive(Clone)]
pub(super) struct Simulator(Arc<Inner>);

struct Inner {
    script: Script,
    used: Mutex<Vec<u64>>,
    settings: Settings,
    meter: Meter,
    shelf: Shelf,
    timer: SharedTimer,
    log: Log,
    openai: AtomicU64,
    anthropic: AtomicU64,
    serial: AtomicU64,
}

impl Simulator {
    pub(super) fn new(
        script: Script,
        settings: Settings,
        limits: LlmLimits,
        log: Log,
        timer: SharedTimer,
        wall: Arc<dyn Wall + Send + Sync>,
    ) -> Self {
        Self(Arc::new(Inner {
            script,
            used: Mutex::default(),
            settings,
            meter: Meter::new(limits, timer.clone(), wall),
            shelf: Shelf::default(),
            timer,
            log,
            openai: AtomicU64::new(0),
            anthropic: AtomicU64::new(0),
            serial: AtomicU64::new(0),
        }))
    }

    pub(super) fn log(&self) -> &Log {
        &self.0.log
    }

    pub(super) fn requests(&self, vendor: Vendor) -> u64 {
        self.0.count(vendor).load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("script", &self.0.script)
            .field("openai", &self.0.openai)
            .field("anthropic", &self.0.anthropic)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn count(&self, vendor: Vendor) -> &AtomicU64 {
        match vendor {
            Vendor::OpenAi => &self.openai,
            Vendor::Anthropic => &self.anthropic,
        }
    }
}

impl App for Simulator {
    type Exchange = Question;

    fn begin(&self, head: &Head, peer: &Peer) -> Question {
        let vendor = Route::vendor(head);
        self.0.count(vendor).fetch_add(1, Ordering::Relaxed);
        let target = Target::Provider(vendor.name());
        let facts = Facts { method: &head.method, path: head.path(), headers: &head.headers, target };
        let fault = {
            let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
            self.0.script.pick(&facts, &mut used).cloned()
        };
        Question {
            vendor,
            method: head.method.clone(),
            path: head.path().to_owned(),
            query: head.query().to_owned(),
            headers: head.headers.clone(),
            fault,
            recording: self.0.log.begin(head, peer, LARGEST),
            serial: self.0.serial.fetch_add(1, Ordering::Relaxed) + 1,
            inner: Arc::clone(&self.0),
        }
    }
}

/// One request to a simulated provider.
pub(super) struct Question {
    vendor: Vendor,
    method: String,
    path: String,
    query: String,
    headers: Headers,
    fault: Option<Reply>,
    recording: Recording,
    serial: u64,
    inner: Arc<Inner>,
}

impl Exchange for Question {
    fn pace(&self) -> Pace {
        Pace::of(self.fault.as_ref())
    }

    fn feed(&mut self, piece: &[u8]) {
        self.recording.feed(piece);
    }

    fn finish(&mut self, complete: bool) {
        self.recording.finish(complete);
    }

    fn reply(&mut self) -> Reply {
        self.recording.count();
        let request_id = format!("req_sim{:012}", self.serial);
        let reply = match self.fault.take() {
            None => self.own(&request_id),
            Some(fault) if fault.is_pass() => fault.over(self.own(&request_id)),
            Some(fault) => self.worded(fault, &request_id),
        };
        let field = self.vendor.request_id_field();
        if reply.kind != Kind::Answer || reply.has_header(field) { reply } else { reply.header(field, request_id) }
    }
}

impl Question {
    /// The provider's own answer.
    fn own(&self, request_id: &str) -> Reply {
        let route = match Route::find(&self.method, &self.path) {
            Ok(route) => route,
            Err(problem) => return self.vendor.refuse(&problem, request_id),
        };
        if let Err(problem) = self.check_key() {
            return self.vendor.refuse(&problem, request_id);
        }
        let reply = self.answer(&route).unwrap_or_else(|problem| self.vendor.refuse(&problem, request_id));
        let told = match route.is_limited() {
            true => self.inner.meter.told(self.vendor, self.key().unwrap_or_default()),
            false => Vec::new(),
        };
        told.into_iter().fold(reply, |reply, (name, value)| reply.header(name, value))
    }

    fn answer(&self, route: &Route) -> Result<Reply, Problem> {
        if self.recording.len() > LARGEST as u64 {
            return Err(Problem::new(413, "Request exceeds the maximum allowed number of bytes."));
        }
        let desk = Desk {
            settings: &self.inner.settings,
            vendor: self.vendor,
            headers: &self.headers,
            query: &self.query,
            body: self.recording.body(),
            serial: self.serial,
            now: self.inner.timer.now(),
            key: self.key().unwrap_or_default(),
            meter: &self.inner.meter,
            shelf: &self.inner.shelf,
        };
        match self.vendor {
            Vendor::OpenAi => openai::answer(route, &desk),
            Vendor::Anthropic => anthropic::answer(route, &desk),
        }
    }

    /// The key that came with the request.
    fn key(&self) -> Option<&str> {
        let bearer = self.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer "));
        match self.vendor {
            Vendor::OpenAi => bearer.or(self.headers.get("api-key")),
            Vendor::Anthropic => self.headers.get("x-api-key").or(bearer),
        }
    }

    fn check_key(&self) -> Result<(), Problem> {
        let Some(wanted) = self.inner.settings.key.as_deref() else { return Ok(()) };
        match (self.key(), self.vendor) {
            (Some(given), _) if given == wanted => Ok(()),
            (Some(_), Vendor::OpenAi) => Err(Problem::new(401, "Incorrect API key provided.")),
            (Some(_), Vendor::Anthropic) => Err(Problem::new(401, "invalid x-api-key")),
            (None, Vendor::OpenAi) => Err(Problem::new(401, "You didn't provide an API key.")),
            (None, Vendor::Anthropic) => Err(Problem::new(401, "x-api-key header is required")),
        }
    }

    /// A scripted failure, with the vendor's error body if the script gave none.
    fn worded(&self, mut fault: Reply, request_id: &str) -> Reply {
        let failed = fault.status.filter(|status| *status >= 400 && fault.kind == Kind::Answer);
        if let (Some(status), None) = (failed, &fault.body) {
            let own = self.vendor.refuse(&Problem::scripted(status), request_id);
            fault.body = own.body;
            if !fault.has_header("content-type") {
                fault = fault.header("content-type", "application/json");
            }
        }
        fault
    }
}
