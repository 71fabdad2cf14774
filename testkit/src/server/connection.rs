//! One connection: requests read, handed to the server's behaviour, replies sent, until either end has had enough.

use std::io;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use steadfast_clock::SharedTimer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::body::{BodyReader, Piece};
use super::census::Line;
use super::head::{NoHead, read_more};
use super::listener::Host;
use super::wire::Wire;
use super::write::{After, pause, write_reply};
use super::{App, Exchange, Head, Pace, Peer};

/// The room for one read of a body. Large, because a system call for every few KiB is what slows uploads down.
const READ: usize = 256 * 1024;
/// The room that a connection keeps between requests.
const IDLE: usize = 16 * 1024;
/// How long the rest of an unwanted body is read to nowhere before the connection is given up.
const LINGER: Duration = Duration::from_secs(30);

/// Serves a connection to its end.
pub(super) async fn serve<A: App>(mut socket: Wire, peer: Peer, host: &Host<A>, line: &Line) {
    let timer = &host.setup.timer;
    let mut buffer = BytesMut::new();
    let mut requests_left = host.setup.requests.unwrap_or(u64::MAX);
    loop {
        let head = match next_head(&mut socket, &mut buffer, host).await {
            Ok(head) => head,
            Err(NoHead::Closed) => return,
            Err(NoHead::Refused(status, why)) => {
                let _gone = refuse(&mut socket, status, why).await;
                return linger(&mut socket, timer).await;
            }
        };
        let flight = host.census().begin(line);
        let mut exchange = host.app.begin(&head, &peer);
        let mut body = BodyReader::new(head.framing);
        let pace = exchange.pace();
        let after = if pace.early {
            let reply = exchange.reply();
            host.setup.gather().await;
            write_reply(&mut socket, &head, &reply, pace.stay && head.keep_alive, timer).await
        } else {
            let read = read_body(&mut socket, &mut buffer, &head, &mut body, &mut exchange, pace, timer).await;
            let complete = matches!(read, Ok(true));
            exchange.finish(complete);
            if !complete {
                return;
            }
            let reply = exchange.reply();
            host.setup.gather().await;
            write_reply(&mut socket, &head, &reply, head.keep_alive, timer).await
        };
        requests_left = requests_left.saturating_sub(1);
        match after {
            Ok(After::KeepAlive) if pace.early && requests_left > 0 => {
                let complete = read_away(&mut socket, &mut buffer, &mut body, &mut exchange, timer).await;
                exchange.finish(complete);
                if !complete {
                    return;
                }
            }
            Ok(After::KeepAlive) if requests_left > 0 => {}
            Ok(After::Close) if pace.early && pace.hang_up => {
                socket.tcp().reset_on_close();
                drop(socket);
                return exchange.finish(false);
            }
            Ok(After::KeepAlive | After::Close) if pace.early => {
                let complete = drain(&mut socket, &mut buffer, &mut body, &mut exchange, timer).await;
                return exchange.finish(complete);
            }
            Ok(After::KeepAlive | After::Close) => {
                let _gone = socket.shutdown().await;
                return;
            }
            Ok(After::Reset) => {
                socket.tcp().reset_on_close();
                drop(socket);
                return end_early(&pace, &mut exchange);
            }
            Ok(After::Hold) => {
                socket.tcp().hold().await;
                return end_early(&pace, &mut exchange);
            }
            Err(_) => return end_early(&pace, &mut exchange),
        }
        drop(flight);
        if buffer.capacity() > IDLE {
            buffer = BytesMut::from(&buffer[..]);
        }
    }
}

/// The next request's head, unless the connection has to wait too long for it.
async fn next_head<A>(socket: &mut Wire, buffer: &mut BytesMut, host: &Host<A>) -> Result<Head, NoHead> {
    let Some(idle) = host.setup.idle else { return Head::read(socket, buffer).await };
    tokio::select! {
        head = Head::read(socket, buffer) => return head,
        () = pause(&host.setup.timer, idle) => {}
    }
    let _gone = socket.shutdown().await;
    Err(NoHead::Closed)
}

