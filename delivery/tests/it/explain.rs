//! What is told of a rollout before it starts.

use std::num::NonZeroU32;
use std::time::Duration;

use steadfast_clock::UnixNanos;
use steadfast_delivery::{
    ArtifactRecord, Bound, Comparator, Device, DeviceStatus, Explanation, FailureClass, Filter, Gate, Leftover,
    Measure, OnFailure, Phase, Severity, SiteCap, Spec, Strategy, Survey, Window, explain,
};

/// 2026-01-01, a Thursday.
const NOW: UnixNanos = UnixNanos::from_secs(1_767_225_600);

fn fleet(count: usize) -> Vec<Device> {
    (0..count).map(|n| Device::new(format!("d{n}"), "http://10.0.0.7").unwrap()).collect()
}

fn plan_with(fleet: &[Device], strategy: Strategy, change: impl FnOnce(&mut Spec)) -> Explanation {
    let mut spec = Spec::new(ArtifactRecord::new(None, 1 << 20, "00"));
    spec.version = Some("2.0.0".into());
    spec.strategy = strategy;
    change(&mut spec);
    explain(&spec, &Survey::of(&spec, fleet), Duration::from_secs(60), NOW)
}

fn plan(fleet: &[Device], strategy: Strategy) -> Explanation {
    plan_with(fleet, strategy, |_| {})
}

