//! The buckets of every key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use steadfast_clock::{Nanos, SharedTimer, Wall};

use super::super::Vendor;
use super::super::problem::Problem;
use super::LlmLimits;
use super::bucket::Bucket;
use super::fields;

/// The keys whose buckets are kept; beyond them, full buckets are forgotten.
const KEPT_KEYS: usize = 10_000;

/// What one request takes.
#[derive(Clone, Copy, Debug)]
pub(in crate::llm) struct Spent {
    /// The tokens of the input that count.
    pub(in crate::llm) input: u64,
    pub(in crate::llm) output: u64,
}

/// What the keys have left of their limits.
pub(in crate::llm) struct Meter {
    limits: LlmLimits,
    timer: SharedTimer,
    wall: Arc<dyn Wall + Send + Sync>,
    keys: Mutex<Keys>,
}

type Keys = HashMap<(Vendor, String), Vec<(Kind, Bucket)>>;

/// What a bucket limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Requests,
    Tokens,
    InputTokens,
    OutputTokens,
}

impl Kind {
    /// The word of the header fields.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::InputTokens => "input-tokens",
            Self::OutputTokens => "output-tokens",
        }
    }

    fn cost(self, spent: Spent) -> u64 {
        match self {
            Self::Requests => 1,
            Self::Tokens => spent.input.saturating_add(spent.output),
            Self::InputTokens => spent.input,
            Self::OutputTokens => spent.output,
        }
    }
}

impl Meter {
    pub(in crate::llm) fn new(limits: LlmLimits, timer: SharedTimer, wall: Arc<dyn Wall + Send + Sync>) -> Self {
        Self { limits, timer, wall, keys: Mutex::default() }
    }

    /// Takes what a request costs, from all limits of the key or from none.
    pub(in crate::llm) fn charge(&self, vendor: Vendor, key: &str, model: &str, spent: Spent) -> Result<(), Problem> {
        self.with(vendor, key, |buckets| {
            for (kind, bucket) in &*buckets {
                let (kind, cost) = (*kind, kind.cost(spent));
                let wait = bucket.wait_for(cost);
                if wait != Some(Duration::ZERO) {
                    return Err(refusal(vendor, model, kind, bucket, cost, wait));
                }
            }
            for (kind, bucket) in buckets {
                bucket.take(kind.cost(spent));
            }
            Ok(())
        })
    }

    /// The header fields that tell what a key has left.
    pub(in crate::llm) fn told(&self, vendor: Vendor, key: &str) -> Vec<(String, String)> {
        let now = self.wall.wall();
        self.with(vendor, key, |buckets| match vendor {
            Vendor::OpenAi => fields::openai(buckets),
            Vendor::Anthropic => fields::anthropic(buckets, now),
        })
    }

    fn with<T>(&self, vendor: Vendor, key: &str, then: impl FnOnce(&mut [(Kind, Bucket)]) -> T) -> T {
        let now = self.timer.now();
        let mut keys = self.lock();
        if keys.len() > KEPT_KEYS {
            keys.retain(|_, buckets| {
                buckets.iter_mut().for_each(|(_, bucket)| bucket.fill(now));
                buckets.iter().any(|(_, bucket)| bucket.remaining() < bucket.limit())
            });
        }
        let buckets = keys.entry((vendor, key.to_owned())).or_insert_with(|| self.buckets(vendor, now));
        buckets.iter_mut().for_each(|(_, bucket)| bucket.fill(now));
        then(buckets)
    }

    fn buckets(&self, vendor: Vendor, now: Nanos) -> Vec<(Kind, Bucket)> {
        let LlmLimits { requests, tokens, input_tokens, output_tokens } = self.limits;
        let limits = match vendor {
            Vendor::OpenAi => [(Kind::Requests, requests), (Kind::Tokens, tokens), (Kind::OutputTokens, None)],
            Vendor::Anthropic => {
                [(Kind::Requests, requests), (Kind::InputTokens, input_tokens), (Kind::OutputTokens, output_tokens)]
            }
        };
        limits.into_iter().filter_map(|(kind, limit)| Some((kind, Bucket::new(limit?, now)))).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The 429 of a limit, in the vendor's words.
fn refusal(vendor: Vendor, model: &str, kind: Kind, bucket: &Bucket, cost: u64, wait: Option<Duration>) -> Problem {
    let limit = bucket.limit();
    let mut problem = match vendor {
        Vendor::OpenAi => {
            let (class, per) = match kind {
                Kind::Requests => ("requests", "requests per min (RPM)"),
                _ => ("tokens", "tokens per min (TPM)"),
            };
            let whose = format!("for {model} in organization org-sim on {per}");
            let message = match wait {
                Some(wait) => format!(
                    "Rate limit reached {whose}: Limit {limit}, Used {}, Requested {cost}. Please try again in {}.",
                    limit - bucket.remaining(),
                    super::date::go(wait),
                ),
                None => format!("Request too large {whose}: Limit {limit}, Requested {cost}."),
            };
            Problem::new(429, message).kind(class).code("rate_limit_exceeded")
        }
        Vendor::Anthropic => {
            let per = kind.name().replace('-', " ");
            let message = format!(
                "This request would exceed your organization's rate limit of {limit} {per} per minute (org: sim, model: \
                 {model})."
            );
            Problem::new(429, message)
        }
    };
    problem.retry_after = wait.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
    problem
}
