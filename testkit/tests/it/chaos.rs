//! The chaotic server: the same from its seed, each fault what it says, and an account that adds up.

use std::time::Duration;

use bytes::Bytes;
use steadfast_clock::{ManualClock, shared};
use steadfast_testkit::{Chaos, ChaosFault, ChaosServer, Handled};

use crate::client::{Answer, Client, End, until};

fn request(number: u64, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /n?{number} HTTP/1.1\r\nhost: x\r\nx-request-number: {number}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// One request on a connection of its own; `None` if nothing came.
async fn attempt(server: &ChaosServer, number: u64, body: &str) -> Result<Answer, End> {
    let mut client = Client::try_dial(server.addr()).await?;
    client.try_send(request(number, body).as_bytes()).await?;
    client.answer().await
}

fn expected(number: u64, body: &str) -> Bytes {
    Chaos::answer_to("POST", &format!("/n?{number}"), Some(number), body.as_bytes())
}

#[tokio::test]
async fn without_faults_every_answer_is_good() {
    let server = Chaos::calm(1).start().await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    for number in 0..50 {
        client.send(request(number, "hello").as_bytes()).await;
        let answer = client.answer().await.unwrap();
        assert_eq!((answer.status, answer.end), (200, End::Complete));
        assert_eq!(answer.body, expected(number, "hello"));
    }
    let report = server.report();
    assert_eq!((report.requests, report.handled.answered, report.faults.len()), (50, 50, 0));
    assert!(server.more_than_once().is_empty());
    assert_ne!(expected(1, "a"), expected(1, "b"));
    assert_ne!(expected(1, "a"), expected(2, "a"));
    assert_eq!(Chaos::answer_to("GET", "/", None, b"").split(|byte| *byte == b' ').nth(2), Some(&b"-"[..]));
}

#[tokio::test]
async fn each_fault_is_what_it_says() {
    let meet = async |fault: ChaosFault| {
        let server = Chaos::calm(5).weight(fault, 10_000).start().await.unwrap();
        let met = attempt(&server, 9, "hello").await;
        assert_eq!(server.report().faults.get(&fault), Some(&1), "{fault:?}");
        (met, server.handled(9))
    };
    let one = |set: fn(&mut Handled)| {
        let mut handled = Handled::default();
        set(&mut handled);
        handled
    };
    assert_eq!(meet(ChaosFault::Refuse).await, (Err(End::Reset), Handled::default()));
    assert_eq!(meet(ChaosFault::ResetUnread).await, (Err(End::Reset), one(|h| h.unread = 1)));
    assert_eq!(meet(ChaosFault::ResetBeforeHead).await, (Err(End::Reset), one(|h| h.broken = 1)));
    for (fault, end) in [(ChaosFault::ResetInBody, End::Reset), (ChaosFault::Truncate, End::Closed)] {
        let (answer, handled) = meet(fault).await;
        let answer = answer.unwrap();
        assert_eq!((answer.status, answer.end, handled), (200, end, one(|h| h.broken = 1)));
        let whole = expected(9, "hello");
        assert!(whole.starts_with(&answer.body) && answer.body.len() < whole.len());
    }
    for fault in [ChaosFault::TooMany, ChaosFault::Unavailable, ChaosFault::Burst] {
        let (answer, handled) = meet(fault).await;
        assert!([429, 500, 502, 503, 504].contains(&answer.unwrap().status));
        assert_eq!(handled, one(|h| h.turned_away = 1));
    }
    for fault in [ChaosFault::HangUp, ChaosFault::SlowHead] {
        let (answer, handled) = meet(fault).await;
        assert_eq!(answer.unwrap().body, expected(9, "hello"));
        assert_eq!(handled, one(|h| h.answered = 1));
    }
}

#[tokio::test]
async fn garbage_is_no_answer() {
    let server = Chaos::calm(5).weight(ChaosFault::Garbage, 10_000).start().await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    client.send(request(1, "").as_bytes()).await;
    assert_eq!(client.end().await, End::Closed);
    assert!(!client.pending().is_empty() && !client.pending().contains("HTTP"), "{}", client.pending());
}

#[tokio::test]
async fn silences_last_until_the_client_goes() {
    for fault in [ChaosFault::Stall, ChaosFault::StallInBody] {
        let server = Chaos::calm(5).weight(fault, 10_000).start().await.unwrap();
        let mut client = Client::dial(server.addr()).await;
        client.send(request(1, "").as_bytes()).await;
        until(|| server.handled(1).broken == 1).await;
        assert_eq!(server.open_connections(), 1);
        drop(client);
        until(|| server.open_connections() == 0).await;
    }
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let clock = ManualClock::new();
    let chaos = Chaos::calm(1).timer(shared(clock.clone())).idle_timeout(Duration::from_secs(5));
    let server = chaos.start().await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    client.send(request(1, "").as_bytes()).await;
    assert_eq!(client.answer().await.unwrap().header("connection"), None);
    until(|| clock.waiting() == 1).await;
    clock.advance(Duration::from_secs(5));
    assert_eq!(client.end().await, End::Closed);
}

/// The story of 150 numbers, each tried until it is answered well.
async fn story(seed: u64) -> (Vec<u64>, ChaosServer) {
    let chaos = Chaos::seeded(seed).weight(ChaosFault::Refuse, 0).weight(ChaosFault::Burst, 0);
    let chaos = chaos.weight(ChaosFault::Stall, 0).weight(ChaosFault::StallInBody, 0).weight(ChaosFault::SlowHead, 0);
    let server = chaos.weight(ChaosFault::Garbage, 0).start().await.unwrap();
    let mut tries = Vec::new();
    for number in 0..150 {
        let mut n = 1;
        while !attempt(&server, number, "body").await.is_ok_and(|answer| answer.body == expected(number, "body")) {
            n += 1;
        }
        tries.push(n);
    }
    (tries, server)
}

#[tokio::test]
async fn a_seed_tells_the_same_story_again() {
    let (tries, server) = story(3).await;
    let (again, _) = story(3).await;
    let (other, _) = story(4).await;
    assert_eq!(tries, again);
    assert_ne!(tries, other);
    let report = server.report();
    assert_eq!(report.requests, tries.iter().sum::<u64>());
    let Handled { answered, turned_away, broken, unread, refused, cut, .. } = report.handled;
    assert_eq!(answered + turned_away + broken + unread + refused + cut, report.requests);
    assert!(answered >= 150 && turned_away > 0 && broken > 0 && unread > 0);
    // This client resends without leave, and is found out.
    assert!(!server.more_than_once().is_empty());
    assert!(server.more_than_once().iter().all(|(number, _)| tries[usize::try_from(*number).unwrap()] > 1));
}

#[tokio::test]
async fn rows_of_requests_meet_a_burst() {
    let server = Chaos::calm(1).weight(ChaosFault::Burst, 5_000).start().await.unwrap();
    let mut client = Client::dial(server.addr()).await;
    let mut statuses = Vec::new();
    for number in 0..320 {
        client.send(request(number, "").as_bytes()).await;
        statuses.push(client.answer().await.unwrap().status);
    }
    assert!(statuses.chunks(16).all(|row| row.iter().all(|status| *status == row[0])));
    assert!(statuses.contains(&200) && statuses.contains(&503));
}

#[cfg(feature = "http2")]
mod over_http2 {
    use h2::Reason;
    use steadfast_testkit::Http2;

    use super::*;
    use crate::http2::{Client, finish};

    async fn meet(fault: ChaosFault) -> (Result<Vec<u8>, Option<Reason>>, Handled) {
        let server = Chaos::calm(5).weight(fault, 10_000).http2(Http2::new()).start().await.unwrap();
        let mut client = Client::dial(server.addr()).await;
        let request = http::Request::get("http://test/").header("x-request-number", "4").body(()).unwrap();
        let answer = finish(client.begin(request, true).await.0).await;
        let met = match answer {
            Err(error) => Err(error.reason()),
            Ok(answer) => answer.end.map_or(Ok(answer.body), |error| Err(error.reason())),
        };
        (met, server.handled(4))
    }

    #[tokio::test]
    async fn each_fault_is_what_it_says() {
        let whole = Chaos::answer_to("GET", "/", Some(4), b"");
        assert_eq!(meet(ChaosFault::HangUp).await.0.unwrap(), whole);
        let check = async |fault: ChaosFault, reason: Option<Reason>, refused: u64, broken: u64| {
            let (met, handled) = meet(fault).await;
            assert_eq!(met, Err(reason), "{fault:?}");
            assert_eq!((handled.refused, handled.broken), (refused, broken), "{fault:?}");
        };
        check(ChaosFault::RefuseStream, Some(Reason::REFUSED_STREAM), 1, 0).await;
        check(ChaosFault::GoAway, Some(Reason::REFUSED_STREAM), 1, 0).await;
        check(ChaosFault::ResetStream, Some(Reason::INTERNAL_ERROR), 0, 1).await;
        check(ChaosFault::ResetStreamInBody, Some(Reason::CANCEL), 0, 1).await;
        check(ChaosFault::Truncate, None, 0, 1).await;
        check(ChaosFault::ResetBeforeHead, None, 0, 1).await;
    }

    #[tokio::test]
    async fn every_request_ends_and_the_account_adds_up() {
        let chaos = [ChaosFault::Stall, ChaosFault::StallInBody, ChaosFault::Freeze, ChaosFault::SlowHead]
            .into_iter()
            .fold(Chaos::seeded(11), |chaos, fault| chaos.weight(fault, 0));
        let server = chaos.http2(Http2::new()).start().await.unwrap();
        let mut client = None;
        let (mut good, mut sent) = (0, 0);
        for number in 0..300u64 {
            if client.is_none() {
                client = Client::try_dial(server.addr()).await;
            }
            let Some(on) = &mut client else { continue };
            let field = number.to_string();
            let request = http::Request::get("http://test/").header("x-request-number", field).body(()).unwrap();
            let Some(response) = on.try_begin(request).await else {
                client = None;
                continue;
            };
            sent += 1;
            match finish(response).await {
                Ok(answer) if answer.end.is_none() && answer.head.status() == 200 => {
                    assert_eq!(answer.body, Chaos::answer_to("GET", "/", Some(number), b""));
                    good += 1;
                }
                Ok(answer) if answer.end.is_none() => {}
                _ => client = None,
            }
        }
        let Handled { answered, turned_away, broken, unread, refused, cut, .. } = server.report().handled;
        assert_eq!(answered + turned_away + broken + unread + refused + cut, server.report().requests);
        // A request on a connection that had just ended was sent, and never came.
        assert!(server.report().requests <= sent && good <= answered && good > 200, "{good} of {sent}");
        // Each number was sent once.
        assert!(server.more_than_once().is_empty());
    }
}
