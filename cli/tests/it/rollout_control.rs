//! A rollout from other processes: watched, told what to do, killed and gone on with.

use crate::rig::{Background, Fleet, Run, command, finish, run};

/// Devices that take the artifact, and never answer.
const SILENT: &str =
    "[[step]]\nmatch = { device = \"dev-000002\", path = \"/update\" }\ntimes = 1\nthen = { never = true }\n";

fn lines(run: &Run) -> Vec<serde_json::Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_happened_is_told_afterwards() {
    let script = "[[step]]\nmatch = { device = \"dev-000002\", path = \"/update\" }\nthen = { status = 422 }\n";
    let fleet = Fleet::with_faults(3, &["--offline", "dev-000003"], script);
    assert_eq!(finish(&mut fleet.run("past", &[])).code, 1);

    let json = run(&["rollout", "status", "past", "--json"]).json();
    let names = ["total", "succeeded", "failed", "skipped", "cancelled", "pending", "deferred", "in_flight"];
    assert_eq!(names.map(|name| json[name].as_u64().unwrap()), [3, 1, 1, 1, 0, 0, 0, 0]);
    assert_eq!((&json["id"], &json["state"]), (&"past".into(), &"failed".into()));
    for name in ["bytes_sent", "rate_per_s", "eta_s"] {
        assert!(json.get(name).is_some(), "{json}");
    }
    let text = run(&["rollout", "status"]).stdout;
    assert!(text.starts_with("past failed: 1 succeeded, 1 failed, 1 skipped, 0 cancelled of 3\n"), "{text}");
    assert!(text.contains("delivers   version 2.0.0, 50000 bytes ("), "{text}");
    assert_eq!(run(&["rollout", "status", "past", "--watch", "--json"]).json(), json);

    let listed = run(&["rollout", "list"]).stdout;
    assert!(listed.starts_with("past  2.0.0  3 of 3 done, 1 failed  0 s ago  failed\n"), "{listed}");
    assert_eq!(run(&["rollout", "list", "--json"]).json(), json);

    let events = lines(&run(&["rollout", "events", "past", "--json"]));
    assert_eq!(events.first().unwrap()["event"], "started");
    assert_eq!(events.last().unwrap()["event"], "finished");
    let numbers: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
    let own = lines(&run(&["rollout", "events", "past", "--json", "--device", "dev-000001"]));
    let states: Vec<&str> = own.iter().map(|event| event["to"].as_str().unwrap()).collect();
    assert_eq!(states, ["pushing", "verifying", "succeeded"]);
    let text = run(&["rollout", "events", "--follow", "--after", "1"]).stdout;
    assert!(text.contains("dev-000002: pushing -> failed: pushing (rejected): "), "{text}");
    assert!(text.lines().last().unwrap().contains("finished: failed: 1 succeeded"), "{text}");

    let why = |device| run(&["rollout", "status", "past", "--device", device]).stdout;
    assert!(why("dev-000001").starts_with("dev-000001 succeeded: it reports version 2.0.0\n"), "{}", why("dev-000001"));
    let failed = why("dev-000002");
    assert!(failed.starts_with("dev-000002 failed: pushing (rejected): POST http://"), "{failed}");
    assert!(failed.contains("check the paths, the headers and the artifact\n  pushing #1: HTTP 422"), "{failed}");
    assert!(
        why("dev-000003").starts_with("dev-000003 skipped: it was offline when its turn came"),
        "{}",
        why("dev-000003")
    );
    let unknown = why("dev-9");
    assert!(unknown.starts_with("dev-9 takes no part in past: the fleet has no device of that id"), "{unknown}");
    let json = run(&["rollout", "status", "past", "--device", "dev-000002", "--json"]).json();
    assert_eq!((&json["state"], &json["outcome"]["failure"]["class"]), (&"failed".into(), &"rejected".into()));

    let resumed = run(&["rollout", "resume", "past", "--json"]);
    assert_eq!((resumed.code, resumed.json()["state"].as_str()), (0, Some("failed")));
}