fn findings(plan: &Explanation) -> Vec<String> {
    plan.findings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_progressive_rollout_is_told_step_by_step() {
    let mut devices = fleet(120);
    for device in &mut devices[..20] {
        device.timezone = Some("Europe/Berlin".into());
    }
    let day = Duration::from_secs(24 * 3600);
    let strategy = Strategy::progressive([
        Phase::percent(10.0).name("canary").soak(day).gate(Gate::success_at_least(95.0)),
        Phase::percent(100.0).gate(Gate::at_most_failed(3).classes([FailureClass::TimedOut])).approval(),
    ]);
    let window: Window = "02:00-04:00".parse().unwrap();
    let text = plan(&devices, strategy.window(window)).to_string();
    let expected = "\
a rollout of version 2.0.0 (1048576 bytes) to 120 of 120 devices, 64 at once
phase 1 \"canary\": devices 1 to 12 (up to 10 %)
  from 2026-01-01 00:00 UTC to about 2026-01-01 02:01 UTC, then watched for 1day until 2026-01-02 02:01 UTC
  gate: at least 95 % of the devices tried succeed: 12 devices allow no failure
  if a gate is not passed, no further device is started until somebody says so
phase 2: devices 13 to 120 (up to 100 %)
  begins when somebody approves
  from 2026-01-02 02:01 UTC to about 2026-01-02 02:03 UTC
  gate: at most 3 devices fail by timed_out: 108 devices allow 3 failures
  if a gate is not passed, no further device is started until somebody says so
window: 02:00-04:00, by each device's own time, UTC where it has none
  UTC (100 devices): Thu 2026-01-01 02:00 UTC to 04:00; Fri 2026-01-02 02:00 UTC to 04:00; Sat 2026-01-03 02:00 UTC to 04:00
  Europe/Berlin (20 devices): Thu 2026-01-01 02:00 CET to 04:00; Fri 2026-01-02 02:00 CET to 04:00; Sat 2026-01-03 02:00 CET to 04:00
expected end: 2026-01-02 02:03 UTC, if a device takes 1m
note: it will not fit one opening of the window: 120 devices, phases being watched, take about 2
";
    assert_eq!(text, expected);
}

#[test]
fn gates_are_told_in_words() {
    fn check(size: usize, gate: Gate, expected: &str, finding: Option<&str>) {
        let plan = plan(&fleet(size), Strategy::progressive([Phase::percent(100.0).gate(gate)]));
        assert_eq!(plan.phases[0].gates, [expected]);
        let found = findings(&plan);
        assert_eq!(found, finding.map(String::from).into_iter().collect::<Vec<_>>());
    }
    let s95 = || Gate::success_at_least(95.0);
    check(12, s95(), "at least 95 % of the devices tried succeed: 12 devices allow no failure", None);
    check(20, s95(), "at least 95 % of the devices tried succeed: 20 devices allow 1 failure", None);
    check(1, s95(), "at least 95 % of the devices tried succeed: 1 device allows no failure", None);
    check(
        3,
        s95().min_sample(10),
        "at least 95 % of the devices tried succeed: never passed by 3 devices with a minimum sample of 10, and fewer than 10 tried do not pass",
        Some("error: phase 1: a gate over 3 devices with a minimum sample of 10 is never passed"),
    );
    check(
        20,
        Gate::new(Measure::Succeeded, Comparator::Above, Bound::Percent(95.0)),
        "more than 95 % of the devices tried succeed: 20 devices allow no failure",
        None,
    );
    check(
        20,
        Gate::new(Measure::Succeeded, Comparator::Above, Bound::Percent(100.0)),
        "more than 100 % of the devices tried succeed: never passed by 20 devices",
        Some("error: phase 1: more than 100 % of the devices tried succeed: never passed by 20 devices"),
    );
    check(
        5,
        Gate::at_most_failed(5),
        "at most 5 devices fail: always passed",
        Some("warning: phase 1: at most 5 devices fail: passed whatever becomes of the 5 devices"),
    );
    check(
        5,
        Gate::new(Measure::Failed, Comparator::AtLeast, Bound::Devices(1)),
        "at least 1 device fails: 5 devices must not all succeed",
        Some("warning: phase 1: at least 1 device fails: a phase without failures is not passed"),
    );
    check(
        5,
        Gate::success_at_least(101.0),
        "at least 101 % of the devices tried succeed",
        Some("error: phase 1: at least 101 % of the devices tried succeed: give a share from 0 to 100"),
    );
}

#[test]
fn what_cannot_work_is_an_error() {
    fn check(strategy: Strategy, expected: &str) {
        let plan = plan(&fleet(10), strategy);
        assert!(!plan.is_ok());
        assert_eq!(plan.findings[0].severity, Severity::Error);
        assert!(findings(&plan)[0].contains(expected), "{plan}");
    }
    let window = |text: &str| Strategy::scheduled(text.parse().unwrap());
    check(
        Strategy::progressive([Phase::percent(50.0), Phase::percent(50.0), Phase::percent(100.0)]),
        "phase 2 reaches 50 %: give more than the 50 %",
    );
    check(Strategy::progressive([Phase::percent(50.0)]), "the last phase reaches 50 %");
    check(Strategy::progressive([]), "needs phases");
    let rolls_back = Phase::percent(100.0).gate(Gate::at_most_failed(1)).on_failure(OnFailure::RollBack);
    check(Strategy::progressive([rolls_back]), "no earlier artifact is named");
    check(
        window("2025-01-01T00:00 for 1h"),
        "the window never opens again in UTC; 10 devices would never be worked on",
    );
    let short: Window = "02:00-02:30".parse().unwrap();
    let short = short.reserve(Duration::from_secs(3600));
    check(Strategy::scheduled(short), "open for at most 30m in UTC: a device needs 1h");
    let mut strategy = window("02:00-04:00");
    strategy.window = None;
    check(strategy, "needs a window");
    assert!(!plan_with(&fleet(1), Strategy::immediate(), |spec| spec.concurrency = 0).is_ok());
}

#[test]
fn what_is_perhaps_not_meant_is_a_warning() {
    fn check(fleet: &[Device], strategy: Strategy, expected: &str) {
        let plan = plan(fleet, strategy);
        assert!(plan.is_ok(), "{plan}");
        let found = findings(&plan);
        assert!(found.iter().any(|finding| finding == expected), "{found:?}");
    }
    check(&[], Strategy::immediate(), "warning: none of 0 devices is selected: nothing will be done");
    let ten = fleet(10);
    check(
        &ten,
        Strategy::progressive([
            Phase::percent(10.0),
            Phase::percent(9.5 + 0.6),
            Phase::percent(10.2),
            Phase::percent(100.0),
        ]),
        "warning: phase 3 holds no device: 10.2 % of 10 devices is no more",
    );
    check(&ten, Strategy::region(Filter::new()), "warning: no tag or location is asked for: every region takes part");
    let mut upgrade = Strategy::firmware_upgrade("2.0.0");
    upgrade.select.below = None;
    check(&ten, upgrade, "warning: no version is given below which devices are upgraded: all take part");
    check(
        &ten,
        Strategy::immediate().probe_every(Duration::from_secs(60)),
        "warning: devices that are offline are skipped: asking whether they are there has no effect",
    );
    let mut away = fleet(2);
    away.iter_mut().for_each(|device| device.status = DeviceStatus::Offline);
    check(&away, Strategy::immediate(), "warning: all of them are offline, and are skipped: nothing will be done");
    check(&away, Strategy::on_connect(), "note: 2 devices offline: the end depends on when they are heard from");
    let window: Window = "02:00-02:05".parse().unwrap();
    let mut lost = fleet(700);
    lost[0].timezone = Some("Mars/Base".into());
    check(
        &lost,
        Strategy::scheduled(window.clone()),
        "warning: 1 device in the time zone `Mars/Base`, which is not known here: the window never opens for them",
    );
    check(
        &lost,
        Strategy::scheduled(window.leftover(Leftover::Fail)),
        "warning: it will not fit one opening of the window: 699 devices take about 3, and those that are left when the first one ends fail",
    );
    check(&ten, Strategy::immediate().not_before_ms(5), "note: its start time is over: it starts at once");
}

#[test]
fn who_takes_part_is_counted() {
    let mut devices = fleet(10);
    for (n, device) in devices.iter_mut().enumerate() {
        device.tags.insert("region".into(), if n < 4 { "eu".into() } else { "us".into() });
        device.tags.insert("store".into(), format!("s{}", n / 3));
        device.firmware_version = Some(format!("1.{n}.0"));
        device.status = if n % 2 == 0 { DeviceStatus::Online } else { DeviceStatus::Offline };
    }
    devices[3].firmware_version = Some("v2.0".into());
    let strategy = Strategy::region(Filter::new().tag("region", "eu").limit(4));
    let plan = plan(&devices, strategy.clone().site_cap(SiteCap::new("store", NonZeroU32::MIN)));
    let survey = &plan.devices;
    assert_eq!((survey.fleet, survey.selected, survey.offline, survey.installed), (10, 4, 2, 1));
    assert_eq!(survey.left_out.get("tag.region=eu"), Some(&6));
    assert_eq!((survey.sites, survey.largest_site.clone(), survey.at_once), (2, Some(("s0".into(), 3)), Some(2)));
    assert_eq!(plan.at_once, 1);
    assert_eq!(
        findings(&plan),
        [
            "note: at this version already: 1 device; nothing is sent where that is so",
            "note: 2 devices offline: skipped, if that is so when their turn comes",
            "note: at most 1 of a site at once: site `s0` alone takes 3m for its 3 devices",
        ]
    );
    let text = plan.to_string();
    assert!(
        text.contains("to 4 of 10 devices, 1 at once\n  left out by tag.region=eu: 6 devices\nall: devices 1 to 4"),
        "{text}"
    );
}
