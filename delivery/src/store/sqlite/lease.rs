//! Who drives a rollout.

use rusqlite::Connection;

use super::fault::Fault;
use super::tally::Tally;
use crate::store::{Holder, Lease};

pub(super) fn acquire(file: &Connection, id: &str, holder: &Holder, now_ms: u64, ttl_ms: u64) -> Result<Lease, Fault> {
    let mut tally = Tally::of(file, id)?;
    let lease = tally.tenure.acquire(id, holder, now_ms, ttl_ms)?;
    tally.keep_tenure(file)?;
    Ok(lease)
}

pub(super) fn renew(file: &Connection, lease: &Lease, now_ms: u64, ttl_ms: u64) -> Result<(), Fault> {
    let mut tally = Tally::of(file, &lease.rollout)?;
    tally.tenure.renew(lease, now_ms, ttl_ms)?;
    tally.keep_tenure(file)
}

pub(super) fn release(file: &Connection, lease: &Lease) -> Result<(), Fault> {
    let mut tally = Tally::of(file, &lease.rollout)?;
    if tally.tenure.release(lease) { tally.keep_tenure(file) } else { Ok(()) }
}
