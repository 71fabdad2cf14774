//! The spans of a call and of its attempts.

use steadfast_pool::{Reached, TransportErrorKind};

use crate::rig::{Told, failed, status};
use crate::traced::traced;

#[test]
fn a_call_is_a_span_and_so_is_each_attempt() {
    let refused = failed(TransportErrorKind::Refused, Reached::NotConnected);
    let spans = traced(Told::new([status(503), refused, status(200)])).spans;
    let names: Vec<_> = spans.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["call", "attempt", "attempt", "attempt"]);
    let (_, call) = &spans[0];
    assert!(call.contains(r#"http.request.method="POST" url.full=http://host/path "#), "{call}");
    let check = |number: usize, expected: &[&str]| {
        let (_, attempt) = &spans[number];
        for expected in expected {
            assert!(attempt.contains(expected), "{attempt}");
        }
    };
    check(
        1,
        &[
            r#"otel.kind="client" "#,
            r#"server.address="host" "#,
            "server.port=80 ",
            "http.request.resend_count=0 ",
            "http.response.status_code=503 ",
            "error.type=503 ",
        ],
    );
    check(2, &["http.request.resend_count=1 ", r#"error.type="refused" "#]);
    check(3, &["http.request.resend_count=2 ", "http.response.status_code=200 "]);
    assert!(!spans[3].1.contains("error.type"), "{}", spans[3].1);
}
