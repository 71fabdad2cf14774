//! The spans of calls and attempts, for those who trace. Attributes have the names of OpenTelemetry's
//! [conventions for HTTP](https://opentelemetry.io/docs/specs/semconv/http/http-spans/).
//!
//! They tell method, host and path, never headers, bodies or what follows the path.

use std::num::NonZeroU64;

use http::Method;
use tracing::field::Empty;
use tracing::{Span, info_span};

use super::call::{Call, Received};
use crate::identity::Identity;
use crate::redact::redacted;
use crate::request::Request;

/// A whole call: its attempts are within.
pub(super) fn of_call(request: &Request, identity: &Identity) -> Span {
    info_span!(
        "call",
        http.request.method = method(&request.method),
        url.full = %redacted(&request.url),
        scope = request.scope.as_deref(),
        request_id = identity.id(),
        trace_id = identity.trace_id().map(|id| tracing::field::display(format_args!("{id:032x}").to_string())),
    )
}

/// One attempt, up to the head of its answer, or to all of it where the whole answer was asked for.
pub(super) fn of_attempt(call: &Call<'_>, number: u32) -> Span {
    let url = &call.request.url;
    info_span!(
        "attempt",
        otel.kind = "client",
        otel.name = method(&call.request.method),
        http.request.method = method(&call.request.method),
        server.address = url.host_str(),
        server.port = url.port_or_known_default(),
        url.full = %redacted(url),
        http.request.resend_count = number.saturating_sub(1),
        http.response.status_code = Empty,
        error.type = Empty,
        span_id = Empty,
    )
}

/// Says in the attempt's span as which span the server knows it.
pub(super) fn sent_as(span: &Span, id: NonZeroU64) {
    span.record("span_id", tracing::field::display(format_args!("{id:016x}")));
}

/// Says in the attempt's span how it ended.
pub(super) fn ended(span: &Span, result: &Received) {
    match result {
        Ok((head, _)) => {
            let status = head.status.as_u16();
            span.record("http.response.status_code", status);
            if status >= 400 {
                span.record("error.type", status);
            }
        }
        Err(failure) => {
            if let Some(status) = failure.status {
                span.record("http.response.status_code", status);
            }
            span.record("error.type", failure.kind.as_str());
        }
    }
}

/// Methods that nobody knows are told as `_OTHER`, so that their number is bounded.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::PATCH => "PATCH",
        Method::TRACE => "TRACE",
        _ => "_OTHER",
    }
}
