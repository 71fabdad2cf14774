//! What a rollout is to do, as it is said by options or in a `rollout.toml`: the same words in both.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::ValueEnum;
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::{Deserialize, Deserializer};
use steadfast_delivery::{AtEnd, Filter, Leftover, Window, Zone};

use super::phase::PhaseText;
use crate::how::How;
use crate::trust::Trust;
use crate::when::{At, Span, text};

/// Every option of a rollout. In a file its name has `_` for `-`; how devices are reached is in a table of its own.
#[derive(clap::Args, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Names the rollout, for the commands that follow [default: a name that nothing else has].
    #[arg(long, value_name = "NAME")]
    pub(crate) id: Option<String>,
    /// The file to push.
    #[arg(long, value_name = "FILE")]
    pub(crate) artifact: Option<PathBuf>,
    /// Push the file even if it is empty.
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// The version that devices are told and must report afterwards.
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// How many devices are worked on at once [default: 64].
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<NonZeroUsize>,

    /// The devices: a .json, .csv or .toml file with at least `id` and `address` of each. Without it, those of the fleet
    /// in the store.
    #[arg(long, value_name = "FILE", help_heading = "Which devices")]
    pub(crate) inventory: Option<PathBuf>,
    /// Only the devices that match, such as 'tag.region=eu,status=online,firmware<2.0.0'.
    #[arg(long, value_name = "FILTER", help_heading = "Which devices")]
    #[serde(deserialize_with = "maybe")]
    pub(crate) filter: Option<FilterText>,
    /// Only devices with this tag; may be given several times, then all must match.
    #[arg(long = "tag", value_name = "NAME=VALUE", help_heading = "Which devices")]
    #[serde(deserialize_with = "tags")]
    pub(crate) tags: Vec<Tag>,
    /// Only devices whose firmware is below this version, or not known.
    #[arg(long, value_name = "VERSION", help_heading = "Which devices")]
    pub(crate) below: Option<String>,

    /// Which devices, in which steps, when [default: what the other options ask for; without any, immediate].
    #[arg(long, value_enum, help_heading = "In which steps, and when")]
    pub(crate) strategy: Option<Kind>,
    /// A step, as '10%,soak=24h,success>=95%,min=10,on-failure=pause'; its share counts those before it. May be given
    /// several times. Other words: name=canary, failed<3, failed<=1%, classes=cut+timed_out, scope=cumulative, of=all,
    /// on-failure=cancel or rollback, approve.
    #[arg(long = "phase", value_name = "PHASE", help_heading = "In which steps, and when")]
    pub(crate) phases: Vec<PhaseText>,
    /// When devices may be worked on, as '02:00-04:00 mon-fri', '0 2 * * sat for 2h' or '2026-12-01T02:00 for 4h'; several
    /// rules are separated by `;`.
    #[arg(long, value_name = "RULES", value_parser = rules, help_heading = "In which steps, and when")]
    #[serde(deserialize_with = "maybe_window")]
    pub(crate) window: Option<Window>,
    /// Whose clocks the window goes by: `device` for each device's own, or a zone such as Europe/Berlin or UTC for all
    /// [default: device].
    #[arg(long, value_name = "ZONE", help_heading = "In which steps, and when")]
    #[serde(deserialize_with = "maybe")]
    pub(crate) timezone: Option<Clocks>,
    /// The zone of devices that name none, where each device's own clock counts [default: UTC].
    #[arg(long, value_name = "ZONE", value_parser = zone, help_heading = "In which steps, and when")]
    pub(crate) default_timezone: Option<Zone>,
    /// What becomes of devices in hands when the window closes: finish, or stop [default: finish].
    #[arg(long, value_name = "WHAT", value_parser = word::<AtEnd>, help_heading = "In which steps, and when")]
    pub(crate) at_window_end: Option<AtEnd>,
    /// What becomes of devices that are not begun when it closes: wait for the next one, or fail [default: wait].
    #[arg(long, value_name = "WHAT", value_parser = word::<Leftover>, help_heading = "In which steps, and when")]
    pub(crate) leftover: Option<Leftover>,
    /// The least time before the end of the window at which a device is still begun.
    #[arg(long, value_name = "SPAN", help_heading = "In which steps, and when")]
    pub(crate) window_reserve: Option<Span>,
    /// Every phase but the first waits until somebody approves it.
    #[arg(long, help_heading = "In which steps, and when")]
    pub(crate) approve_phases: bool,
    /// Nothing starts before this time (RFC 3339).
    #[arg(long, value_name = "TIME", help_heading = "In which steps, and when")]
    pub(crate) start_at: Option<At>,
    /// Devices that are waited for are asked so often whether they are there; else they are expected to tell.
    #[arg(long, value_name = "SPAN", help_heading = "In which steps, and when")]
    pub(crate) probe_every: Option<Span>,
    /// What becomes of devices that appear in the fleet after the start: ignore, or last-phase [default: ignore].
    #[arg(long, value_name = "WHAT", value_enum, help_heading = "In which steps, and when")]
    pub(crate) late_joiners: Option<Joiners>,
    /// The tag that names a device's site, for --site-max.
    #[arg(long, value_name = "TAG", help_heading = "In which steps, and when")]
    pub(crate) site_tag: Option<String>,
    /// At most so many devices of a site at once.
    #[arg(long, value_name = "N", help_heading = "In which steps, and when")]
    pub(crate) site_max: Option<NonZeroU32>,

    /// What devices get when a phase fails that is to be rolled back.
    #[arg(long, value_name = "FILE", help_heading = "When it goes wrong")]
    pub(crate) rollback_artifact: Option<PathBuf>,
    /// The version of that file.
    #[arg(long, value_name = "VERSION", help_heading = "When it goes wrong")]
    pub(crate) rollback_version: Option<String>,

    #[command(flatten)]
    pub(crate) signature: Trust,
    #[command(flatten)]
    pub(crate) push: How,
}

