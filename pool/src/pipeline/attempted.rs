//! One attempt that was let through: it is sent, judged, and told.

use std::sync::Arc;

use steadfast_breaker::OwnedPermit;
use steadfast_clock::{Nanos, SharedTimer};
use tracing::Instrument;

use super::call::{Call, Received};
use super::{judge, send, span};
use crate::admit::Pass;
use crate::attempt::Attempt;
use crate::classify::Judgement;
use crate::host::Bridge;
use crate::transport::Exchange;

/// What lets an attempt through, and is told what came of it.
#[derive(Default)]
pub(super) struct Leave {
    /// The breaker's, where there is one.
    pub(super) permit: Option<OwnedPermit<SharedTimer, Bridge>>,
    /// That of whoever else the request named.
    pub(super) pass: Option<Box<dyn Pass>>,
}

/// What came of an attempt.
pub(super) struct Attempted {
    pub(super) result: Received,
    pub(super) judged: Judgement,
    pub(super) record: Attempt,
}

/// Makes the call's next attempt.
pub(super) async fn attempted(call: &Call<'_>, leave: Leave) -> Attempted {
    let exchange = Exchange::begun(Arc::clone(&call.pool.timer), call.now).afresh(call.stale_resent);
    numbered(call, call.number(), call.now, leave, &Arc::new(exchange)).await
}

/// Makes an attempt. Dropped midway, its leave tells breaker and limits that it was abandoned.
pub(super) async fn numbered(
    call: &Call<'_>,
    number: u32,
    started: Nanos,
    leave: Leave,
    exchange: &Arc<Exchange>,
) -> Attempted {
    let traced = span::of_attempt(call, number);
    let result = match traced.is_disabled() {
        true => send::attempt(call, started, exchange, None).await,
        false => Box::pin(send::attempt(call, started, exchange, Some(&traced)).instrument(traced.clone())).await,
    };
    let judged = judge::result(call, &result);
    if let Some(permit) = leave.permit {
        permit.settle(judged.health);
    }
    if let Some(pass) = leave.pass {
        judge::told(pass, &result);
    }
    span::ended(&traced, &result);
    let record = call.record(number, started, number > call.number(), &result);
    Attempted { result, judged, record }
}