#[test]
fn orders_that_do_not_fit_are_refused() {
    run(&["rollout", "status"]).refused(2, "there is no rollout yet");
    run(&["rollout", "pause", "nobody"]).refused(2, "there is no rollout `nobody`: there is none yet");
    let fleet = Fleet::start(1, &[]);
    assert_eq!(finish(&mut fleet.run("done", &[])).code, 0);
    for (order, expected) in [
        (&["pause", "done"][..], "done has ended: it is completed"),
        (&["cancel", "done"], "done has ended: it is completed"),
        (&["skip-phase", "done"], "done has ended: it is completed"),
        (&["approve", "done", "--phase", "2"], "done has ended: it is completed"),
        (&["retry", "done"], "no device of done has failed"),
        (&["retry", "done", "--class", "slow"], "`slow` is no class of failures"),
        (&["pause", "dine"], "there is no rollout `dine`: the nearest are `done`"),
        (&["status", "done", "--store", "/no/such.db"], "there is no file /no/such.db"),
        (&["events", "don"], "the nearest are `done`"),
        (&["events", "done", "--device", "x"], "x takes no part in done"),
        (&["resume", "other"], "there is no rollout `other`"),
        (&["pause"], "<ID>"),
    ] {
        run(&[&["rollout"][..], order].concat()).refused(2, expected);
    }
}

#[test]
fn a_killed_one_is_gone_on_with() {
    let fleet = Fleet::with_faults(10, &[], SILENT);
    let mut rollout =
        Background::start(&mut fleet.run("killed", &["--concurrency", "1", "--phase", "10%", "--phase", "100%"]));
    rollout.until("phase 2 begins");
    fleet.until_pushed(2);
    rollout.kill();

    let status = run(&["rollout", "status", "killed"]).stdout;
    assert!(status.contains("driven by  nobody: `steadfast rollout resume killed`"), "{status}");
    let paused = run(&["rollout", "pause", "killed"]);
    assert_eq!(paused.code, 0, "{}", paused.stderr);
    assert!(paused.stdout.contains("nobody drives it: `steadfast rollout resume killed`"), "{}", paused.stdout);

    let changed = fleet.path("changed.bin");
    std::fs::write(&changed, "other").unwrap();
    run(&["rollout", "resume", "killed", "--artifact", &changed]).refused(2, "is not the artifact of killed");
    let resumed = run(&["rollout", "resume", "killed", "--json"]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert_eq!(resumed.json()["succeeded"], 10);
    assert!(resumed.stderr.contains("1 device was in flight before"), "{}", resumed.stderr);
    let totals = &fleet.report()["totals"];
    assert_eq!((&totals["accepted"], &totals["pushes_after_success"]), (&10.into(), &0.into()), "{totals}");
    let events = lines(&run(&["rollout", "events", "killed", "--json"]));
    assert_eq!(events.last().unwrap()["seq"], events.len());
}

/// Reads lines of a command until one has this text.
fn events_until(mut command: std::process::Command, text: &str) -> std::process::Child {
    use std::io::{BufRead, BufReader};
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map(Result::unwrap).any(|line| line.contains(text)), "it ended without {text:?}");
    child
}

#[test]
fn there_is_one_driver_at_a_time() {
    let fleet = Fleet::with_faults(2, &[], SILENT);
    let mut rollout = Background::start(&mut fleet.run("one", &["--phase", "50%", "--phase", "100%"]));
    rollout.until("phase 2 begins");
    let pid = rollout.pid();
    let second = run(&["rollout", "resume", "one"]);
    second.refused(1, "one is being driven by");
    assert!(second.stderr.contains(&format!("(process {pid})")), "{}", second.stderr);
    let second = finish(&mut fleet.run("one", &["--phase", "50%", "--phase", "100%"]));
    assert_eq!(second.code, 1, "{}", second.stderr);
    assert!(second.stderr.contains(&pid.to_string()), "{}", second.stderr);
    let cancelled = run(&["rollout", "cancel", "one", "--json"]);
    assert_eq!(cancelled.code, 0, "{}", cancelled.stderr);
    let ended = rollout.end();
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(ended.stdout.starts_with("one cancelled: 1 succeeded"), "{}", ended.stdout);
}

