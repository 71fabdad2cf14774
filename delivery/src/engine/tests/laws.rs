//! The laws of the machine.

use proptest::prelude::*;

use super::drive::Run;
use super::world::{self, Deed, Script};

proptest! {
    /// Whatever the strategy, the devices, the operator, the clock and the process do: the counters count; no device is
    /// claimed twice at a time, out of its window, before its phase, while paused, or as one too many of its site; a
    /// phase begins when the one before was passed, which was watched for as long as asked; whenever nothing happens
    /// there is a reason, or a time at which something will; and at the end every device is in one final state.
    #[test]
    fn everything_is_in_order(script in world::script()) {
        Run::new(&script).finish();
    }

    /// A rollout whose process died, at whatever moment and however much of what it did was kept, ends as it would have:
    /// every device in the same state, every phase with the same decision.
    #[test]
    fn a_crash_changes_nothing(
        script in world::script(),
        acts in proptest::collection::vec(world::verdict(), 1..8),
        crashes in proptest::collection::vec((0_u16..60, prop::bool::ANY), 0..8),
    ) {
        let acts = acts.into_iter().map(|act| vec![act]).collect();
        let whole = Script { hours: None, acts, deeds: Vec::new(), hands: 1, ..script };
        let deed = |(step, crash)| (step, if crash { Deed::Crash } else { Deed::Keep });
        let mut broken = Script { deeds: crashes.into_iter().map(deed).collect(), ..whole.clone() };
        broken.deeds.sort_by_key(|deed| deed.0);
        prop_assert_eq!(Run::new(&broken).finish(), Run::new(&whole).finish());
    }
}
