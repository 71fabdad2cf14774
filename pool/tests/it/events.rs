//! The events of an answer, and going on after a cut.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use steadfast_clock::{ManualClock, shared};
use steadfast_pool::{ErrorKind, Pool, PoolConfig, Request, Resume, SseEvents};
use steadfast_testkit::{Reply, Script, Server};

use crate::chunked::{Answer, Chunked};
use crate::rig::rig;

/// What came: the data of events, then the end or the error.
async fn all(mut events: SseEvents) -> (Vec<String>, Option<steadfast_pool::Error>) {
    let mut data = Vec::new();
    loop {
        match events.next().await {
            Some(Ok(event)) => data.push(event.data),
            Some(Err(error)) => {
                assert!(events.next().await.is_none(), "nothing follows an error");
                return (data, Some(error));
            }
            None => return (data, None),
        }
    }
}

fn get() -> Request {
    Request::get("http://host/events").unwrap()
}

/// A pool whose clock moves to the end of every wait, and the waits.
struct Resumed {
    pool: Pool,
    clock: ManualClock,
    transport: Arc<Chunked>,
}

fn resumed(answers: impl IntoIterator<Item = Answer>) -> Resumed {
    let transport = Chunked::new(answers);
    let clock = ManualClock::new();
    let pool = Pool::builder().timer(shared(clock.clone())).transport(transport.clone()).build().unwrap();
    Resumed { pool, clock, transport }
}

impl Resumed {
    /// All events, and the waits in seconds.
    async fn run(&self, resume: Resume) -> (Vec<String>, Option<steadfast_pool::Error>, Vec<u64>) {
        let events = self.pool.stream(get()).await.unwrap().events().resume(resume);
        let task = tokio::spawn(all(events));
        let mut waits = Vec::new();
        while !task.is_finished() {
            tokio::task::yield_now().await;
            let before = waits.len() as u64;
            if self.clock.waiting() > 0 {
                let mut seconds = 0;
                while self.clock.waiting() > 0 && seconds < 1000 + before {
                    self.clock.advance(Duration::from_secs(1));
                    seconds += 1;
                }
                waits.push(seconds);
            }
        }
        let (data, error) = task.await.unwrap();
        (data, error, waits)
    }

    fn last_ids(&self) -> Vec<Option<String>> {
        let asked = self.transport.asked.lock().unwrap();
        asked.iter().map(|headers| Some(headers.get("last-event-id")?.to_str().unwrap().to_owned())).collect()
    }
}

#[tokio::test]
async fn events_come_as_they_are_and_as_a_stream() {
    let answer =
        Answer::events("id: 1\ndata: a\n\n: ping\n\nretry: 7\ndata: b\n").chunk("\nevent: x\ndata: c\n\ndata: cut");
    let rig = rig(|pool| pool.transport(Chunked::new([answer])));
    let stream = rig.pool.stream(get()).await.unwrap().error_unless_events().unwrap();
    let mut events = stream.events();
    assert_eq!(events.next().await.unwrap().unwrap().data, "a");
    assert_eq!(events.last_event_id(), Some("1"));
    let rest: Vec<_> = events.by_ref().map(|event| event.unwrap()).collect().await;
    assert_eq!(
        rest.iter().map(|event| (&*event.event, &*event.data)).collect::<Vec<_>>(),
        [("message", "b"), ("x", "c")]
    );
    assert_eq!(events.retry(), Some(Duration::from_millis(7)));
    assert!(!format!("{events:?}").contains("data: a"));
}

#[tokio::test]
async fn what_is_no_event_stream_is_refused_if_asked() {
    let rig =
        rig(|pool| pool.transport(Chunked::new([Answer::new(200).header("content-type", "text/html").chunk("<p>")])));
    let error = rig.pool.stream(get()).await.unwrap().error_unless_events().unwrap_err();
    assert_eq!(error.to_string(), "GET http://host/events: the answer is not an event stream");
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Decode, 1));
}

