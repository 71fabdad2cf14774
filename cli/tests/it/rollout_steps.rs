//! `rollout run` by strategy: which devices, in which steps, when.

use crate::rig::{Background, Fleet, file, finish, run};

/// The state and the named counters of a status.
fn figures(status: &serde_json::Value) -> (&str, [u64; 5]) {
    let names = ["succeeded", "failed", "skipped", "cancelled", "pending"];
    (status["state"].as_str().unwrap(), names.map(|name| status[name].as_u64().unwrap()))
}

fn pushed_to(fleet: &Fleet) -> Vec<String> {
    let devices = fleet.report()["devices"].as_object().unwrap().clone();
    devices.into_iter().filter(|(_, device)| device["pushes"] != 0).map(|(id, _)| id).collect()
}

#[test]
fn a_bad_canary_cancels_the_rest() {
    let fleet = Fleet::start(40, &["--bad", "dev-00000*"]);
    let phases = ["--phase", "10%,name=canary,success>=95%,on-failure=cancel", "--phase", "100%"];
    let rollout = finish(&mut fleet.run("canary", &[&phases[..], &["--json"]].concat()));
    assert_eq!(rollout.code, 1, "{}", rollout.stderr);
    let status = rollout.json();
    let (state, [succeeded, failed, _, cancelled, _]) = figures(&status);
    assert_eq!((state, succeeded + failed + cancelled), ("cancelled", 40));
    assert!(failed >= 1 && succeeded == 0 && cancelled >= 36, "{status}");
    assert!(pushed_to(&fleet).iter().all(|id| id <= &String::from("dev-000004")));
    assert!(rollout.stderr.contains("phase 1 is not passed: "), "{}", rollout.stderr);
    assert!(rollout.stderr.contains("the rollout was cancelled"), "{}", rollout.stderr);
}

#[test]
fn a_gate_pauses_and_a_resume_overrules_it() {
    let fleet = Fleet::start(20, &["--bad", "dev-000001"]);
    let rollout = finish(&mut fleet.run("watched", &["--phase", "10%,failed<1", "--phase", "100%"]));
    assert_eq!(rollout.code, 1, "{}", rollout.stderr);
    assert!(rollout.stderr.contains("`steadfast rollout resume watched` goes on"), "{}", rollout.stderr);
    let status = run(&["rollout", "status", "watched", "--json"]).json();
    let (state, [succeeded, failed, ..]) = figures(&status);
    assert_eq!((state, failed), ("paused", 1), "{status}");
    assert!(succeeded <= 1, "{status}");
    let shown = run(&["rollout", "status", "watched"]).stdout;
    assert!(shown.contains("driven by  nobody: `steadfast rollout resume watched`"), "{shown}");
    assert!(shown.contains("phase      1 of 2 (up to 10 % of the devices)"), "{shown}");

    let resumed = run(&["rollout", "resume", "watched", "--json"]);
    assert_eq!(resumed.code, 1, "one device failed: {}", resumed.stderr);
    assert_eq!(figures(&resumed.json()), ("failed", [19, 1, 0, 0, 0]));
    assert_eq!(fleet.total("pushes_after_success"), 0);
}

#[test]
fn a_failed_phase_is_rolled_back() {
    let fleet = Fleet::start(10, &["--version", "1.0.0", "--bad", "1"]);
    let old = fleet.path("old.bin");
    std::fs::write(&old, "version 1").unwrap();
    let phase = ["--phase", "20%,success>=100%,on-failure=rollback", "--phase", "100%"];
    let back = ["--rollback-artifact", &old, "--rollback-version", "1.0.0"];
    let rollout = finish(&mut fleet.run("back", &[&phase[..], &back].concat()));
    assert_eq!(rollout.code, 1, "{}", rollout.stderr);
    assert!(rollout.stderr.contains("is taken back by the rollout back-rollback"), "{}", rollout.stderr);
    let status = run(&["rollout", "status", "back-rollback", "--json"]).json();
    assert_eq!(status["state"], "completed", "{status}");
    assert!(run(&["rollout", "status", "back-rollback"]).stdout.contains("takes back back"));
}

