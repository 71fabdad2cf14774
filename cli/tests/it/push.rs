//! `push` against a simulated device.

use crate::rig::{Sim, command, file, finish, run};

#[test]
fn a_device_gets_the_artifact_and_reports_the_version() {
    let sim = Sim::start(&["sim", "fleet", "--devices", "2", "--one-host"], 1);
    let device = format!("{}/d/dev-000001", sim.lines[0]);
    let (_folder, artifact) = file("fw.bin", vec![7; 300_000]);
    let push = ["push", "--artifact", &artifact, "--device", &device, "--expect-version", "2.0.0", "--json"];
    let json = run(&push).json();
    let expected = serde_json::json!({
        "device": device, "outcome": "succeeded", "attempts": 1, "bytes": 300_000, "version": "2.0.0"
    });
    assert_eq!(json, expected);
    let again = run(&[&push[..], &["--if-needed"]].concat());
    assert_eq!((again.code, again.json()["outcome"].as_str()), (0, Some("already_installed")));
    let told = run(&["push", "--artifact", &artifact, "--device", &device]);
    assert_eq!(told.code, 0);
    assert!(told.stdout.contains("succeeded: 300000 bytes, attempt 1, reports version"), "{}", told.stdout);
}

#[test]
fn a_failure_is_told_with_its_stage_and_class() {
    let script = "[[step]]\nmatch = { path = \"/update\" }\nthen = { status = 422 }\n";
    let (_folder, faults) = file("faults.toml", script);
    let sim = Sim::start(&["sim", "fleet", "--devices", "1", "--one-host", "--faults", &faults], 1);
    let device = format!("{}/d/dev-000001", sim.lines[0]);
    let (_folder, artifact) = file("fw.bin", "firmware");
    let refused = run(&["push", "--artifact", &artifact, "--device", &device]);
    refused.refused(1, "pushing (rejected)");
    assert!(refused.stderr.contains("HTTP 422"), "{}", refused.stderr);
    let json = run(&["push", "--artifact", &artifact, "--device", &device, "--json"]);
    assert_eq!((json.code, json.json()["outcome"].as_str()), (1, Some("failed")));
}

#[test]
fn wrong_calls_are_told_in_one_line() {
    let (_folder, artifact) = file("fw.bin", "firmware");
    let (_folder, empty) = file("empty.bin", "");
    let device = "http://127.0.0.1:1";
    run(&["push", "--artifact", "no-such-file", "--device", device]).refused(2, "no-such-file");
    run(&["push", "--artifact", &empty, "--device", device]).refused(2, "--allow-empty");
    run(&["push", "--artifact", &artifact, "--device", "ftp://host"]).refused(2, "http");
    run(&["push", "--artifact", &artifact, "--device", "nonsense"]).refused(2, "nonsense");
    run(&["push", "--artifact", &artifact, "--device", device, "--header", "no colon"]).refused(2, "no colon in it");
    run(&["push", "--artifact", &artifact, "--device", device, "--header-env", "X-A=NOT_SET"]).refused(2, "NOT_SET");
    run(&["push", "--artifact", &artifact, "--device", device, "--header", "Authorization: canary"])
        .refused(2, "--header-env");
    run(&["push", "--artifact", &artifact, "--device", device, "--if-needed"]).refused(2, "--expect-version");
}

#[test]
fn a_device_that_says_later_is_waited_for_and_told() {
    let script = "[[step]]\nmatch = { path = \"/update\" }\ntimes = 1\nthen = { status = 503, headers = { retry-after = \"1\" } }\n";
    let (_folder, faults) = file("faults.toml", script);
    let sim = Sim::start(&["sim", "fleet", "--devices", "1", "--one-host", "--faults", &faults], 1);
    let device = format!("{}/d/dev-000001", sim.lines[0]);
    let (_folder, artifact) = file("fw.bin", "firmware");
    let push = run(&["push", "--artifact", &artifact, "--device", &device, "--expect-version", "2", "--json"]);
    assert_eq!((push.code, &push.json()["attempts"]), (0, &1.into()), "{}", push.stderr);
    assert!(push.stderr.contains("says \"later\"; pushing again in 1.0 s"), "{}", push.stderr);
}

/// Loopback is reached directly, whatever the proxy variables say.
#[test]
fn proxies_do_not_stand_between_us_and_loopback() {
    let sim = Sim::start(&["sim", "fleet", "--devices", "1", "--one-host"], 1);
    let device = format!("{}/d/dev-000001", sim.lines[0]);
    let (_folder, artifact) = file("fw.bin", "firmware");
    let mut push = command(&["push", "--artifact", &artifact, "--device", &device]);
    for variable in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        push.env(variable, "http://127.0.0.1:1");
    }
    let pushed = finish(push.env_remove("NO_PROXY").env_remove("no_proxy"));
    assert_eq!(pushed.code, 0, "{}", pushed.stderr);
}
