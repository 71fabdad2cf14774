//! Classification: by status, by headers, by the error itself.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use steadfast_backoff::{Judged, NonRetryable, StatusSet, Transient, Verdict, retry_after};
use steadfast_clock::UnixNanos;

const SEC: Duration = Duration::from_secs(1);

#[test]
fn a_status_gives_a_verdict() {
    let check =
        |status, verdict| assert_eq!(StatusSet::SERVER_AND_LIMIT.verdict(status, Some(SEC)), verdict, "{status}");
    for done in [100, 200, 204, 301, 304, 399] {
        check(done, Verdict::Done);
    }
    for transient in [429, 500, 501, 599] {
        check(transient, Verdict::retry_after(SEC));
    }
    for fatal in [400, 401, 404, 409, 428, 600] {
        check(fatal, Verdict::Fatal);
    }
    // A set may name what others call success.
    assert_eq!(StatusSet::of(&[202]).verdict(202, None), Verdict::retry());
}

#[test]
fn headers_give_a_hint() {
    let now = UnixNanos::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
    let check = |headers: &[(&str, &str)], millis: Option<u64>| {
        let hint = retry_after::hint(headers.iter().copied(), now);
        assert_eq!(hint, millis.map(Duration::from_millis), "{headers:?}");
    };
    check(&[], None);
    check(&[("content-length", "7")], None);
    check(&[("Retry-After", "2")], Some(2000));
    check(&[("RETRY-AFTER", " 2 ")], Some(2000));
    check(&[("retry-after", "9"), ("retry-after-ms", "1500")], Some(1500));
    check(&[("retry-after-ms", "soon"), ("retry-after", "9")], Some(9000));
    check(&[("retry-after", "later")], None);
}

#[cfg(feature = "std")]
#[test]
fn a_date_is_read_by_the_clock_of_who_sent_it() {
    let now = UnixNanos::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
    let after = ("Retry-After", "Sun, 06 Nov 1994 08:50:00 GMT");
    assert_eq!(retry_after::hint([after], now), Some(23 * SEC));
    // Whatever our clock says; the order of headers does not matter.
    let sent = ("Date", "Sun, 06 Nov 1994 08:49:50 GMT");
    assert_eq!(retry_after::hint([after, sent], now), Some(10 * SEC));
    assert_eq!(retry_after::hint([sent, after], UnixNanos::EPOCH), Some(10 * SEC));
    assert_eq!(retry_after::hint([("date", "today"), after], now), Some(23 * SEC));
}

#[derive(Debug, PartialEq)]
struct Io;

impl fmt::Display for Io {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("disk full")
    }
}

impl Error for Io {}

/// An error with a cause.
#[derive(Debug, PartialEq)]
struct Wrote(Io);

impl fmt::Display for Wrote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot write")
    }
}

impl Error for Wrote {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl Transient for Io {}

#[test]
fn an_error_judges_itself() {
    assert_eq!(Verdict::of(&Ok::<_, Io>(1)), Verdict::Done);
    assert_eq!(Verdict::of(&Err::<(), _>(Io)), Verdict::retry());
    assert_eq!(Verdict::of(&Err::<(), _>(NonRetryable(Io))), Verdict::Fatal);
    assert_eq!(Verdict::of(&Err::<(), _>(Judged::retry_after(Io, SEC))), Verdict::retry_after(SEC));
    let costly = Verdict::Retry { hint: None, cost: 5 };
    assert_eq!(Verdict::of(&Err::<(), _>(Judged::new(Io, costly))), costly);
    assert_eq!(Verdict::unless_ok(&Ok::<_, Io>(1)), Verdict::Done);
    assert_eq!(Verdict::unless_ok(&Err::<(), _>(NonRetryable(Io))), Verdict::retry());
}

#[test]
fn question_marks_judge() {
    fn ask(transient: bool) -> Result<(), Judged<Io>> {
        if transient {
            Err(Io)?;
        }
        Err(NonRetryable(Io))?;
        Ok(())
    }
    assert_eq!(ask(true), Err(Judged::new(Io, Verdict::retry())));
    assert_eq!(ask(false), Err(Judged::new(Io, Verdict::Fatal)));
    assert_eq!(NonRetryable::from(Io), NonRetryable(Io));
}

#[test]
fn marks_tell_the_error_itself() {
    fn line_and_cause(error: &dyn Error) -> (String, Option<String>) {
        (error.to_string(), error.source().map(ToString::to_string))
    }
    let expected = line_and_cause(&Wrote(Io));
    assert_eq!(expected, ("cannot write".into(), Some("disk full".into())));
    assert_eq!(line_and_cause(&NonRetryable(Wrote(Io))), expected);
    assert_eq!(line_and_cause(&Judged::from(Wrote(Io))), expected);
}
