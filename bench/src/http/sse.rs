//! Server-sent events in a burst, as a language model's provider sends them: what each costs to decode.

use std::convert::Infallible;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use eventsource_stream::Eventsource;
use futures_util::{Stream, StreamExt, stream};
use sseer::EventStream;
use steadfast_pool::SseDecoder;

use crate::Row;

pub(super) const ROWS: &[fn() -> Row] = &[burst, one_by_one];

/// One event. The shape is that of the chunks in OpenAI's description of its API.
const EVENT: &str = concat!(
    r#"data: {"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini","#,
    r#""system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":{"content":"Hello"},"logprobs":null,"#,
    r#""finish_reason":null}]}"#,
    "\n\n"
);

/// How long the reads of a burst are: events lie across their ends.
const READ: usize = 4 * 1024;

/// Many events in a read.
fn burst() -> Row {
    let tape = EVENT.repeat(READ);
    row("SSE: an event of a burst, ns", tape.as_bytes().chunks(READ).map(Bytes::copy_from_slice).collect())
}

/// An event in each read.
fn one_by_one() -> Row {
    row("SSE: an event in a read of its own, ns", vec![Bytes::from_static(EVENT.as_bytes())])
}

/// `reads`, over and over.
fn row(name: &'static str, reads: Vec<Bytes>) -> Row {
    let (mut seer, mut source) = (EventStream::new(endless(reads.clone())), endless(reads.clone()).eventsource());
    let (mut ours, mut ours_reads) = (SseDecoder::new(), reads.into_iter().cycle());
    Row::new(name, move |n| {
        for _ in 0..n {
            let event = loop {
                match ours.next() {
                    Some(event) => break event,
                    None => ours.push(&ours_reads.next().expect("endless")).expect("events of a usual size"),
                }
            };
            black_box(event);
        }
    })
    .peer("sseer", move |n| {
        for _ in 0..n {
            black_box(completed(seer.next()).expect("endless").expect("events"));
        }
    })
    .peer("eventsource-stream", move |n| {
        for _ in 0..n {
            black_box(completed(source.next()).expect("endless").expect("events"));
        }
    })
    .reach(1.1, "sseer")
}

fn endless(reads: Vec<Bytes>) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + Unpin {
    stream::iter(reads.into_iter().cycle().map(Ok))
}

/// The output of a future that never waits.
fn completed<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing to wait for"),
    }
}
