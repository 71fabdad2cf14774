//! The machine, step by step and at random.

#![expect(clippy::cast_possible_truncation, reason = "the numbers of tests are small")]

mod checks;
mod claims;
mod commands;
mod drive;
mod gates;
mod laws;
mod naive;
mod phases;
mod recovery;
mod sites;
mod windows;
mod world;

use steadfast_clock::UnixNanos;

use super::{Effect, Engine, Facts, Moved};
use crate::failure::FailureClass;
use crate::record::{DeviceState, EventKind};
use crate::store::Place;
use crate::strategy::Strategy;
use world::{START, at};

fn engine(strategy: &Strategy, facts: Vec<Facts>) -> Engine {
    Engine::new(strategy, facts, None, None, at(0)).unwrap()
}

/// A machine over so many devices that are there.
fn over(strategy: &Strategy, devices: usize) -> Engine {
    engine(strategy, vec![Facts::pending(); devices])
}

fn offline() -> Facts {
    Facts { offline: true, ..Facts::pending() }
}

fn claim(engine: &mut Engine, most: usize, now: UnixNanos) -> Vec<u32> {
    let mut places = Vec::new();
    engine.claim(most, now, &mut places);
    places.into_iter().map(|place| place.0).collect()
}

/// A claimed device is pushed to, and comes to this.
fn push(engine: &mut Engine, place: u32, to: Moved, now: UnixNanos) {
    engine.moved(Place(place), Moved::Pushing, now);
    engine.moved(Place(place), to, now);
}

/// All that can be claimed is claimed and comes to this.
fn push_all(engine: &mut Engine, to: Moved, now: UnixNanos) -> Vec<u32> {
    let mut all = Vec::new();
    loop {
        let places = claim(engine, 100, now);
        if places.is_empty() {
            return all;
        }
        places.iter().for_each(|place| push(engine, *place, to, now));
        all.extend(places);
    }
}

const FAILED: Moved = Moved::Failed(FailureClass::Rejected);

/// The effects, in words; times in seconds since the start of the world.
fn told(engine: &mut Engine) -> Vec<String> {
    let places = |places: &[Place]| format!("{:?}", places.iter().map(|place| place.0).collect::<Vec<_>>());
    let word = |effect: &Effect| match effect {
        Effect::Event(EventKind::PhaseStarted { phase, devices }) => format!("phase {phase} of {devices}"),
        Effect::Event(EventKind::AwaitingApproval { phase }) => format!("phase {phase}?"),
        Effect::Event(EventKind::Approved { phase, by }) => format!("phase {phase} by {by:?}"),
        Effect::Event(EventKind::Soaking { phase, until_ms }) => format!("soak {phase} to {}", until_ms / 1000 - START),
        Effect::Event(EventKind::PhasePassed { phase, skipped: false }) => format!("passed {phase}"),
        Effect::Event(EventKind::PhasePassed { phase, skipped: true }) => format!("skipped {phase}"),
        Effect::Event(EventKind::GateFailed { phase, reason }) => format!("gate {phase}: {reason}"),
        Effect::Event(EventKind::Paused { reason }) => format!("paused: {reason}"),
        Effect::Event(EventKind::Cancelling { reason }) => format!("cancelling: {reason}"),
        Effect::Event(EventKind::Resumed) => String::from("resumed"),
        Effect::Event(EventKind::Retried { devices }) => format!("retried {devices}"),
        Effect::Event(other) => format!("{other:?}"),
        Effect::Settle { places: which, to } => format!("{} {to}", places(which)),
        Effect::StopInFlight { places: which, then } => format!("stop {} {then}", places(which)),
        Effect::RollBack { places: which } => format!("roll back {}", places(which)),
        Effect::Reopened(which) => format!("reopened {}", places(which)),
    };
    engine.effects().iter().map(word).collect()
}

#[test]
fn a_device_costs_sixteen_bytes() {
    assert_eq!(size_of::<super::slot::Slot>(), 16);
    let engine = engine(&Strategy::on_connect(), vec![offline(); 1000]);
    assert_eq!(engine.slots.capacity(), 1000);
}
