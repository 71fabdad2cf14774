//! Where two vendors of the same API differ: data, one table each.

mod endpoints;
mod quirks;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::{Api, ErrorKind};

pub use endpoints::Endpoints;
pub use quirks::Quirks;

/// A vendor: everything about it that a client has to know. All of it is data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Vendor {
    /// What it is called, unless a client is given a name of its own.
    pub name: String,
    /// The API that it speaks.
    pub api: Api,
    /// The base URL, unless a client is given its own.
    pub base_url: String,
    /// The variable that the key is usually in.
    pub key_variable: String,
    /// How the key travels.
    #[serde(default)]
    pub auth: Auth,
    /// Headers of every request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The response header that names the request.
    #[serde(default = "request_id")]
    pub request_id: String,
    /// Machine words of errors that say more than the status of the answer.
    #[serde(default)]
    pub codes: BTreeMap<String, ErrorKind>,
    /// Machine words of errors that count when there is no status: inside of a successful answer.
    #[serde(default)]
    pub classes: BTreeMap<String, ErrorKind>,
    /// Where its other endpoints are.
    #[serde(default)]
    pub endpoints: Endpoints,
    /// What it does otherwise than OpenAI, where it speaks Chat Completions.
    #[serde(default)]
    pub quirks: Quirks,
}

/// How a key travels: in which header, and what comes before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Auth {
    /// The header, in lower case.
    pub header: String,
    /// What comes before the key.
    #[serde(default)]
    pub prefix: String,
}

impl Auth {
    /// The key in a header of its own.
    #[must_use]
    pub fn header(name: impl Into<String>) -> Self {
        Self { header: name.into(), prefix: String::new() }
    }
}

impl Default for Auth {
    /// `authorization: Bearer …`.
    fn default() -> Self {
        Self { header: String::from("authorization"), prefix: String::from("Bearer ") }
    }
}

fn request_id() -> String {
    String::from("x-request-id")
}

fn words(words: &[(&str, ErrorKind)]) -> BTreeMap<String, ErrorKind> {
    words.iter().map(|(word, kind)| ((*word).to_owned(), *kind)).collect()
}

impl Vendor {
    /// OpenAI. Error words: the API reference, and what its users report.
    #[must_use]
    pub fn openai() -> Self {
        Self {
            name: String::from("openai"),
            api: Api::ChatCompletions,
            base_url: String::from("https://api.openai.com/v1"),
            key_variable: String::from("OPENAI_API_KEY"),
            auth: Auth::default(),
            headers: BTreeMap::new(),
            request_id: request_id(),
            codes: words(&[
                ("insufficient_quota", ErrorKind::QuotaSpent),
                ("credit_balance_exhausted", ErrorKind::QuotaSpent),
                ("organization_spend_limit_exceeded", ErrorKind::QuotaSpent),
                ("project_spend_limit_exceeded", ErrorKind::QuotaSpent),
                ("organization_usage_limit_exceeded", ErrorKind::QuotaSpent),
                ("invalid_api_key", ErrorKind::Authentication),
                ("model_not_found", ErrorKind::NotFound),
                ("context_length_exceeded", ErrorKind::TooLarge),
                ("content_filter", ErrorKind::ContentRefused),
                ("content_policy_violation", ErrorKind::ContentRefused),
                ("invalid_prompt", ErrorKind::ContentRefused),
                ("rate_limit_exceeded", ErrorKind::RateLimited),
                ("slow_down", ErrorKind::RateLimited),
            ]),
            classes: words(&[
                ("server_error", ErrorKind::Server),
                ("overloaded_error", ErrorKind::Overloaded),
                ("too_many_requests", ErrorKind::RateLimited),
                ("invalid_request_error", ErrorKind::InvalidRequest),
                ("authentication_error", ErrorKind::Authentication),
            ]),
            endpoints: Endpoints { embeddings: Some(String::from("/embeddings")) },
            quirks: Quirks::default(),
        }
    }

    /// OpenAI, by its Responses API.
    #[must_use]
    pub fn openai_responses() -> Self {
        Self { api: Api::Responses, ..Self::openai() }
    }

    /// Anthropic, API version 2023-06-01. Error words: the API reference and the official client's types.
    #[must_use]
    pub fn anthropic() -> Self {
        Self {
            name: String::from("anthropic"),
            api: Api::Messages,
            base_url: String::from("https://api.anthropic.com"),
            key_variable: String::from("ANTHROPIC_API_KEY"),
            auth: Auth::header("x-api-key"),
            headers: BTreeMap::from([(String::from("anthropic-version"), String::from("2023-06-01"))]),
            request_id: String::from("request-id"),
            codes: words(&[
                ("enforced_spend_limit_reached", ErrorKind::QuotaSpent),
                ("ramp_limit_exceeded", ErrorKind::RateLimited),
                ("billing_error", ErrorKind::QuotaSpent),
            ]),
            classes: words(&[
                ("overloaded_error", ErrorKind::Overloaded),
                ("api_error", ErrorKind::Server),
                ("rate_limit_error", ErrorKind::RateLimited),
                ("timeout_error", ErrorKind::Timeout),
                ("conflict_error", ErrorKind::Conflict),
                ("invalid_request_error", ErrorKind::InvalidRequest),
                ("authentication_error", ErrorKind::Authentication),
                ("permission_error", ErrorKind::Permission),
                ("not_found_error", ErrorKind::NotFound),
                ("request_too_large", ErrorKind::TooLarge),
            ]),
            endpoints: Endpoints::default(),
            quirks: Quirks::default(),
        }
    }

    /// The kind of a failure: the exact words first, then the status, then what the body says about itself.
    pub(crate) fn kind(&self, status: u16, problem: &Problem) -> ErrorKind {
        if let Some(kind) = self.kind_of_code(problem) {
            return kind;
        }
        if status >= 400 {
            return kind_of_status(status);
        }
        match problem.number.filter(|number| *number >= 400) {
            Some(number) => kind_of_status(number),
            None => look_up(&self.classes, problem).unwrap_or(ErrorKind::Server),
        }
    }

    /// The kind that an exact machine word tells, whatever the status.
    pub(crate) fn kind_of_code(&self, problem: &Problem) -> Option<ErrorKind> {
        look_up(&self.codes, problem)
    }
}

fn look_up(words: &BTreeMap<String, ErrorKind>, problem: &Problem) -> Option<ErrorKind> {
    problem.words().find_map(|word| words.get(word).copied())
}

fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Authentication,
        402 => ErrorKind::QuotaSpent,
        403 => ErrorKind::Permission,
        404 | 405 => ErrorKind::NotFound,
        408 | 504 => ErrorKind::Timeout,
        409 => ErrorKind::Conflict,
        413 => ErrorKind::TooLarge,
        425 | 429 => ErrorKind::RateLimited,
        503 | 529 => ErrorKind::Overloaded,
        500.. => ErrorKind::Server,
        _ => ErrorKind::InvalidRequest,
    }
}
