//! The laws of the pool.

#[cfg(feature = "cache")]
mod cached;
#[cfg(feature = "cache")]
mod coalesce;
mod hedge;
mod hosts;
mod mock;

use std::ops::ControlFlow;

use proptest::prelude::*;
use steadfast_pool::{CallContext, Reached, Request, Resend, SseDecoder, TransportErrorKind};

use crate::rig::{Reply, Told, failed, rig, stale, status};

fn events(chunks: &[&[u8]]) -> Vec<steadfast_pool::SseEvent> {
    let mut decoder = SseDecoder::new();
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.push(chunk).unwrap();
        events.extend(std::iter::from_fn(|| decoder.next()));
    }
    events
}

/// The same, shown one after the other.
fn shown(chunks: &[&[u8]]) -> Vec<steadfast_pool::SseEvent> {
    let (mut decoder, mut events) = (SseDecoder::new(), Vec::new());
    for chunk in chunks {
        let flow = decoder.decode(chunk, |event| {
            events.push(event.clone());
            ControlFlow::<()>::Continue(())
        });
        assert_eq!(flow, Ok(ControlFlow::Continue(())));
    }
    events
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        proptest::sample::select(vec![200_u16, 204, 400, 404, 429, 500, 502, 503, 504]).prop_map(status),
        Just(failed(TransportErrorKind::Refused, Reached::NotConnected)),
        Just(failed(TransportErrorKind::Reset, Reached::Written)),
        Just(failed(TransportErrorKind::Closed, Reached::Headers)),
        Just(stale()),
    ]
}

proptest! {
    /// The events of a stream do not depend on where its bytes are cut, nor on whether they are taken or shown.
    #[test]
    fn chunk_boundaries_do_not_matter(
        text in "(data|event|id|x)?:? ?[a-zé\u{2028}]{0,3}(\r|\n|\r\n){0,3}((data:|data: |:|event: )[a-z€]{0,4}(\r|\n|\r\n){1,2}){0,6}",
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let bytes = text.as_bytes();
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        let chunks: Vec<&[u8]> = at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        prop_assert_eq!(events(&chunks), events(&[bytes]));
        prop_assert_eq!(shown(&chunks), events(&[bytes]));
    }

    /// No bytes make the decoder panic.
    #[test]
    fn any_bytes_are_decoded(bytes: Vec<u8>) {
        events(&[&bytes]);
    }

    /// Whatever happens, a call makes at least one attempt and at most as many as its policy says, what was sent is
    /// what the ledger tells, a POST without leave is never sent again after it was written and not answered, and the
    /// figures add up.
    #[test]
    fn attempts_are_bounded_and_accounted_for(
        replies in proptest::collection::vec(reply(), 1..8),
        resend in proptest::sample::select(vec![Resend::ByMethod, Resend::Stale, Resend::Always]),
    ) {
        let transport = Told::new(replies);
        let rig = rig(|pool| pool.transport(transport.clone()).without_breaker());
        let request = Request::post("http://host/").unwrap().body("x").context(CallContext::new().resend(resend));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let result = runtime.block_on(rig.pool.execute(request));
        let attempts = match &result {
            Ok(response) => response.attempts(),
            Err(error) => error.attempts(),
        };
        prop_assert_eq!(attempts.len(), transport.sent());
        prop_assert!((1..=4).contains(&attempts.len()));
        let resent_blindly = attempts.iter().rev().skip(1).filter(|attempt| attempt.maybe_executed).count();
        match resend {
            Resend::Always => {}
            Resend::Stale => prop_assert!(resent_blindly <= 1),
            _ => prop_assert_eq!(resent_blindly, 0),
        }
        let metrics = rig.pool.metrics();
        prop_assert_eq!(metrics.requests, metrics.succeeded + metrics.failed);
        prop_assert_eq!(metrics.attempts, metrics.requests + metrics.retries);
        prop_assert_eq!(rig.waits.all().len(), attempts.len() - 1);
    }
}
