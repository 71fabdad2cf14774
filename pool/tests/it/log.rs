//! The log records of retries: their levels, texts and fields are part of the contract.

use std::sync::Arc;

use steadfast_pool::TransportErrorKind;
use tracing::Level;

use crate::rig::{Told, failed, status};
use crate::traced::traced;

/// The records of a call, at INFO and above.
fn records(transport: Arc<Told>) -> Vec<(Level, String)> {
    traced(transport).records.into_iter().filter(|(level, _)| *level <= Level::INFO).collect()
}

#[test]
fn each_wait_is_an_info_record() {
    let retry_after = Ok((503, vec![("retry-after-ms", String::from("0.000001"))], ""));
    let records = records(Told::new([retry_after, status(200)]));
    assert_eq!(records.len(), 1, "{records:?}");
    let (level, line) = &records[0];
    assert_eq!(*level, Level::INFO);
    for expected in ["retrying (attempt 2/4) after 0.0 s: HTTP 503", "attempt=2 ", "max_attempts=4 ", "delay="] {
        assert!(line.contains(expected), "{line}");
    }
}

#[test]
fn giving_up_is_one_error_record_with_every_attempt() {
    let refused = || failed(TransportErrorKind::Refused, steadfast_pool::Reached::NotConnected);
    let records = records(Told::new([status(503), refused(), status(502), status(503)]));
    let (level, line) = records.last().unwrap();
    assert_eq!((records.len(), *level), (4, Level::ERROR));
    for expected in [
        "POST http://host/path: giving up: HTTP 503",
        "retry_count=3 ",
        "total_delay=",
        "final_status=\"HTTP 503\"",
        "#1 HTTP 503 after",
        "#2 connection refused after",
        "#4 HTTP 503 after",
    ] {
        assert!(line.contains(expected), "{line}");
    }
}

#[test]
fn a_call_without_retries_logs_nothing() {
    assert!(records(Told::new([status(200)])).is_empty());
    assert!(records(Told::new([status(404)])).is_empty());
}
