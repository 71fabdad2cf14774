//! The closing report, and whether it is the scripted one.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;
use steadfast_telemetry::{CallReport, Latency, Snapshot};

use super::{canary, fleet, llm};

#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) llm: Llm,
    pub(super) fleet: Fleet,
    pub(super) canary: Canary,
}

/// A request is a question; an attempt is one time that something was sent.
#[derive(Debug, Serialize)]
pub(super) struct Llm {
    pub(super) requests: u64,
    pub(super) attempts: u64,
    pub(super) retries: u64,
    pub(super) retries_by_status: BTreeMap<u16, u64>,
    pub(super) retry_after_waits: u64,
    pub(super) longest_retry_after_wait_s: f64,
    pub(super) fallbacks: u64,
    pub(super) breaker_openings: u64,
    pub(super) latency_ms: Quantiles,
    pub(super) tokens_in: u64,
    pub(super) tokens_out: u64,
    pub(super) answer: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Quantiles {
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

/// `attempts` are pushes, as the devices counted them; `requests` are those of the pool, verifications too.
#[derive(Debug, Serialize)]
pub(super) struct Fleet {
    pub(super) devices: u64,
    pub(super) succeeded: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
    pub(super) attempts: u64,
    pub(super) requests: u64,
    pub(super) retries: u64,
    pub(super) latency_ms: Quantiles,
    pub(super) elapsed_s: f64,
    pub(super) digest_ok: u64,
    pub(super) digest_bad: u64,
    pub(super) pushes_after_success: u64,
}

/// The rollout that stopped itself. `untouched` are the devices that nothing was sent to, as they tell it.
#[derive(Debug, Serialize)]
pub(super) struct Canary {
    pub(super) state: String,
    pub(super) devices: u64,
    pub(super) canaries: u64,
    pub(super) succeeded: u64,
    pub(super) failed: u64,
    pub(super) cancelled: u64,
    pub(super) untouched: u64,
    pub(super) reason: String,
}

impl Quantiles {
    pub(super) fn of(latency: &Latency) -> Self {
        let ms = |time: Option<Duration>| time.map(|time| time.as_secs_f64() * 1e3);
        Self { p50: ms(latency.p50), p95: ms(latency.p95), p99: ms(latency.p99) }
    }
}

impl Llm {
    /// The figures of the first act, from the snapshot of its pool.
    pub(super) fn read(snapshot: &Snapshot, answer: String) -> Self {
        let (calls, http) = (CallReport::read(snapshot, "llm", &[]), CallReport::read(snapshot, "pool", &[]));
        Self {
            requests: calls.requests,
            attempts: calls.attempts,
            retries: calls.retries,
            retries_by_status: calls.retries_by_status,
            retry_after_waits: calls.hinted_wait.count,
            longest_retry_after_wait_s: calls.hinted_wait.max.unwrap_or_default().as_secs_f64(),
            fallbacks: calls.fallbacks,
            breaker_openings: http.breaker_openings,
            latency_ms: Quantiles::of(&calls.latency),
            tokens_in: calls.tokens_in,
            tokens_out: calls.tokens_out,
            answer,
        }
    }
}

impl fmt::Display for Quantiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |value: Option<f64>| value.map_or(String::from("-"), |ms| format!("{ms:.0} ms"));
        write!(f, "p50 {}, p95 {}, p99 {}", ms(self.p50), ms(self.p95), ms(self.p99))
    }
}

impl Report {
    /// What is not as the script has it.
    pub(super) fn surprises(&self) -> Vec<String> {
        let Self { llm, fleet, canary } = self;
        let retried = |status| llm.retries_by_status.get(&status).copied().unwrap_or(0);
        let pushes = fleet::DEVICES + fleet::SHAKY + 2 * fleet::LOST;
        let checks = [
            (llm.answer == llm::ANSWER, "the answer is not the provider's"),
            (retried(503) == 1, "one retry after 503"),
            (retried(429) == 1 && llm.retry_after_waits == 1, "one retry after 429 with Retry-After"),
            (llm.longest_retry_after_wait_s >= 1.0, "a Retry-After wait of at least 1 s"),
            (llm.fallbacks == llm::OVERLOADED_QUESTIONS - 1, "one fallback for each question until the breaker opens"),
            (llm.breaker_openings == 1, "one opening of the breaker"),
            (fleet.devices == fleet::DEVICES, "1,000 devices"),
            (fleet.succeeded == fleet::DEVICES - fleet::LOST, "990 devices that succeed"),
            (fleet.failed == fleet::LOST && fleet.skipped == 0, "10 devices that fail, none skipped"),
            (fleet.attempts == pushes, "1,050 pushes"),
            (fleet.digest_bad == 0, "no corrupt body"),
            (fleet.pushes_after_success == 0, "no push to a device that was done"),
            (canary.state == "cancelled", "a rollout that stops at its canary"),
            (canary.failed >= 2, "canaries that fail"),
            (canary.succeeded + canary.failed <= canary::CANARIES, "no more than the canaries in the first phase"),
            (canary.untouched >= canary::DEVICES - canary::CANARIES, "the other 180 devices untouched"),
            (!canary.reason.is_empty(), "a gate that says what it found"),
        ];
        checks.into_iter().filter(|(is_so, _)| !is_so).map(|(_, what)| format!("expected {what}")).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { llm, fleet, canary } = self;
        let by_status: Vec<_> = llm.retries_by_status.iter().map(|(status, n)| format!("{n} after {status}")).collect();
        writeln!(f, "\nLLM")?;
        writeln!(f, "   requests           {} in {} attempts", llm.requests, llm.attempts)?;
        writeln!(f, "   retries            {} ({})", llm.retries, by_status.join(", "))?;
        let longest = llm.longest_retry_after_wait_s;
        writeln!(f, "   Retry-After waits  {}, the longest {longest:.2} s", llm.retry_after_waits)?;
        writeln!(f, "   fallbacks          {}", llm.fallbacks)?;
        writeln!(f, "   breaker openings   {}", llm.breaker_openings)?;
        writeln!(f, "   tokens             {} in, {} out", llm.tokens_in, llm.tokens_out)?;
        writeln!(f, "   latency            {}", llm.latency_ms)?;
        writeln!(f, "Fleet")?;
        let Fleet { devices, succeeded, failed, skipped, attempts, elapsed_s, .. } = fleet;
        writeln!(f, "   devices            {devices}: {succeeded} succeeded, {failed} failed, {skipped} skipped")?;
        writeln!(f, "   pushes             {attempts} in {elapsed_s:.1} s")?;
        writeln!(f, "   requests           {}, {} retries", fleet.requests, fleet.retries)?;
        writeln!(f, "   latency            {}", fleet.latency_ms)?;
        let Fleet { digest_ok, digest_bad, pushes_after_success, .. } = fleet;
        writeln!(f, "   bodies             {digest_ok} whole, {digest_bad} corrupt")?;
        writeln!(f, "   needless pushes    {pushes_after_success}")?;
        writeln!(f, "Canary")?;
        let Canary { state, devices, canaries, succeeded, failed, untouched, reason, .. } = canary;
        writeln!(
            f,
            "   devices            {devices}, of which {canaries} go first: {succeeded} succeeded, {failed} failed"
        )?;
        writeln!(f, "   stopped            {state}: {reason}")?;
        writeln!(f, "   untouched          {untouched}")
    }
}