#[test]
fn devices_are_chosen_by_tag_and_version() {
    let fleet = Fleet::start(4, &[]);
    let inventory = std::fs::read_to_string(fleet.path("fleet.json")).unwrap();
    let mut devices: Vec<serde_json::Value> = serde_json::from_str(&inventory).unwrap();
    for (device, (region, version)) in
        devices.iter_mut().zip([("eu", "1.9.0"), ("eu", "1.10.0"), ("us", "1.9.0"), ("eu", "")])
    {
        device["tags"] = serde_json::json!({ "region": region });
        if !version.is_empty() {
            device["firmware_version"] = version.into();
        }
    }
    std::fs::write(fleet.path("fleet.json"), serde_json::to_string(&devices).unwrap()).unwrap();
    let upgrade = ["--strategy", "firmware-upgrade", "--below", "1.10", "--tag", "region=eu", "--json"];
    let rollout = finish(&mut fleet.run("eu", &upgrade));
    assert_eq!((rollout.code, rollout.json()["total"].as_u64()), (0, Some(2)), "{}", rollout.stderr);
    assert_eq!(pushed_to(&fleet), ["dev-000001", "dev-000004"]);
    // Nothing is left to upgrade in the other region but one.
    let rollout = finish(&mut fleet.run("us", &["--strategy", "region", "--tag", "region=us", "--json"]));
    assert_eq!(rollout.json()["succeeded"], 1);
}

#[test]
fn devices_that_are_away_are_updated_when_they_are_heard_of() {
    let fleet = Fleet::start(3, &["--offline", "dev-000003"]);
    let mut rollout = Background::start(&mut fleet.run("later", &["--strategy", "on-connect", "--json"]));
    rollout.until("all devices that are left are offline");
    let why = run(&["rollout", "status", "later", "--device", "dev-000003"]);
    assert!(why.stdout.contains("dev-000003 pending: it is offline, and is waited for"), "{}", why.stdout);
    fleet.bring_online("dev-000003");
    assert_eq!(run(&["fleet", "heartbeat", "dev-000003"]).code, 0);
    let ended = rollout.end();
    assert_eq!((ended.code, ended.json()["succeeded"].as_u64()), (0, Some(3)), "{}", ended.stderr);
}

/// Devices that are asked whether they are there need not tell.
#[test]
fn devices_that_are_away_are_asked_for() {
    let fleet = Fleet::start(3, &["--offline", "dev-000003"]);
    let mut rollout = Background::start(&mut fleet.run("asked", &["--probe-every", "100ms", "--json"]));
    rollout.until("all devices that are left are offline");
    fleet.bring_online("dev-000003");
    let ended = rollout.end();
    assert_eq!((ended.code, ended.json()["succeeded"].as_u64()), (0, Some(3)), "{}", ended.stderr);
}

#[test]
fn nothing_starts_while_the_window_is_closed() {
    let fleet = Fleet::start(2, &[]);
    // A time of year that is over when it is read, and far away.
    let closed = ["--window", "2500-01-01T00:00 for 2h", "--timezone", "UTC"];
    let mut rollout = Background::start(&mut fleet.run("window", &closed));
    rollout.until("the maintenance window is closed until 2");
    let why = run(&["rollout", "status", "window", "--device", "dev-000001"]);
    assert!(why.stdout.contains("pending: the maintenance window is closed until"), "{}", why.stdout);
    let cancelled = run(&["rollout", "cancel", "window"]);
    assert!(cancelled.stdout.starts_with("window cancelled: 0 succeeded"), "{}{}", cancelled.stdout, cancelled.stderr);
    let ended = rollout.end();
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert_eq!(fleet.total("pushes"), 0);

    let open = finish(&mut fleet.run("open", &["--window", "00:00-24:00 daily", "--timezone", "UTC"]));
    assert_eq!(open.code, 0, "{}", open.stderr);
}

#[test]
fn nothing_starts_before_its_time() {
    let fleet = Fleet::start(1, &[]);
    let mut rollout = Background::start(&mut fleet.run("new-year", &["--start-at", "2500-01-01T00:00:00Z"]));
    rollout.until("it starts at 2");
    let status = run(&["rollout", "status", "new-year", "--json"]).json();
    assert_eq!((&status["hold"]["kind"], &status["pending"]), (&"scheduled".into(), &1.into()), "{status}");
    rollout.kill();
    assert_eq!(fleet.total("pushes"), 0);
}

