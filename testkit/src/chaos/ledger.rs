//! What a chaotic server did to its requests, in all and to each number.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ChaosFault;

use super::fault::Fate;

/// What became of the requests of one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handled {
    /// Read whole, and answered well. Whether the answer arrived, only the client knows.
    pub answered: u64,
    /// Read whole, and answered by `429` or `5xx`: the client has been told.
    pub turned_away: u64,
    /// Read whole, and then the answer or its connection was broken or went silent.
    pub broken: u64,
    /// Not read beyond the head, without a word about it.
    pub unread: u64,
    /// Not read beyond the head, and the client was told that it was not processed.
    pub refused: u64,
    /// Broken off by the client before it was whole.
    pub cut: u64,
}

impl Handled {
    /// How often a client that knows nothing but what reached it must think that the request may have been executed:
    /// what was answered, broken and unread. Above 1, a body was sent again that only leave to resend allows to be sent
    /// again.
    #[must_use]
    pub fn possibly_executed(&self) -> u64 {
        self.answered + self.broken + self.unread
    }

    /// How often the body came whole.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.answered + self.turned_away + self.broken
    }

    fn count(&mut self, fate: Fate) {
        match fate {
            Fate::Answered => self.answered += 1,
            Fate::TurnedAway => self.turned_away += 1,
            Fate::Broken => self.broken += 1,
            Fate::Unread => self.unread += 1,
            Fate::Refused => self.refused += 1,
        }
    }
}

/// What a [`ChaosServer`](crate::ChaosServer) has done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChaosReport {
    /// Requests whose head came.
    pub requests: u64,
    /// What became of them.
    pub handled: Handled,
    /// How often each fault was picked; for [`Refuse`](ChaosFault::Refuse), connections.
    pub faults: BTreeMap<ChaosFault, u64>,
}

/// How many numbers are remembered.
const KEPT: usize = 4_000_000;

/// The account of a server.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Accounts>);

#[derive(Debug, Default)]
struct Accounts {
    report: ChaosReport,
    numbers: HashMap<u64, (u64, Handled)>,
}

impl Ledger {
    /// A request has come: how often its number came before, and how many requests.
    pub(super) fn arrive(&self, number: Option<u64>) -> (u64, u64) {
        let mut accounts = self.lock();
        let arrival = accounts.report.requests;
        accounts.report.requests += 1;
        let nth = number.and_then(|number| {
            let full = accounts.numbers.len() >= KEPT && !accounts.numbers.contains_key(&number);
            let account = (!full).then(|| accounts.numbers.entry(number).or_default())?;
            account.0 += 1;
            Some(account.0 - 1)
        });
        (nth.unwrap_or(0), arrival)
    }

    /// A fault was picked.
    pub(super) fn pick(&self, fault: ChaosFault) {
        *self.lock().report.faults.entry(fault).or_default() += 1;
    }

    /// What became of a request; `None` is broken off by the client.
    pub(super) fn settle(&self, number: Option<u64>, fate: Option<Fate>) {
        let mut accounts = self.lock();
        let Accounts { report, numbers } = &mut *accounts;
        let one = number.and_then(|number| numbers.get_mut(&number)).map(|(_, handled)| handled);
        for handled in [Some(&mut report.handled), one].into_iter().flatten() {
            match fate {
                Some(fate) => handled.count(fate),
                None => handled.cut += 1,
            }
        }
    }

    pub(super) fn report(&self) -> ChaosReport {
        self.lock().report.clone()
    }

    pub(super) fn handled(&self, number: u64) -> Handled {
        self.lock().numbers.get(&number).map(|(_, handled)| *handled).unwrap_or_default()
    }

    /// The numbers that may have been executed more than once, in order.
    pub(super) fn more_than_once(&self) -> Vec<(u64, Handled)> {
        let accounts = self.lock();
        let repeated = accounts.numbers.iter().filter(|(_, (_, handled))| handled.possibly_executed() > 1);
        let mut repeated: Vec<_> = repeated.map(|(number, (_, handled))| (*number, *handled)).collect();
        repeated.sort_unstable_by_key(|(number, _)| *number);
        repeated
    }

    fn lock(&self) -> MutexGuard<'_, Accounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
