//! The log records of retries: their levels, texts and fields are part of the contract.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Once};

use steadfast_pool::{Request, TransportErrorKind};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::rig::{Told, failed, rig, status};

thread_local! {
    /// The records of this thread, while a test asks for them: level, then fields.
    static RECORDS: RefCell<Option<Vec<(Level, String)>>> = const { RefCell::new(None) };
}

/// The one subscriber of the process. One for each thread would race with the callsites that other threads register.
struct PerThread;

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

impl Subscriber for PerThread {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        let record = (*event.metadata().level(), fields.0);
        RECORDS.with_borrow_mut(|records| records.iter_mut().for_each(|records| records.push(record.clone())));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The records of a call, at INFO and above.
fn records(transport: Arc<Told>) -> Vec<(Level, String)> {
    static SUBSCRIBED: Once = Once::new();
    SUBSCRIBED.call_once(|| tracing::subscriber::set_global_default(PerThread).unwrap());
    let rig = rig(|pool| pool.transport(transport));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let request = Request::post("http://host/path?key=canary-7f3a").unwrap().body("canary-7f3a");
    RECORDS.set(Some(Vec::new()));
    let _ = runtime.block_on(rig.pool.execute(request));
    let lines = RECORDS.take().unwrap();
    assert!(lines.iter().all(|(_, line)| !line.contains("canary")), "{lines:?}");
    lines.into_iter().filter(|(level, _)| *level <= Level::INFO).collect()
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
