//! One simulated device: pure bookkeeping of what it received and what it runs.

use steadfast_clock::Nanos;

use super::report::Tally;

/// A device's memory.
#[derive(Debug, Default)]
pub(super) struct Device {
    /// What it runs; `None` is what it was made with.
    runs: Option<Box<Image>>,
    /// What it boots, and when that is done.
    boots: Option<Box<Boot>>,
    /// What the latest accepted push said of its version.
    accepted: Option<Box<str>>,
    tally: Tally,
    /// How often each step of the script was used on it.
    pub(super) used: Vec<u64>,
    pub(super) offline: bool,
}

/// An update that a device took.
#[derive(Debug)]
struct Image {
    version: Box<str>,
    sha256: [u8; 32],
}

/// A device that boots.
#[derive(Debug)]
struct Boot {
    /// What it runs then; `None` is what it runs already.
    image: Option<Box<Image>>,
    done: Nanos,
}

/// What came of the body of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// It ended early.
    Cut,
    /// It came whole, and no digest was announced.
    Unchecked,
    /// It came whole and matches: its SHA-256.
    Match([u8; 32]),
    /// It came whole and does not match, or cannot be decoded.
    Mismatch,
}

impl Device {
    /// What it runs, unless that is what it was made with.
    pub(super) fn runs(&self) -> Option<(&str, &[u8; 32])> {
        self.runs.as_deref().map(|image| (&*image.version, &image.sha256))
    }

    /// Whether it is up; one whose time has come is.
    pub(super) fn is_up(&mut self, now: Nanos) -> bool {
        match self.boots.take() {
            Some(boot) if now < boot.done => {
                self.boots = Some(boot);
                false
            }
            Some(boot) => {
                self.runs = boot.image.or(self.runs.take());
                true
            }
            None => true,
        }
    }

    pub(super) fn tally(&self) -> Tally {
        Tally { devices: 1, ..self.tally }
    }

    /// A push begins.
    pub(super) fn push(&mut self, version: Option<&str>) {
        self.tally.pushes += 1;
        let same = match (version, self.accepted.as_deref()) {
            (Some(new), Some(old)) => new == old,
            _ => true,
        };
        if self.tally.accepted > 0 && same {
            self.tally.pushes_after_success += 1;
        }
    }

    /// The body of a push is over.
    pub(super) fn receive(&mut self, received: Received) {
        match received {
            Received::Cut => self.tally.cut += 1,
            Received::Unchecked => {}
            Received::Match(_) => self.tally.digest_ok += 1,
            Received::Mismatch => self.tally.digest_bad += 1,
        }
    }

    /// The device itself accepts a push.
    pub(super) fn accept(&mut self, version: Option<&str>) {
        self.tally.accepted += 1;
        self.accepted = version.map(Box::from);
    }

    /// It has an update that it knows to be whole, and boots it until then; one that does not boot leaves what was there.
    pub(super) fn boot(&mut self, update: Option<(&str, [u8; 32])>, done: Nanos) {
        let image = update.map(|(version, sha256)| Box::new(Image { version: Box::from(version), sha256 }));
        self.boots = Some(Box::new(Boot { image, done }));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_device_that_was_never_asked_is_small() {
        assert!(size_of::<Mutex<Device>>() + size_of::<u32>() <= 200);
    }

    #[test]
    fn a_device_that_boots_is_what_it_was_until_then() {
        let (mut device, [before, done]) = (Device::default(), [9, 10].map(Nanos::from_nanos));
        device.boot(Some(("2", [7; 32])), done);
        assert!(!device.is_up(before) && device.runs().is_none());
        assert!(device.is_up(done) && device.runs() == Some(("2", &[7; 32])));
        device.boot(None, done);
        assert!(device.is_up(done) && device.runs() == Some(("2", &[7; 32])));
    }
}
