//! What a chaotic server answers: good answers that name their request, and the replies of its faults.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;

use crate::{ChaosFault, Reply};

/// The body of a good answer: a line about the request, and some of its digest again and again, up to 1 KiB more.
pub(super) fn body(method: &str, target: &str, number: Option<u64>, length: u64, sha256: &[u8; 32]) -> Bytes {
    let mut hex = String::with_capacity(64);
    for byte in sha256 {
        let _infallible = write!(hex, "{byte:02x}");
    }
    let number = number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let mut text = format!("{method} {target} {number} {length} {hex}\n");
    for _ in 0..sha256[0] % 16 {
        text.push_str(&hex);
    }
    Bytes::from(text)
}

/// The good answer, chunked or whole as the dice fall.
pub(super) fn good(body: Bytes, dice: u64) -> Reply {
    let reply = Reply::status(200).header("content-type", "text/plain");
    if dice % 4 > 0 {
        return reply.body(body);
    }
    let third = body.len() / 3;
    reply.chunks(vec![body.slice(..third), body.slice(third..2 * third), body.slice(2 * third..)])
}

/// What a fault makes of the good answer.
pub(super) fn spoilt(fault: ChaosFault, good: Reply, dice: u64) -> Reply {
    let length = good.body_len().unwrap_or(1).max(1);
    let within = (dice >> 8) % length;
    match fault {
        ChaosFault::Refuse | ChaosFault::ResetBeforeHead => Reply::reset(),
        ChaosFault::ResetUnread => Reply::reset().early(),
        ChaosFault::ResetInBody => good.reset_after(within),
        ChaosFault::Truncate => good.truncate_after(within),
        ChaosFault::Stall => Reply::never(),
        ChaosFault::StallInBody => good.stall_after(within),
        ChaosFault::TooMany => later(Reply::status(429), dice),
        ChaosFault::Unavailable => later(Reply::status([500, 502, 503, 504][(dice % 4) as usize]), dice >> 2),
        ChaosFault::Burst => Reply::status(503),
        ChaosFault::SlowHead => good.drip(Duration::from_millis(1)),
        ChaosFault::Garbage => {
            Reply::raw([b"\x16\x03\x01 this is not ", &dice.to_be_bytes()[..], b"\r\n\r\n"].concat())
        }
        ChaosFault::HangUp => good.hang_up(),
        ChaosFault::RefuseStream => Reply::refuse_stream(),
        ChaosFault::ResetStream => Reply::reset_stream(2),
        ChaosFault::ResetStreamInBody => good.reset_stream_after(within, 8),
        ChaosFault::GoAway => Reply::go_away(),
        ChaosFault::Freeze => Reply::freeze(),
    }
}

/// With a short wait asked for in one way or the other, or in none.
fn later(reply: Reply, dice: u64) -> Reply {
    match dice % 3 {
        0 => reply,
        1 => reply.header("retry-after", "0"),
        _ => reply.header("retry-after-ms", (1 + dice / 3 % 4).to_string()),
    }
}
