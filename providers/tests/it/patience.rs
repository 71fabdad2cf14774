//! How long a streamed answer may take: each limit by itself, told apart.

use std::time::Duration;

use steadfast_providers::{Call, ErrorKind, Event, Provider, StreamTimeouts, Wait};
use steadfast_testkit::{Reply as Answer, Script, Server, SseEvent};

use crate::rig::{Rig, VENDORS, Vendor, rig};

/// What the answer of a server comes to when so much time passes, in steps of a second, while nothing more comes.
async fn after(
    vendor: Vendor,
    answer: Answer,
    limits: StreamTimeouts,
    seconds: u64,
) -> Option<(ErrorKind, Option<Wait>)> {
    let (server, rig) = (Server::start(Script::new().always(answer)).await.unwrap(), rig());
    let client = vendor.builder(&rig.pool, server.url()).stream_timeouts(limits).build().unwrap();
    let asked = async {
        let mut stream = client.stream(Call::new("a")).await?;
        while let Some(event) = stream.next().await {
            if let Event::Finish(_) = event? {
                unreachable!("the answer has no finish");
            }
        }
        Ok::<_, steadfast_providers::Error>(())
    };
    tokio::select! {
        result = asked => result.err().map(|error| (error.kind(), error.waited_for())),
        () = pass(&rig, &server, seconds) => None,
    }
}

async fn pass(rig: &Rig, server: &Server, seconds: u64) {
    server.wait_for(1).await;
    for _ in 0..seconds {
        // Everything that is there is read before time passes.
        for _ in 0..2_000 {
            tokio::task::yield_now().await;
        }
        rig.clock.advance(Duration::from_secs(1));
    }
    for _ in 0..2_000 {
        tokio::task::yield_now().await;
    }
}

fn ping() -> SseEvent {
    SseEvent::named("ping", r#"{"type": "ping"}"#)
}

fn limits() -> StreamTimeouts {
    let seconds = Duration::from_secs;
    StreamTimeouts::new().header(seconds(10)).first_token(seconds(8)).next_event(seconds(4))
}

#[tokio::test]
async fn the_head_is_waited_for() {
    for vendor in VENDORS {
        let silent = || Answer::never();
        assert_eq!(after(vendor, silent(), limits(), 9).await, None, "{vendor}");
        let expected = Some((ErrorKind::Timeout, Some(Wait::Head)));
        assert_eq!(after(vendor, silent(), limits(), 10).await, expected, "{vendor}");
    }
}

#[tokio::test]
async fn the_first_token_is_waited_for_whatever_else_comes() {
    for vendor in VENDORS {
        let start = vendor.unfinished(&[]);
        let lively = || Answer::sse([vec![ping()], start.clone(), vec![ping()]].concat()).stall_after(u64::MAX);
        assert_eq!(after(vendor, lively(), limits(), 7).await, None, "{vendor}");
        let expected = Some((ErrorKind::Timeout, Some(Wait::FirstToken)));
        assert_eq!(after(vendor, lively(), limits(), 8).await, expected, "{vendor}");
    }
}

#[tokio::test]
async fn the_next_event_is_waited_for() {
    for vendor in VENDORS {
        let begun = || Answer::sse([vendor.unfinished(&["Hello"]), vec![ping()]].concat()).stall_after(u64::MAX);
        assert_eq!(after(vendor, begun(), limits(), 3).await, None, "{vendor}");
        let expected = Some((ErrorKind::Timeout, Some(Wait::NextEvent)));
        assert_eq!(after(vendor, begun(), limits(), 4).await, expected, "{vendor}");
    }
}

#[tokio::test]
async fn the_whole_attempt_has_a_limit_where_it_is_given_one() {
    for vendor in VENDORS {
        let begun = || Answer::sse(vendor.unfinished(&["Hello"])).stall_after(u64::MAX);
        let limits = limits().total(Some(Duration::from_secs(2)));
        assert_eq!(after(vendor, begun(), limits, 1).await, None, "{vendor}");
        let expected = Some((ErrorKind::Timeout, Some(Wait::Attempt)));
        assert_eq!(after(vendor, begun(), limits, 2).await, expected, "{vendor}");
    }
}
