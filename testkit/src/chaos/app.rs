//! The behaviour of a chaotic server, request by request.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::server::{App, Exchange, Head, Pace, Peer};
use crate::{Chaos, ChaosFault, Reply};

use super::answer;
use super::dice::throw;
use super::fault::Fate;
use super::ledger::Ledger;

/// The header that numbers requests.
const NUMBER: &str = "x-request-number";

pub(super) struct Chaotic {
    pub(super) chaos: Chaos,
    pub(super) ledger: Arc<Ledger>,
}

impl App for Chaotic {
    type Exchange = Act;

    fn begin(&self, head: &Head, peer: &Peer) -> Act {
        let number = head.headers.get(NUMBER).and_then(|value| value.parse().ok());
        let (nth, arrival) = self.ledger.arrive(number);
        let fault = self.chaos.pick(peer.protocol, number, nth, arrival);
        let act = Act {
            ledger: Arc::clone(&self.ledger),
            method: head.method.clone(),
            target: head.target.clone(),
            number,
            fault,
            dice: throw(self.chaos.seed, [5, number.unwrap_or(arrival), nth]),
            length: 0,
            hash: Sha256::new(),
        };
        if let Some(fault) = fault {
            self.ledger.pick(fault);
            if act.is_early() {
                self.ledger.settle(number, Some(fault.fate()));
            }
        }
        act
    }

    fn turns_away(&self, peer: &Peer) -> bool {
        let refused = self.chaos.refuses(peer.connection);
        if refused {
            self.ledger.pick(ChaosFault::Refuse);
        }
        refused
    }
}

/// One request.
pub(super) struct Act {
    ledger: Arc<Ledger>,
    method: String,
    target: String,
    number: Option<u64>,
    fault: Option<ChaosFault>,
    dice: u64,
    length: u64,
    hash: Sha256,
}

impl Act {
    /// Whether the body is left unread; such a request is settled when it begins.
    fn is_early(&self) -> bool {
        self.fault.is_some_and(|fault| matches!(fault.fate(), Fate::Unread | Fate::Refused))
    }
}

impl Exchange for Act {
    fn pace(&self) -> Pace {
        Pace { early: self.is_early(), ..Pace::default() }
    }

    fn feed(&mut self, piece: &[u8]) {
        self.length += piece.len() as u64;
        self.hash.update(piece);
    }

    fn finish(&mut self, complete: bool) {
        if !self.is_early() {
            let fate = self.fault.map_or(Fate::Answered, ChaosFault::fate);
            self.ledger.settle(self.number, complete.then_some(fate));
        }
    }

    fn reply(&mut self) -> Reply {
        let digest = std::mem::take(&mut self.hash).finalize().into();
        let body = answer::body(&self.method, &self.target, self.number, self.length, &digest);
        let good = answer::good(body, self.dice);
        match self.fault {
            None => good,
            Some(fault) => answer::spoilt(fault, good, self.dice),
        }
    }
}
