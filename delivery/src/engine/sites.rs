//! Never more devices of a site in hands than allowed: each has so many turns, and who has none waits in line.

use super::line::Line;
use super::queue::Queues;
use super::slot::{Flag, NONE, Slot, Spot};

/// The turns of all sites.
#[derive(Debug)]
pub(super) struct Sites {
    most: u32,
    sites: Vec<Site>,
    /// How many wait, over all sites.
    pub(super) waiting: u32,
}

#[derive(Clone, Copy, Debug)]
struct Site {
    /// Turns that are taken: by devices in hands, and by those to whom a turn was handed on and that are to be claimed.
    taken: u32,
    line: Line,
}

impl Sites {
    pub(super) fn new(most: u32) -> Self {
        Self { most, sites: Vec::new(), waiting: 0 }
    }

    /// Makes room for the site of a device.
    pub(super) fn know(&mut self, site: u32) {
        if site != NONE && site as usize >= self.sites.len() {
            self.sites.resize(site as usize + 1, Site { taken: 0, line: Line::EMPTY });
        }
    }

    /// Gives a device a turn of its site, or makes it wait for one. Whether it has one.
    pub(super) fn enter(&mut self, place: u32, slots: &mut [Slot]) -> bool {
        let slot = &mut slots[place as usize];
        let Some(site) = self.sites.get_mut(slot.site as usize) else { return true };
        if slot.is(Flag::Turn) {
            return true;
        }
        if site.taken < self.most {
            site.taken += 1;
            slot.set(Flag::Turn, true);
            return true;
        }
        slot.spot = Spot::Site;
        site.line.push(place, slots);
        self.waiting += 1;
        false
    }

    /// Takes the turn of a device, if it has one, and hands it on to the first who waits.
    pub(super) fn leave(&mut self, place: u32, slots: &mut [Slot], queues: &mut Queues) {
        let slot = &mut slots[place as usize];
        if !slot.is(Flag::Turn) {
            return;
        }
        slot.set(Flag::Turn, false);
        let Some(site) = self.sites.get_mut(slot.site as usize) else { return };
        match site.line.pop(slots) {
            Some(next) => {
                self.waiting -= 1;
                let slot = &mut slots[next as usize];
                slot.set(Flag::Turn, true);
                queues.push(next, slot);
            }
            None => site.taken -= 1,
        }
    }

    /// Begins all lines anew: whoever still waits is to enter again. Turns stay with those who have them.
    pub(super) fn disband(&mut self) {
        for site in &mut self.sites {
            site.line = Line::EMPTY;
        }
        self.waiting = 0;
    }
}
