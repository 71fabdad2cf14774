//! What a call says to `tracing`: its records and its spans.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Once};

use steadfast_pool::Request;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::rig::{Told, rig};

/// Everything told on one thread while a test asked for it.
#[derive(Default)]
pub(crate) struct Traced {
    /// Level, then fields.
    pub(crate) records: Vec<(Level, String)>,
    /// Name, then fields: those at the start and those that came later.
    pub(crate) spans: Vec<(&'static str, String)>,
}

thread_local! {
    static TRACED: RefCell<Option<Traced>> = const { RefCell::new(None) };
}

/// The one subscriber of the process. One for each thread would race with the callsites that other threads register.
struct PerThread;

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

impl Subscriber for PerThread {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        TRACED.with_borrow_mut(|traced| {
            let Some(traced) = traced else { return Id::from_u64(u64::MAX) };
            let mut fields = String::new();
            attributes.record(&mut Fields(&mut fields));
            traced.spans.push((attributes.metadata().name(), fields));
            Id::from_u64(traced.spans.len() as u64)
        })
    }

    fn record(&self, id: &Id, record: &Record<'_>) {
        TRACED.with_borrow_mut(|traced| {
            let spans = traced.iter_mut().flat_map(|traced| &mut traced.spans);
            for (number, (_, fields)) in spans.enumerate() {
                if number as u64 + 1 == id.into_u64() {
                    record.record(&mut Fields(fields));
                }
            }
        });
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        TRACED.with_borrow_mut(|traced| {
            let Some(traced) = traced else { return };
            let mut fields = String::new();
            event.record(&mut Fields(&mut fields));
            traced.records.push((*event.metadata().level(), fields));
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What is told while `run` runs, on this thread.
pub(crate) fn trace(run: impl FnOnce()) -> Traced {
    static SUBSCRIBED: Once = Once::new();
    SUBSCRIBED.call_once(|| tracing::subscriber::set_global_default(PerThread).unwrap());
    TRACED.set(Some(Traced::default()));
    run();
    TRACED.take().unwrap()
}

/// What a call tells, whose URL, body and headers hold a secret that must not be in it.
pub(crate) fn traced(transport: Arc<Told>) -> Traced {
    let rig = rig(|pool| pool.transport(transport));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let request = Request::post("http://host/path?key=canary-7f3a").unwrap().body("canary-7f3a");
    let request = request.header(http::header::AUTHORIZATION, http::HeaderValue::from_static("Bearer canary-7f3a"));
    let traced = trace(|| drop(runtime.block_on(rig.pool.execute(request))));
    let lines = traced.records.iter().map(|(_, line)| line).chain(traced.spans.iter().map(|(_, line)| line));
    assert!(lines.into_iter().all(|line| !line.contains("canary")));
    traced
}
