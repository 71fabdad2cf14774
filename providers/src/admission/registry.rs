//! The desks of a pool: one for each provider, key and family of models.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use steadfast_pool::Pool;

use super::book::{Book, BookSnapshot};
use super::desk::Desk;
use super::limits::Limits;
use super::table::LimitTable;

/// What goes with a pool.
#[derive(Default)]
struct Registry(Mutex<HashMap<Box<str>, Arc<Desk>>>);

/// The most desks of a pool. Beyond it new families of a provider and key share one.
const MOST: usize = 1_024;

/// The family of those that share.
const SHARED: &str = "other";

/// The desk of a model at a provider, of the key that goes by this fingerprint.
pub(crate) fn desk(
    pool: &Pool,
    provider: &Arc<str>,
    fingerprint: &str,
    model: &str,
    table: &LimitTable,
    limits: Option<&Limits>,
) -> Arc<Desk> {
    let registry = pool.attached::<Registry>();
    let mut desks = registry.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut family = table.family(model);
    let key = |family: &str| format!("{provider}#{fingerprint}#{family}").into_boxed_str();
    if desks.len() >= MOST && !desks.contains_key(&key(family)) {
        desks.retain(|_, desk| Arc::strong_count(desk) > 1 || !desk.read(Book::is_idle));
        if desks.len() >= MOST {
            family = SHARED;
        }
    }
    let new = || {
        let book = Book::new(table.clone(), limits.unwrap_or(&Limits::new()));
        Arc::new(Desk::new(Arc::clone(provider), family, Arc::clone(pool.timer()), book))
    };
    let known = desks.get(&key(family)).map(Arc::clone);
    match known {
        Some(desk) => {
            if let Some(limits) = limits {
                desk.configure(limits);
            }
            desk
        }
        None => Arc::clone(desks.entry(key(family)).or_insert_with(new)),
    }
}

/// What is known of the limits of one provider, key and family of models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AdmissionSnapshot {
    /// What the provider is called.
    pub provider: String,
    /// The family of models.
    pub family: String,
    /// What is known.
    #[serde(flatten)]
    pub book: BookSnapshot,
}

impl AdmissionSnapshot {
    /// What the clients of a pool know, of each provider, key and family of models that was asked for, by their names.
    #[must_use]
    pub fn of(pool: &Pool) -> Vec<Self> {
        let registry = pool.attached::<Registry>();
        let desks = registry.0.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = |desk: &Arc<Desk>| Self {
            provider: desk.provider.as_ref().to_owned(),
            family: desk.family.as_ref().to_owned(),
            book: desk.read(Book::snapshot),
        };
        let mut all: Vec<Self> = desks.values().map(snapshot).collect();
        all.sort_by(|one, other| (&one.provider, &one.family).cmp(&(&other.provider, &other.family)));
        all
    }
}
