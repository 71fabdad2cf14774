//! Between the clocks of a zone and moments: what is skipped and what comes twice.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// The first moment at which the clocks show this time; if they skip it, the first after the gap.
///
/// A later time is never at an earlier moment.
pub(super) fn moment(zone: &TimeZone, at: DateTime) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(at).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(at).ok()
        }
        AmbiguousOffset::Gap { before, after } => {
            // Read with the offset after the gap, it is before it; with the one before, behind it.
            let early = after.to_timestamp(at).ok()?;
            let late = before.to_timestamp(at).ok()?;
            let gap = zone.following(early).take_while(|transition| transition.timestamp() <= late);
            gap.filter(|transition| transition.offset() == after).map(|gap| gap.timestamp()).next().or(Some(late))
        }
    }
}

/// The latest time that the clocks have shown by `at`, and at most a little later: just after they were set back it is
/// what they showed before.
pub(super) fn latest_shown(zone: &TimeZone, at: Timestamp) -> DateTime {
    let shows = zone.to_datetime(at);
    let later = at.saturating_add(SignedDuration::from_secs(1)).unwrap_or(at);
    let set_back = zone.preceding(later).next().map(|transition| {
        let just_before = transition.timestamp().saturating_sub(SignedDuration::from_nanos(1));
        just_before.map_or(shows, |moment| zone.to_datetime(moment))
    });
    set_back.map_or(shows, |before| before.max(shows))
}
