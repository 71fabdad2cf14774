//! The laws of recordings.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use steadfast_cache::{CacheError, Recording, Tape};

fn recorded(events: &[Vec<u8>], max_bytes: u64) -> Result<Bytes, steadfast_cache::Overlong> {
    let mut tape = Tape::new(max_bytes);
    for event in events {
        tape.record(event);
    }
    tape.finish().map(Recording::into_body)
}

fn events() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(vec(any::<u8>(), 0..20), 0..20)
}

proptest! {
    /// A replay is, event by event, what was recorded, also after the body was kept elsewhere.
    #[test]
    fn a_replay_is_what_was_recorded(events in events()) {
        let body = recorded(&events, u64::MAX).unwrap();
        let recording = Recording::from_body(Bytes::copy_from_slice(&body)).unwrap();
        prop_assert_eq!(recording.len(), events.len() as u64);
        let replayed: Vec<_> = recording.replay().map(Vec::from).collect();
        prop_assert_eq!(replayed, events);
    }

    /// A recording is kept exactly when its body is within the bound, and the body is 32 bytes, 4 an event, and the
    /// events.
    #[test]
    fn the_bound_holds_to_the_byte(events in events(), max_bytes in 0u64..500) {
        let size = 32 + events.iter().map(|event| 4 + event.len() as u64).sum::<u64>();
        for bound in [max_bytes, size, size - 1] {
            let body = recorded(&events, bound);
            prop_assert_eq!(body.is_ok(), size <= bound);
            prop_assert!(body.map_or(true, |body| body.len() as u64 == size));
        }
    }

    /// Bytes of whatever origin are either refused as corrupt or are exactly what recording their events gives.
    #[test]
    fn any_bytes_are_sound_or_refused(
        bytes in vec(any::<u8>(), 0..80), with_magic in any::<bool>(), count in 0u64..4, lengths in any::<bool>(),
    ) {
        let mut body = Vec::new();
        if with_magic {
            body.extend(b"sf-tape\x01");
            body.extend(count.to_le_bytes());
        }
        if lengths {
            body.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        }
        body.extend(&bytes);
        for checked in [false, true] {
            if checked {
                let checksum: [u8; 32] = sha2::Digest::finalize(sha2::Digest::chain_update(sha2::Sha256::default(), &body)).into();
                body.extend(&checksum[..16]);
            }
            match Recording::from_body(body.clone().into()) {
                Ok(recording) => {
                    let events: Vec<_> = recording.replay().map(Vec::from).collect();
                    prop_assert_eq!(recorded(&events, u64::MAX).unwrap(), body.clone());
                }
                Err(error) => prop_assert!(matches!(error, CacheError::Corrupt(_))),
            }
        }
    }

    /// A body with a changed bit, a missing end or bytes too many is refused.
    #[test]
    fn damage_is_noticed(events in events(), at in any::<Index>(), bit in 0u8..8, more in 1usize..20) {
        let body = recorded(&events, u64::MAX).unwrap();
        let at = at.index(body.len());
        let mut flipped = body.to_vec();
        flipped[at] ^= 1 << bit;
        prop_assert!(Recording::from_body(flipped.into()).is_err());
        prop_assert!(Recording::from_body(body.slice(..at)).is_err());
        let longer = [&body[..], &vec![0; more]].concat();
        prop_assert!(Recording::from_body(longer.into()).is_err());
    }

    /// A tape that was once too short keeps nothing, whatever comes after.
    #[test]
    fn an_overlong_tape_keeps_nothing(events in events(), max_bytes in 0u64..100) {
        let mut tape = Tape::new(max_bytes);
        let mut runs = max_bytes >= 32;
        for event in &events {
            let still = tape.record(event);
            prop_assert!(runs || !still);
            runs = still;
            prop_assert_eq!(tape.is_overlong(), !runs);
        }
        prop_assert_eq!(tape.finish().is_ok(), runs);
    }
}
