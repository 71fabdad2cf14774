//! An exchange over HTTP/2: a stream of a connection that a task drives.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{RecvStream, SendStream};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderName, TE, TRANSFER_ENCODING, UPGRADE};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, Version};
use http_body::{Body, Frame, SizeHint};

use super::failure;
use super::lease::StreamLease;
use super::leave::Leave;
use super::one::{Nothing, Tried};
use super::outgoing::{Unsent, complete, path};
use super::peer::Peer;
use crate::attempt::Reached;
use crate::body::BoxBody;
use crate::transport::{Connected, Exchange, Inbound, TransportError, TransportErrorKind};

/// Fields that belong to a connection of HTTP/1.1 (RFC 9113, section 8.2.2).
const OF_CONNECTIONS: [HeaderName; 5] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TRANSFER_ENCODING,
    UPGRADE,
];

pub(super) async fn exchange(lease: StreamLease, mut unsent: Unsent, exchange: &Exchange) -> Tried {
    let mut sender = lease.many.sender.clone();
    if poll_fn(|cx| sender.poll_ready(cx)).await.is_err() {
        // It ended, or the server wants no more streams on it.
        lease.drains();
        return Tried::Unsent(unsent);
    }
    let reused = lease.reused;
    exchange.connected(if reused { Connected::new(true, Version::HTTP_2) } else { lease.many.fresh });
    let (body, leave) = (unsent.body.take(), unsent.leave.take());
    let result = match request(unsent, &lease.many.peer, body.as_ref()) {
        Ok(request) => answer(lease, &mut sender, request, body, leave, exchange).await,
        Err(error) => Err(error),
    };
    Tried::Done(result.map_err(|error| error.on_reused(reused)))
}

async fn answer(
    lease: StreamLease,
    sender: &mut h2::client::SendRequest<Bytes>,
    request: Request<()>,
    body: Option<BoxBody>,
    leave: Option<Leave>,
    exchange: &Exchange,
) -> Result<Inbound, TransportError> {
    let body = body.filter(|body| !body.is_end_stream());
    let (mut answer, stream) =
        sender.send_request(request, body.is_none()).map_err(|error| failure::of_http2(error, Reached::NotWritten))?;
    exchange.written();
    let mut upload = body.map(|body| Upload { stream, body, roomy: false });
    let answer = poll_fn(|cx| {
        if let Some(leave) = &leave {
            // What else it says on the way does not matter; what goes wrong is told in the place of the answer.
            while let Poll::Ready(Some(Ok(informed))) = answer.poll_informational(cx) {
                if informed.status() == StatusCode::CONTINUE {
                    leave.give();
                }
            }
        }
        if let Poll::Ready(Err(error)) = drive(&mut upload, cx) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut answer).poll(cx).map_err(|error| failure::of_http2(error, Reached::Written))
    });
    let answer = match answer.await {
        Ok(answer) => answer,
        Err(error) => {
            if error.kind == TransportErrorKind::GoAway {
                lease.drains();
            }
            return Err(error);
        }
    };
    if let Some(leave) = leave {
        leave.refuse();
    }
    let (head, stream) = answer.into_parts();
    if stream.is_end_stream() && upload.is_none() {
        return Ok(Inbound::new(head.status, head.headers, Box::pin(Nothing)));
    }
    let length = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let body = Arriving { stream, upload, left: length, data: false, reused: lease.reused, lease: Some(lease) };
    Ok(Inbound::new(head.status, head.headers, Box::pin(body)))
}

