//! Limits in configuration files.

use std::time::Duration;

use serde::Deserialize;

use super::{DAY, LONGEST_WAIT, Limits, MINUTE};
use crate::admission::table::Measure;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    requests_per_minute: Option<u64>,
    requests_per_day: Option<u64>,
    tokens_per_minute: Option<u64>,
    input_tokens_per_minute: Option<u64>,
    output_tokens_per_minute: Option<u64>,
    #[serde(default = "longest_wait", with = "steadfast_clock::human")]
    longest_wait: Duration,
}

const fn longest_wait() -> Duration {
    LONGEST_WAIT
}

impl From<Text> for Limits {
    fn from(text: Text) -> Self {
        let known = [
            (Measure::Requests, text.requests_per_minute, MINUTE),
            (Measure::Requests, text.requests_per_day, DAY),
            (Measure::Tokens, text.tokens_per_minute, MINUTE),
            (Measure::Input, text.input_tokens_per_minute, MINUTE),
            (Measure::Output, text.output_tokens_per_minute, MINUTE),
        ];
        let limits = Self::new().longest_wait(text.longest_wait);
        let known = known.into_iter().filter_map(|(measure, limit, window)| Some((measure, limit?, window)));
        known.fold(limits, |limits, (measure, limit, window)| limits.with(measure, limit, window))
    }
}