#[test]
fn a_phase_waits_for_approval() {
    let fleet = Fleet::start(4, &[]);
    let phases = ["--phase", "25%", "--phase", "100%", "--approve-phases", "--json"];
    let mut rollout = Background::start(&mut fleet.run("asked", &phases));
    rollout.until("phase 2 waits for approval");
    run(&["rollout", "approve", "asked", "--phase", "1"]).refused(2, "phase 2 does");
    let why = run(&["rollout", "status", "asked", "--device", "dev-000004"]).stdout;
    assert!(why.contains("dev-000004 pending: ") && why.contains("phase 2 waits for approval"), "{why}");
    let paused = run(&["rollout", "pause", "asked"]);
    assert!(paused.stdout.starts_with("asked paused: 1 succeeded"), "{}{}", paused.stdout, paused.stderr);
    let resumed = run(&["rollout", "resume", "asked"]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    let approved = run(&["rollout", "approve", "asked", "--by", "Ada"]);
    assert_eq!(approved.code, 0, "{}", approved.stderr);
    let ended = rollout.end();
    assert_eq!((ended.code, ended.json()["succeeded"].as_u64()), (0, Some(4)), "{}", ended.stderr);
    let events = run(&["rollout", "events", "asked"]).stdout;
    assert!(events.contains("phase 2 is approved by Ada"), "{events}");
}

/// Another process reads the log as it grows.
#[test]
fn what_happens_is_followed() {
    let fleet = Fleet::start(4, &[]);
    let mut rollout = Background::start(&mut fleet.run("seen", &["--phase", "25%,soak=24h", "--phase", "100%"]));
    rollout.until("phase 1 is being watched until");
    let events = command(&["rollout", "events", "seen", "--follow", "--device", "dev-000004"]);
    let status = Background::start(&mut command(&["rollout", "status", "seen", "--watch", "--json"]));
    let (sent, told) = std::sync::mpsc::channel();
    let follower = std::thread::spawn(move || {
        let mut child = events_until(events, "verifying -> succeeded");
        sent.send(()).unwrap();
        child.wait().unwrap()
    });
    assert!(told.try_recv().is_err());
    assert_eq!(run(&["rollout", "skip-phase", "seen"]).code, 0);
    assert_eq!(rollout.end().code, 0);
    // Both end with the rollout.
    told.recv().unwrap();
    assert!(follower.join().unwrap().success());
    let states = lines(&status.end());
    assert_eq!(states.last().unwrap()["state"], "completed");
    assert!(states.len() > 1 && states[0]["hold"]["kind"] == "soaking", "{states:?}");
}

#[test]
fn the_rest_of_a_phase_is_skipped() {
    let fleet = Fleet::start(4, &[]);
    let phases = ["--phase", "25%,soak=24h", "--phase", "100%"];
    let mut rollout = Background::start(&mut fleet.run("soak", &phases));
    rollout.until("phase 1 is being watched until");
    let status = run(&["rollout", "status", "soak"]).stdout;
    assert!(status.contains("held       phase 1 is being watched until"), "{status}");
    assert_eq!(run(&["rollout", "skip-phase", "soak"]).code, 0);
    let ended = rollout.end();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

#[test]
fn failed_devices_are_tried_again() {
    let script =
        "[[step]]\nmatch = { device = \"dev-00000*\", path = \"/update\" }\ntimes = 1\nthen = { status = 422 }\n";
    let fleet = Fleet::with_faults(3, &[], script);
    assert_eq!(finish(&mut fleet.run("again", &[])).code, 1);
    let retry = run(&["rollout", "retry", "again", "--class", "rejected"]);
    assert_eq!(retry.code, 0, "{}", retry.stderr);
    assert!(retry.stdout.contains("nobody drives it: `steadfast rollout resume again`"), "{}", retry.stdout);
    let resumed = run(&["rollout", "resume", "again", "--json"]);
    assert_eq!((resumed.code, resumed.json()["succeeded"].as_u64()), (0, Some(3)), "{}", resumed.stderr);
}

#[test]
fn secrets_are_not_kept() {
    let fleet = Fleet::start(2, &[]);
    let secret = ["--header-env", "X-Token=FLEET_TOKEN", "--header", "X-Site: paris", "--update-path", "/update"];
    let mut rollout = fleet.run("secret", &[&secret[..], &["--start-at", "2500-01-01T00:00:00Z"]].concat());
    let mut rollout = Background::start(rollout.env("FLEET_TOKEN", "canary-canary"));
    rollout.until("it starts at");
    rollout.kill();
    let again = run(&["rollout", "resume", "secret"]);
    again.refused(2, "secrets are not kept with a rollout: give --header-env X-Token=FLEET_TOKEN again");
    let mut again = command(&["rollout", "resume", "secret", "--header-env", "X-Token=FLEET_TOKEN"]);
    let mut again = Background::start(again.env("FLEET_TOKEN", "canary-canary"));
    again.until("it starts at");
    run(&["rollout", "cancel", "secret"]);
    let ended = again.end();
    let told = [run(&["rollout", "status", "--json"]).stdout, run(&["rollout", "events", "--json"]).stdout];
    assert!(!format!("{}{}{told:?}", ended.stdout, ended.stderr).contains("canary"));
    let store = finish(
        std::process::Command::new("sh")
            .args(["-c", "cat \"$STEADFAST_STORE\"* | grep -c canary-canary"])
            .env("STEADFAST_STORE", store_path()),
    );
    assert_eq!(store.stdout.trim(), "0");
}

fn store_path() -> std::ffi::OsString {
    let command = command(&[]);
    let found = command.get_envs().find(|(name, _)| *name == "STEADFAST_STORE");
    found.and_then(|(_, value)| value).unwrap().to_owned()
}

/// What nobody drives is cancelled by the command itself.
#[test]
fn a_killed_one_is_cancelled_at_once() {
    let fleet = Fleet::start(3, &[]);
    let mut rollout = Background::start(&mut fleet.run("late", &["--start-at", "2500-01-01T00:00:00Z"]));
    rollout.until("it starts at");
    rollout.kill();
    let cancelled = run(&["rollout", "cancel", "late"]);
    assert_eq!(cancelled.stdout, "late cancelled: 0 succeeded, 0 failed, 0 skipped, 3 cancelled of 3\n");
    // Without its artifact the order is kept for whoever goes on with it.
    let mut rollout = Background::start(&mut fleet.run("lost", &["--start-at", "2500-01-01T00:00:00Z"]));
    rollout.until("it starts at");
    rollout.kill();
    std::fs::rename(fleet.path("fw.bin"), fleet.path("moved.bin")).unwrap();
    let kept = run(&["rollout", "cancel", "lost"]);
    assert!(kept.stdout.contains("nobody drives it: `steadfast rollout resume lost`"), "{}", kept.stdout);
    run(&["rollout", "resume", "lost"]).refused(2, "fw.bin");
    let ended = run(&["rollout", "resume", "lost", "--artifact", &fleet.path("moved.bin")]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(ended.stdout.starts_with("lost cancelled: 0 succeeded"), "{}", ended.stdout);
    assert_eq!(fleet.total("pushes"), 0);
}

/// Ctrl-C lets what is in flight end, keeps the rest for later, and says how to go on.
#[cfg(unix)]
#[test]
fn ctrl_c_pauses() {
    use rustix::process::{Pid, Signal, kill_process};
    let fleet = Fleet::start(4, &[]);
    let phases = ["--phase", "25%,soak=24h", "--phase", "100%"];
    let mut rollout = Background::start(&mut fleet.run("stopped", &phases));
    rollout.until("phase 1 is being watched until");
    let pid = Pid::from_raw(i32::try_from(rollout.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let ended = rollout.end();
    assert_eq!(ended.code, 130, "{}", ended.stderr);
    assert!(ended.stderr.contains("`steadfast rollout resume stopped` goes on"), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("stopped paused: 1 succeeded"), "{}", ended.stdout);
    let mut resumed = Background::start(&mut command(&["rollout", "resume", "stopped"]));
    resumed.until("phase 1 is being watched until");
    assert_eq!(run(&["rollout", "skip-phase", "stopped"]).code, 0);
    let ended = resumed.end();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(fleet.total("pushes"), 4);
}

/// A second Ctrl-C does not wait for what is in flight.
#[cfg(unix)]
#[test]
fn a_second_ctrl_c_stops_at_once() {
    use rustix::process::{Pid, Signal, kill_process};
    let fleet = Fleet::with_faults(2, &[], SILENT);
    let mut rollout = Background::start(&mut fleet.run("twice", &["--phase", "50%", "--phase", "100%"]));
    rollout.until("phase 2 begins");
    fleet.until_pushed(2);
    let pid = Pid::from_raw(i32::try_from(rollout.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    rollout.until("Ctrl-C again stops at once");
    kill_process(pid, Signal::INT).unwrap();
    let ended = rollout.end();
    assert_eq!(ended.code, 130, "{}", ended.stderr);
    assert!(ended.stderr.contains("stopped: `steadfast rollout resume twice` goes on"), "{}", ended.stderr);
    assert_eq!(run(&["rollout", "resume", "twice"]).code, 0);
}
