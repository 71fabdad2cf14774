//! Which devices a rollout is for, in which steps, and when.

mod gate;
mod phase;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::filter::Filter;
use crate::version::Version;
use crate::window::Window;

pub use gate::{Bound, Comparator, Denominator, Gate, Measure, Scope};
pub use phase::{OnFailure, Phase};

/// Which devices a rollout is for, in which steps, and when.
///
/// There are six named ones. They are compositions of the same parts, which can be set one by one: a progressive rollout
/// within a maintenance window for one region is `Strategy::progressive(phases).window(…).select(…)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Strategy {
    /// What it was made as, for people.
    pub kind: StrategyKind,
    /// What becomes of devices that are offline.
    #[serde(default)]
    pub offline: WhenOffline,
    /// Which devices of the fleet, limit and offset included.
    #[serde(default, skip_serializing_if = "is_all")]
    pub select: Filter,
    /// Nothing starts before this time, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before_ms: Option<u64>,
    /// When devices may be worked on; `None` means always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// The steps; empty means one that holds all devices and has no gate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<Phase>,
    /// How often the program that runs the rollout asks devices that are waited for whether they are there; `None`: they are
    /// expected to tell. The rollout itself asks nobody: what answers is told to it by
    /// [`Handle::heartbeat`](crate::Handle::heartbeat), which the command does.
    #[serde(
        default,
        with = "crate::attempt::maybe_seconds",
        rename = "probe_every_s",
        skip_serializing_if = "Option::is_none"
    )]
    pub probe_every: Option<Duration>,
    /// At most so many devices of one site are worked on at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_cap: Option<SiteCap>,
    /// Whether devices that appear in the fleet after the start take part.
    #[serde(default)]
    pub late_joiners: LateJoiners,
}

/// The six strategies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StrategyKind {
    /// Now, to the devices that are not offline.
    Immediate,
    /// Within a maintenance window.
    Window,
    /// In cumulative steps, each watched before the next.
    Progressive,
    /// To each device when it connects.
    OnConnect,
    /// To the devices that match.
    Region,
    /// To the devices below a version.
    FirmwareUpgrade,
}

/// What becomes of devices that are offline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhenOffline {
    /// They are skipped when their turn comes.
    #[default]
    Skip,
    /// They stay pending until they are heard from.
    Wait,
}

/// A bound on how many devices of one site are worked on at once: never more than one of a store's tills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SiteCap {
    /// The tag whose value names a device's site; devices without it are bounded by nothing.
    pub tag: String,
    /// How many at once; at least 1.
    pub most: std::num::NonZeroU32,
}

impl SiteCap {
    /// At most `most` devices with the same value of `tag`.
    #[must_use]
    pub fn new(tag: impl Into<String>, most: std::num::NonZeroU32) -> Self {
        Self { tag: tag.into(), most }
    }
}

/// Whether devices that appear in the fleet after the start take part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LateJoiners {
    /// The devices are those that matched at the start.
    #[default]
    Ignore,
    /// One of the store's fleet that matches and does not take part, be it imported or changed, is added to the last
    /// phase while the rollout runs, as long as there are fewer than the selection's limit. The shares of the phases stay
    /// those of the start. The fleet is looked through every 10 seconds when anything was written, less often when that
    /// takes more than a second.
    LastPhase,
}

impl Strategy {
    /// Now, to the devices that are not offline; those are skipped.
    #[must_use]
    pub fn immediate() -> Self {
        Self::of(StrategyKind::Immediate)
    }

    /// Within a maintenance window. Devices that are offline while it is open are skipped.
    #[must_use]
    pub fn scheduled(window: Window) -> Self {
        Self { window: Some(window), ..Self::of(StrategyKind::Window) }
    }

    /// In cumulative steps, each with its share, soak and gate.
    #[must_use]
    pub fn progressive(phases: impl IntoIterator<Item = Phase>) -> Self {
        Self { phases: phases.into_iter().collect(), ..Self::of(StrategyKind::Progressive) }
    }

    /// To each device when it is heard from: offline ones stay pending.
    #[must_use]
    pub fn on_connect() -> Self {
        Self { offline: WhenOffline::Wait, ..Self::of(StrategyKind::OnConnect) }
    }

    /// To the devices that match.
    #[must_use]
    pub fn region(select: Filter) -> Self {
        Self { select, ..Self::of(StrategyKind::Region) }
    }

    /// To the devices below a version, and to those whose version is not known. Each is asked what it runs before
    /// anything is sent to it, where the push can tell; one that runs a newer version than the one delivered is skipped.
    #[must_use]
    pub fn firmware_upgrade(below: impl Into<Version>) -> Self {
        Self { select: Filter::new().below(below), ..Self::of(StrategyKind::FirmwareUpgrade) }
    }

    /// Sets which devices of the fleet.
    #[must_use]
    pub fn select(mut self, select: Filter) -> Self {
        self.select = select;
        self
    }

    /// Sets when devices may be worked on.
    #[must_use]
    pub fn window(mut self, window: Window) -> Self {
        self.window = Some(window);
        self
    }

    /// Sets what becomes of devices that are offline.
    #[must_use]
    pub fn offline(mut self, offline: WhenOffline) -> Self {
        self.offline = offline;
        self
    }

    /// Sets the time before which nothing starts, in milliseconds since 1970.
    #[must_use]
    pub fn not_before_ms(mut self, at_ms: u64) -> Self {
        self.not_before_ms = Some(at_ms);
        self
    }

    /// Sets the steps.
    #[must_use]
    pub fn phases(mut self, phases: impl IntoIterator<Item = Phase>) -> Self {
        self.phases = phases.into_iter().collect();
        self
    }

    /// Sets how often the program that runs the rollout asks devices that are waited for whether they are there.
    #[must_use]
    pub fn probe_every(mut self, every: Duration) -> Self {
        self.probe_every = Some(every);
        self
    }

    /// Sets the bound on devices of one site.
    #[must_use]
    pub fn site_cap(mut self, cap: SiteCap) -> Self {
        self.site_cap = Some(cap);
        self
    }

    /// Sets whether devices that appear later take part.
    #[must_use]
    pub fn late_joiners(mut self, rule: LateJoiners) -> Self {
        self.late_joiners = rule;
        self
    }

    fn of(kind: StrategyKind) -> Self {
        Self {
            kind,
            offline: WhenOffline::Skip,
            select: Filter::new(),
            not_before_ms: None,
            window: None,
            phases: Vec::new(),
            probe_every: None,
            site_cap: None,
            late_joiners: LateJoiners::Ignore,
        }
    }
}

impl Default for Strategy {
    fn default() -> Self {
        Self::immediate()
    }
}

impl StrategyKind {
    /// The name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::Window => "window",
            Self::Progressive => "progressive",
            Self::OnConnect => "on_connect",
            Self::Region => "region",
            Self::FirmwareUpgrade => "firmware_upgrade",
        }
    }
}

fn is_all(filter: &Filter) -> bool {
    *filter == Filter::default()
}
