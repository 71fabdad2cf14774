//! The index as a pure machine: no lock, no randomness, signatures are arguments.

use std::collections::{BTreeMap, HashMap};

use super::index::Similar;
use super::stats::SimilarStats;
use super::tokens::TokenSet;
use crate::CacheKey;

/// Sets of tokens under their keys. For each band of the signatures it knows which sets agree in it: a list that the
/// newest heads. Band 0 is that of equal sets.
pub(super) struct Table {
    threshold: f64,
    capacity: usize,
    slots: Vec<Option<Slot>>,
    vacant: Vec<u32>,
    by_key: HashMap<CacheKey, u32>,
    by_age: BTreeMap<u64, u32>,
    /// One for each band: the newest slot that has this hash there.
    heads: Vec<HashMap<u64, u32>>,
    /// The number of the next set.
    next: u64,
    stats: SimilarStats,
}

struct Slot {
    key: CacheKey,
    partition: CacheKey,
    tokens: TokenSet,
    /// Its number: newer sets have higher ones.
    age: u64,
    /// The look-up that has seen it last.
    seen: u64,
    links: Box<[Link]>,
}

/// The place of a slot in the list of a band.
#[derive(Clone, Copy)]
struct Link {
    hash: u64,
    newer: u32,
    older: u32,
}

/// No slot.
const NONE: u32 = u32::MAX;
/// How many sets of one list are compared at most, the newest first.
const REACH: usize = 64;

impl Table {
    /// An empty table for signatures of so many bands, that of equal sets included.
    pub(super) fn new(threshold: f64, capacity: u32, bands: usize) -> Self {
        Self {
            threshold,
            capacity: usize::try_from(capacity).unwrap_or(usize::MAX),
            slots: Vec::new(),
            vacant: Vec::new(),
            by_key: HashMap::new(),
            by_age: BTreeMap::new(),
            heads: vec![HashMap::new(); bands],
            next: 0,
            stats: SimilarStats::new(),
        }
    }

    pub(super) fn insert(&mut self, partition: CacheKey, tokens: TokenSet, signature: &[u64], key: CacheKey) {
        self.remove(&key);
        if let Some(slot) = self.equal(&partition, &tokens, signature) {
            self.take(slot);
        }
        while self.by_key.len() >= self.capacity {
            let Some((_, &oldest)) = self.by_age.first_key_value() else { break };
            self.stats.evictions += 1;
            self.take(oldest);
        }
        let slot = self.vacant.pop().or_else(|| u32::try_from(self.slots.len()).ok().filter(|slot| *slot != NONE));
        let Some(slot) = slot else { return };
        let age = self.next;
        self.next += 1;
        let links = signature.iter().enumerate().map(|(band, &hash)| {
            let older = self.heads[band].insert(hash, slot).unwrap_or(NONE);
            Link { hash, newer: NONE, older }
        });
        let links: Box<[_]> = links.collect();
        for (band, link) in links.iter().enumerate() {
            if let Some(older) = self.link(link.older, band) {
                older.newer = slot;
            }
        }
        let held = Some(Slot { key, partition, tokens, age, seen: 0, links });
        match self.slots.get_mut(slot as usize) {
            Some(place) => *place = held,
            None => self.slots.push(held),
        }
        self.by_key.insert(key, slot);
        self.by_age.insert(age, slot);
    }

    pub(super) fn nearest(&mut self, partition: &CacheKey, tokens: &TokenSet, signature: &[u64]) -> Option<Similar> {
        self.stats.lookups += 1;
        let mut best: Option<(f64, u64, CacheKey)> = None;
        for (band, hash) in signature.iter().enumerate() {
            let mut at = self.heads[band].get(hash).copied().unwrap_or(NONE);
            for _ in 0..REACH {
                let Some(slot) = self.slots.get_mut(at as usize).and_then(Option::as_mut) else { break };
                at = slot.links[band].older;
                if slot.seen == self.stats.lookups || slot.partition != *partition {
                    continue;
                }
                slot.seen = self.stats.lookups;
                self.stats.examined += 1;
                let Some(similarity) = slot.tokens.similarity(tokens).filter(|found| *found >= self.threshold) else {
                    continue;
                };
                if best.is_none_or(|(most, age, _)| (similarity, slot.age) > (most, age)) {
                    best = Some((similarity, slot.age, slot.key));
                }
            }
            if best.is_some_and(|(most, ..)| most >= 1.0) {
                break;
            }
        }
        let (similarity, _, key) = best?;
        self.stats.hits += 1;
        Some(Similar { key, similarity })
    }

    /// Whether there was something under `key`.
    pub(super) fn remove(&mut self, key: &CacheKey) -> bool {
        match self.by_key.get(key) {
            Some(&slot) => {
                self.take(slot);
                true
            }
            None => false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) const fn stats(&self) -> SimilarStats {
        self.stats
    }

    /// Where the very same set is.
    fn equal(&self, partition: &CacheKey, tokens: &TokenSet, signature: &[u64]) -> Option<u32> {
        let mut at = *self.heads.first()?.get(signature.first()?)?;
        while let Some(slot) = self.slots.get(at as usize).and_then(Option::as_ref) {
            if slot.partition == *partition && slot.tokens == *tokens {
                return Some(at);
            }
            at = slot.links[0].older;
        }
        None
    }

    /// Empties a slot that is held.
    fn take(&mut self, slot: u32) {
        let Some(held) = self.slots.get_mut(slot as usize).and_then(Option::take) else { return };
        for (band, link) in held.links.iter().enumerate() {
            match self.link(link.newer, band) {
                Some(newer) => newer.older = link.older,
                None if link.older == NONE => drop(self.heads[band].remove(&link.hash)),
                None => drop(self.heads[band].insert(link.hash, link.older)),
            }
            if let Some(older) = self.link(link.older, band) {
                older.newer = link.newer;
            }
        }
        self.by_key.remove(&held.key);
        self.by_age.remove(&held.age);
        self.vacant.push(slot);
    }

    /// The place of a slot in the list of a band; `None` for no slot.
    fn link(&mut self, slot: u32, band: usize) -> Option<&mut Link> {
        self.slots.get_mut(slot as usize)?.as_mut()?.links.get_mut(band)
    }
}