/// Reads a body to its end; false when the client broke it off.
async fn read_body(
    socket: &mut Wire,
    buffer: &mut BytesMut,
    head: &Head,
    body: &mut BodyReader,
    exchange: &mut impl Exchange,
    pace: Pace,
    timer: &SharedTimer,
) -> io::Result<bool> {
    let most = match pace.slow_read {
        None => usize::MAX,
        Some(rate) => {
            // A small window, so that the client notices before it has filled the system's buffers.
            let tenth = usize::try_from(rate / 10).unwrap_or(READ).clamp(1, READ);
            socket.tcp().set_receive_buffer(tenth.max(4096));
            tenth
        }
    };
    let mut told = !head.expects_continue || pace.no_continue;
    let (start, mut total) = (timer.now(), 0);
    loop {
        let left = pace.take_only.map_or(u64::MAX, |bytes| bytes - total);
        match body.next(buffer, most.min(usize::try_from(left).unwrap_or(usize::MAX).max(1))) {
            Ok(Piece::Data(_)) if left == 0 => return Ok(false),
            Ok(Piece::Data(n)) => {
                exchange.feed(&buffer[..n]);
                buffer.advance(n);
                total += n as u64;
                if let Some(rate) = pace.slow_read {
                    timer.sleep_until(start.saturating_add(time_of(total, rate))).await;
                }
            }
            Ok(Piece::More) => {
                if !told {
                    socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
                    told = true;
                }
                buffer.reserve(most.min(READ));
                if read_more(socket, buffer).await? == 0 {
                    return Ok(false);
                }
            }
            Ok(Piece::Done) => return Ok(true),
            Err(_) => {
                refuse(socket, 400, "the chunked body of the request makes no sense").await?;
                return Ok(false);
            }
        }
    }
}

/// How long `bytes` take at `rate` bytes per second.
pub(crate) fn time_of(bytes: u64, rate: u64) -> Duration {
    let rate = rate.max(1);
    let rest = u128::from(bytes % rate) * 1_000_000_000 / u128::from(rate);
    Duration::from_secs(bytes / rate).saturating_add(Duration::from_nanos(u64::try_from(rest).unwrap_or(u64::MAX)))
}

/// After an early answer: says that nothing more comes, and reads the rest of the body to nowhere, because closing with
/// bytes unread would reset the connection and may take the answer with it.
async fn drain(
    socket: &mut Wire,
    buffer: &mut BytesMut,
    body: &mut BodyReader,
    exchange: &mut impl Exchange,
    timer: &SharedTimer,
) -> bool {
    let _gone = socket.shutdown().await;
    read_away(socket, buffer, body, exchange, timer).await
}

/// Reads the rest of a body to nowhere; false when it breaks off, or takes too long.
async fn read_away(
    socket: &mut Wire,
    buffer: &mut BytesMut,
    body: &mut BodyReader,
    exchange: &mut impl Exchange,
    timer: &SharedTimer,
) -> bool {
    loop {
        match body.next(buffer, usize::MAX) {
            Ok(Piece::Data(n)) => {
                exchange.feed(&buffer[..n]);
                buffer.advance(n);
            }
            Ok(Piece::More) => {
                buffer.reserve(READ);
                let read = tokio::select! {
                    read = read_more(socket, buffer) => read.unwrap_or(0),
                    () = pause(timer, LINGER) => 0,
                };
                if read == 0 {
                    return false;
                }
            }
            Ok(Piece::Done) => return true,
            Err(_) => return false,
        }
    }
}

/// An early exchange whose body nobody will read.
fn end_early(pace: &Pace, exchange: &mut impl Exchange) {
    if pace.early {
        exchange.finish(false);
    }
}

/// Answers what is not a request.
async fn refuse(socket: &mut Wire, status: u16, why: &str) -> io::Result<()> {
    let reason = super::write::reason(status);
    let length = why.len() + 1;
    let answer = format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{why}\n"
    );
    socket.write_all(answer.as_bytes()).await
}

/// Closes our side and gives the client a while to read the answer before the rest of what it sent makes a reset of it.
async fn linger(socket: &mut Wire, timer: &SharedTimer) {
    let _gone = socket.shutdown().await;
    let mut nowhere = vec![0; IDLE];
    let read_all = async { while matches!(socket.read(&mut nowhere).await, Ok(n) if n > 0) {} };
    tokio::select! {
        () = read_all => {}
        () = pause(timer, LINGER) => {}
    }
}
