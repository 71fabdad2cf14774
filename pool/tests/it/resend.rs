//! The table of what may be sent again: it is never sent twice where that could do it twice, unless there is leave.

use http::{HeaderName, HeaderValue, Method};
use http_body_util::{BodyExt, Full};
use steadfast_pool::{Body, CallContext, ErrorKind, Reached, Request, Resend, TransportErrorKind};

use crate::rig::{Reply, Told, failed, rig, stale, status};

/// How many requests were sent when the first attempt ends with `first` and the rest succeed.
async fn sent(method: Method, resend: Resend, first: Reply) -> usize {
    let transport = Told::new([first]);
    let rig = rig(|pool| pool.transport(transport.clone()).without_breaker());
    let request = Request::new(method, "http://host/").unwrap().body("x").context(CallContext::new().resend(resend));
    let _ = rig.pool.execute(request).await;
    transport.sent()
}

#[tokio::test]
async fn what_never_reached_the_server_is_sent_again() {
    for (kind, reached) in [
        (TransportErrorKind::Refused, Reached::NotConnected),
        (TransportErrorKind::Dns, Reached::NotConnected),
        (TransportErrorKind::DialTimeout, Reached::NotConnected),
        (TransportErrorKind::Tls, Reached::NotConnected),
        (TransportErrorKind::Closed, Reached::NotWritten),
        (TransportErrorKind::Closed, Reached::Refused),
    ] {
        let first = failed(kind, reached);
        assert_eq!(sent(Method::POST, Resend::ByMethod, first).await, 2, "{kind:?} {reached:?}");
    }
}

#[tokio::test]
async fn what_was_written_is_sent_again_only_with_leave() {
    for (method, resend, expected) in [
        (Method::POST, Resend::ByMethod, 1),
        (Method::PATCH, Resend::ByMethod, 1),
        (Method::POST, Resend::Stale, 1),
        (Method::POST, Resend::Always, 2),
        (Method::GET, Resend::ByMethod, 2),
        (Method::PUT, Resend::ByMethod, 2),
        (Method::DELETE, Resend::ByMethod, 2),
    ] {
        for reached in [Reached::Written, Reached::Headers] {
            let first = failed(TransportErrorKind::Reset, reached);
            assert_eq!(sent(method.clone(), resend, first).await, expected, "{method} {resend:?} {reached:?}");
        }
    }
}

#[tokio::test]
async fn a_stale_connection_is_replaced_once_where_there_is_leave() {
    for (resend, expected) in [(Resend::ByMethod, 1), (Resend::Stale, 2), (Resend::Always, 3)] {
        let transport = Told::new([stale(), stale()]);
        let rig = rig(|pool| pool.transport(transport.clone()));
        let request = Request::post("http://host/").unwrap().body("x").context(CallContext::new().resend(resend));
        let result = rig.pool.execute(request).await;
        assert_eq!(transport.sent(), expected, "{resend:?}");
        let attempts = match &result {
            Ok(response) => response.attempts(),
            Err(error) => error.attempts(),
        };
        assert!(attempts[0].maybe_executed);
    }
}

#[tokio::test]
async fn an_idempotency_key_is_leave() {
    let transport = Told::new([failed(TransportErrorKind::Reset, Reached::Written)]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    let key = (HeaderName::from_static("idempotency-key"), HeaderValue::from_static("k-1"));
    let request = Request::post("http://host/").unwrap().body("x").header(key.0, key.1);
    rig.pool.execute(request).await.unwrap();
    assert_eq!(transport.sent(), 2);
}

#[tokio::test]
async fn a_body_that_can_be_sent_once_is_never_retried_silently() {
    let transport = Told::new([status(503)]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    let body = Body::once(Box::pin(Full::from("x").map_err(|never| match never {})));
    let request = Request::post("http://host/").unwrap().body(body);
    let again = request.clone();
    let response = rig.pool.execute(request).await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.stop(), Some(&steadfast_pool::backoff::Stop::NotRetryable));
    let error = rig.pool.execute(again).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RequestBody);
    assert_eq!(transport.sent(), 1);
}
