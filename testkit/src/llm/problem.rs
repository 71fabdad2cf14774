//! Why a simulated provider refuses a request.

/// Why a request is refused. What is `None` follows from the status.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) status: u16,
    pub(super) message: String,
    pub(super) kind: Option<&'static str>,
    pub(super) param: Option<String>,
    pub(super) code: Option<&'static str>,
    /// Seconds after which it may go better.
    pub(super) retry_after: Option<u64>,
}

impl Problem {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), kind: None, param: None, code: None, retry_after: None }
    }

    /// The request itself is wrong.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(super) fn kind(mut self, kind: &'static str) -> Self {
        self.kind = Some(kind);
        self
    }

    pub(super) fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    pub(super) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// A failure that a script gave only the status of.
    pub(super) fn scripted(status: u16) -> Self {
        let message = match status {
            400 => "The request is invalid.",
            401 => "The API key is not valid.",
            402 => "There is a problem with billing or payment.",
            403 => "The API key may not use this resource.",
            404 => "The requested resource does not exist.",
            408 | 504 => "The request took too long.",
            409 => "The request conflicts with another.",
            413 => "The request is larger than allowed.",
            429 => "Rate limit reached, please slow down.",
            503 | 529 => "Overloaded",
            500.. => "The server had an error while processing the request.",
            _ => "The request was refused.",
        };
        Self::new(status, message)
    }
}
