//! May the attempt begin? The deadline and the breaker say.

use std::sync::Arc;

use steadfast_breaker::{Rejected, State};
use steadfast_clock::Clock;

use super::attempted::Leave;
use super::call::{Call, breaker_open};
use crate::admit::Pass;
use crate::attempt::Reached;
use crate::error::{Error, ErrorKind};

/// Refuses when the caller's deadline has passed.
pub(super) fn by_deadline(call: &mut Call<'_>) -> Result<(), Error> {
    match call.deadline {
        Some(deadline) if call.pool.timer.now() >= deadline => {
            let error = Error::new(ErrorKind::Deadline, "the deadline passed before the attempt began");
            Err(call.refuse(error))
        }
        _ => Ok(()),
    }
}

/// Refuses when the breaker is open, so that nobody waits in order to be refused then. Takes no probe's place.
pub(super) fn to_wait(call: &mut Call<'_>) -> Result<(), Error> {
    let Some(breaker) = &call.breaker else { return Ok(()) };
    let now = call.pool.timer.now();
    let status = breaker.status(now);
    if status.state != State::Open {
        return Ok(());
    }
    let error = breaker_open(&Rejected::new(State::Open, status.retry_in), &call.scope);
    Err(call.refuse(error))
}

/// Refuses when the breaker is open; a refusal is not an attempt.
pub(super) fn by_breaker(call: &mut Call<'_>, pass: Option<Box<dyn Pass>>) -> Result<Leave, Error> {
    let Some(breaker) = &call.breaker else { return Ok(Leave { permit: None, pass }) };
    match breaker.permit_owned(Arc::clone(&call.pool.timer)) {
        Ok(permit) => Ok(Leave { permit: Some(permit), pass }),
        Err(rejected) => {
            unused(pass);
            let error = breaker_open(&rejected, &call.scope);
            Err(call.refuse(error))
        }
    }
}

/// Gives back leave for an attempt that is not made.
pub(super) fn unused(pass: Option<Box<dyn Pass>>) {
    if let Some(pass) = pass {
        pass.failed(Reached::NotConnected);
    }
}
