//! Whether a target is worth asking: targets that have said that they are not are parked for a while. No clock: time is
//! handed in.

use std::time::Duration;

use steadfast_clock::Nanos;

use crate::{Error, ErrorKind, Identity};

/// Why a target is passed over, and until when.
#[derive(Clone, Debug, Default)]
pub(super) struct Health {
    parked: Option<Parking>,
}

#[derive(Clone, Debug)]
struct Parking {
    why: ErrorKind,
    until: Nanos,
    /// Who was refused: another key is another chance.
    who: Option<Identity>,
}

/// The longest that a target is parked, whatever it says.
pub(super) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl Health {
    /// The target failed. `who` tells who it is; `default` is how long it is parked when it does not say.
    ///
    /// Money that is spent and a key that is refused park it in any case, what passes by itself only where it says when.
    /// `own_model` is `false` for a call that named another model: what is said of that is nothing that the target's own
    /// must answer for.
    pub(super) fn failed(
        &mut self,
        error: &Error,
        own_model: bool,
        now: Nanos,
        default: Duration,
        who: impl FnOnce() -> Option<Identity>,
    ) {
        let told = error.retry_after();
        let (wait, who) = match error.kind() {
            ErrorKind::QuotaSpent => (told.unwrap_or(default), None),
            ErrorKind::Authentication => match who() {
                Some(who) => (LONGEST, Some(who)),
                None => (default, None),
            },
            // A limit of ours says when there is room for this very call: another one may fit before.
            ErrorKind::RateLimited if is_ours(error) => return,
            ErrorKind::RateLimited | ErrorKind::Overloaded | ErrorKind::BreakerOpen if own_model => match told {
                Some(told) => (told, None),
                None => return,
            },
            _ => return,
        };
        let until = now.saturating_add(wait.min(LONGEST));
        self.parked = Some(Parking { why: error.kind(), until, who });
    }

    /// The target is worth asking again.
    pub(super) fn unpark(&mut self) {
        self.parked = None;
    }

    /// Why it is passed over and for how long still, if it is. `who` tells who it is now.
    pub(super) fn parked(
        &mut self,
        now: Nanos,
        who: impl FnOnce() -> Option<Identity>,
    ) -> Option<(ErrorKind, Duration)> {
        let parking = self.parked.as_ref()?;
        let is_over =
            now >= parking.until || parking.who.as_ref().is_some_and(|refused| who().as_ref() != Some(refused));
        if is_over {
            self.parked = None;
        }
        self.parked.as_ref().map(|parking| (parking.why, parking.until.since(now)))
    }
}

/// Whether nobody was asked, because a limit of the pool has no room.
fn is_ours(error: &Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<steadfast_pool::Error>());
    source.is_some_and(|source| source.kind() == steadfast_pool::ErrorKind::RateLimited)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(seconds: u64) -> Nanos {
        Nanos::ZERO.saturating_add(Duration::from_secs(seconds))
    }

    fn check(kind: ErrorKind, told: Option<u64>, own_model: bool, expected: Option<u64>) {
        let mut health = Health::default();
        let error = Error::new(kind, "p", "no").retry_in(told.map(Duration::from_secs));
        health.failed(&error, own_model, at(1), HOUR, || None);
        let left = health.parked(at(1), || None).map(|(_, left)| left.as_secs());
        assert_eq!(left, expected, "{kind:?} {told:?}");
        if let Some(left) = expected {
            assert!(health.parked(at(left), || None).is_some());
            assert_eq!(health.parked(at(1 + left), || None), None);
        }
    }

    #[test]
    fn who_says_so_is_parked_for_that_long() {
        check(ErrorKind::QuotaSpent, None, true, Some(3600));
        check(ErrorKind::QuotaSpent, Some(7200), false, Some(7200));
        check(ErrorKind::QuotaSpent, Some(1 << 40), true, Some(LONGEST.as_secs()));
        check(ErrorKind::Authentication, None, true, Some(3600));
        for kind in [ErrorKind::RateLimited, ErrorKind::Overloaded, ErrorKind::BreakerOpen] {
            check(kind, Some(30), true, Some(30));
            check(kind, None, true, None);
            check(kind, Some(30), false, None);
        }
        for kind in [ErrorKind::Server, ErrorKind::Timeout, ErrorKind::InvalidRequest, ErrorKind::Permission] {
            check(kind, Some(30), true, None);
        }
    }

    #[test]
    fn a_refused_key_is_parked_until_it_is_another() {
        let who = |key: &str| Some(Identity::new("p", "m").account(key));
        let mut health = Health::default();
        health.failed(&Error::new(ErrorKind::Authentication, "p", "no"), true, at(1), HOUR, || who("old"));
        assert_eq!(health.parked(at(7200), || who("old")).map(|(why, _)| why), Some(ErrorKind::Authentication));
        assert_eq!(health.parked(at(7200), || who("new")), None);
        assert_eq!(health.parked(at(7200), || who("old")), None, "it is forgotten");
    }
}
