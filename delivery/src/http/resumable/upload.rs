//! One upload as a pure machine: it says which request comes next, and is told what came of it.

use steadfast_clock::Nanos;

use url::Url;

use super::Protocol;
use super::heard::{At, Created, Heard, Limits};

/// How often an attempt may find that the upload is not what it was held for: gone, or elsewhere.
const MOST_SLIPS: u8 = 2;
/// A device that takes so little at a time that more requests are needed than this is not served.
const MOST_PIECES: u64 = 10_000;

/// The next request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ask {
    /// Open an upload.
    Create,
    /// How much of it is there?
    Offset { url: Url },
    /// Send these bytes of the artifact. The last of them says that it is the last.
    Append { url: Url, from: u64, to: u64, last: bool },
}

/// What follows from an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Turn {
    /// The next request, at once.
    Go,
    /// The next request, after something that was not as expected; what it was.
    Slip(String),
    /// The device has everything.
    Done,
    /// This attempt has failed; the reason, where the answer alone does not tell it.
    Again(Option<String>),
    /// Nothing helps; the reason, where the answer alone does not tell it.
    Over(Option<String>),
}

/// An upload of `len` bytes.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    protocol: Protocol,
    len: u64,
    limits: Limits,
    /// The most bytes that we send at a time, whatever the device takes.
    piece: Option<u64>,
    url: Option<Url>,
    /// How much the device has; none when it has to be asked.
    at: Option<u64>,
    /// The most that it ever said it has.
    confirmed: u64,
    expires: Option<Nanos>,
    /// What went wrong with this attempt that could be put right at once.
    slips: u8,
}

impl Upload {
    /// Not begun, unless an earlier process has left it at `url`.
    pub(super) fn new(protocol: Protocol, len: u64, limits: Limits, url: Option<Url>) -> Self {
        Self { protocol, len, limits, piece: None, url, at: None, confirmed: 0, expires: None, slips: 0 }
    }

