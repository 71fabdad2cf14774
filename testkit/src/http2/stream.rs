//! One stream: its request read, its reply sent, as far as its script lets it.

use std::future::{pending, poll_fn};
use std::sync::Arc;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use steadfast_clock::SharedTimer;
use tokio::sync::{mpsc, oneshot};

use crate::Reply;
use crate::script::{Ending, Kind};
use crate::server::{App, Exchange, Head, Host, Line, Peer, front, pause, time_of};

use super::connection::Order;
use super::request;

/// What a stream has of its connection.
pub(super) struct Course<A> {
    pub(super) host: Arc<Host<A>>,
    pub(super) line: Arc<Line>,
    pub(super) orders: mpsc::UnboundedSender<Order>,
}

/// Answers the request of a stream.
pub(super) async fn answer<A: App>(
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
    peer: Peer,
    course: Course<A>,
) {
    let Course { host, line, orders } = course;
    let (parts, mut body) = request.into_parts();
    let head = request::head(&parts);
    let _flight = host.census().begin(&line);
    let mut scene = Scene { exchange: host.app.begin(&head, &peer), over: false };
    let pace = scene.exchange.pace();
    let timer = &host.setup.timer;
    if !pace.early {
        let complete = read(&mut body, &mut scene.exchange, pace.slow_read, timer).await;
        scene.finish(complete);
        if !complete {
            return;
        }
    }
    let reply = scene.exchange.reply();
    host.setup.gather().await;
    let sender = Sender { respond, orders, timer };
    let _gone = sender.send(&head, &reply).await;
    if pace.early {
        // Of a stream that was refused nothing is read, even if there was nothing to read.
        let answered = reply.kind == Kind::Answer;
        let complete = answered && read(&mut body, &mut scene.exchange, None, timer).await;
        scene.finish(complete);
    }
}

/// An exchange that is told its end even if its task is dropped.
struct Scene<E: Exchange> {
    exchange: E,
    over: bool,
}

impl<E: Exchange> Scene<E> {
    fn finish(&mut self, complete: bool) {
        self.over = true;
        self.exchange.finish(complete);
    }
}

impl<E: Exchange> Drop for Scene<E> {
    fn drop(&mut self) {
        if !self.over {
            self.exchange.finish(false);
        }
    }
}

/// Reads a body to its end; false when the client broke it off.
async fn read(body: &mut RecvStream, exchange: &mut impl Exchange, rate: Option<u64>, timer: &SharedTimer) -> bool {
    let (start, mut total) = (timer.now(), 0);
    while let Some(piece) = body.data().await {
        let Ok(piece) = piece else { return false };
        exchange.feed(&piece);
        if let Some(rate) = rate {
            total += piece.len() as u64;
            timer.sleep_until(start.saturating_add(time_of(total, rate))).await;
        }
        if body.flow_control().release_capacity(piece.len()).is_err() {
            return false;
        }
    }
    body.is_end_stream()
}

/// The way back of a stream. Its ends by `None`: the client has gone, or will see no more of it.
struct Sender<'a> {
    respond: SendResponse<Bytes>,
    orders: mpsc::UnboundedSender<Order>,
    timer: &'a SharedTimer,
}

