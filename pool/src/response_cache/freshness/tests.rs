//! Freshness against the words of RFC 9111, and against a model of it that is naive.

use http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())).collect()
}

fn at(secs: u64) -> UnixNanos {
    UnixNanos::from_secs(secs)
}

/// Noon of some day: `Sun, 06 Nov 1994 08:49:37 GMT`, the date of RFC 9110's examples.
const NOON: u64 = 784_111_777;

fn moments() -> Moments {
    Moments { asked: at(NOON), came: at(NOON) }
}

fn use_of(answer: &[(&'static str, &str)], request: &str, age: u64) -> Use {
    let asked = Directives::of(&headers(&[("cache-control", request)]));
    usable(&headers(answer), moments(), &asked, at(NOON + age))
}

#[test]
fn what_a_server_says_is_what_holds() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let later = "Sun, 06 Nov 1994 08:50:37 GMT";
    for (answer, age, expected) in [
        (&[("cache-control", "max-age=60")][..], 59, Use::Fresh),
        (&[("cache-control", "max-age=60")], 60, Use::Ask),
        (&[("cache-control", "Max-Age=\"60\"")], 59, Use::Fresh),
        (&[("cache-control", "max-age=60, max-age=10")], 10, Use::Ask),
        (&[("cache-control", "max-age=6o")], 0, Use::Ask),
        (&[("cache-control", "max-age=99999999999999999999999")], 9, Use::Fresh),
        (&[("cache-control", "x=\"max-age=9, no-cache\", max-age=60")], 59, Use::Fresh),
        (&[("cache-control", "s-maxage=60")], 0, Use::Ask),
        (&[("cache-control", "private, max-age=60")], 59, Use::Fresh),
        (&[("cache-control", "no-cache, max-age=60")], 0, Use::Ask),
        (&[("cache-control", "no-cache=\"set-cookie\", max-age=60")], 0, Use::Ask),
        (&[("pragma", "no-cache"), ("expires", later)], 0, Use::Ask),
        (&[("cache-control", "max-age=60"), ("age", "50")], 9, Use::Fresh),
        (&[("cache-control", "max-age=60"), ("age", "50")], 10, Use::Ask),
        (&[("cache-control", "max-age=60"), ("age", "-1")], 59, Use::Fresh),
        (&[("expires", later), ("date", date)], 59, Use::Fresh),
        (&[("expires", later), ("date", date)], 60, Use::Ask),
        (&[("expires", later)], 59, Use::Fresh),
        (&[("expires", "0")], 0, Use::Ask),
        (&[("expires", later), ("expires", later)], 0, Use::Ask),
        (&[("expires", later), ("cache-control", "max-age=5")], 5, Use::Ask),
        // Nothing is guessed.
        (&[("last-modified", "Sun, 06 Nov 1983 08:49:37 GMT")], 0, Use::Ask),
        (&[("cache-control", "max-age=1, stale-while-revalidate=9")], 9, Use::Meanwhile),
        (&[("cache-control", "max-age=1, stale-while-revalidate=9")], 10, Use::Ask),
        (&[("cache-control", "max-age=1, stale-while-revalidate=9, must-revalidate")], 9, Use::Ask),
    ] {
        let all: HeaderMap = answer.iter().fold(HeaderMap::new(), |mut all, (name, value)| {
            all.append(*name, HeaderValue::from_str(value).unwrap());
            all
        });
        assert_eq!(usable(&all, moments(), &Directives::default(), at(NOON + age)), expected, "{answer:?} at {age}");
    }
}

#[test]
fn what_a_request_says_can_only_ask_for_more_or_allow_stale() {
    let answer = &[("cache-control", "max-age=60")][..];
    for (request, age, expected) in [
        ("no-cache", 0, Use::Ask),
        ("max-age=10", 10, Use::Fresh),
        ("max-age=10", 11, Use::Ask),
        ("min-fresh=20", 40, Use::Fresh),
        ("min-fresh=20", 41, Use::Ask),
        ("min-fresh=x", 0, Use::Ask),
        ("max-stale", 600, Use::Stale),
        ("max-stale=10", 70, Use::Stale),
        ("max-stale=10", 71, Use::Ask),
        ("max-stale=x", 61, Use::Ask),
    ] {
        assert_eq!(use_of(answer, request, age), expected, "{request} at {age}");
    }
    assert_eq!(use_of(&[("cache-control", "max-age=60, must-revalidate")], "max-stale", 61), Use::Ask);
}

/// A date that is long past, and a slow answer, make it older than it looks.
#[test]
fn the_age_counts_the_way_here() {
    let date = headers(&[("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("age", "3")]);
    let came = |asked, came| Moments { asked: at(NOON + asked), came: at(NOON + came) };
    assert_eq!(age(&date, came(0, 0), at(NOON + 5)), Duration::from_secs(8));
    assert_eq!(age(&date, came(10, 10), at(NOON + 15)), Duration::from_secs(15));
    assert_eq!(age(&date, came(0, 2), at(NOON + 5)), Duration::from_secs(8));
    assert_eq!(age(&date, came(8, 10), at(NOON)), Duration::from_secs(10), "a clock that steps back");
}

#[test]
fn what_may_be_kept() {
    let kept = |status, fields: &[(&'static str, &str)], asked: &str| {
        may_keep(&Directives::of(&headers(&[("cache-control", asked)])), status, &headers(fields))
    };
    let fresh = ("cache-control", "max-age=60");
    assert!(kept(200, &[fresh], ""));
    assert!(kept(404, &[fresh], "") && kept(301, &[fresh], "") && kept(200, &[("etag", "\"a\"")], ""));
    for (status, fields, asked) in [
        (200, &[][..], ""),
        (200, &[("cache-control", "no-store, max-age=60")], ""),
        (200, &[fresh], "no-store"),
        (200, &[fresh, ("vary", "accept, *")], ""),
        (206, &[fresh], ""),
        (302, &[fresh], ""),
        (304, &[fresh], ""),
        (500, &[fresh], ""),
    ] {
        assert!(!kept(status, fields, asked), "{status} {fields:?}");
    }
}

fn maybe(most: u64) -> impl Strategy<Value = Option<u64>> {
    proptest::option::of(0..most)
}

proptest! {
    /// What is given without asking is what the arithmetic of RFC 9111 says, written down in whole seconds.
    #[test]
    fn freshness_is_that_of_a_naive_model(
        max_age in maybe(50), meanwhile in maybe(50), told in maybe(20), way in 0_u64..5, later in 0_u64..120,
        most in maybe(60), least in maybe(30), stale in maybe(40), must in any::<bool>(),
    ) {
        let one = |name: &str, secs: Option<u64>| secs.map_or(String::new(), |secs| format!("{name}={secs},"));
        let said = one("max-age", max_age) + &one("stale-while-revalidate", meanwhile)
            + if must { "must-revalidate" } else { "" };
        let asked = one("max-age", most) + &one("min-fresh", least) + &one("max-stale", stale);
        let mut answer = headers(&[("cache-control", &said)]);
        if let Some(told) = told {
            answer.insert(AGE, HeaderValue::from(told));
        }
        let moments = Moments { asked: at(NOON), came: at(NOON + way) };
        let asked = Directives::of(&headers(&[("cache-control", &asked)]));
        let given = usable(&answer, moments, &asked, at(NOON + way + later));

        let (age, lifetime) = (told.unwrap_or(0) + way + later, max_age.unwrap_or(0));
        let over = age.saturating_sub(lifetime);
        let refused = most.is_some_and(|most| age > most) || least.is_some_and(|least| lifetime < age + least && !(least == 0 && lifetime <= age));
        let naive = if refused {
            Use::Ask
        } else if age < lifetime {
            Use::Fresh
        } else if must {
            Use::Ask
        } else if stale.is_some_and(|stale| over <= stale) {
            Use::Stale
        } else if most.is_none() && meanwhile.is_some_and(|window| over < window) {
            Use::Meanwhile
        } else {
            Use::Ask
        };
        prop_assert_eq!(given, naive);
    }

    /// Whatever the fields hold, they are read without a panic, and what may not be kept for any reason is not.
    #[test]
    fn any_fields_are_read(fields in proptest::collection::vec((0..6_usize, proptest::collection::vec(any::<u8>(), 0..40)), 0..6)) {
        let names = ["cache-control", "age", "date", "expires", "vary", "pragma"];
        let mut answer = HeaderMap::new();
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                answer.append(names[name], value);
            }
        }
        let said = Directives::of(&answer);
        let kept = may_keep(&Directives::default(), 200, &answer);
        prop_assert!(!(kept && said.no_store));
        let far = Moments { asked: at(0), came: UnixNanos::from_nanos(u64::MAX) };
        usable(&answer, far, &said, UnixNanos::from_nanos(u64::MAX));
        may_stand_in(&answer, far, &said, at(0));
    }
}
