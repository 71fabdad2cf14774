//! The laws of the roster in every state that four callers can bring it to.
//!
//! Each step is what happens under one hold of the board's lock, and any step may follow any other: that is every
//! interleaving that threads can produce. The states are walked exhaustively.

use std::collections::HashSet;

use super::{Next, Roster};

const CALLERS: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Caller {
    Away,
    Seated(usize),
    Told,
    ToldOfLoss,
    Left,
}

/// A call under way, or the end of it that has not been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Call {
    launch: u32,
    maker: usize,
    cancelled: bool,
    /// Whether its last follower has left.
    abandoned: bool,
    /// Started in place of one that was lost under its followers.
    second: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    callers: [Caller; CALLERS],
    roster: Option<Roster<usize, usize, u32>>,
    call: Option<Call>,
    /// Which roster this is.
    flight: u32,
    /// Handles that were made and not yet told: those of which roster and which launch.
    handles: Vec<(u32, u32)>,
    /// Whose means of starting have been used.
    used: [bool; CALLERS],
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Join(usize),
    Wait(usize),
    Leave(usize),
    Handle(usize),
    Land,
    /// A panic, an abort, or the end of what was cancelled.
    Lose,
}

impl World {
    fn new() -> Self {
        Self {
            callers: [Caller::Away; CALLERS],
            roster: None,
            call: None,
            flight: 0,
            handles: Vec::new(),
            used: [false; CALLERS],
        }
    }

    fn seated(&self) -> usize {
        self.callers.iter().filter(|caller| matches!(caller, Caller::Seated(_))).count()
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        // Callers differ in nothing but their names: they come in order.
        steps.extend(self.callers.iter().position(|caller| *caller == Caller::Away).map(Step::Join));
        for (number, caller) in self.callers.iter().enumerate() {
            match caller {
                Caller::Seated(_) => steps.extend([Step::Wait(number), Step::Leave(number)]),
                Caller::Away | Caller::Told | Caller::ToldOfLoss | Caller::Left => {}
            }
        }
        steps.extend((0..self.handles.len()).map(Step::Handle));
        if self.call.is_some() {
            steps.extend([Step::Land, Step::Lose]);
        }
        steps
    }

    fn launch(&mut self, maker: usize, launch: u32, second: bool) {
        assert!(self.call.is_none(), "two calls at once: {self:?}");
        assert!(!self.used[maker], "a means of starting was used twice: {self:?}");
        self.used[maker] = true;
        self.call = Some(Call { launch, maker, cancelled: false, abandoned: false, second });
        self.handles.push((self.flight, launch));
    }

    fn tell(&mut self, what: Caller) {
        for caller in &mut self.callers {
            if let Caller::Seated(_) = caller {
                *caller = what;
            }
        }
    }

    fn cancel(&mut self, launch: u32) {
        assert_eq!(self.seated(), self.roster.as_ref().unwrap().passengers());
        let call = self.call.as_mut().unwrap();
        assert_eq!(call.launch, launch, "the wrong flight was cancelled");
        assert!(call.abandoned, "cancelled under its followers");
        call.cancelled = true;
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Join(number) => {
                let seat = if let Some(roster) = &mut self.roster {
                    roster.join(number)
                } else {
                    let (roster, seat, launch) = Roster::new();
                    self.roster = Some(roster);
                    self.flight += 1;
                    self.launch(number, launch, false);
                    seat
                };
                assert!(!self.callers.contains(&Caller::Seated(seat)), "a seat was given twice: {self:?}");
                self.callers[number] = Caller::Seated(seat);
            }
            Step::Wait(number) => {
                let Caller::Seated(seat) = self.callers[number] else { unreachable!() };
                let replaced = self.roster.as_mut().unwrap().wait(seat, number);
                assert!(replaced.is_none_or(|waker| waker == number), "the waker of another: {self:?}");
            }
            Step::Leave(number) => {
                let Caller::Seated(seat) = self.callers[number] else { unreachable!() };
                let (left, cancel) = self.roster.as_mut().unwrap().leave(seat);
                assert!(left.unwrap().make.is_none_or(|make| make == number), "the seat of another: {self:?}");
                self.callers[number] = Caller::Left;
                if self.seated() == 0 {
                    self.call.as_mut().unwrap().abandoned = true;
                }
                if let Some(launch) = cancel {
                    assert_eq!(self.seated(), 0, "cancelled under a follower: {self:?}");
                    self.cancel(launch);
                }
            }
            Step::Handle(index) => {
                let (flight, launch) = self.handles.swap_remove(index);
                if let Some(roster) = self.roster.as_mut().filter(|_| flight == self.flight) {
                    if let Some(launch) = roster.launched(launch, launch) {
                        self.cancel(launch);
                    }
                }
            }
            Step::Land => {
                let Call { maker, .. } = self.call.take().unwrap();
                let mut roster = self.roster.take().unwrap();
                if let Some(seat) = roster.maker() {
                    assert_eq!(self.callers[maker], Caller::Seated(seat), "the wrong maker was told");
                }
                let waiting: HashSet<usize> = roster.wakers().collect();
                assert!(waiting.iter().all(|&number| matches!(self.callers[number], Caller::Seated(_))));
                self.tell(Caller::Told);
            }
            Step::Lose => {
                let lost = self.call.take().unwrap();
                match self.roster.as_mut().unwrap().ended() {
                    Next::Launch(maker, launch) => {
                        assert!(matches!(self.callers[maker], Caller::Seated(_)), "one who left started a flight");
                        assert!(lost.abandoned || !lost.second, "a third flight was started");
                        self.launch(maker, launch, !lost.abandoned);
                    }
                    Next::Tell => {
                        let spares = (0..CALLERS)
                            .any(|number| matches!(self.callers[number], Caller::Seated(_)) && !self.used[number]);
                        assert!(lost.second || !spares, "given up with a follower to start another: {self:?}");
                        self.roster = None;
                        self.tell(Caller::ToldOfLoss);
                    }
                    Next::Close => {
                        assert_eq!(self.seated(), 0, "closed under a follower: {self:?}");
                        self.roster = None;
                    }
                }
            }
        }
    }

    fn check(&self) {
        assert_eq!(self.roster.is_some(), self.call.is_some(), "a roster without its call, or the reverse: {self:?}");
        assert_eq!(self.seated(), self.roster.as_ref().map_or(0, Roster::passengers), "{self:?}");
        if let Some(call) = &self.call {
            let told = !self.handles.contains(&(self.flight, call.launch));
            let left_alone = self.seated() == 0 && told;
            assert!(!left_alone || call.cancelled, "nobody is left and it was not cancelled: {self:?}");
        }
    }
}

/// In every state that four callers can bring about in any interleaving: exactly one call is under way while anyone
/// waits, and never two; the last one to leave cancels it, and nobody else does; a lost call is replaced once, by the
/// means of one who is there, and otherwise told to all; nobody is left waiting for nothing.
#[test]
fn every_state_keeps_the_laws() {
    let mut seen = HashSet::from([World::new()]);
    let mut open = vec![World::new()];
    while let Some(world) = open.pop() {
        for step in world.steps() {
            let mut next = world.clone();
            next.take(step);
            next.check();
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    assert!(seen.len() > 5_000, "{} states", seen.len());
}

#[test]
fn a_seat_is_small() {
    assert!(size_of::<Option<super::Seat<[usize; 4], [usize; 2]>>>() <= 64);
}
