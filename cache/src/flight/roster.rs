//! Who waits for a flight, and what follows when they leave or it ends: the pure machine, without a lock or a task.

/// The passengers of one key's flight. `M` starts a flight, `W` wakes whoever waits, `A` cancels a flight under way.
///
/// While a roster stands, exactly one flight of its key is under way: it was asked for by [`new`](Self::new) or
/// [`ended`](Self::ended), and its end has not been told yet. What is given back is dropped by the caller, without the lock.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Roster<M, W, A> {
    /// One for each follower; the seats of those that left are taken again.
    seats: Vec<Option<Seat<M, W>>>,
    vacant: Vec<usize>,
    /// The seat whose way of starting the present flight was taken, while its holder stays.
    maker: Option<usize>,
    /// Which launch the present flight is, so that a late handle is not taken for that of its successor.
    launch: u32,
    cancel: Option<A>,
    phase: Phase,
}

/// What one follower left with the roster.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Seat<M, W> {
    /// How it would start a flight, until that is used.
    make: Option<M>,
    waker: Option<W>,
}

/// What the present flight is to its followers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
enum Phase {
    /// Theirs, as first started.
    First,
    /// Theirs, started in place of one that was lost.
    Second,
    /// Nobody's: the last follower left, and it is being cancelled. Who comes now waits for its end.
    Abandoned,
}

/// What is to be done about a flight that has ended without a result.
#[derive(Debug)]
pub(super) enum Next<M> {
    /// Start this one, and tell its handle to [`launched`](Roster::launched) under this number.
    Launch(M, u32),
    /// Tell all followers that the flight was lost; the roster is done with.
    Tell,
    /// Nobody is there; the roster is done with.
    Close,
}

impl<M, W, A> Roster<M, W, A> {
    /// A roster with one follower, its seat, and the number of its launch: it is to be started by that follower's means.
    pub(super) fn new() -> (Self, usize, u32) {
        let (seat, launch) = (0, 0);
        let seats = vec![Some(Seat { make: None, waker: None })];
        let roster = Self { seats, vacant: Vec::new(), maker: Some(seat), launch, cancel: None, phase: Phase::First };
        (roster, seat, launch)
    }

    /// Takes a seat.
    pub(super) fn join(&mut self, make: M) -> usize {
        let seat = Some(Seat { make: Some(make), waker: None });
        if let Some(number) = self.vacant.pop() {
            self.seats[number] = seat;
            return number;
        }
        self.seats.push(seat);
        self.seats.len() - 1
    }

    /// Waits in a seat. Returns the waker that this one replaces.
    pub(super) fn wait(&mut self, seat: usize, waker: W) -> Option<W> {
        self.seats.get_mut(seat)?.as_mut()?.waker.replace(waker)
    }

    /// Gives up a seat, and with the last one the flight: then it is to be cancelled, by the handle or, where none has
    /// been told yet, by [`launched`](Self::launched).
    pub(super) fn leave(&mut self, seat: usize) -> (Option<Seat<M, W>>, Option<A>) {
        let Some(left) = self.seats.get_mut(seat).and_then(Option::take) else { return (None, None) };
        self.vacant.push(seat);
        if self.maker == Some(seat) {
            self.maker = None;
        }
        if self.passengers() > 0 {
            return (Some(left), None);
        }
        self.phase = Phase::Abandoned;
        (Some(left), self.cancel.take())
    }

    /// Takes note of how the flight of that launch is cancelled; gives the handle back when that is to be done at once.
    pub(super) fn launched(&mut self, launch: u32, cancel: A) -> Option<A> {
        if launch != self.launch {
            return None;
        }
        if self.phase == Phase::Abandoned {
            return Some(cancel);
        }
        self.cancel = Some(cancel);
        None
    }

    /// Takes note that the flight has ended without a result: it was cancelled, it panicked, or it was aborted.
    pub(super) fn ended(&mut self) -> Next<M> {
        if self.passengers() == 0 {
            return Next::Close;
        }
        let again = match self.phase {
            Phase::First => Phase::Second,
            Phase::Second => return Next::Tell,
            Phase::Abandoned => Phase::First,
        };
        let spare = |seat: &mut Option<Seat<M, W>>| seat.as_mut().and_then(|seat| seat.make.take());
        let found = self.seats.iter_mut().enumerate().find_map(|(number, seat)| Some((number, spare(seat)?)));
        let Some((maker, make)) = found else { return Next::Tell };
        self.maker = Some(maker);
        self.launch = self.launch.wrapping_add(1);
        self.cancel = None;
        self.phase = again;
        Next::Launch(make, self.launch)
    }

    /// The seat whose way of starting the present flight was taken.
    pub(super) fn maker(&self) -> Option<usize> {
        self.maker
    }

    /// How many seats are taken.
    pub(super) fn passengers(&self) -> usize {
        self.seats.len() - self.vacant.len()
    }

    /// Everyone who waits.
    pub(super) fn wakers(&mut self) -> impl Iterator<Item = W> {
        self.seats.iter_mut().flatten().filter_map(|seat| seat.waker.take())
    }
}

#[cfg(test)]
mod tests;
