//! What is told on stderr while the work goes on: waits, attempts, warnings.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::MultiProgress;
use steadfast_pool::breaker::State;
use steadfast_pool::{Event, Observer};

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Volume {
    /// Errors.
    Quiet,
    /// Waits and warnings, too.
    Normal,
    /// Every attempt, too.
    Verbose,
}

/// Lines on stderr, which make room for progress bars when there are any.
pub(crate) struct Say {
    volume: Volume,
    bars: Mutex<Option<MultiProgress>>,
    /// Waits that may still be told one by one.
    waits_left: AtomicUsize,
}

impl Say {
    pub(crate) fn new(volume: Volume) -> Arc<Self> {
        Arc::new(Self { volume, bars: Mutex::new(None), waits_left: AtomicUsize::new(usize::MAX) })
    }

    pub(crate) fn volume(&self) -> Volume {
        self.volume
    }

    /// Something to know. Not told when quiet.
    pub(crate) fn note(&self, text: &str) {
        if self.volume >= Volume::Normal {
            self.line(text);
        }
    }

    /// Something for those who look closely.
    pub(crate) fn detail(&self, text: &str) {
        if self.volume >= Volume::Verbose {
            self.line(text);
        }
    }

    /// Why the command ends without success. Always told.
    pub(crate) fn error(&self, text: &str) {
        self.line(&format!("error: {text}"));
    }

    /// From now on at most so many waits are told one by one, unless every attempt is.
    pub(crate) fn limit_waits(&self, waits: usize) {
        self.waits_left.store(waits, Ordering::Relaxed);
    }

    /// Puts lines above `bars` from now on.
    pub(crate) fn attach(&self, bars: MultiProgress) {
        *self.bars.lock().unwrap_or_else(PoisonError::into_inner) = Some(bars);
    }

    /// The bars are gone.
    pub(crate) fn detach(&self) {
        *self.bars.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn line(&self, text: &str) {
        let bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        match &*bars {
            Some(bars) => drop(bars.println(text)),
            // Nobody is left to tell it to when stderr is closed.
            None => drop(writeln!(std::io::stderr(), "{text}")),
        }
    }

    /// One wait more that is told, as long as there are not too many.
    pub(crate) fn wait(&self, text: &str) {
        if self.volume >= Volume::Verbose {
            return self.line(text);
        }
        match self.waits_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
            Ok(1) => self.note(&format!("{text} (further waits are not shown, -v shows them)")),
            Ok(_) => self.note(text),
            Err(_) => {}
        }
    }
}

/// A target without the mark that tells the keys of one provider apart.
fn short(target: &str) -> &str {
    target.split_once('#').map_or(target, |(target, _)| target)
}

impl Observer for Say {
    fn on(&self, event: &Event<'_>) {
        match event {
            Event::Retrying { target, attempt, max, what, delay, hinted } => {
                let why = if *hinted { ", as the server asked" } else { "" };
                let (target, delay) = (short(target), delay.as_secs_f64());
                self.wait(&format!("{target}: {what}; attempt {attempt} of {max} in {delay:.1} s{why}"));
            }
            Event::AttemptEnded { attempt } => {
                let (target, elapsed) = (short(&attempt.target), attempt.elapsed.as_secs_f64());
                self.detail(&format!(
                    "{target}: attempt {}: {} after {elapsed:.3} s",
                    attempt.number,
                    attempt.outcome()
                ));
            }
            Event::LimitWaited { target, delay } => {
                let target = short(target);
                self.detail(&format!("{target}: waited {:.3} s for the rate limit", delay.as_secs_f64()));
            }
            Event::Breaker { scope, transition } => {
                let told = format!("{}: breaker {} -> {}", short(scope), transition.from, transition.to);
                if transition.to == State::Open { self.wait(&told) } else { self.detail(&told) }
            }
            _ => {}
        }
    }
}
