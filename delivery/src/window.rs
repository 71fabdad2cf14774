//! Maintenance windows: when devices may be worked on.

mod local;
mod opening;
mod pattern;
mod rule;
mod serial;
mod text;
mod zone;

use std::time::Duration;

use crate::error::{Error, ErrorKind};

pub use opening::{Opening, Start, WindowState};
pub use rule::WindowRule;
pub use zone::{WindowZone, Zone};

/// When devices may be worked on: rules that say when it opens and for how long, and whose clocks they go by.
///
/// Three forms of rules, which may be mixed; what overlaps or touches is one opening:
///
/// | rule | opens |
/// |---|---|
/// | `02:00-04:00 mon-fri` | on these days, from the first time until the wall clock shows the second, on the next day if that is earlier; every day without days |
/// | `0 2 1-7 * sat for 2h` | whenever the five fields of cron match, for two hours of elapsed time |
/// | `2026-12-01T02:00 for 4h` | once, at this local time; with `Z` or an offset, at the same moment everywhere |
///
/// The fields of cron are minute, hour, day of month, month and day of week (0 and 7 are Sunday; names are known), with
/// `*`, lists, ranges and steps. As in cron, days of month and of week that are both restricted mean either.
///
/// **Daylight saving.** A start that the clocks skip is at the first moment after the gap, one that comes twice at the
/// earlier; the same holds for the second time of `02:00-04:00`. Such a window is shorter or longer on those days, and
/// does not open if it falls into a gap as a whole; one with `for` is as long as ever. Whole days that a zone skips are
/// gaps, too.
///
/// What is started must be done by the end: nothing is started later than the end less what a device takes, and never
/// less than the [`reserve`](Self::reserve).
///
/// ```
/// use std::time::Duration;
/// use steadfast_clock::UnixNanos;
/// use steadfast_delivery::{Start, Window, WindowState, Zone};
///
/// let window: Window = "02:00-04:00 mon-fri".parse()?;
/// let berlin = Zone::new("Europe/Berlin")?;
/// let thursday = UnixNanos::from_secs(1_767_225_600); // 2026-01-01, 01:00 in Berlin
///
/// let WindowState::Closed { next: Some(next) } = window.state_at(thursday, &berlin) else { panic!() };
/// assert_eq!(next.start, UnixNanos::from_secs(1_767_229_200));
/// assert_eq!(next.end, Some(UnixNanos::from_secs(1_767_236_400)));
///
/// // A device that takes three hours is not begun at all.
/// let start = window.start_at(thursday, &berlin, Duration::from_secs(3 * 3600));
/// assert_eq!(start, Start::TooShort { longest: Duration::from_secs(2 * 3600) });
/// # Ok::<(), steadfast_delivery::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    rules: Vec<WindowRule>,
    /// Whose clocks it goes by.
    pub zone: WindowZone,
    /// What becomes of devices in hands when it closes.
    pub at_end: AtEnd,
    /// What becomes of devices that are not begun when it closes.
    pub leftover: Leftover,
    /// The least time before the end at which a device may still be started.
    pub reserve: Duration,
}

/// What becomes of the devices that are being worked on when their window closes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AtEnd {
    /// They are finished.
    #[default]
    Finish,
    /// Their bytes in flight are stopped, and they are pending again.
    Stop,
}

/// What becomes of the devices that are not begun when their window closes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Leftover {
    /// They wait for the next opening. Where there is none, they fail.
    #[default]
    Wait,
    /// They fail.
    Fail,
}

impl Window {
    /// A window that opens by any of these rules, on each device's own clock and by UTC where a device has none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Window`] without any rule.
    pub fn new(rules: impl IntoIterator<Item = WindowRule>) -> Result<Self, Error> {
        let rules: Vec<WindowRule> = rules.into_iter().collect();
        if rules.is_empty() {
            return Err(Error::new(ErrorKind::Window, "a window needs a rule, such as 02:00-04:00 mon-fri"));
        }
        Ok(Self {
            rules,
            zone: WindowZone::Device { otherwise: Zone::utc() },
            at_end: AtEnd::default(),
            leftover: Leftover::default(),
            reserve: Duration::ZERO,
        })
    }

    /// Sets whose clocks it goes by.
    #[must_use]
    pub fn zone(mut self, zone: WindowZone) -> Self {
        self.zone = zone;
        self
    }

    /// Sets what becomes of devices in hands when it closes; by default they are finished.
    #[must_use]
    pub fn at_end(mut self, what: AtEnd) -> Self {
        self.at_end = what;
        self
    }

    /// Sets what becomes of devices that are not begun when it closes; by default they wait for the next opening.
    #[must_use]
    pub fn leftover(mut self, what: Leftover) -> Self {
        self.leftover = what;
        self
    }

    /// Sets the least time before the end at which a device may still be started; by default none, and only what is
    /// known of the devices counts.
    #[must_use]
    pub fn reserve(mut self, least: Duration) -> Self {
        self.reserve = least;
        self
    }

    /// Its rules.
    #[must_use]
    pub fn rules(&self) -> &[WindowRule] {
        &self.rules
    }
}
