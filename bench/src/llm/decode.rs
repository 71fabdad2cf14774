//! Decoding alone: bytes that are there become events, without a network. They come in reads of 4 KiB.

use std::convert::Infallible;
use std::future::ready;
use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use steadfast_pool::{Inbound, Outbound, Pool, SendFuture, Transport};
use steadfast_providers::{Event, ReplyStream};

use super::engine::{ByHand, Reading, call, provider};
use super::tape::{Api, body};
use crate::Row;
use crate::http::runtime::block_on;

pub(super) const ROWS: &[fn() -> Row] = &[chunk, event];

const READ: usize = 4 * 1024;

const BY_HAND: &str = "a loop by hand";

/// So many times the cost of the loop by hand.
const TIMES: f64 = 1.15;

fn chunk() -> Row {
    row("a streamed chunk of a completion, bytes in memory, ns", Api::Chat)
}

fn event() -> Row {
    row("a streamed event of a message, bytes in memory, ns", Api::Messages)
}

fn row(name: &'static str, api: Api) -> Row {
    Row::new(name, ours(api)).floor(BY_HAND, by_hand(api)).reach(TIMES, BY_HAND)
}

fn reads(api: Api) -> Vec<Bytes> {
    body(api).as_bytes().chunks(READ).map(Bytes::copy_from_slice).collect()
}

/// Piece after piece of text, from one answer after the other.
fn ours(api: Api) -> impl FnMut(u64) + Send + 'static {
    let pool = Pool::builder().transport(Arc::new(Played(reads(api)))).build().expect("settings that work");
    let provider = provider(&pool, api, "http://127.0.0.1:8080");
    let mut events: Option<ReplyStream> = None;
    move |n| {
        block_on(async {
            let mut wanted = n;
            while wanted > 0 {
                let Some(streamed) = &mut events else {
                    events = Some(provider.stream(call()).await.expect("an answer"));
                    continue;
                };
                match streamed.next().await {
                    Some(event) => wanted -= u64::from(matches!(black_box(event).expect("events"), Event::Text(_))),
                    None => events = None,
                }
            }
        });
    }
}

fn by_hand(api: Api) -> impl FnMut(u64) + Send + 'static {
    let (reads, mut at, mut reading, mut ahead) = (reads(api), 0, ByHand::new(api), 0);
    move |n| {
        while ahead < n {
            let before = reading.so_far();
            reading.feed(black_box(&reads[at]));
            ahead += (reading.so_far() - before) as u64;
            at += 1;
            if at == reads.len() {
                at = 0;
                black_box(std::mem::replace(&mut reading, ByHand::new(api)).pieces());
            }
        }
        ahead -= n;
    }
}

/// Answers before it is asked, with these reads.
#[derive(Debug)]
struct Played(Vec<Bytes>);

impl Transport for Played {
    fn send(&self, _: Outbound) -> SendFuture {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        let frames = self.0.clone().into_iter().map(|read| Ok::<_, Infallible>(Frame::data(read)));
        let body = StreamBody::new(stream::iter(frames)).map_err(|never| match never {});
        Box::pin(ready(Ok(Inbound::new(StatusCode::OK, headers, Box::pin(body)))))
    }
}