/// The example of the repository, as its first line says.
#[test]
fn the_example_runs() {
    let fleet = Fleet::start(40, &["--version", "2.0.0"]);
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/rollout.toml")).unwrap();
    let plan = fleet.path("rollout.toml");
    std::fs::write(&plan, text).unwrap();
    std::fs::copy(fleet.path("fw.bin"), fleet.path("till-2.1.0.bin")).unwrap();
    let devices: Vec<serde_json::Value> =
        serde_json::from_str(&std::fs::read_to_string(fleet.path("fleet.json")).unwrap()).unwrap();
    let mut csv = String::from("id,address,firmware_version,tags\n");
    for (at, device) in devices.iter().enumerate() {
        let region = if at < 30 { "eu" } else { "us" };
        let (id, address) = (device["id"].as_str().unwrap(), device["address"].as_str().unwrap());
        csv += &format!("{id},{address},2.0.0,region={region};store={}\n", at % 4);
    }
    std::fs::write(fleet.path("fleet.csv"), csv).unwrap();
    let planned = run(&["rollout", "plan", "--plan", &plan]);
    assert_eq!(planned.code, 0, "{}", planned.stderr);
    let rollout = run(&["rollout", "run", "--plan", &plan, "--json"]);
    assert_eq!(rollout.code, 0, "{}", rollout.stderr);
    let status = rollout.json();
    assert_eq!((&status["id"], &status["succeeded"]), (&"till-2.1.0".into(), &30.into()));
    assert_eq!(pushed_to(&fleet).len(), 30);
    // Options override the file.
    let other = ["--id", "other", "--tag", "region=us", "--version", "2.2.0", "--phase", "100%", "--json"];
    let other = run(&[&["rollout", "run", "--plan", &plan][..], &other].concat());
    assert_eq!((other.code, other.json()["total"].as_u64()), (0, Some(10)), "{}", other.stderr);
}

/// What is asked for on the way to a device is done, and a body arrives whole whatever it is.
#[test]
fn uploads_are_compressed_held_back_and_asked_for() {
    let fleet = Fleet::start(4, &["--zstd", "0.5", "--json-version", "/fw/version", "--json-digest", "/fw/sha256"]);
    let how = ["--zstd", "--expect-continue=2s", "--limit-device", "10M", "--limit-host", "20M", "--limit-total", "1G"];
    let answers = ["--version-pointer", "/fw/version", "--digest-pointer", "/fw/sha256", "--resumable"];
    let rollout = finish(&mut fleet.run("ways", &[&how[..], &answers, &["--json"]].concat()));
    assert_eq!((rollout.code, rollout.json()["succeeded"].as_u64()), (0, Some(4)), "{}", rollout.stderr);
    assert_eq!((fleet.total("digest_ok"), fleet.total("digest_bad")), (4, 0));
    // Two of the four take less than all bytes.
    assert!(rollout.json()["bytes_sent"].as_u64().unwrap() < 4 * 50_000, "{}", rollout.stdout);
}

#[test]
fn devices_behind_tls_are_reached_with_our_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (inventory, keys) = (path("fleet.json"), path("keys"));
    let sim = ["sim", "fleet", "--devices", "2", "--tls", &keys, "--client-certificate", "--inventory-out", &inventory];
    let sim = crate::rig::Sim::start(&sim, 1);
    let (ca, client) = (path("keys/ca.pem"), path("keys/client.pem"));
    let (_folder, artifact) = file("fw.bin", "firmware");
    let rollout = ["rollout", "run", "--artifact", &artifact, "--inventory", &inventory, "--version", "2"];
    let quick = ["--retries", "0", "--verify-within", "0s"];
    let untrusted = run(&[&rollout[..], &quick].concat());
    assert_eq!(untrusted.code, 1, "{}", untrusted.stderr);
    assert!(untrusted.stderr.contains("pushing (tls)"), "{}", untrusted.stderr);
    let with = ["--ca", &ca, "--client-cert", &client, "--client-key", &client];
    let trusted = run(&[&rollout[..], &quick, &with].concat());
    assert_eq!(trusted.code, 0, "{}", trusted.stderr);
    let danger = ["--client-cert", &client, "--client-key", &client, "--danger-accept-invalid-certs"];
    let danger = run(&[&rollout[..], &quick, &danger].concat());
    assert_eq!(danger.code, 0, "{}", danger.stderr);
    assert!(danger.stderr.contains("warning: certificates are not checked"), "{}", danger.stderr);
    run(&[&rollout[..], &["--ca", &artifact]].concat()).refused(2, "--ca: ");
    run(&[&rollout[..], &["--ca", "no-such.pem"]].concat()).refused(2, "no-such.pem");
    run(&[&rollout[..], &["--client-cert", &client]].concat()).refused(2, "each needs the other");
    drop(sim);
}
