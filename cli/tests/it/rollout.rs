//! `rollout run` over a simulated fleet, from the inventory that the simulator writes.

use crate::rig::{Sim, file, finish, report, run};

#[test]
fn every_device_is_accounted_for_in_every_format_and_layout() {
    let script = r#"
        [[step]]
        match = { device = "dev-000007", path = "/update" }
        then = { status = 404 }

        [[step]]
        match = { share = 0.2, path = "/update" }
        times = 1
        then = { status = 503, headers = { retry-after = "0" } }
    "#;
    let (_folder, faults) = file("faults.toml", script);
    let (_folder, artifact) = file("fw.bin", vec![9; 70_000]);
    for (name, layout) in [("fleet.json", &[][..]), ("fleet.csv", &["--one-host"]), ("fleet.toml", &[])] {
        let (_folder, inventory) = file(name, "");
        let sim = ["sim", "fleet", "--devices", "50", "--faults", &faults, "--inventory-out", &inventory];
        let sim = Sim::start(&[&sim[..], layout].concat(), 1);
        let rollout = run(&[
            "rollout",
            "run",
            "--inventory",
            &inventory,
            "--artifact",
            &artifact,
            "--version",
            "2.0.0",
            "--json",
        ]);
        assert_eq!(rollout.code, 1, "{}", rollout.stderr);
        assert!(rollout.stderr.contains("dev-000007: pushing (rejected)"), "{}", rollout.stderr);
        let status = rollout.json();
        let figures = ["total", "succeeded", "failed", "skipped", "cancelled", "pending", "deferred", "in_flight"]
            .map(|name| status[name].as_u64().unwrap());
        assert_eq!(figures, [50, 49, 1, 0, 0, 0, 0, 0]);
        assert!(status["bytes_sent"].as_u64().unwrap() >= 49 * 70_000);
        assert!(status["eta_s"].as_object().unwrap().contains_key("p90") && status["id"].is_string());
        let totals = report(&sim.lines[0])["totals"].clone();
        assert_eq!((totals["accepted"].as_u64(), totals["digest_bad"].as_u64()), (Some(49), Some(0)));
        assert_eq!(totals["pushes_after_success"], 0);
    }
}

#[test]
fn offline_devices_are_skipped() {
    let sim = Sim::start(&["sim", "fleet", "--devices", "1", "--one-host"], 1);
    let inventory = format!("id,address,status\na,{0}/d/dev-000001,online\nb,{0}/d/none,offline\n", sim.lines[0]);
    let (_folder, inventory) = file("fleet.csv", inventory);
    let (_folder, artifact) = file("fw.bin", "firmware");
    let rollout = run(&["rollout", "run", "--inventory", &inventory, "--artifact", &artifact, "--version", "2"]);
    assert_eq!(rollout.code, 0, "{}", rollout.stderr);
    assert!(rollout.stdout.contains("completed: 1 succeeded, 0 failed, 1 skipped"), "{}", rollout.stdout);
}

#[test]
fn wrong_inventories_are_told_in_one_line() {
    let (_folder, artifact) = file("fw.bin", "firmware");
    for (name, text, expected) in [
        ("a.json", "[{\"id\": \"a\"}]", "a.json:1: missing field `address`"),
        (
            "b.csv",
            "id,address\na,http://h\na,http://i\n",
            "b.csv:3: field `id`: device `a` is there already, on line 2",
        ),
        ("c.toml", "[[device]]\nid = \"a\"\naddress = \"ssh://h\"\n", "unsupported scheme `ssh`"),
    ] {
        let (_folder, inventory) = file(name, text);
        run(&["rollout", "run", "--inventory", &inventory, "--artifact", &artifact, "--version", "2"])
            .refused(2, expected);
    }
}

/// Where the limit of open files does not fit the concurrency, one line says so, and the rollout goes on with less.
#[cfg(unix)]
#[test]
fn too_few_files_are_told_in_one_line() {
    let (_folder, inventory) = file("fleet.json", "");
    let sim = Sim::start(&["sim", "fleet", "--devices", "200", "--inventory-out", &inventory], 1);
    let (_folder, artifact) = file("fw.bin", "firmware");
    let rollout = format!(
        "ulimit -n 100; exec {} rollout run --inventory {inventory} --artifact {artifact} --version 2 --concurrency 500",
        env!("CARGO_BIN_EXE_steadfast")
    );
    let rollout = finish(std::process::Command::new("sh").args(["-c", &rollout]));
    assert_eq!(rollout.code, 0, "{}", rollout.stderr);
    let told: Vec<_> = rollout.stderr.lines().filter(|line| line.contains("open files")).collect();
    assert_eq!(told.len(), 1, "{}", rollout.stderr);
    assert!(told[0].contains("going on with 36") && told[0].contains("ulimit -n 564"), "{}", told[0]);
    drop(sim);
}