impl Sender<'_> {
    async fn send(mut self, head: &Head, reply: &Reply) -> Option<()> {
        pause(self.timer, reply.delay).await;
        match reply.kind {
            Kind::Answer => {}
            Kind::Close => return self.order(Order::Close).await,
            Kind::Reset => return self.order(Order::Reset).await,
            Kind::Freeze => return self.order(Order::Freeze).await,
            Kind::Raw => {
                let bytes = reply.pieces().0.first().cloned().unwrap_or_default();
                return self.order(Order::Raw(bytes)).await;
            }
            Kind::Never => {
                poll_fn(|cx| self.respond.poll_reset(cx)).await.ok()?;
                return None;
            }
            Kind::ResetStream(code) => {
                self.respond.send_reset(Reason::from(code));
                return None;
            }
            Kind::GoAway => {
                self.orders.send(Order::GoAway).ok()?;
                self.respond.send_reset(Reason::REFUSED_STREAM);
                return None;
            }
        }
        if let Some(gap) = reply.drip {
            pause(self.timer, gap).await;
        }
        self.answer(head, reply).await
    }

    async fn answer(mut self, head: &Head, reply: &Reply) -> Option<()> {
        let status = StatusCode::from_u16(reply.status.unwrap_or(200)).unwrap_or(StatusCode::OK);
        let without_body = status.is_informational() || matches!(status.as_u16(), 204 | 304);
        let (pieces, endless) = match without_body || head.method == "HEAD" {
            true => (&[][..], false),
            false => reply.pieces(),
        };
        let ends_at_once = pieces.is_empty() && reply.cut.is_none();
        let mut stream = self.respond.send_response(response(status, reply, without_body), ends_at_once).ok()?;
        let rounds = if endless { usize::MAX } else { pieces.len() };
        let mut left = reply.cut.map_or(u64::MAX, |cut| cut.after);
        for (i, piece) in pieces.iter().cycle().take(rounds).enumerate() {
            if i > 0 {
                pause(self.timer, reply.chunk_delay.unwrap_or_default()).await;
            }
            let part = front(piece, left);
            left -= part.len() as u64;
            write(&mut stream, part, i + 1 == rounds && reply.cut.is_none()).await?;
            if left == 0 {
                break;
            }
        }
        match reply.cut.map(|cut| cut.ending) {
            None if reply.hang_up => self.order(Order::Close).await,
            None => Some(()),
            Some(Ending::Fin) => self.order(Order::Close).await,
            Some(Ending::Rst) => self.order(Order::Reset).await,
            Some(Ending::Stall) => {
                poll_fn(|cx| stream.poll_reset(cx)).await.ok()?;
                None
            }
            Some(Ending::Stream(code)) => {
                // A reset takes back what has not been sent.
                let (done, flushed) = oneshot::channel();
                self.orders.send(Order::Flush(done)).ok()?;
                flushed.await.ok()?;
                stream.send_reset(Reason::from(code));
                None
            }
        }
    }

    /// Leaves the rest to the connection. The stream stays as it is: dropped, it would be reset.
    async fn order(&self, order: Order) -> Option<()> {
        self.orders.send(order).ok()?;
        pending().await
    }
}

/// The head of the answer. Fields that HTTP/2 has no place for are left out.
fn response(status: StatusCode, reply: &Reply, without_body: bool) -> Response<()> {
    const NO_PLACE: [&str; 5] = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];
    let mut response = Response::new(());
    *response.status_mut() = status;
    let fields = response.headers_mut();
    for (name, value) in &reply.headers {
        let parsed = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str()));
        if let (Ok(name), Ok(value)) = parsed {
            if !NO_PLACE.contains(&name.as_str()) {
                fields.append(name, value);
            }
        }
    }
    if let Some(length) =
        reply.body_len().filter(|_| !without_body && reply.is_whole() && !reply.has_header("content-length"))
    {
        fields.insert(http::header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// Sends a piece of a body, as fast as the client's windows let it through.
async fn write(stream: &mut SendStream<Bytes>, mut piece: Bytes, last: bool) -> Option<()> {
    while !piece.is_empty() {
        stream.reserve_capacity(piece.len());
        while stream.capacity() == 0 {
            poll_fn(|cx| stream.poll_capacity(cx)).await?.ok()?;
        }
        let part = piece.split_to(stream.capacity().min(piece.len()));
        let ends = last && piece.is_empty();
        stream.send_data(part, ends).ok()?;
        if ends {
            return Some(());
        }
    }
    if last { stream.send_data(piece, true).ok() } else { Some(()) }
}