/// The six strategies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Now, to the devices that are not offline.
    Immediate,
    /// Within a maintenance window.
    Window,
    /// In steps, each watched before the next.
    Progressive,
    /// To each device when it connects.
    OnConnect,
    /// To the devices with a tag.
    Region,
    /// To the devices below a version.
    FirmwareUpgrade,
}

/// What becomes of devices that appear in the fleet after the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Joiners {
    /// They do not take part.
    Ignore,
    /// Those that match are added to the last phase.
    LastPhase,
}

impl Settings {
    /// What is said here, and where nothing is, what is said there.
    pub(crate) fn over(self, there: Self) -> Self {
        let Self {
            id,
            artifact,
            allow_empty,
            version,
            concurrency,
            inventory,
            filter,
            tags,
            below,
            strategy,
            phases,
            window,
            timezone,
            default_timezone,
            at_window_end,
            leftover,
            window_reserve,
            approve_phases,
            start_at,
            probe_every,
            late_joiners,
            site_tag,
            site_max,
            rollback_artifact,
            rollback_version,
            signature,
            push,
        } = self;
        Self {
            id: id.or(there.id),
            artifact: artifact.or(there.artifact),
            allow_empty: allow_empty || there.allow_empty,
            version: version.or(there.version),
            concurrency: concurrency.or(there.concurrency),
            inventory: inventory.or(there.inventory),
            filter: filter.or(there.filter),
            tags: if tags.is_empty() { there.tags } else { tags },
            below: below.or(there.below),
            strategy: strategy.or(there.strategy),
            phases: if phases.is_empty() { there.phases } else { phases },
            window: window.or(there.window),
            timezone: timezone.or(there.timezone),
            default_timezone: default_timezone.or(there.default_timezone),
            at_window_end: at_window_end.or(there.at_window_end),
            leftover: leftover.or(there.leftover),
            window_reserve: window_reserve.or(there.window_reserve),
            approve_phases: approve_phases || there.approve_phases,
            start_at: start_at.or(there.start_at),
            probe_every: probe_every.or(there.probe_every),
            late_joiners: late_joiners.or(there.late_joiners),
            site_tag: site_tag.or(there.site_tag),
            site_max: site_max.or(there.site_max),
            rollback_artifact: rollback_artifact.or(there.rollback_artifact),
            rollback_version: rollback_version.or(there.rollback_version),
            signature: signature.over(there.signature),
            push: push.over(there.push),
        }
    }

    /// With paths of files that mean the same in another folder.
    pub(crate) fn below(mut self, folder: &Path) -> Self {
        for path in [&mut self.artifact, &mut self.inventory, &mut self.rollback_artifact].into_iter().flatten() {
            *path = folder.join(&*path);
        }
        self.signature = self.signature.below(folder);
        self.push = self.push.below(folder);
        self
    }
}

/// A filter by its text.
#[derive(Clone, Debug)]
pub(crate) struct FilterText(pub(crate) Filter);

impl FromStr for FilterText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error: steadfast_delivery::Error| error.to_string())
    }
}

/// A tag with the value that it must have: `region=eu`.
#[derive(Clone, Debug)]
pub(crate) struct Tag(pub(crate) String, pub(crate) String);

impl FromStr for Tag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => Ok(Self(name.trim().into(), value.trim().into())),
            _ => Err(format!("`{text}` is no tag: give it as NAME=VALUE")),
        }
    }
}

/// Whose clocks a window goes by.
#[derive(Clone, Debug)]
pub(crate) enum Clocks {
    /// Each device's own.
    Device,
    /// Those of one zone.
    Zone(Zone),
}

impl FromStr for Clocks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "device" => Ok(Self::Device),
            name => zone(name).map(Self::Zone),
        }
    }
}

fn zone(name: &str) -> Result<Zone, String> {
    Zone::new(name).map_err(|error| error.to_string())
}

fn rules(text: &str) -> Result<Window, String> {
    text.parse().map_err(|error: steadfast_delivery::Error| error.to_string())
}

/// A word that has a name of its own in files, where the reader tells what there is.
fn word<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
    T::deserialize(StrDeserializer::<ValueError>::new(text)).map_err(|error| error.to_string())
}

fn maybe_window<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Window>, D::Error> {
    let text = String::deserialize(deserializer)?;
    rules(&text).map(Some).map_err(serde::de::Error::custom)
}

fn maybe<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(deserializer: D) -> Result<Option<T>, D::Error> {
    text(deserializer).map(Some)
}

fn tags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Tag>, D::Error> {
    let table = BTreeMap::<String, String>::deserialize(deserializer)?;
    Ok(table.into_iter().map(|(name, value)| Tag(name, value)).collect())
}
