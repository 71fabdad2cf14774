//! What a router is made of.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use steadfast_backoff::{Entropy, entropy};
use steadfast_clock::SharedTimer;

use super::hedging::Hedges;
use super::spot::Spot;
use super::{Rule, Strategy, Switch};
use crate::{Error, ErrorKind};

/// A router's targets, and how it goes about them.
pub(super) struct Core {
    pub(super) settings: Arc<Settings>,
    /// There is one at least: the builder sees to it.
    pub(super) spots: Vec<Arc<Spot>>,
}

pub(super) type Decide = Arc<dyn Fn(&Error) -> Option<Rule> + Send + Sync>;
pub(super) type Hook = Arc<dyn Fn(&Switch<'_>) + Send + Sync>;

/// How a router goes about its targets.
pub(super) struct Settings {
    pub(super) name: Arc<str>,
    pub(super) strategy: Strategy,
    pub(super) rules: HashMap<ErrorKind, Rule>,
    pub(super) decide: Option<Decide>,
    pub(super) observer: Option<Hook>,
    pub(super) hedges: Option<Hedges>,
    pub(super) continues: bool,
    pub(super) parking: Duration,
    pub(super) timer: SharedTimer,
    /// Where lots are drawn from, if not from the thread's own generator.
    pub(super) seeded: Option<Mutex<Entropy>>,
}

impl Settings {
    /// What follows this failure.
    pub(super) fn rule(&self, error: &Error) -> Rule {
        let decided = self.decide.as_ref().and_then(|decide| decide(error));
        decided.or_else(|| self.rules.get(&error.kind()).copied()).unwrap_or_else(|| Rule::of(error.kind()))
    }

    /// A random number.
    pub(super) fn draw(&self) -> u64 {
        match &self.seeded {
            Some(seeded) => seeded.lock().unwrap_or_else(PoisonError::into_inner).next(),
            None => entropy(),
        }
    }
}
