//! Which of the simulated endpoints a request is for.

use crate::server::Head;

use super::Vendor;
use super::problem::Problem;

/// An endpoint of one of the vendors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Chat,
    Responses,
    Response(String),
    CancelResponse(String),
    Embeddings,
    Models,
    Model(String),
    Messages,
    CountTokens,
}

impl Route {
    /// The endpoint at the end of a path, whatever base it hangs on.
    fn of(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        Some(match segments.as_slice() {
            [.., "chat", "completions"] => Self::Chat,
            [.., "responses"] => Self::Responses,
            [.., "responses", id, "cancel"] => Self::CancelResponse((*id).to_owned()),
            [.., "responses", id] => Self::Response((*id).to_owned()),
            [.., "embeddings"] => Self::Embeddings,
            [.., "models"] => Self::Models,
            [.., "models", id] => Self::Model((*id).to_owned()),
            [.., "messages"] => Self::Messages,
            [.., "messages", "count_tokens"] => Self::CountTokens,
            _ => return None,
        })
    }

    /// The endpoint, or why there is none.
    pub(super) fn find(method: &str, path: &str) -> Result<Self, Problem> {
        let Some(route) = Self::of(path) else {
            return Err(Problem::new(404, format!("Invalid URL ({method} {path})")));
        };
        if method != route.method() {
            return Err(Problem::new(405, format!("Not allowed to {method} on {path}")));
        }
        Ok(route)
    }

    /// Whose endpoint this is: the models are Anthropic's where its version is named, and everything that is not
    /// Anthropic's is taken for OpenAI's.
    pub(super) fn vendor(head: &Head) -> Vendor {
        let path = head.path();
        let is_anthropic = match Self::of(path) {
            Some(Self::Models | Self::Model(_)) => head.headers.contains("anthropic-version"),
            Some(Self::Messages | Self::CountTokens) => true,
            Some(_) => false,
            None => path.contains("/v1/messages"),
        };
        if is_anthropic { Vendor::Anthropic } else { Vendor::OpenAi }
    }

    /// Whether requests count against a key's limits.
    pub(super) fn is_limited(&self) -> bool {
        matches!(self, Self::Chat | Self::Responses | Self::Embeddings | Self::Messages)
    }

    fn method(&self) -> &'static str {
        match self {
            Self::Models | Self::Model(_) | Self::Response(_) => "GET",
            _ => "POST",
        }
    }
}
