//! The laws of the tier on disk, against the naive reference.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use steadfast_cache::{CacheKey, DiskCache, Entry, Lifetime};
use steadfast_clock::{UnixNanos, Wall};
use tempfile::TempDir;

/// A calendar that anybody may set.
#[derive(Clone, Debug, Default)]
struct Calendar(Arc<Mutex<u64>>);

impl Wall for Calendar {
    fn wall(&self) -> UnixNanos {
        UnixNanos::from_secs(*self.0.lock().unwrap())
    }
}

#[derive(Clone, Debug)]
enum Step {
    Get(u8),
    Put(u8, Vec<u8>, Option<u64>),
    Remove(u8),
    Set(u64),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u8..6).prop_map(Step::Get),
        4 => (0u8..6, vec(any::<u8>(), 0..100), option::of(0u64..20)).prop_map(|(key, body, life)| Step::Put(key, body, life)),
        1 => (0u8..6).prop_map(Step::Remove),
        2 => (0u64..40).prop_map(Step::Set),
        1 => Just(Step::Reopen),
    ]
}

/// In memory where that can be had: thousands of files wait long for a disk.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// One entry of the reference.
struct Held {
    key: u8,
    entry: Entry,
    put: u64,
    end: u64,
    used: u64,
    /// Rises with every put.
    number: u64,
}

impl Held {
    fn alive(&self, now: u64) -> bool {
        self.put <= now && now < self.end
    }

    fn size(&self) -> u64 {
        self.entry.size() + 256
    }
}

/// A list, looked through for everything.
#[derive(Default)]
struct Model {
    held: Vec<Held>,
    puts: u64,
}

impl Model {
    fn get(&mut self, key: u8, now: u64) -> Option<Entry> {
        self.held.retain(|held| held.key != key || held.alive(now));
        let held = self.held.iter_mut().find(|held| held.key == key)?;
        // The calendar may lie behind the last use.
        held.used = held.used.max(now);
        Some(held.entry.clone())
    }

    fn put(&mut self, new: Held, max_bytes: u64, now: u64) -> bool {
        // Fewer than 32 in all: each put lets go of all that have expired.
        self.held.retain(|held| held.key != new.key && held.alive(now));
        if !new.alive(now) || new.size() > max_bytes {
            return false;
        }
        while self.held.iter().map(Held::size).sum::<u64>() + new.size() > max_bytes {
            let oldest = (0..self.held.len()).min_by_key(|&at| (self.held[at].used, self.held[at].number)).unwrap();
            self.held.remove(oldest);
        }
        self.held.push(new);
        true
    }
}

proptest! {
    /// After any history of handles and of a calendar that is set at will, contents and answers are those of a list: an
    /// entry is found exactly while the calendar reads from when it was put to its end, and until it is the oldest by use
    /// where room is needed; and the bound holds.
    #[test]
    fn a_file_is_a_list_by_last_use(
        max_bytes in 200u64..1200,
        ttl in option::of(1u64..20),
        steps in vec(step(), 0..30),
    ) {
        let folder = folder();
        let calendar = Calendar::default();
        let open = || {
            let builder = DiskCache::builder(folder.path().join("c")).max_bytes(max_bytes).wall(calendar.clone());
            let builder = builder.use_resolution(Duration::ZERO);
            ttl.map(Duration::from_secs).into_iter().fold(builder, |builder, ttl| builder.ttl(ttl)).open().unwrap()
        };
        let key = |number| CacheKey::from_bytes([number; 32]);
        let (mut cache, mut model, mut now) = (open(), Model::default(), 0);
        for step in steps {
            match step {
                Step::Get(number) => {
                    prop_assert_eq!(cache.get_blocking(&key(number)).unwrap(), model.get(number, now));
                }
                Step::Put(number, body, life) => {
                    let mut entry = Entry::new(body, UnixNanos::from_secs(now));
                    if let Some(life) = life {
                        entry = entry.with_lifetime(Lifetime::fresh_for(Duration::from_secs(life)));
                    }
                    let end = now + ttl.unwrap_or(u64::MAX / 2).min(life.unwrap_or(u64::MAX / 2));
                    model.puts += 1;
                    let new = Held { key: number, entry: entry.clone(), put: now, end, used: now, number: model.puts };
                    prop_assert_eq!(cache.put_blocking(key(number), &entry).unwrap(), model.put(new, max_bytes, now));
                }
                Step::Remove(number) => {
                    let before = model.held.len();
                    model.held.retain(|held| held.key != number);
                    prop_assert_eq!(cache.remove_blocking(&key(number)).unwrap(), model.held.len() < before);
                }
                Step::Set(to) => {
                    now = to;
                    *calendar.0.lock().unwrap() = to;
                }
                Step::Reopen => {
                    drop(cache);
                    cache = open();
                }
            }
            prop_assert_eq!(cache.len_blocking().unwrap(), model.held.len() as u64);
            prop_assert_eq!(cache.bytes_blocking().unwrap(), model.held.iter().map(Held::size).sum::<u64>());
            prop_assert!(cache.bytes_blocking().unwrap() <= max_bytes);
        }
    }

    /// Wherever the log ends when the process does, the entries that were put first are there, whole, and none is there
    /// that was put after one that is not.
    #[test]
    fn an_end_at_any_moment_loses_the_latest_alone(cut: Index) {
        let folder = folder();
        let (path, left) = (folder.path().join("c"), folder.path().join("left"));
        let key = |number| CacheKey::from_bytes([number; 32]);
        let entry = |number: u8| Entry::new(vec![number; 600], UnixNanos::EPOCH);
        let cache = DiskCache::builder(&path).open().unwrap();
        for number in 0..4 {
            cache.put_blocking(key(number), &entry(number)).unwrap();
        }
        // What a process leaves behind that never comes to closing its files.
        std::fs::copy(&path, &left).unwrap();
        let log = std::fs::read(folder.path().join("c-wal")).unwrap();
        std::fs::write(folder.path().join("left-wal"), &log[..cut.index(log.len() + 1)]).unwrap();
        let cache = DiskCache::builder(&left).open().unwrap();
        let found: Vec<_> = (0..4).map(|number| cache.get_blocking(&key(number)).unwrap()).collect();
        let first = found.iter().take_while(|found| found.is_some()).count();
        for (number, found) in (0..4).zip(found) {
            prop_assert_eq!(found, (usize::from(number) < first).then(|| entry(number)));
        }
    }

    /// Whatever bytes of a file are changed while it is closed, what is found afterwards is what was put, or nothing.
    #[test]
    fn no_damage_is_ever_served(changes in vec((any::<Index>(), any::<u8>()), 1..20)) {
        let folder = folder();
        let path = folder.path().join("c");
        let key = |number| CacheKey::from_bytes([number; 32]);
        let entry = |number: u8| Entry::new(vec![number; 600], UnixNanos::EPOCH).with_note("n", "text");
        let cache = DiskCache::builder(&path).open().unwrap();
        for number in 0..4 {
            cache.put_blocking(key(number), &entry(number)).unwrap();
        }
        drop(cache);
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        std::fs::write(&path, bytes).unwrap();
        // It may have become a database of something else.
        if let Ok(cache) = DiskCache::builder(&path).open() {
            for number in 0..4 {
                if let Ok(Some(found)) = cache.get_blocking(&key(number)) {
                    prop_assert_eq!(found, entry(number));
                }
            }
        }
    }
}
