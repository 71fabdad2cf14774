//! Numbers for the sites and zones of devices, as the machine of a rollout knows them.

use std::collections::HashMap;

use super::windows::Windows;
use crate::device::{Device, DeviceStatus};
use crate::engine::Facts;
use crate::strategy::Strategy;

/// Gives numbers, to the devices of the start and to those that join.
#[derive(Debug)]
pub(super) struct Numbers {
    /// The tag that names a site, if that counts.
    site: Option<String>,
    sites: HashMap<String, u32>,
    windows: Option<Windows>,
}

impl Numbers {
    pub(super) fn new(strategy: &Strategy) -> Self {
        Self {
            site: strategy.site_cap.as_ref().map(|cap| cap.tag.clone()),
            sites: HashMap::new(),
            windows: strategy.window.clone().map(Windows::new),
        }
    }

    /// The windows by zone; `None` when devices may be worked on always.
    pub(super) fn windows(&self) -> Option<&Windows> {
        self.windows.as_ref()
    }

    /// What is known of a device, with what its record tells.
    pub(super) fn of(&mut self, device: &Device, mut facts: Facts) -> Facts {
        facts.offline = device.status == DeviceStatus::Offline;
        if let Some(windows) = &self.windows {
            facts.zone = windows.zone(device.timezone.as_deref());
        }
        let site = self.site.as_ref().and_then(|tag| device.tags.get(tag));
        facts.site = site.map(|site| {
            let next = u32::try_from(self.sites.len()).unwrap_or(u32::MAX);
            match self.sites.get(site) {
                Some(number) => *number,
                None => *self.sites.entry(site.clone()).or_insert(next),
            }
        });
        facts
    }
}