#[tokio::test]
async fn an_event_beyond_the_bound_ends_the_stream_after_those_before_it() {
    let long = "x".repeat(200);
    let rig = rig(|pool| {
        pool.transport(Chunked::new([Answer::events("data: a\n\n").chunk(format!("data: b\n\ndata: {long}"))]))
    });
    let events = rig.pool.stream(get()).await.unwrap().events().max_event(100);
    let (data, error) = all(events).await;
    assert_eq!(data, ["a", "b"]);
    assert_eq!(error.unwrap().kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn a_cut_is_an_error_unless_the_stream_is_resumed() {
    let rig = rig(|pool| pool.transport(Chunked::new([Answer::events("data: a\n\ndata: half").cut()])));
    let (data, error) = all(rig.pool.stream(get()).await.unwrap().events()).await;
    assert_eq!((data, error.unwrap().kind()), (vec![String::from("a")], ErrorKind::Closed));
}

#[tokio::test]
async fn a_resumed_stream_goes_on_behind_its_last_event() {
    let resumed = resumed([
        Answer::events("id: 1\ndata: a\n\nid: 2\ndata: half").cut(),
        Answer::events("data: b\n\n").cut(),
        Answer::events("retry: 10000\nid: 3\ndata: c\n\n").cut(),
        Answer::events("data: d\n\n"),
    ]);
    let (data, error, waits) = resumed.run(Resume::new(&resumed.pool, get())).await;
    assert_eq!(data, ["a", "b", "c", "d"]);
    assert!(error.is_none(), "the end in order is the end");
    assert_eq!(waits, [3, 3, 10]);
    let ids: Vec<Option<String>> = [None, Some("1"), Some("1"), Some("3")].map(|id| id.map(String::from)).to_vec();
    assert_eq!(resumed.last_ids(), ids);
}

#[tokio::test]
async fn tries_without_an_event_are_counted_and_their_waits_grow() {
    let resumed = resumed([Answer::events("data: a\n\n").cut(), Answer::events(": nothing\n").cut()]);
    let resume =
        Resume::new(&resumed.pool, get()).wait(Duration::from_secs(2)).max_wait(Duration::from_secs(5)).max_failures(4);
    let (data, error, waits) = resumed.run(resume).await;
    assert_eq!((data, waits), (vec![String::from("a")], vec![2, 4, 5, 5]));
    assert_eq!(error.unwrap().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn a_wait_beyond_the_cap_is_not_slept() {
    let resumed = resumed([Answer::events("retry: 61000\ndata: a\n\n").cut()]);
    let (_, error, waits) = resumed.run(Resume::new(&resumed.pool, get())).await;
    assert_eq!(waits, [0; 0]);
    assert_eq!(error.unwrap().retry_after(), Some(Duration::from_secs(61)));
}

#[tokio::test]
async fn with_leave_an_end_in_order_is_gone_on_from_until_there_is_no_more() {
    let resumed = resumed([Answer::events("data: a\n\n"), Answer::events("data: b\n\n"), Answer::new(204)]);
    let (data, error, _) = resumed.run(Resume::new(&resumed.pool, get()).after_end()).await;
    assert_eq!(data, ["a", "b"]);
    assert!(error.is_none());
}

#[tokio::test]
async fn a_refusal_ends_a_resumed_stream() {
    for (answer, kind) in [
        (Answer::new(404), ErrorKind::Status(404)),
        (Answer::new(200).header("content-type", "text/html"), ErrorKind::Decode),
    ] {
        let resumed = resumed([Answer::events("data: a\n\n").cut(), answer]);
        let (data, error, waits) = resumed.run(Resume::new(&resumed.pool, get())).await;
        assert_eq!((data.len(), waits.len()), (1, 1));
        assert_eq!(error.unwrap().kind(), kind);
    }
}

#[tokio::test]
async fn a_slow_consumer_is_not_read_ahead_of() {
    let chunks = Answer::new(200).chunks(&[b'x'; 1000], 10);
    let transport = Chunked::new([chunks]);
    let rig = rig(|pool| pool.transport(transport.clone()));
    let mut stream = rig.pool.stream(get()).await.unwrap();
    let taken = || transport.taken.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(taken(), 0);
    for asked in 1..=5 {
        stream.chunk().await.unwrap();
        assert_eq!(taken(), asked);
    }
}

#[tokio::test]
async fn a_server_is_held_back_by_a_consumer_that_does_not_read() {
    const ALL: usize = 64 * 1024 * 1024;
    let chunks = vec![Bytes::from(vec![0; 64 * 1024]); ALL / (64 * 1024)];
    let server = Server::start(Script::new().always(Reply::status(200).chunks(chunks))).await.unwrap();
    let rig = rig(|pool| pool);
    let mut stream = rig.pool.stream(Request::get(server.url()).unwrap()).await.unwrap();
    stream.chunk().await.unwrap();
    for _ in 0..2000 {
        tokio::task::yield_now().await;
    }
    // What was counted is what was handed out; the rest waits in the sockets, and with it the server.
    assert!(rig.pool.metrics().bytes_in < 1024 * 1024);
    assert_eq!(server.open_connections(), 1);
    drop(stream);
    while server.open_connections() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_stream_is_a_body_and_a_stream_of_bytes() {
    let rig = rig(|pool| {
        pool.config(PoolConfig::new()).transport(Chunked::new([Answer::new(201).chunk("one").chunk("two")]))
    });
    let bytes: Vec<_> = rig.pool.stream(get()).await.unwrap().map(|chunk| chunk.unwrap()).collect().await;
    assert_eq!(bytes, ["one", "two"]);
    let answer = http::Response::from(rig.pool.stream(get()).await.unwrap());
    assert_eq!(answer.status(), 201);
    let collected = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap();
    assert_eq!(collected.to_bytes(), "onetwo");
    let mut limited = rig.pool.stream(get().max_body(4)).await.unwrap();
    assert_eq!(limited.chunk().await.unwrap().unwrap(), "one");
    assert_eq!(limited.chunk().await.unwrap_err().kind(), ErrorKind::TooLarge);
    let whole = rig.pool.execute(get().max_body(5)).await.unwrap_err();
    assert_eq!(whole.kind(), ErrorKind::TooLarge);
    let answer = http::Response::from(rig.pool.execute(get()).await.unwrap());
    assert_eq!((answer.status().as_u16(), answer.into_body()), (201, Bytes::from("onetwo")));
    let (status, headers, body) = rig.pool.execute(get()).await.unwrap().into_parts();
    assert_eq!((status.as_u16(), headers.len(), body), (201, 0, Bytes::from("onetwo")));
}
