//! The laws of counting, and of answers that come in pieces.

mod admission;
mod cached;
mod history;
mod messages;
mod requests;
mod router;

use proptest::prelude::*;
use steadfast_providers::{Event, Finish, ReplyStream, Usage};

proptest! {
    /// Nothing is lost or made up: the parts of the input sum to it, and reasoning is part of the output, whatever a
    /// provider claims.
    #[test]
    fn usage_is_conserved(input: u64, read: u64, write: u64, output: u64, reasoning: u64) {
        let usage = Usage::new(input, read, write, output, reasoning);
        let parts = u128::from(usage.uncached()) + u128::from(usage.cached_read) + u128::from(usage.cache_write);
        prop_assert_eq!(parts, u128::from(usage.input));
        prop_assert!(usage.reasoning <= usage.output);
        prop_assert!(usage.input >= input && usage.output >= output);
    }

    /// Pieces collected are the text, and the last usage is the usage.
    #[test]
    fn collecting_is_concatenation(
        pieces in prop::collection::vec("\\PC{0,8}", 0..12),
        counts in prop::collection::vec(1u64..1000, 1..4),
    ) {
        let mut events = vec![Ok(Event::start("p", "m", None))];
        events.extend(pieces.iter().map(|piece| Ok(Event::Text(piece.clone()))));
        events.extend(counts.iter().map(|count| Ok(Event::Usage(Usage::new(*count, 0, 0, 0, 0)))));
        events.push(Ok(Event::Finish(Finish::Length)));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let reply = runtime.block_on(ReplyStream::from_events(events).collect()).unwrap();
        prop_assert_eq!(reply.text(), pieces.concat());
        prop_assert_eq!(reply.usage.input, counts[counts.len() - 1]);
        prop_assert_eq!(reply.finish, Finish::Length);
    }
}
