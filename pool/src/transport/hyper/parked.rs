//! An HTTP/1.1 connection that nobody has.

use steadfast_clock::Nanos;

use super::book::{Dated, Parks};
use super::line::{Facts, Line};
use super::wire::Wire;

/// A line between two exchanges. The machine on it has buffers and a queue of some 27 KiB; those of a line that is not
/// wanted for a while are given up.
pub(super) enum Parked {
    /// As the last exchange left it.
    Whole(Box<Line>),
    /// No more than the connection itself.
    Bare(Box<Bare>),
    /// Of no use for another exchange.
    Spoilt,
}

/// A connection without a machine on it.
pub(super) struct Bare {
    wire: Wire,
    facts: Facts,
}

impl Parked {
    /// A line for an exchange; `None` when the other side closed it meanwhile, or said what nobody asked for.
    pub(super) fn wake(self, suspect: bool) -> Option<Box<Line>> {
        match self {
            Self::Whole(line) => {
                if suspect {
                    line.suspect();
                }
                Some(line)
            }
            Self::Bare(bare) => {
                let Bare { mut wire, facts } = *bare;
                facts.look.ask();
                let line = if wire.is_silent() { Line::again(wire, facts) } else { None };
                line.map(Box::new)
            }
            Self::Spoilt => None,
        }
    }
}

impl Dated for Parked {
    fn made(&self) -> Nanos {
        match self {
            Self::Whole(line) => line.facts.made,
            Self::Bare(bare) => bare.facts.made,
            Self::Spoilt => Nanos::ZERO,
        }
    }
}

impl Parks for Parked {
    fn strip(&mut self) -> bool {
        match std::mem::replace(self, Self::Spoilt) {
            Self::Whole(line) if line.is_flushed() => {
                if let Some((mut wire, facts)) = line.bare() {
                    if wire.is_silent() {
                        *self = Self::Bare(Box::new(Bare { wire, facts }));
                    }
                }
            }
            parked => *self = parked,
        }
        !matches!(self, Self::Spoilt)
    }
}
