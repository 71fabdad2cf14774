//! A service as what a pool sends over.

use std::error::Error as StdError;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Empty};
use tower_service::Service;

use crate::attempt::Reached;
use crate::body::BoxBody;
use crate::transport::{Inbound, Outbound, SendFuture, Transport, TransportError, TransportErrorKind};

/// The service's future without its type, which the compiler cannot see through.
type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A [`Transport`] over a service of requests of the `http` crate: another client, or layers around one.
///
/// Each request is sent by a clone of the service, once that is ready. A failure is the [`TransportError`] that stands in
/// its chain of causes, if one does. Any other counts as a connection that closed after the request was written, so that
/// nothing is sent twice without leave; one of getting ready as a connection that was not made.
pub struct TowerTransport<S> {
    /// Cloned out of the lock and never used in it.
    service: Mutex<S>,
}

impl<S> TowerTransport<S> {
    /// Sends over `service`.
    #[must_use]
    pub fn new(service: S) -> Self {
        Self { service: Mutex::new(service) }
    }
}

impl<S, B> Transport for TowerTransport<S>
where
    S: Service<Request<BoxBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    fn send(&self, request: Outbound) -> SendFuture {
        let mut service = self.service.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move {
            let Outbound { method, url, headers, body, .. } = request;
            let mut url = Arc::unwrap_or_clone(url);
            url.set_fragment(None);
            let wrong =
                |error| TransportError::new(TransportErrorKind::Request, Reached::NotConnected).caused_by(error);
            let uri: Uri = url.as_str().parse().map_err(|error: http::uri::InvalidUri| wrong(error))?;
            let mut outgoing =
                Request::new(body.unwrap_or_else(|| Box::pin(Empty::new().map_err(|never| match never {}))));
            (*outgoing.method_mut(), *outgoing.uri_mut(), *outgoing.headers_mut()) = (method, uri, headers);
            let ready = poll_fn(|cx| service.poll_ready(cx)).await;
            ready.map_err(|error| told(error.into(), TransportErrorKind::Connect, Reached::NotConnected))?;
            let answer: Answer<Result<Response<B>, S::Error>> = Box::pin(service.call(outgoing));
            let answer = answer.await;
            let answer = answer.map_err(|error| told(error.into(), TransportErrorKind::Closed, Reached::Written))?;
            let (head, body) = answer.into_parts();
            let body = body.map_err(|error| told(error.into(), TransportErrorKind::Closed, Reached::Headers));
            Ok(Inbound::new(head.status, head.headers, Box::pin(body)))
        })
    }
}

/// The transport's own error where there is one among the causes, otherwise what is supposed.
fn told(error: Box<dyn StdError + Send + Sync>, kind: TransportErrorKind, reached: Reached) -> TransportError {
    let told = match known(&*error) {
        None => TransportError::new(kind, reached),
        Some(known) => {
            let told = TransportError::new(known.kind, known.reached).on_reused(known.reused);
            match &known.detail {
                Some(detail) => told.detailed(detail.clone()),
                None => told,
            }
        }
    };
    told.caused_by(error)
}

fn known<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e TransportError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(known) = error.downcast_ref::<TransportError>() {
            return Some(known);
        }
        // What an `io::Error` was made of is not its source: that is the source of its source.
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

impl<S> fmt::Debug for TowerTransport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TowerTransport")
    }
}
