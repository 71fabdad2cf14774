//! Hosts that cannot be connected to: left alone for a while, for all devices behind them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use steadfast_breaker::{CircuitBreaker, OwnedPermit, Rule, State};
use steadfast_clock::{Nanos, SharedTimer};
use steadfast_pool::{Admit, AdmitFuture, Answer, Entry, ErrorKind, Pass, Phase, Reached, Refused};

use crate::push::Meter;

/// The most hosts that are remembered; those beyond are dialled each time.
const MOST_HOSTS: usize = 16 * 1024;

/// One gate for each host that lately could not be connected to. Nothing is kept of the others.
pub(super) struct Gates {
    rule: Rule,
    timer: SharedTimer,
    down: Mutex<HashMap<Arc<str>, Gate>>,
}

/// The gate of one host, and when the host failed last.
struct Gate {
    breaker: Arc<CircuitBreaker>,
    failed: Nanos,
}

impl Gates {
    pub(super) fn new(rule: Rule, timer: &SharedTimer) -> Self {
        // Once one device was connected to, so can be the others.
        Self { rule: rule.successes(1), timer: Arc::clone(timer), down: Mutex::default() }
    }

    /// Whether nobody is let through to the host.
    pub(super) fn is_shut(&self, host: &str) -> bool {
        self.find(host).is_some_and(|breaker| breaker.state(self.timer.now()) == State::Open)
    }

    fn find(&self, host: &str) -> Option<Arc<CircuitBreaker>> {
        self.lock().get(host).map(|gate| Arc::clone(&gate.breaker))
    }

    /// The host could not be connected to; with the leave of its gate, or without, when there was none.
    fn failed(&self, host: &Arc<str>, permit: Option<OwnedPermit<SharedTimer>>) {
        let Some(breaker) = self.note(host) else { return };
        // Where others found out before, there is no leave to be had.
        if let Ok(permit) = permit.map_or_else(|| breaker.permit_owned(Arc::clone(&self.timer)), Ok) {
            permit.failure();
        }
    }

    /// The gate of a host that failed now; `None` when there is no room for it.
    fn note(&self, host: &Arc<str>) -> Option<Arc<CircuitBreaker>> {
        let now = self.timer.now();
        let mut down = self.lock();
        if let Some(gate) = down.get_mut(host) {
            gate.failed = now;
            return Some(Arc::clone(&gate.breaker));
        }
        if down.len() >= MOST_HOSTS {
            let counts = self.rule.window.saturating_add(self.rule.open_for);
            down.retain(|_, gate| now.since(gate.failed) < counts);
        }
        // The rule is the crate's own: it is never refused.
        let breaker = Arc::new(CircuitBreaker::new(self.rule).ok()?);
        if down.len() < MOST_HOSTS {
            down.insert(Arc::clone(host), Gate { breaker: Arc::clone(&breaker), failed: now });
        }
        Some(breaker)
    }

