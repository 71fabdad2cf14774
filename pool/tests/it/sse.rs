//! The event stream format, case by case.

use std::ops::ControlFlow;

use steadfast_pool::{SseDecoder, SseError};

fn decode(bytes: &[u8]) -> Vec<(String, String)> {
    let mut decoder = SseDecoder::new();
    decoder.push(bytes).unwrap();
    std::iter::from_fn(|| decoder.next()).map(|event| (event.event, event.data)).collect()
}

#[test]
fn fields_and_line_ends() {
    for (text, expected) in [
        ("data: a\n\n", vec![("message", "a")]),
        ("data: a\r\n\r\n", vec![("message", "a")]),
        ("data: a\r\rdata: b\n\n", vec![("message", "a"), ("message", "b")]),
        ("event: ping\r\ndata: {}\n\r\n", vec![("ping", "{}")]),
        ("data:a\ndata:  b\n\n", vec![("message", "a\n b")]),
        ("data\n\n", vec![("message", "")]),
        ("data: \n\n", vec![("message", "")]),
        ("\u{feff}data: a\n\n", vec![("message", "a")]),
        ("event: alone\n\ndata: a\n\n", vec![("message", "a")]),
        (": comment\n\nretry: 5\n\ndata: a\n\n", vec![("message", "a")]),
        ("data: a\u{2028}b\n\n", vec![("message", "a\u{2028}b")]),
        ("data: cut off", vec![]),
        ("data: cut off\n", vec![]),
        ("unknown: x\ndata: a\n\n", vec![("message", "a")]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(e, d)| (e.to_owned(), d.to_owned())).collect();
        assert_eq!(decode(text.as_bytes()), expected, "{text:?}");
    }
}

#[test]
fn malformed_utf8_is_replaced() {
    assert_eq!(decode(b"data: a\xffb\n\n"), [(String::from("message"), String::from("a\u{fffd}b"))]);
}

#[test]
fn an_id_belongs_to_its_event() {
    let mut decoder = SseDecoder::new();
    decoder.push(b"id: 7\ndata: a\n\ndata: b\n\n").unwrap();
    assert_eq!(decoder.next().unwrap().id.as_deref(), Some("7"));
    assert_eq!(decoder.next().unwrap().id, None);
}

#[test]
fn an_event_beyond_the_bound_is_an_error_however_it_comes() {
    let mut decoder = SseDecoder::with_limit(100);
    assert_eq!(decoder.push(&[b'x'; 101]), Err(SseError::TooLarge { limit: 100 }));
    let mut decoder = SseDecoder::with_limit(100);
    let result = (0..100).try_for_each(|_| decoder.push(b"data: 0123456789\n"));
    assert_eq!(result, Err(SseError::TooLarge { limit: 100 }));
    let mut decoder = SseDecoder::with_limit(100);
    for _ in 0..100 {
        decoder.push(b"data: 0123456789\n\n").unwrap();
        assert!(decoder.next().is_some());
    }
}

#[test]
fn an_id_counts_towards_the_bound() {
    let mut decoder = SseDecoder::with_limit(33);
    decoder.push(b"id: 0123456789012345678\n").unwrap();
    assert_eq!(decoder.push(b"data: 0123456789012345678\n\n"), Err(SseError::TooLarge { limit: 33 }));
}

#[test]
fn an_event_of_64_mib_is_fine() {
    let mut decoder = SseDecoder::new();
    decoder.push(b"data: ").unwrap();
    for _ in 0..64 {
        decoder.push(&[b'x'; 1024 * 1024]).unwrap();
    }
    decoder.push(b"\n\n").unwrap();
    assert_eq!(decoder.next().unwrap().data.len(), 64 * 1024 * 1024);
}

#[test]
fn what_was_not_taken_is_shown_first_and_nothing_after_a_break() {
    let mut decoder = SseDecoder::new();
    decoder.push(b"data: a\n\nevent: b\ndata: b\n\ndata: c").unwrap();
    let mut seen = Vec::new();
    let flow = decoder.decode(b"\nid: 1\n\ndata: end\n\ndata: d\n\n", |event| {
        if event.data == "end" {
            return ControlFlow::Break(seen.len());
        }
        seen.push((event.event.clone(), event.data.clone(), event.id.clone()));
        ControlFlow::Continue(())
    });
    assert_eq!(flow, Ok(ControlFlow::Break(3)));
    let seen: Vec<_> = seen.iter().map(|(event, data, id)| (event.as_str(), data.as_str(), id.as_deref())).collect();
    assert_eq!(seen, [("message", "a", None), ("b", "b", None), ("message", "c", Some("1"))]);
    assert_eq!(decoder.last_event_id(), Some("1"));
}

#[test]
fn the_bound_holds_for_events_that_are_shown() {
    let mut decoder = SseDecoder::with_limit(16);
    let mut shown = 0;
    let flow = decoder.decode(b"data: 1\n\ndata: 0123456789012345678\n\n", |_| {
        shown += 1;
        ControlFlow::<()>::Continue(())
    });
    assert_eq!((flow, shown), (Err(SseError::TooLarge { limit: 16 }), 1));
}
