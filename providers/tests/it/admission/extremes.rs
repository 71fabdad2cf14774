//! Limits that nobody has, and that a server tells all the same.

use std::time::Duration;

use steadfast_clock::Nanos;
use steadfast_providers::admission::{Answered, Book, Cost, Entered, Heard, LimitTable, Limits, Observed};

#[test]
fn the_largest_limits_admit_what_comes() {
    for table in [LimitTable::OPENAI, LimitTable::ANTHROPIC] {
        for (number, row) in table.headers.iter().enumerate() {
            for limit in [1 << 40, 1_449_999_999_999_999_900, u64::MAX] {
                for told in [Observed::new().limit(limit), Observed::new().limit(limit).remaining(limit)] {
                    let mut book = Book::new(table.clone(), &Limits::new());
                    let Entered::Admitted(mut ticket) = book.enter(Cost::new(1, 1), None, Nanos::ZERO) else {
                        panic!()
                    };
                    let heard = Heard::new().limit(number, told.resets_in(Duration::from_secs(1)));
                    book.answered(&mut ticket, &heard, Answered::Accepted, Nanos::ZERO);
                    book.settle(ticket, Some(Cost::new(1, 1)), Nanos::ZERO);
                    let next = book.enter(Cost::new(1_000_000, 1), None, Nanos::ZERO);
                    assert!(matches!(next, Entered::Admitted(_)), "{limit} of {row:?}: {next:?}");
                }
            }
        }
    }
}
