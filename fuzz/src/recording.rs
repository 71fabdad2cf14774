//! Recordings of streamed answers: what a cache gives back, sound or damaged.

use bytes::Bytes;
use steadfast_cache::{CacheError, Recording, Tape};

/// Reads the bytes as a body; as events, which are recorded and replayed; and as damage to that recording.
///
/// What was recorded is replayed, within the bound of the tape; a body that was not is refused as corrupt.
///
/// # Panics
///
/// When that does not hold.
pub fn check(data: &[u8]) {
    refused(data.to_vec());
    let [max, at, flip, rest @ ..] = data else { return };
    let events: Vec<&[u8]> = rest.split(|byte| *byte == b'\n').collect();
    let max = if *max == u8::MAX { u64::MAX } else { u64::from(*max) * 2 };
    let needed = 32 + events.iter().map(|event| event.len() as u64 + 4).sum::<u64>();
    let mut tape = Tape::new(max);
    let runs = events.iter().fold(true, |_, event| tape.record(event));
    assert_eq!(runs, needed <= max, "{needed} bytes on a tape of {max}");
    let Ok(recording) = tape.finish() else {
        assert!(needed > max, "{needed} bytes did not fit on {max}");
        return;
    };
    assert_eq!(recording.body().len() as u64, needed);
    let body = recording.into_body();
    let again = Recording::from_body(body.clone()).expect("what was recorded is sound");
    assert_eq!(again.len(), events.len() as u64);
    assert!(again.replay().eq(events.iter().copied()), "the events as they were recorded");

    let mut damaged = body.to_vec();
    let at = usize::from(*at) % damaged.len();
    if *flip == 0 {
        damaged.truncate(at);
    } else {
        damaged[at] ^= flip;
    }
    refused(damaged);
}

fn refused(body: Vec<u8>) {
    match Recording::from_body(Bytes::from(body)) {
        Err(CacheError::Corrupt(_)) => {}
        other => panic!("not recorded, and yet {other:?}"),
    }
}
