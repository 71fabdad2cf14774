//! What phases say, and what is said of wrong ones.

use std::time::Duration;

use super::*;

fn read(text: &str) -> Result<Phase, String> {
    text.parse::<PhaseText>().map(|phase| phase.phase())
}

#[test]
fn phases_mean_what_they_say() {
    let day = Duration::from_secs(86_400);
    let check = |text: &str, expected: Phase| {
        assert_eq!(read(text), Ok(expected), "{text}");
    };
    check("100%", Phase::percent(100.0));
    check(
        "10%, soak=24h, success>=95%, min=10, on-failure=cancel",
        Phase::percent(10.0).soak(day).gate(Gate::success_at_least(95.0).min_sample(10)).on_failure(OnFailure::Cancel),
    );
    check(
        "0.5%,name=canary,failed<3,failed<=1%,classes=timed_out+cut,scope=cumulative,of=all,approve",
        Phase::percent(0.5)
            .name("canary")
            .gate(every(Gate::new(Measure::Failed, Comparator::Below, Bound::Devices(3))))
            .gate(every(Gate::failures_at_most(1.0)))
            .approval(),
    );
}

fn every(gate: Gate) -> Gate {
    gate.classes([FailureClass::TimedOut, FailureClass::Cut]).scope(Scope::Cumulative).of(Denominator::All)
}

#[test]
fn wrong_phases_are_told() {
    for (text, expected) in [
        ("", "`` is no share"),
        ("10", "`10` is no share"),
        ("110%", "from 0% to 100%"),
        ("nan%", "no share"),
        ("10%,soak=24", "`24` is no span of time"),
        ("10%,success>95 %%", "no gate"),
        ("10%,succes>=95%", "`succes>=95%` is no gate"),
        ("10%,success>=101%", "no gate"),
        ("10%,success=95%", "`success=95%` is no word of a phase"),
        ("10%,min=3", "there is none: add one"),
        ("10%,failed<3,min=some", "min=some: it is a number of devices"),
        ("10%,failed<3,on-failure=stop", "one of pause, cancel, rollback"),
        ("10%,failed<3,scope=fleet", "one of phase, cumulative"),
        ("10%,failed<3,of=some", "one of tried, all"),
        ("10%,failed<3,classes=slow", "`slow` is no class of failures"),
        ("10%,soak=1h,soak=2h", "`soak` is given twice"),
        ("10%,", "`` is no word of a phase"),
    ] {
        let problem = read(text).unwrap_err();
        assert!(problem.contains(expected), "{text}: {problem}");
    }
}

#[test]
fn a_table_says_the_same() {
    let table = r#"
        name = "canary"
        share = 10
        soak = "24h"
        gates = ["success>=95%", "failed<3"]
        min = 10
        scope = "cumulative"
        classes = ["cut"]
        on_failure = "rollback"
        approve = true
    "#;
    let line = "10%,name=canary,soak=24h,success>=95%,failed<3,min=10,scope=cumulative,classes=cut,\
        on-failure=rollback,approve";
    let table: PhaseText = toml::from_str(table).unwrap();
    assert_eq!(Ok(table.phase()), read(line));
}