    /// The host could be connected to: nothing is kept of it, unless its gate was shut meanwhile.
    fn reached(&self, host: &str) {
        let mut down = self.lock();
        if down.get(host).is_some_and(|gate| gate.breaker.state(self.timer.now()) == State::Closed) {
            down.remove(host);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Gate>> {
        self.down.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Gates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gates").field("hosts", &self.lock().len()).finish_non_exhaustive()
    }
}

/// The way of one call through the gate of its host.
pub(super) struct Entrance(Arc<Way>);

struct Way {
    gates: Arc<Gates>,
    host: Arc<str>,
    /// Leave for the attempt under way, until it is known whether there is a connection.
    permit: Mutex<Option<OwnedPermit<SharedTimer>>>,
    refused: OnceLock<Duration>,
}

impl Entrance {
    pub(super) fn new(gates: Arc<Gates>, host: Arc<str>) -> Self {
        Self(Arc::new(Way { gates, host, permit: Mutex::new(None), refused: OnceLock::new() }))
    }

    /// Admits the attempts of the call, whose bytes `meter` counts.
    pub(super) fn keeper(&self, meter: Arc<Meter>) -> Arc<dyn Admit> {
        Arc::new(Keeper { way: Arc::clone(&self.0), meter })
    }

    /// When to come back, if an attempt was not admitted.
    pub(super) fn refused(&self) -> Option<Duration> {
        self.0.refused.get().copied()
    }
}

struct Keeper {
    way: Arc<Way>,
    meter: Arc<Meter>,
}

impl Keeper {
    fn let_through(&self) -> Result<Box<dyn Pass>, Refused> {
        let way = &self.way;
        if let Some(gate) = way.gates.find(&way.host) {
            match gate.permit_owned(Arc::clone(&way.gates.timer)) {
                Ok(permit) => *way.permit() = Some(permit),
                Err(rejected) => {
                    // With all probes out, nobody knows: they take as long as they take.
                    let after = rejected.retry_in.unwrap_or(way.gates.rule.open_for);
                    let _ = way.refused.set(after);
                    let message = format!("the host {} cannot be connected to", way.host);
                    return Err(Refused::new(message).retry_in(Some(after)));
                }
            }
            // An upload may take long: the gate opens as soon as it moves.
            let way = Arc::clone(way);
            self.meter.when_moved(move || way.reached());
        }
        Ok(Box::new(Watch(Arc::clone(way))))
    }
}

impl Admit for Keeper {
    fn admit(&self, _: Entry) -> AdmitFuture<'_> {
        Box::pin(std::future::ready(self.let_through()))
    }
}

impl Way {
    fn permit(&self) -> MutexGuard<'_, Option<OwnedPermit<SharedTimer>>> {
        self.permit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reached(&self) {
        let permit = self.permit().take();
        if let Some(permit) = permit {
            permit.success();
        }
        self.gates.reached(&self.host);
    }
}

/// Learns what came of an attempt.
struct Watch(Arc<Way>);

impl Pass for Watch {
    fn answered(self: Box<Self>, _: &Answer<'_>) {
        self.0.reached();
    }

    /// It was not made.
    fn failed(self: Box<Self>, _: Reached) {
        let permit = self.0.permit().take();
        if let Some(permit) = permit {
            permit.ignored();
        }
    }

    fn failed_with(self: Box<Self>, kind: ErrorKind, reached: Reached) {
        if reached > Reached::NotConnected {
            return self.0.reached();
        }
        if !is_of_host(kind) {
            return self.failed(reached);
        }
        let permit = self.0.permit().take();
        self.0.gates.failed(&self.0.host, permit);
    }
}

/// Whether the next device would not be connected to either.
fn is_of_host(kind: ErrorKind) -> bool {
    use ErrorKind::{Connect, Dns, Proxy, Refused, Timeout, Tls};
    matches!(kind, Dns | Refused | Connect | Proxy | Tls | Timeout(Phase::Dial | Phase::Tls))
}

#[cfg(test)]
mod tests {
    use steadfast_clock::{ManualClock, shared};

    use super::*;

    #[test]
    fn only_so_many_hosts_are_remembered_and_those_of_long_ago_give_way() {
        let clock = ManualClock::new();
        let gates = Gates::new(Rule::default(), &shared(clock.clone()));
        let fail = |from: usize, count: usize| {
            for i in from..from + count {
                gates.failed(&format!("h{i}:80").into(), None);
            }
            gates.lock().len()
        };
        assert_eq!(fail(0, MOST_HOSTS + 100), MOST_HOSTS);
        clock.advance(Duration::from_secs(90));
        assert_eq!(fail(MOST_HOSTS + 100, 1), 1, "what failed before the window counts no more");
    }

    #[test]
    fn a_gate_is_shut_by_failures_and_opened_by_one_that_gets_through() {
        let clock = ManualClock::new();
        let gates = Gates::new(Rule::default(), &shared(clock.clone()));
        let host: Arc<str> = "h:80".into();
        for _ in 0..5 {
            assert!(!gates.is_shut(&host));
            gates.failed(&host, None);
        }
        assert!(gates.is_shut(&host));
        clock.advance(Duration::from_secs(30));
        let probe = gates.find(&host).unwrap().permit_owned(Arc::clone(&gates.timer)).unwrap();
        gates.reached(&host);
        assert_eq!(gates.lock().len(), 1, "its probe decides");
        probe.success();
        gates.reached(&host);
        assert_eq!(gates.lock().len(), 0);
    }
}
