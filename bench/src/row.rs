//! One row of the table: an operation, who performs it, and what ours must reach.

use std::borrow::Cow;

use serde::Serialize;

/// An operation and its contestants.
pub struct Row {
    /// The operation.
    pub name: &'static str,
    /// Who performs it; ours is the first.
    pub contestants: Vec<Contestant>,
    /// What ours must reach, if anything was promised.
    pub reach: Option<Reach>,
}

/// Someone who can perform the operation any number of times.
pub struct Contestant {
    /// The crate, or what the floor is made of.
    pub who: &'static str,
    /// What part it plays.
    pub kind: Kind,
    /// What each thread does: one of them, or two that share what they work on.
    pub runs: Vec<Run>,
}

/// Performs the operation this many times.
pub type Run = Box<dyn FnMut(u64) + Send>;

/// The part that a contestant plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// What is to be as good as promised.
    Ours,
    /// Another crate for the same work.
    Peer,
    /// The price of something that cannot be avoided.
    Floor,
}

/// The promise: `times` the figure of `whom`, plus `plus`; at most or at least that, whichever is worse to miss.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Reach {
    /// A contestant of the row, by its name; `None` where `plus` is all there is.
    pub whom: Option<&'static str>,
    /// By how much its figure is multiplied.
    pub times: f64,
    /// What comes on top, in the unit of the figures.
    pub plus: f64,
}

/// Which of two figures is the better one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// The smaller: what something costs.
    #[default]
    Less,
    /// The larger: what is done in a second.
    More,
}

/// What came out, as one JSON object a line.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// The operation.
    pub row: Cow<'static, str>,
    /// Which figures are good ones.
    pub better: Better,
    /// Everyone's figure.
    pub figures: Vec<Measured>,
    /// The promise.
    pub reach: Option<Reach>,
}

/// One figure.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Measured {
    /// The contestant.
    pub who: &'static str,
    /// Its part.
    pub kind: Kind,
    /// Nanoseconds per operation and thread; bytes per key in the area `memory`; in the area `http` what the row says.
    pub figure: f64,
}

impl Row {
    /// A row with ours in it, on one thread.
    pub fn new(name: &'static str, ours: impl FnMut(u64) + Send + 'static) -> Self {
        Self::named(name).with(OURS, Kind::Ours, vec![Box::new(ours)])
    }

    /// A row with ours in it, on two threads, each of which does what `ours` makes.
    pub fn on_two<R: FnMut(u64) + Send + 'static>(name: &'static str, ours: impl Fn() -> R) -> Self {
        Self::named(name).with(OURS, Kind::Ours, two(ours))
    }

    /// The row with a peer, on one thread.
    pub fn peer(self, who: &'static str, run: impl FnMut(u64) + Send + 'static) -> Self {
        self.with(who, Kind::Peer, vec![Box::new(run)])
    }

    /// The row with a peer, on two threads.
    pub fn peer_on_two<R: FnMut(u64) + Send + 'static>(self, who: &'static str, make: impl Fn() -> R) -> Self {
        self.with(who, Kind::Peer, two(make))
    }

    /// The row with a floor, on one thread.
    pub fn floor(self, who: &'static str, run: impl FnMut(u64) + Send + 'static) -> Self {
        self.with(who, Kind::Floor, vec![Box::new(run)])
    }

    /// The row with a floor, on two threads.
    pub fn floor_on_two<R: FnMut(u64) + Send + 'static>(self, who: &'static str, make: impl Fn() -> R) -> Self {
        self.with(who, Kind::Floor, two(make))
    }

    /// The row with a promise: at most `times` the figure of `whom`.
    pub fn reach(self, times: f64, whom: &'static str) -> Self {
        Self { reach: Some(Reach::times(times, whom)), ..self }
    }

    /// The row with a promise: at most `plus_ns` nanoseconds more than `whom`.
    pub fn reach_plus(self, plus_ns: f64, whom: &'static str) -> Self {
        Self { reach: Some(Reach { plus: plus_ns, ..Reach::times(1.0, whom) }), ..self }
    }

    /// The row with a promise: so many nanoseconds, whoever else is there.
    pub fn reach_ns(self, ns: f64) -> Self {
        Self { reach: Some(Reach::just(ns)), ..self }
    }

    /// The most threads that a contestant has.
    pub fn threads(&self) -> usize {
        self.contestants.iter().map(|contestant| contestant.runs.len()).max().unwrap_or(0)
    }

    fn named(name: &'static str) -> Self {
        Self { name, contestants: Vec::new(), reach: None }
    }

    fn with(mut self, who: &'static str, kind: Kind, runs: Vec<Run>) -> Self {
        self.contestants.push(Contestant { who, kind, runs });
        self
    }
}

impl Reach {
    /// So many times the figure of `whom`.
    pub fn times(times: f64, whom: &'static str) -> Self {
        Self { whom: Some(whom), times, plus: 0.0 }
    }

    /// This figure, whoever else is there.
    pub fn just(figure: f64) -> Self {
        Self { whom: None, times: 0.0, plus: figure }
    }
}

/// What ours is called.
pub(crate) const OURS: &str = "steadfast";

fn two<R: FnMut(u64) + Send + 'static>(make: impl Fn() -> R) -> Vec<Run> {
    (0..2).map(|_| Box::new(make()) as Run).collect()
}
