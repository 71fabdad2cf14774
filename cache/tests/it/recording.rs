//! Recordings, case by case: proper ends, early ends, bounds, damage.

use std::error::Error;

use bytes::Bytes;
use steadfast_cache::{CacheError, Recording, Tape};

fn recorded(events: &[&str]) -> Recording {
    let mut tape = Tape::new(1000);
    assert!(events.iter().all(|event| tape.record(event)));
    tape.finish().unwrap()
}

fn refused(body: &[u8]) -> String {
    let error = Recording::from_body(Bytes::copy_from_slice(body)).unwrap_err();
    assert!(matches!(error, CacheError::Corrupt(_)));
    error.source().unwrap().to_string()
}

#[test]
fn what_was_recorded_is_replayed() {
    let recording = recorded(&["a", "", "bcd"]);
    assert_eq!((recording.len(), recording.is_empty()), (3, false));
    assert_eq!(recording.replay().collect::<Vec<_>>(), ["a", "", "bcd"]);
    let read = Recording::from_body(recording.body().clone()).unwrap();
    assert_eq!(read, recording);
    assert_eq!((&read).into_iter().count(), 3);
    assert_eq!(read.into_iter().last().unwrap(), "bcd");
}

#[test]
fn an_answer_without_events_is_an_answer() {
    let recording = recorded(&[]);
    assert!(recording.is_empty() && recording.replay().next().is_none());
    assert_eq!(Recording::from_body(recording.into_body()).unwrap().len(), 0);
}

#[test]
fn the_encoding_is_pinned() {
    let body = recorded(&["a", "bc"]).into_body();
    let (front, checksum) = body.split_at(body.len() - 16);
    assert_eq!(front, b"sf-tape\x01\x02\0\0\0\0\0\0\0\x01\0\0\0a\x02\0\0\0bc");
    assert_eq!(
        checksum,
        [0x89, 0xf9, 0xfd, 0xbd, 0xb6, 0x9a, 0xff, 0x6d, 0x47, 0xb3, 0xde, 0xdb, 0x32, 0xf7, 0x43, 0xa4]
    );
}

#[test]
fn the_bound_is_that_of_the_body() {
    let exactly = |max_bytes, events: &[&str]| {
        let mut tape = Tape::new(max_bytes);
        let runs = events.iter().map(|event| tape.record(event)).last();
        (runs, tape.is_overlong(), tape.events(), tape.finish().map(|recording| recording.body().len()))
    };
    assert_eq!(exactly(41, &["abcde"]), (Some(true), false, 1, Ok(41)));
    assert_eq!(exactly(45, &["abcde", ""]), (Some(true), false, 2, Ok(45)));
    assert_eq!(exactly(32, &[]), (None, false, 0, Ok(32)));
    let (runs, overlong, events, end) = exactly(40, &["abcde"]);
    assert_eq!((runs, overlong, events), (Some(false), true, 0));
    assert_eq!(end.unwrap_err().to_string(), "the answer is longer than the 40 bytes that a recording may have");
    assert_eq!(exactly(31, &[]).3.unwrap_err().max_bytes, 31);
    assert!(exactly(0, &["a"]).3.is_err());
}

#[test]
fn an_overlong_answer_stays_overlong() {
    let mut tape = Tape::new(40);
    assert!(tape.record("abc"));
    assert!(!tape.record("abc"));
    assert!(!tape.record(""));
    assert!(tape.finish().is_err());
}

#[test]
fn what_is_not_a_sound_recording_is_refused() {
    let sound = recorded(&["abc", "def"]).into_body();
    let changed = |at: usize, to: u8| {
        let mut body = sound.to_vec();
        body[at] = to;
        body
    };
    assert_eq!(refused(b""), "not a recording");
    assert_eq!(refused(br#"{"answer": "text"}"#), "not a recording");
    assert_eq!(refused(&sound[..31]), "a recording that was cut short");
    assert_eq!(refused(&changed(7, 2)), "a recording of an unknown version");
    assert_eq!(refused(&changed(22, b'X')), "a recording whose checksum differs");
    assert_eq!(refused(&sound[..sound.len() - 1]), "a recording whose checksum differs");
}

#[test]
fn debug_shows_no_contents() {
    let mut tape = Tape::new(1000);
    tape.record("secret");
    let tape_shown = format!("{tape:?}");
    let recording = tape.finish().unwrap();
    let shown = format!("{tape_shown} {recording:?} {:?}", recording.replay());
    assert!(!shown.contains("secret") && shown.contains("events: 1"), "{shown}");
}
