//! The connections' figures in a registry, beside the pool's own.

use steadfast_telemetry::{Counter, Gauge, Key, Recorder, Registry};

use crate::transport::Connections;

pub(super) struct Meters {
    active: Gauge,
    idle: Gauge,
    opened: Counter,
    closed: Counter,
    told: Connections,
}

impl Meters {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            active: registry.gauge(&Key::new("pool_connections_active")),
            idle: registry.gauge(&Key::new("pool_connections_idle")),
            opened: registry.counter(&Key::new("pool_connections_opened")),
            closed: registry.counter(&Key::new("pool_connections_closed")),
            told: Connections::new(),
        }
    }

    /// Tells what has changed; several transports may count into one registry.
    pub(super) fn tell(&mut self, now: &Connections) {
        let told = std::mem::replace(&mut self.told, *now);
        change(&self.active, told.active, now.active);
        change(&self.idle, told.idle, now.idle);
        if now.opened != told.opened {
            self.opened.add(now.opened - told.opened);
        }
        if now.closed != told.closed {
            self.closed.add(now.closed - told.closed);
        }
    }
}

impl Drop for Meters {
    fn drop(&mut self) {
        change(&self.active, self.told.active, 0);
        change(&self.idle, self.told.idle, 0);
        self.closed.add(self.told.opened - self.told.closed);
    }
}

fn change(gauge: &Gauge, from: usize, to: usize) {
    let step = |by: usize| i64::try_from(by).unwrap_or(i64::MAX);
    if to > from {
        gauge.add(step(to - from));
    } else if from > to {
        gauge.sub(step(from - to));
    }
}
