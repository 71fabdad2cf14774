//! Rounds in which every engine has its turn: what disturbs a round disturbs all of it, so that ratios are taken within.

use std::time::Duration;

use super::engine::Engine;
use super::load::{Sample, during};

/// How many rounds, and how long a turn is.
const ROUNDS: usize = 15;
const TURN: Duration = Duration::from_millis(300);

/// Before anything counts: connections are opened, caches are filled.
const WARM: Duration = Duration::from_millis(100);

/// An engine, ready to be asked.
pub(crate) struct Contestant {
    pub(crate) who: &'static str,
    turn: Box<dyn FnMut(Duration) -> Sample>,
}

impl Contestant {
    /// With the workers that `make` makes.
    pub(crate) fn new<E: Engine>(who: &'static str, width: usize, make: impl FnMut() -> E) -> Self {
        let mut workers: Vec<E> = std::iter::repeat_with(make).take(width).collect();
        let turn = move |time| {
            let (back, sample) = during(std::mem::take(&mut workers), time);
            workers = back;
            sample
        };
        Self { who, turn: Box::new(turn) }
    }
}

/// What each engine did in each round.
pub(crate) struct Rounds(Vec<(&'static str, Vec<Sample>)>);

impl Rounds {
    /// Runs them all. Each round begins with another engine.
    pub(crate) fn run(mut contestants: Vec<Contestant>) -> Self {
        let mut samples = vec![Vec::with_capacity(ROUNDS); contestants.len()];
        for contestant in &mut contestants {
            (contestant.turn)(WARM);
        }
        for round in 0..ROUNDS {
            for turn in 0..contestants.len() {
                let at = (round + turn) % contestants.len();
                samples[at].push((contestants[at].turn)(TURN));
            }
        }
        Self(contestants.iter().map(|contestant| contestant.who).zip(samples).collect())
    }

    /// What `who` did, told beside `whom`: the median of `whom`, times the median of the ratios within a round.
    pub(crate) fn beside(&self, who: &str, whom: &str, of: impl Fn(&Sample) -> f64) -> f64 {
        let (who, whom) = (self.of(who), self.of(whom));
        median(whom.iter().map(&of)) * median(who.iter().zip(whom).map(|(a, b)| of(a) / of(b)))
    }

    /// Whether `who` was there.
    pub(crate) fn has(&self, who: &str) -> bool {
        self.0.iter().any(|(name, _)| *name == who)
    }

    fn of(&self, who: &str) -> &[Sample] {
        self.0.iter().find(|(name, _)| *name == who).map(|(_, samples)| samples.as_slice()).unwrap_or_default()
    }
}

/// The middle one.
pub(crate) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