/// The head of the request (RFC 9113, section 8.3.1).
fn request(unsent: Unsent, peer: &Peer, body: Option<&BoxBody>) -> Result<Request<()>, TransportError> {
    let path = path(&unsent.url)?;
    let mut request = Request::new(());
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = unsent.headers;
    let headers = request.headers_mut();
    complete(headers, &unsent.method, body.is_none());
    announce(headers, &unsent.method, body);
    for name in OF_CONNECTIONS {
        headers.remove(name);
    }
    if headers.get(TE).is_some_and(|te| te != "trailers") {
        headers.remove(TE);
    }
    let named = headers
        .remove(HOST)
        .and_then(|host| Authority::from_maybe_shared(Bytes::copy_from_slice(host.as_bytes())).ok());
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(if peer.target.https { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = Some(named.unwrap_or_else(|| peer.authority.clone()));
    parts.path_and_query = Some(path);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|error| {
        let failed = TransportError::new(TransportErrorKind::Request, Reached::NotWritten);
        failed.detailed("its URL").caused_by(error)
    })?;
    *request.method_mut() = unsent.method;
    Ok(request)
}

fn announce(headers: &mut HeaderMap, method: &Method, body: Option<&BoxBody>) {
    let Some(length) = body.and_then(|body| body.size_hint().exact()) else { return };
    let empty = length == 0 && !matches!(*method, Method::POST | Method::PUT | Method::PATCH);
    if !empty && !headers.contains_key(CONTENT_LENGTH) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
}

/// The body of the request on its way out, as fast as the other side takes it.
struct Upload {
    stream: SendStream<Bytes>,
    body: BoxBody,
    /// The window is open for the next chunk.
    roomy: bool,
}

impl Upload {
    /// Ready when all is handed over, or nothing more is taken.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.stream.poll_reset(cx).is_ready() {
            // What it means is told by the answer, or in its place.
            return Poll::Ready(Ok(()));
        }
        loop {
            while !self.roomy {
                self.stream.reserve_capacity(1);
                if self.stream.capacity() > 0 {
                    self.roomy = true;
                    break;
                }
                match ready!(self.stream.poll_capacity(cx)) {
                    Some(Ok(room)) => self.roomy = room > 0,
                    Some(Err(_)) | None => return Poll::Ready(Ok(())),
                }
            }
            let sent = match ready!(self.body.as_mut().poll_frame(cx)) {
                None => self.stream.send_data(Bytes::new(), true).map(|()| true),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(chunk) => {
                        let end = self.body.is_end_stream();
                        self.roomy = false;
                        self.stream.send_data(chunk, end).map(|()| end)
                    }
                    Err(frame) => match frame.into_trailers() {
                        Ok(trailers) => self.stream.send_trailers(trailers).map(|()| true),
                        Err(_) => Ok(false),
                    },
                },
                Some(Err(error)) => {
                    self.stream.send_reset(h2::Reason::CANCEL);
                    let failed = TransportError::new(TransportErrorKind::RequestBody, Reached::Written);
                    return Poll::Ready(Err(failed.caused_by(error)));
                }
            };
            match sent {
                Ok(false) => {}
                Ok(true) | Err(_) => return Poll::Ready(Ok(())),
            }
        }
    }
}

/// Drives an upload; an upload that is over is dropped.
fn drive(upload: &mut Option<Upload>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
    let Some(going) = upload else { return Poll::Pending };
    let over = ready!(going.poll(cx));
    *upload = None;
    Poll::Ready(over)
}

/// The body of an answer; reading it drives an upload that still goes on.
struct Arriving {
    stream: RecvStream,
    upload: Option<Upload>,
    /// Bytes that were announced and did not come yet.
    left: Option<u64>,
    /// All data came.
    data: bool,
    reused: bool,
    /// `None` once the body has ended.
    lease: Option<StreamLease>,
}

impl Arriving {
    fn end(&mut self) {
        // Dropping an upload that is not over resets the stream.
        self.upload = None;
        self.lease = None;
    }

    fn fail(&mut self, error: h2::Error) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let reused = self.reused;
        self.end();
        // An answer that came whole may end so, to stop the upload (RFC 9113, section 8.1).
        if error.reason() == Some(h2::Reason::NO_ERROR) && error.is_reset() && self.left.unwrap_or(0) == 0 {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Err(failure::of_http2(error, Reached::Headers).on_reused(reused))))
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let this = &mut *self;
        if this.lease.is_none() {
            return Poll::Ready(None);
        }
        if let Poll::Ready(Err(mut error)) = drive(&mut this.upload, cx) {
            this.end();
            error.reached = Reached::Headers;
            return Poll::Ready(Some(Err(error.on_reused(this.reused))));
        }
        if !this.data {
            match ready!(this.stream.poll_data(cx)) {
                Some(Ok(bytes)) => {
                    let _ = this.stream.flow_control().release_capacity(bytes.len());
                    this.left = this.left.map(|left| left.saturating_sub(bytes.len() as u64));
                    if this.stream.is_end_stream() {
                        this.end();
                    }
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Err(error)) => return this.fail(error),
                None => this.data = true,
            }
        }
        match ready!(this.stream.poll_trailers(cx)) {
            Ok(trailers) => {
                this.end();
                Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
            }
            Err(error) => this.fail(error),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.lease.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
