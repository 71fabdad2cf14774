//! The inventory in memory, and who was heard of lately.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use crate::device::Device;
use crate::error::Error;
use crate::store::beat::{self, MOST_HEARTBEATS};
use crate::store::{Heartbeat, Imported};

#[derive(Default)]
pub(super) struct Fleet {
    devices: BTreeMap<String, Device>,
    /// The newest ones.
    beats: VecDeque<Heartbeat>,
    /// The number of the last one; 0 before the first.
    last_beat: u64,
}

impl Fleet {
    pub(super) fn import(&mut self, devices: Vec<Device>) -> Imported {
        let mut imported = Imported::default();
        for device in devices {
            match self.devices.get_mut(device.id()) {
                Some(known) if *known == device => imported.unchanged += 1,
                Some(known) => {
                    *known = device;
                    imported.changed += 1;
                }
                None => {
                    self.devices.insert(device.id().to_owned(), device);
                    imported.added += 1;
                }
            }
        }
        imported
    }

    pub(super) fn devices(&self, after: Option<&str>, most: usize) -> Vec<Device> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rest = self.devices.range::<str, _>((start, Bound::Unbounded));
        rest.take(most).map(|(_, device)| device.clone()).collect()
    }

    pub(super) fn device(&self, id: &str) -> Option<Device> {
        self.devices.get(id).cloned()
    }

    pub(super) fn heartbeat(&mut self, beats: Vec<Heartbeat>) -> Result<Vec<String>, Error> {
        beat::check(&beats)?;
        let mut unknown = Vec::new();
        for beat in beats {
            let Some(device) = self.devices.get_mut(&beat.device) else {
                unknown.push(beat.device);
                continue;
            };
            beat::apply(&beat, device)?;
            if self.beats.len() == MOST_HEARTBEATS {
                self.beats.pop_front();
            }
            self.beats.push_back(beat);
            self.last_beat += 1;
        }
        Ok(unknown)
    }

    pub(super) fn heartbeats(&self, after: u64, most: usize) -> Vec<(u64, Heartbeat)> {
        let first = self.last_beat - self.beats.len() as u64 + 1;
        let skipped = usize::try_from(after.saturating_add(1).saturating_sub(first)).unwrap_or(usize::MAX);
        let numbered = (first..).zip(&self.beats).skip(skipped);
        numbered.take(most).map(|(number, beat)| (number, beat.clone())).collect()
    }
}
