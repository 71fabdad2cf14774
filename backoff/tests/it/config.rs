//! Configuration files: what is read, what is written, what is refused.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use steadfast_backoff::{
    AnySchedule, Constant, Decorrelated, Exponential, Fibonacci, Jitter, Linear, List, Policy, Schedule, Step,
};

const SEC: Duration = Duration::from_secs(1);

/// Reads a table that is written in one line.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    #[derive(serde::Deserialize)]
    struct File<T> {
        retry: T,
    }
    toml::from_str::<File<T>>(&format!("retry = {text}")).map(|file| file.retry).map_err(|error| error.message().into())
}

/// The text means the value, and the value comes back from its own text.
fn check<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(text: &str, expected: &T) {
    assert_eq!(read::<T>(text).as_ref(), Ok(expected), "{text}");
    let json = serde_json::to_string(expected).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), expected, "{json}");
}

fn refused<T: DeserializeOwned>(text: &str, expected: &str) {
    let message = read::<T>(text).map(|_| ()).unwrap_err();
    assert!(message.contains(expected), "{text}: {message}");
}

#[test]
fn schedules() {
    check("{ wait = \"5s\" }", &Constant::new(5 * SEC).unwrap());
    check(
        "{ kind = \"constant\", wait = \"5s\", cap = \"6s\", jitter = { fraction = 0.5 } }",
        &Constant::new(5 * SEC).unwrap().with_cap(6 * SEC).unwrap().with_jitter(Jitter::Fraction(0.5)).unwrap(),
    );
    check("{}", &Linear::default());
    check(
        "{ base = \"250ms\", increment = \"1m 30s\", cap = \"1h\", jitter = \"equal\" }",
        &Linear::builder().base(SEC / 4).increment(90 * SEC).cap(3600 * SEC).jitter(Jitter::Equal).build().unwrap(),
    );
    check("{}", &Exponential::default());
    check(
        "{ kind = \"exponential\", base = \"1s\", factor = 3, cap = \"30s\", jitter = { additive = 0.1 } }",
        &Exponential::builder().factor(3.0).cap(30 * SEC).jitter(Jitter::Additive(0.1)).build().unwrap(),
    );
    check("{ jitter = \"full\" }", &Fibonacci::default());
    check("{ base = \"2s\" }", &Decorrelated::new(2 * SEC, 60 * SEC).unwrap());
    check("{ waits = [\"1s\", \"0s\", \"5s\"] }", &List::new([SEC, Duration::ZERO, 5 * SEC]).unwrap());
    check(
        "{ waits = [\"1s\"], repeat_last = true, cap = \"2s\", jitter = \"full\" }",
        &List::new([SEC]).unwrap().with_cap(2 * SEC).unwrap().with_jitter(Jitter::Full).unwrap().repeat_last(),
    );
}

#[test]
fn a_kind_chooses_among_all_schedules() {
    let any = |text: &str, expected: AnySchedule| check(text, &expected);
    any("{ kind = \"constant\", wait = \"5s\" }", Constant::new(5 * SEC).unwrap().into());
    any("{ kind = \"linear\" }", Linear::default().into());
    any("{ kind = \"exponential\" }", Exponential::default().into());
    any("{ kind = \"fibonacci\" }", Fibonacci::default().into());
    any("{ kind = \"decorrelated\" }", Decorrelated::default().into());
    any("{ kind = \"list\", waits = [\"1s\"] }", List::new([SEC]).unwrap().into());
    refused::<AnySchedule>("{ base = \"1s\" }", "kind");
    refused::<AnySchedule>("{ kind = \"quadratic\" }", "quadratic");
    refused::<AnySchedule>("{ kind = \"linear\", factor = 2 }", "factor");
    refused::<Exponential>("{ kind = \"linear\" }", "linear");
}

