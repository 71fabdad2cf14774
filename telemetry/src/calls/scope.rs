//! Where the series of one scope are: in whose recorder, under which prefix, with which labels.

use std::borrow::Cow;
use std::sync::Arc;

use crate::{Counter, Gauge, Histogram, Key, Recorder};

pub(super) struct Scope {
    recorder: Arc<dyn Recorder>,
    prefix: Cow<'static, str>,
    labels: Vec<(String, String)>,
}

impl Scope {
    pub(super) fn new(recorder: Arc<dyn Recorder>, prefix: Cow<'static, str>) -> Self {
        Self { recorder, prefix, labels: Vec::new() }
    }

    /// The same with more labels.
    pub(super) fn labelled<'a>(&self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let more = labels.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let labels = self.labels.iter().cloned().chain(more).collect();
        Self { recorder: Arc::clone(&self.recorder), prefix: self.prefix.clone(), labels }
    }

    pub(super) fn key(&self, series: &str) -> Key {
        key(&self.prefix, series, self.labels.iter().map(|(name, value)| (&**name, &**value)))
    }

    pub(super) fn counter(&self, series: &str) -> Counter {
        self.counter_at(&self.key(series))
    }

    pub(super) fn counter_at(&self, key: &Key) -> Counter {
        self.recorder.counter(key)
    }

    pub(super) fn gauge(&self, series: &str) -> Gauge {
        self.recorder.gauge(&self.key(series))
    }

    pub(super) fn histogram(&self, series: &str) -> Histogram {
        self.recorder.histogram(&self.key(series))
    }
}

/// `prefix_series{labels}`
pub(super) fn key<'a>(prefix: &str, series: &str, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Key {
    let key = Key::new(format!("{prefix}_{series}"));
    labels.into_iter().fold(key, |key, (name, value)| key.label(name.to_owned(), value.to_owned()))
}
