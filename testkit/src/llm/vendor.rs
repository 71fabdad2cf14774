//! The two vendors, and the errors of each on the wire.

use serde_json::{Value, json};

use crate::Reply;

use super::problem::Problem;

/// Whose API a request speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Vendor {
    /// OpenAI's Chat Completions, Responses, embeddings and models.
    OpenAi,
    /// Anthropic's Messages, its count of tokens and its models.
    Anthropic,
}

impl Vendor {
    /// `openai` or `anthropic`, as in a script.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }

    /// The header field that carries the id of a request.
    pub(super) fn request_id_field(self) -> &'static str {
        match self {
            Self::OpenAi => "x-request-id",
            Self::Anthropic => "request-id",
        }
    }

    /// A refusal as this vendor words it.
    pub(super) fn refuse(self, problem: &Problem, request_id: &str) -> Reply {
        let reply = Reply::json(problem.status, self.error_body(problem, request_id));
        match problem.retry_after {
            Some(secs) => reply.header("retry-after", secs.to_string()),
            None => reply,
        }
    }

    fn error_body(self, problem: &Problem, request_id: &str) -> Value {
        let kind = problem.kind.unwrap_or_else(|| self.kind_of(problem.status));
        match self {
            Self::OpenAi => {
                let code = problem.code.or_else(|| openai_code(problem.status));
                json!({ "error": { "message": problem.message, "type": kind, "param": problem.param, "code": code } })
            }
            Self::Anthropic => json!({
                "type": "error",
                "error": { "type": kind, "message": problem.message },
                "request_id": request_id,
            }),
        }
    }

    /// The error type that goes with a status.
    fn kind_of(self, status: u16) -> &'static str {
        match (self, status) {
            (Self::OpenAi, 429) => "requests",
            (Self::OpenAi, 500..) => "server_error",
            (Self::OpenAi, _) => "invalid_request_error",
            (Self::Anthropic, 401) => "authentication_error",
            (Self::Anthropic, 402) => "billing_error",
            (Self::Anthropic, 403) => "permission_error",
            (Self::Anthropic, 404) => "not_found_error",
            (Self::Anthropic, 409) => "conflict_error",
            (Self::Anthropic, 413) => "request_too_large",
            (Self::Anthropic, 429) => "rate_limit_error",
            (Self::Anthropic, 504) => "timeout_error",
            (Self::Anthropic, 529) => "overloaded_error",
            (Self::Anthropic, 500..) => "api_error",
            (Self::Anthropic, _) => "invalid_request_error",
        }
    }
}

fn openai_code(status: u16) -> Option<&'static str> {
    match status {
        401 => Some("invalid_api_key"),
        429 => Some("rate_limit_exceeded"),
        _ => None,
    }
}