#[test]
fn jitters() {
    let check = |text: &str, expected| assert_eq!(read::<Jitter>(text), Ok(expected), "{text}");
    check("\"none\"", Jitter::None);
    check("\"full\"", Jitter::Full);
    check("\"equal\"", Jitter::Equal);
    check("{ fraction = 0.25 }", Jitter::Fraction(0.25));
    check("{ additive = 1.0 }", Jitter::Additive(1.0));
    assert_eq!(serde_json::to_string(&Jitter::Fraction(0.25)).unwrap(), "{\"fraction\":0.25}");
    assert_eq!(serde_json::to_string(&Jitter::Full).unwrap(), "\"full\"");
    refused::<Jitter>("{ fraction = 1.5 }", "jitter: the jitter fraction is 1.5");
    refused::<Jitter>("\"some\"", "some");
}

#[test]
fn policies() {
    let whole = "{ schedule = { kind = \"exponential\", base = \"1s\", factor = 2, cap = \"30s\", jitter = { additive = \
                 0.1 } }, max_attempts = 4, hint_cap = \"60s\" }";
    check(whole, &Policy::http());
    assert_eq!(*read::<Policy<AnySchedule>>(whole).unwrap().schedule(), AnySchedule::from(*Policy::http().schedule()));
    check(
        "{ schedule = { base = \"2s\" } }",
        &Policy::new(Exponential::builder().base(2 * SEC).build().unwrap(), 4).unwrap(),
    );
    check("{}", &Policy::new(Exponential::default(), 4).unwrap());
    check(
        "{ schedule = { kind = \"list\", waits = [\"1s\", \"5s\"] }, max_attempts = 3, hint_cap = \"0s\" }",
        &Policy::new(AnySchedule::from(List::new([SEC, 5 * SEC]).unwrap()), 3).unwrap().hint_cap(Duration::ZERO),
    );
}

#[test]
fn presets_are_known_by_name() {
    let presets = [
        ("provider", Policy::provider()),
        ("http", Policy::http()),
        ("api_client", Policy::api_client()),
        ("production", Policy::production()),
        ("aggressive", Policy::aggressive()),
        ("delivery", Policy::delivery()),
        ("disabled", Policy::disabled()),
    ];
    for (name, policy) in presets {
        check(&format!("{{ preset = \"{name}\" }}"), &policy);
    }
    check(
        "{ preset = \"delivery\", max_attempts = 6, hint_cap = \"5m\" }",
        &Policy::delivery().with_retries(5).hint_cap(300 * SEC),
    );
    let any = read::<Policy<AnySchedule>>("{ preset = \"delivery\" }").unwrap();
    assert_eq!(any.schedule().delay(&Step::new(3), 9), Some(4 * SEC));
    refused::<Policy>("{ preset = \"http\", schedule = {} }", "schedule: the preset has one already; give either");
    refused::<Policy>("{ preset = \"bold\" }", "bold");
}

#[test]
fn a_refusal_names_the_setting() {
    refused::<Exponential>("{ base = \"0s\" }", "base: the base wait is zero");
    refused::<Exponential>("{ factor = 0.5 }", "factor: the factor is 0.5");
    refused::<Exponential>("{ cap = \"1ms\" }", "cap: the cap 1ms is below the base wait 1s");
    refused::<Exponential>("{ jitter = { fraction = 7.0 } }", "jitter: the jitter fraction is 7");
    refused::<Exponential>("{ base = 3 }", "a duration with its unit");
    refused::<Exponential>("{ bse = \"3s\" }", "bse");
    refused::<Linear>("{ increment = \"0s\" }", "increment: the increment is zero");
    refused::<Fibonacci>("{ factor = 2 }", "factor");
    refused::<Constant>("{}", "wait");
    refused::<Constant>("{ wait = \"2s\", cap = \"1s\" }", "cap: the cap 1s is below");
    refused::<Decorrelated>("{ jitter = \"full\" }", "jitter");
    refused::<List>("{ waits = [] }", "waits: the list of waits is empty");
    refused::<Policy>("{ max_attempts = 0 }", "max_attempts: no attempt is allowed");
    refused::<Policy>("{ max_retries = 3 }", "max_retries");
    refused::<Policy<AnySchedule>>(
        "{ schedule = { kind = \"list\", waits = [] } }",
        "waits: the list of waits is empty",
    );
}
