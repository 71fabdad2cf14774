//! Who takes part in a rollout and who does not, counted.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::device::{Device, DeviceStatus};
use crate::store::Spec;
use crate::strategy::WhenOffline;
use crate::version::Version;

/// Who of a fleet takes part in a rollout, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Survey {
    /// All devices.
    pub fleet: u64,
    /// Those that take part.
    pub selected: u64,
    /// Those that do not, by the first clause of the selection that does not hold for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, u64>,
    /// Those that take part and are offline.
    pub offline: u64,
    /// Those that take part and were told to run the version that is delivered.
    pub installed: u64,
    /// Those that take part by the name of their time zone; those without one under an empty name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub zones: BTreeMap<String, u64>,
    /// How many sites there are, if the devices of a site are bounded.
    #[serde(default)]
    pub sites: u64,
    /// The most devices of one site that take part, and its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest_site: Option<(String, u64)>,
    /// How many may be worked on at once, by the bound of sites; `None` without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_once: Option<u64>,
}

impl Survey {
    /// Counts the devices that a rollout selects from a fleet, in its order.
    pub fn of<'a>(spec: &Spec, fleet: impl IntoIterator<Item = &'a Device>) -> Self {
        let strategy = &spec.strategy;
        let (select, cap) = (&strategy.select, strategy.site_cap.as_ref());
        let version = spec.version.as_deref().map(Version::new);
        let mut survey = Self::default();
        let mut sites: HashMap<&str, u64> = HashMap::new();
        let mut without_site = 0;
        let mut matching = 0;
        for device in fleet {
            survey.fleet += 1;
            if let Some(why) = select.explain(device) {
                *survey.left_out.entry(why.clause).or_default() += 1;
                continue;
            }
            matching += 1;
            if matching <= select.offset {
                *survey.left_out.entry(format!("offset={}", select.offset)).or_default() += 1;
                continue;
            }
            if select.limit.is_some_and(|limit| matching - select.offset > limit) {
                *survey.left_out.entry(format!("limit={}", select.limit.unwrap_or(0))).or_default() += 1;
                continue;
            }
            survey.selected += 1;
            survey.offline += u64::from(device.status == DeviceStatus::Offline);
            let is = device.firmware_version.as_deref().map(Version::new);
            survey.installed += u64::from(version.is_some() && is == version);
            *survey.zones.entry(device.timezone.clone().unwrap_or_default()).or_default() += 1;
            match cap.and_then(|cap| device.tags.get(&cap.tag)) {
                Some(site) => *sites.entry(site).or_default() += 1,
                None => without_site += 1,
            }
        }
        if let Some(cap) = cap {
            let most = u64::from(cap.most.get());
            survey.at_once = Some(sites.values().map(|devices| (*devices).min(most)).sum::<u64>() + without_site);
        }
        survey.sites = sites.len() as u64;
        let largest = sites.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0)));
        survey.largest_site = largest.map(|(site, devices)| (site.to_owned(), devices));
        survey
    }

    /// How many are worked on as far as is known.
    pub(super) fn tried(&self, offline: WhenOffline) -> u64 {
        match offline {
            WhenOffline::Skip => self.selected.saturating_sub(self.offline),
            WhenOffline::Wait => self.selected,
        }
    }
}
