//! What every store refuses in the same words.

use super::Place;
use crate::error::{Error, ErrorKind};
use crate::record::DeviceState;

pub(super) fn no_rollout(id: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no rollout `{id}`"))
}

pub(super) fn no_place(id: &str, place: Place) -> Error {
    Error::new(ErrorKind::NotFound, format!("rollout `{id}` has no device at place {}", place.0))
}

pub(super) fn exists(id: &str) -> Error {
    Error::new(ErrorKind::Exists, format!("there is a rollout `{id}` already"))
}

pub(super) fn too_many(id: &str) -> Error {
    Error::new(ErrorKind::Plan, format!("rollout `{id}` has more than {} devices", u32::MAX - 1))
}

/// Somebody writes who does not know what was written.
pub(super) fn gap(id: &str, expected: u64, found: u64) -> Error {
    let message = format!("the next event of rollout `{id}` is number {expected}, not {found}");
    Error::new(ErrorKind::State, message)
}

/// Likewise.
pub(super) fn elsewhere(id: &str, place: Place, from: DeviceState) -> Error {
    Error::new(ErrorKind::State, format!("the device at place {} of rollout `{id}` is not {from}", place.0))
}
