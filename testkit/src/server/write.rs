//! Writing a reply to the socket, as far as its script lets it.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use steadfast_clock::SharedTimer;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::Reply;
use crate::script::{Body, Ending, Kind};

use super::Head;

/// What becomes of the connection after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    KeepAlive,
    Close,
    Reset,
    Hold,
}

/// Pieces up to this size are gathered before they are written, larger ones go out from where they are.
const GATHER: usize = 32 * 1024;

/// Sends `reply`, with its delays.
pub(super) async fn write_reply(
    socket: &mut (impl AsyncWrite + Unpin),
    head: &Head,
    reply: &Reply,
    keep_alive: bool,
    timer: &SharedTimer,
) -> io::Result<After> {
    pause(timer, reply.delay).await;
    match reply.kind {
        Kind::Answer | Kind::Raw => {}
        Kind::Close | Kind::GoAway => return Ok(After::Close),
        Kind::Reset | Kind::ResetStream(_) => return Ok(After::Reset),
        Kind::Never | Kind::Freeze => return Ok(After::Hold),
    }
    let plan = Plan::new(head, reply, keep_alive);
    let mut out = BytesMut::with_capacity(1024);
    if reply.kind == Kind::Answer {
        plan.write_head(&mut out, reply);
    }
    if let Some(gap) = reply.drip {
        drip(socket, &mut out, gap, timer).await?;
    }
    let (pieces, endless) = reply.pieces();
    let rounds = if endless { usize::MAX } else { pieces.len() };
    let gap = reply.chunk_delay.unwrap_or_default();
    let mut left = reply.cut.map_or(u64::MAX, |cut| cut.after);
    for (i, piece) in pieces.iter().cycle().take(rounds).enumerate() {
        if !plan.has_body {
            break;
        }
        if i > 0 && !gap.is_zero() {
            flush(socket, &mut out).await?;
            pause(timer, gap).await;
        }
        if plan.chunked && !piece.is_empty() {
            out.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        }
        let part = front(piece, left);
        left -= part.len() as u64;
        if part.len() > GATHER {
            flush(socket, &mut out).await?;
            socket.write_all(&part).await?;
        } else {
            out.extend_from_slice(&part);
        }
        if let (Kind::Raw, Some(gap)) = (reply.kind, reply.drip) {
            drip(socket, &mut out, gap, timer).await?;
        }
        if part.len() < piece.len() {
            break;
        }
        if plan.chunked && !piece.is_empty() {
            out.extend_from_slice(b"\r\n");
        }
        if out.len() > GATHER {
            flush(socket, &mut out).await?;
        }
        if left == 0 {
            break;
        }
    }
    if plan.chunked && reply.cut.is_none() {
        out.extend_from_slice(b"0\r\n\r\n");
    }
    flush(socket, &mut out).await?;
    Ok(match reply.cut.map(|cut| cut.ending) {
        Some(Ending::Fin) => After::Close,
        Some(Ending::Rst | Ending::Stream(_)) => After::Reset,
        Some(Ending::Stall) => After::Hold,
        None if reply.hang_up => After::Close,
        None if plan.keep_alive => After::KeepAlive,
        None => After::Close,
    })
}

/// How a reply is framed.
struct Plan {
    status: u16,
    /// Not for HEAD, nor for a status that has no body.
    has_body: bool,
    chunked: bool,
    length: Option<u64>,
    keep_alive: bool,
}

impl Plan {
    fn new(head: &Head, reply: &Reply, keep_alive: bool) -> Self {
        let status = reply.status.unwrap_or(200);
        let without_body = matches!(status, 100..=199 | 204 | 304);
        let total = reply.body_len();
        let raw = reply.kind == Kind::Raw;
        // Framing that the script wrote is taken at its word, and trusted to end the body only where it is true.
        let stated = reply.header_value("content-length");
        let lies = stated.is_some_and(|stated| stated.trim().parse().ok() != total);
        let own_framing = stated.is_some() || reply.has_header("transfer-encoding");
        let pieces = matches!(reply.body, Some(Body::Chunks(_) | Body::Endless(_)));
        let chunked = match own_framing {
            true => {
                reply.header_value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
            }
            false => pieces && !head.is_http10,
        };
        let until_close = !without_body && !chunked && pieces && !own_framing;
        Self {
            status,
            has_body: raw || !without_body && head.method != "HEAD",
            chunked: chunked && !without_body && head.method != "HEAD",
            length: total.filter(|_| !own_framing && !pieces && !without_body),
            keep_alive: keep_alive
                && !raw
                && !lies
                && !until_close
                && !reply.header_value("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")),
        }
    }

    fn write_head(&self, out: &mut BytesMut, reply: &Reply) {
        let mut line = |text: String| out.extend_from_slice(text.as_bytes());
        line(format!("HTTP/1.1 {:03} {}\r\n", self.status, reason(self.status)));
        for (name, value) in &reply.headers {
            line(format!("{name}: {value}\r\n"));
        }
        if let Some(length) = self.length {
            line(format!("content-length: {length}\r\n"));
        }
        if self.chunked && !reply.has_header("transfer-encoding") {
            line("transfer-encoding: chunked\r\n".to_owned());
        }
        if !self.keep_alive && !reply.has_header("connection") {
            line("connection: close\r\n".to_owned());
        }
        line("\r\n".to_owned());
    }
}

/// Sends what has gathered, a byte at a time.
async fn drip(
    socket: &mut (impl AsyncWrite + Unpin),
    out: &mut BytesMut,
    gap: Duration,
    timer: &SharedTimer,
) -> io::Result<()> {
    for byte in out.iter() {
        pause(timer, gap).await;
        socket.write_all(std::slice::from_ref(byte)).await?;
        socket.flush().await?;
    }
    out.clear();
    Ok(())
}

async fn flush(socket: &mut (impl AsyncWrite + Unpin), out: &mut BytesMut) -> io::Result<()> {
    if !out.is_empty() {
        socket.write_all(out).await?;
        out.clear();
    }
    socket.flush().await
}

pub(crate) async fn pause(timer: &SharedTimer, wait: Duration) {
    if !wait.is_zero() {
        timer.sleep_until(timer.now().saturating_add(wait)).await;
    }
}

/// At most `most` bytes of `piece`.
pub(crate) fn front(piece: &Bytes, most: u64) -> Bytes {
    let end = usize::try_from(most).map_or(piece.len(), |most| most.min(piece.len()));
    piece.slice(..end)
}

/// The reason phrase of a status; empty for those without a name.
pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        422 => "Unprocessable Content",
        425 => "Too Early",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        507 => "Insufficient Storage",
        _ => "",
    }
}
