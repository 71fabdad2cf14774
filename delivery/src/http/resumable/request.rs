//! The requests of one upload: how each is put, and what its answer is made of.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use steadfast_pool::{Body, Response};
use url::Url;

use super::drive::Drive;
use super::heard::Heard;
use super::probe::{self, Offer};
use super::upload::Ask;
use super::{Protocol, Resumable, draft, tus};
use crate::attempt::Attempt;
use crate::device::told_url;
use crate::failure::{Failure, FailureClass, Stage};
use crate::http::CONTENT_DIGEST;
use crate::http::answer::may_defer;
use crate::http::exchange::{Order, Unanswered};
use crate::push::{Deferral, PushError};

const INTEROP_VERSION: HeaderName = HeaderName::from_static("upload-draft-interop-version");

/// How an attempt came to an end.
pub(super) enum End {
    Done(Attempt),
    /// The device takes a plain POST.
    Plain,
    Lost(Box<Lost>),
    /// Put off; the record is that of a device that said so.
    Deferred(Deferral, Option<Attempt>),
}

/// An attempt that failed.
pub(super) struct Lost {
    pub(super) failure: Failure,
    pub(super) record: Attempt,
    /// Whether another one may do better.
    pub(super) again: bool,
    pub(super) hint: Option<Duration>,
}

/// An answer, its record, and where it came from.
pub(super) struct Answered {
    pub(super) response: Response,
    pub(super) record: Attempt,
    pub(super) place: String,
}

impl Answered {
    /// The end of an attempt that this answer means.
    pub(super) fn lost(mut self, class: FailureClass, why: Option<String>, again: bool) -> End {
        let code = self.response.status().as_u16();
        let mut message = format!("{}: HTTP {code}", self.place);
        if self.response.status().is_redirection() {
            message.push_str(", a redirect, which is never followed");
        }
        if let Some(why) = why {
            message.push_str(&format!(", {why}"));
            self.record.error = Some(why);
        }
        let failure = Failure::new(Stage::Pushing, class, message).status(code);
        End::Lost(Box::new(Lost { failure, record: self.record, again, hint: self.response.retry_after() }))
    }
}

impl Drive<'_> {
    /// What the device speaks, asked if it was not told.
    pub(super) async fn offered(&self, how: Resumable) -> Result<Offer, Box<End>> {
        let protocol = match how {
            Resumable::Never => None,
            Resumable::Tus => Some(Protocol::Tus),
            Resumable::Draft => Some(Protocol::Draft),
            Resumable::Probe => {
                let mut headers = HeaderMap::new();
                headers.insert(INTEROP_VERSION, HeaderValue::from_static("8"));
                let answered = self.send(Method::OPTIONS, self.target.clone(), headers, Body::empty()).await?;
                return match answered.response.status().as_u16() {
                    200..=299 => Ok(probe::read(answered.response.headers())),
                    300..=428 | 430..=499 | 501 | 505 => Ok(Offer::default()),
                    _ => Err(Box::new(answered.lost(FailureClass::ServerError, None, true))),
                };
            }
        };
        Ok(Offer { protocol, ..Offer::default() })
    }

    /// Sends one request of the upload.
    pub(super) async fn ask(&self, protocol: Protocol, ask: &Ask) -> Result<(Heard, Answered), Box<End>> {
        let (len, artifact) = (self.artifact.len(), self.artifact);
        let mut digest = None;
        if let (Ask::Append { from, to, .. }, true) = (ask, self.checks && protocol == Protocol::Tus) {
            digest = artifact.digest_of(*from..*to, self.context.chunk_size).await.ok();
        }
        let mut headers = match ask {
            Ask::Create => self.push.push_headers(self.context, self.device, artifact),
            _ => HeaderMap::new(),
        };
        // It is of the content, and there is none.
        headers.remove(CONTENT_DIGEST);
        headers.extend(match protocol {
            Protocol::Tus => tus::headers(ask, self.context, len, &artifact.digest_hex(), digest),
            Protocol::Draft => draft::headers(ask, len),
        });
        if let (Ask::Create, Protocol::Tus) = (ask, protocol) {
            headers.remove(header::CONTENT_TYPE);
        }
        let (method, url, body) = match ask {
            Ask::Create => (Method::POST, self.target.clone(), Body::empty()),
            Ask::Offset { url } => (Method::HEAD, url.clone(), Body::empty()),
            Ask::Append { url, from, to, .. } => (Method::PATCH, url.clone(), artifact.part(self.context, *from..*to)),
        };
        let base = url.clone();
        let answered = self.send(method, url, headers, body).await?;
        let resolve = |location: &str| told_url(self.device, &base, location);
        let response = &answered.response;
        let (status, headers) = (response.status().as_u16(), response.headers());
        let heard = match protocol {
            Protocol::Tus => tus::hear(ask, status, headers, self.push.pool.wall(), resolve),
            Protocol::Draft => draft::hear(ask, status, headers, response.body(), resolve),
        };
        Ok((heard, answered))
    }

    /// Sends a request once.
    async fn send(&self, method: Method, url: Url, headers: HeaderMap, body: Body) -> Result<Answered, Box<End>> {
        let asks = method == Method::PATCH;
        let order = Order::new(Stage::Pushing, method, url).content(body, headers).single().asks(asks);
        let call = order.call();
        let unknown = || Attempt::new(Stage::Pushing, 0);
        match self.push.exchange(&call, self.context, self.device, order).await {
            Ok(response) => {
                let record = call.attempts(response.attempts()).pop().unwrap_or_else(unknown);
                match response.retry_after().filter(|_| may_defer(response.status().as_u16())) {
                    Some(after) => Err(Box::new(End::Deferred(Deferral::new(after, Vec::new()), Some(record)))),
                    None => Ok(Answered { response, record, place: call.place().to_owned() }),
                }
            }
            Err(Unanswered { why: PushError::Failed(mut failure), again }) => {
                let record = failure.attempts.pop().unwrap_or_else(unknown);
                Err(Box::new(End::Lost(Box::new(Lost { failure: *failure, record, again, hint: None }))))
            }
            Err(Unanswered { why: PushError::Deferred(deferral), .. }) => Err(Box::new(End::Deferred(*deferral, None))),
        }
    }
}
