//! What travels down with one delivery: version, key, chunk size, the call's own context, and a meter on the way up.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use steadfast_clock::Nanos;
use steadfast_pool::CallContext;
use steadfast_telemetry::Counter;

use super::Polling;
use super::token::Token;
use crate::artifact::{chunk_size, hex};

/// The default of the memory that readers of artifacts share.
pub(crate) const MEMORY_BUDGET: usize = 32 * 1024 * 1024;

/// What a delivery to one device inherits from its caller.
#[derive(Clone)]
#[non_exhaustive]
pub struct PushContext {
    /// The version that is delivered, told to the device.
    pub version: Option<Arc<str>>,
    /// The same for every attempt of one delivery, so that the device can tell a repetition. A new context has a fresh
    /// one.
    pub idempotency_key: Arc<str>,
    /// How many bytes of the artifact are read at a time. Default 256 KiB; see [`chunk_size`].
    pub chunk_size: usize,
    /// Deadline, attempts made before, and retry budget. The leave to resend is always given, whatever it says: a push
    /// is the same done twice as done once.
    pub call: CallContext,
    /// The SHA-256 of the artifact that is delivered, for a verification that compares it.
    pub digest: Option<[u8; 32]>,
    /// How a verification stands that goes on over deferrals; `None` has the device asked once.
    pub polling: Option<Polling>,
    meter: Arc<Meter>,
    token: Token,
}

impl PushContext {
    /// No version, a fresh idempotency key, no deadline and no budget.
    #[must_use]
    pub fn new() -> Self {
        Self {
            version: None,
            idempotency_key: fresh_id().into(),
            chunk_size: chunk_size(MEMORY_BUDGET, 1),
            call: CallContext::new(),
            digest: None,
            polling: None,
            meter: Arc::default(),
            token: Token::default(),
        }
    }

    /// Sets the version that is delivered.
    #[must_use]
    pub fn version(mut self, version: impl Into<Arc<str>>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Sets the idempotency key.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<Arc<str>>) -> Self {
        self.idempotency_key = key.into();
        self
    }

    /// Sets how many bytes are read at a time; at least 1.
    #[must_use]
    pub fn chunk_size(mut self, bytes: usize) -> Self {
        self.chunk_size = bytes.max(1);
        self
    }

    /// Sets deadline, attempts made before, and budget.
    #[must_use]
    pub fn call(mut self, call: CallContext) -> Self {
        self.call = call;
        self
    }

    /// Sets the SHA-256 of the artifact that is delivered.
    #[must_use]
    pub fn digest(mut self, sha256: [u8; 32]) -> Self {
        self.digest = Some(sha256);
        self
    }

    /// Has the verification go on over deferrals.
    #[must_use]
    pub fn polling(mut self, polling: Polling) -> Self {
        self.polling = Some(polling);
        self
    }

    /// Tells that `bytes` of the artifact were handed to the connection: an implementation of
    /// [`Push`](crate::Push) that does not use [`Artifact::body`](crate::Artifact::body) calls this as it sends.
    pub fn sent(&self, bytes: u64) {
        self.meter.sent(bytes);
    }

    /// Tells that an attempt begins.
    pub fn attempt_began(&self) {
        self.meter.attempts.fetch_add(1, Ordering::Relaxed);
    }

    /// Bytes handed to the connection so far, those of failed attempts too.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.meter.bytes.load(Ordering::Relaxed)
    }

    /// Attempts begun so far.
    #[must_use]
    pub fn attempts_begun(&self) -> u32 {
        self.meter.attempts.load(Ordering::Relaxed)
    }

    /// A context with this idempotency key whose bytes are counted into `total`, too, and into `series` if there is one.
    pub(crate) fn for_device(idempotency_key: String, total: &Counter, series: Option<&Counter>) -> Self {
        Self {
            version: None,
            idempotency_key: idempotency_key.into(),
            chunk_size: chunk_size(MEMORY_BUDGET, 1),
            call: CallContext::new(),
            digest: None,
            polling: None,
            meter: Arc::new(Meter { totals: [Some(total.clone()), series.cloned()], ..Meter::default() }),
            token: Token::default(),
        }
    }

    /// The earlier of the deadlines that the call and the layers above it have.
    pub(crate) fn deadline(&self) -> Option<Nanos> {
        let carried = self.call.carried.as_ref().and_then(|carried| carried.deadline());
        self.call.deadline.into_iter().chain(carried).min()
    }

    pub(super) fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }

    pub(super) fn token(&self) -> &Token {
        &self.token
    }

    pub(crate) fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }
}

impl Default for PushContext {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PushContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushContext")
            .field("version", &self.version)
            .field("idempotency_key", &self.idempotency_key)
            .field("chunk_size", &self.chunk_size)
            .field("call", &self.call)
            .field("polling", &self.polling)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// Counts what one delivery sends.
#[derive(Default)]
pub(crate) struct Meter {
    bytes: AtomicU64,
    attempts: AtomicU32,
    totals: [Option<Counter>; 2],
    moved: Mutex<Option<Moved>>,
}

/// Who is told that bytes are on their way.
type Moved = Box<dyn FnOnce() + Send>;

impl Meter {
    pub(crate) fn sent(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        for total in self.totals.iter().flatten() {
            total.add(bytes);
        }
        let moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(moved) = moved {
            moved();
        }
    }

    /// Tells `moved` when the next bytes are on their way: there is a connection then.
    pub(crate) fn when_moved(&self, moved: impl FnOnce() + Send + 'static) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(moved));
    }

    pub(crate) fn attempt_began(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
    }
}

/// 32 hexadecimal digits that nothing else has.
pub(crate) fn fresh_id() -> String {
    let drawn = [steadfast_backoff::entropy(), steadfast_backoff::entropy()];
    drawn.iter().map(|number| format!("{number:016x}")).collect()
}

/// The key of one device's delivery within a rollout: the same after a restart.
pub(crate) fn key_of(rollout: &str, device: &str, digest: &[u8; 32]) -> String {
    let mut hash = Sha256::new();
    for part in [rollout.as_bytes(), device.as_bytes(), digest] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize()[..16])
}
