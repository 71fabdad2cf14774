//! One attempt that was let through: it is sent, judged, and told.

use std::sync::Arc;

use steadfast_breaker::OwnedPermit;
use steadfast_clock::{Nanos, SharedTimer};
use tracing::Instrument;

use super::call::{Call, Received};
use super::{judge, send, span};
use crate::attempt::Attempt;
use crate::classify::Judgement;
use crate::host::Bridge;
use crate::transport::Exchange;

/// Leave of a host's breaker, where it has one.
pub(super) type Permit = Option<OwnedPermit<SharedTimer, Bridge>>;

/// What came of an attempt.
pub(super) struct Attempted {
    pub(super) result: Received,
    pub(super) judged: Judgement,
    pub(super) record: Attempt,
}

/// Makes the call's next attempt.
pub(super) async fn attempted(call: &Call<'_>, permit: Permit) -> Attempted {
    let exchange = Exchange::begun(Arc::clone(&call.pool.timer), call.now).afresh(call.stale_resent);
    numbered(call, call.number(), call.now, permit, &Arc::new(exchange)).await
}

/// Makes an attempt. Dropped midway, the permit tells the breaker that it was abandoned.
pub(super) async fn numbered(
    call: &Call<'_>,
    number: u32,
    started: Nanos,
    permit: Permit,
    exchange: &Arc<Exchange>,
) -> Attempted {
    let traced = span::of_attempt(call, number);
    let result = match traced.is_disabled() {
        true => send::attempt(call, started, exchange, None).await,
        false => Box::pin(send::attempt(call, started, exchange, Some(&traced)).instrument(traced.clone())).await,
    };
    let judged = judge::result(call, &result);
    if let Some(permit) = permit {
        permit.settle(judged.health);
    }
    span::ended(&traced, &result);
    let record = call.record(number, started, number > call.number(), &result);
    Attempted { result, judged, record }
}