    /// Sends at most this many bytes at a time.
    pub(super) fn pieces_of(mut self, bytes: Option<u64>) -> Self {
        self.piece = bytes.map(|bytes| bytes.max(1));
        self
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(super) fn url(&self) -> Option<&Url> {
        self.url.as_ref()
    }

    /// An attempt begins.
    pub(super) fn begin(&mut self, now: Nanos) {
        self.slips = 0;
        self.at = None;
        if self.expires.is_some_and(|expires| expires <= now) {
            self.forget();
        }
    }

    /// What to ask now.
    pub(super) fn next(&self) -> Ask {
        match (&self.url, self.at) {
            (None, _) => Ask::Create,
            (Some(url), None) => Ask::Offset { url: url.clone() },
            (Some(url), Some(from)) => {
                let most = self.most().unwrap_or(u64::MAX);
                let to = from.saturating_add(most).min(self.len).max(from);
                Ask::Append { url: url.clone(), from, to, last: to == self.len }
            }
        }
    }

    /// What follows from the answer to `ask`.
    pub(super) fn told(&mut self, ask: &Ask, heard: Heard, now: Nanos) -> Turn {
        match (ask, heard) {
            (Ask::Create, Heard::Created(created)) => self.created(created, now),
            (Ask::Offset { .. }, Heard::At(at)) => self.stands(at, now),
            (Ask::Append { from, to, last, .. }, Heard::At(at)) => self.appended((*from, *to, *last), at, now),
            (Ask::Append { .. }, Heard::Silent) => self.ask_again("does not say how much it has"),
            (Ask::Append { .. }, Heard::Mismatch) => self.ask_again("is at another offset than it said"),
            (Ask::Append { .. }, Heard::TooLarge(limits)) => self.too_large(limits),
            (Ask::Append { .. }, Heard::Damaged) => {
                self.at = None;
                again("what was sent arrived damaged")
            }
            (Ask::Offset { .. } | Ask::Append { .. }, Heard::Gone) => {
                self.forget();
                self.slip("does not know the upload any more")
            }
            (_, Heard::Spoilt) => {
                self.forget();
                Turn::Again(None)
            }
            (_, Heard::Failed) => {
                self.at = None;
                Turn::Again(None)
            }
            (_, Heard::Refused | Heard::TooLarge(_)) => Turn::Over(None),
            // An answer that does not fit its question.
            _ => self.anew("answers something else than was asked"),
        }
    }

    fn created(&mut self, created: Created, now: Nanos) -> Turn {
        let Some(url) = created.url else {
            return over("it opens the upload nowhere, or at another host, where nothing is sent");
        };
        self.limits = created.limits.over(self.limits);
        if let Some(largest) = self.limits.largest.filter(|largest| *largest < self.len) {
            return Turn::Over(Some(format!("it takes at most {largest} bytes")));
        }
        if let Some(smallest) = self.limits.smallest.filter(|smallest| *smallest > self.len) {
            return Turn::Over(Some(format!("it takes no less than {smallest} bytes")));
        }
        if let Some(turn) = self.unworkable() {
            return turn;
        }
        self.url = Some(url);
        self.confirmed = 0;
        self.stands(
            At { offset: Some(created.offset.unwrap_or(0)), expires_in: created.expires_in, ..At::default() },
            now,
        )
    }

    /// The device said where the upload stands.
    fn stands(&mut self, at: At, now: Nanos) -> Turn {
        let Some(offset) = at.offset else { return self.anew("does not say how much it has") };
        if at.length.is_some_and(|length| length != self.len) {
            return self.anew(&format!("holds an upload of another length than {}", self.len));
        }
        if offset > self.len {
            return self.anew(&format!("has {offset} of {} bytes", self.len));
        }
        if offset < self.confirmed {
            return self.anew(&format!("went back from {} bytes to {offset}", self.confirmed));
        }
        let complete = match self.protocol {
            // Whoever has all bytes of a tus upload has the upload.
            Protocol::Tus => offset == self.len,
            Protocol::Draft => at.complete == Some(true),
        };
        if complete && offset < self.len {
            return self.anew(&format!("calls {offset} of {} bytes complete", self.len));
        }
        self.at = Some(offset);
        self.confirmed = offset;
        self.expires = at.expires_in.map(|left| now.saturating_add(left)).or(self.expires);
        if complete { Turn::Done } else { Turn::Go }
    }

    /// The device took bytes of the artifact.
    fn appended(&mut self, (from, to, last): (u64, u64, bool), at: At, now: Nanos) -> Turn {
        if at.complete == Some(true) {
            return if last { Turn::Done } else { self.anew(&format!("calls {to} of {} bytes complete", self.len)) };
        }
        // A draft's answer need not repeat what was sent.
        let offset = at.offset.unwrap_or(to);
        if offset < from || offset > to {
            return self.anew(&format!("has {offset} bytes after it was sent those up to {to}"));
        }
        if offset < to {
            self.at = None;
            self.confirmed = self.confirmed.max(offset);
            return Turn::Again(Some(format!("it kept {} of {} bytes", offset - from, to - from)));
        }
        if last && self.protocol == Protocol::Draft {
            return self.ask_again("does not say that it has everything");
        }
        self.stands(At { offset: Some(offset), ..at }, now)
    }

    fn too_large(&mut self, limits: Limits) -> Turn {
        let before = self.most();
        self.limits = limits.over(self.limits);
        if let Some(turn) = self.unworkable() {
            return turn;
        }
        match self.most() {
            Some(most) if before.is_none_or(|before| most < before) => self.slip("takes less at a time than it said"),
            _ => Turn::Over(None),
        }
    }

    /// The limits, where no sequence of requests keeps them.
    fn unworkable(&self) -> Option<Turn> {
        let most = self.most()?;
        if most == 0 || self.len / most > MOST_PIECES {
            return Some(Turn::Over(Some(format!("it takes no more than {most} bytes at a time"))));
        }
        let least = self.limits.least.filter(|least| *least > most && most < self.len)?;
        Some(Turn::Over(Some(format!("it takes no less than {least} and no more than {most} bytes at a time"))))
    }

    fn most(&self) -> Option<u64> {
        let ours = self.piece.map(|piece| piece.max(self.limits.least.unwrap_or(0)));
        self.limits.most.into_iter().chain(ours).min()
    }

    /// Asks how much is there, unless that was done often enough.
    fn ask_again(&mut self, what: &str) -> Turn {
        self.at = None;
        self.slip(what)
    }

    fn slip(&mut self, what: &str) -> Turn {
        self.slips += 1;
        if self.slips > MOST_SLIPS { again(&format!("it {what}")) } else { Turn::Slip(what.to_owned()) }
    }

    /// The device contradicts itself: the upload is given up, and the next attempt opens another.
    fn anew(&mut self, what: &str) -> Turn {
        self.forget();
        Turn::Again(Some(format!("it {what}: the upload begins anew")))
    }

    fn forget(&mut self) {
        self.url = None;
        self.at = None;
        self.confirmed = 0;
        self.expires = None;
    }
}

fn again(what: &str) -> Turn {
    Turn::Again(Some(what.to_owned()))
}

fn over(what: &str) -> Turn {
    Turn::Over(Some(what.to_owned()))
}
