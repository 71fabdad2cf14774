//! `fleet`: the devices that the store knows.

use crate::rig::{Background, Fleet, command, file, finish, run};

const CSV: &str = "id,address,status,firmware_version,tags\n\
    till-1,http://10.0.0.1,online,1.9.0,region=eu;store=a\n\
    till-2,http://10.0.0.2,offline,1.10.0,region=eu\n\
    till-3,http://10.0.0.3,,,region=us\n";

fn ids(listed: &str) -> Vec<String> {
    listed.lines().map(|line| line.split("  ").next().unwrap().to_owned()).collect()
}

#[test]
fn inventories_are_imported_listed_and_filtered() {
    assert_eq!(run(&["fleet", "list"]).stdout, "");
    let (_folder, csv) = file("fleet.csv", CSV);
    let (_folder, toml) = file("more.toml", "[[device]]\nid = \"gate\"\naddress = \"https://10.0.1.1\"\n");
    let dry = run(&["fleet", "import", &csv, &toml, "--dry-run"]);
    assert_eq!((dry.code, &*dry.stdout), (0, "4 devices: 4 added, 0 changed, 0 unchanged (nothing was kept)\n"));
    assert_eq!(run(&["fleet", "list"]).stdout, "");

    let first = run(&["fleet", "import", &csv, &toml, "--json"]).json();
    let expected = serde_json::json!({
        "files": 2, "devices": 4, "added": 4, "changed": 0, "unchanged": 0, "dry_run": false
    });
    assert_eq!(first, expected);
    std::fs::write(&csv, CSV.replace("1.9.0", "1.9.1")).unwrap();
    let again = run(&["fleet", "import", &csv]);
    assert_eq!(again.stdout, "3 devices: 0 added, 1 changed, 2 unchanged\n");

    let all = run(&["fleet", "list"]);
    assert_eq!(ids(&all.stdout), ["gate", "till-1", "till-2", "till-3"]);
    assert!(all.stdout.contains("till-1  online  1.9.1  http://10.0.0.1/  region=eu  store=a"), "{}", all.stdout);
    let filtered = |filter| ids(&run(&["fleet", "list", "--filter", filter]).stdout);
    assert_eq!(filtered("tag.region=eu,status=online"), ["till-1"]);
    assert_eq!(filtered("firmware<1.10"), ["gate", "till-1", "till-3"]);
    assert_eq!(filtered("limit=2,offset=1"), ["till-1", "till-2"]);
    let json = run(&["fleet", "list", "--filter", "id=till-2", "--json"]).json();
    assert_eq!((&json["status"], &json["tags"]["region"]), (&"offline".into(), &"eu".into()));
}

#[test]
fn a_heartbeat_says_where_a_device_is_and_what_it_runs() {
    run(&["fleet", "heartbeat", "till-2"]).refused(2, "no devices yet");
    let (_folder, csv) = file("fleet.csv", CSV);
    run(&["fleet", "import", &csv]);
    let beat = ["fleet", "heartbeat", "till-2", "--address", "http://10.0.9.9", "--version", "2.0.0", "--json"];
    assert_eq!(run(&beat).json(), serde_json::json!({ "noted": 1, "unknown": [] }));
    let known = run(&["fleet", "list", "--filter", "id=till-2"]).stdout;
    assert!(known.contains("till-2  online  2.0.0  http://10.0.9.9/") && known.contains("seen 0 s ago"), "{known}");
    run(&["fleet", "heartbeat", "till-9"]).refused(2, "no device `till-9`: the nearest are `till-1`");
    run(&["fleet", "heartbeat", "till-1", "--address", "ftp://h"]).refused(2, "unsupported scheme `ftp`");
    run(&["fleet", "heartbeat", "till-1", "till-2", "--version", "2"]).refused(2, "one device at a time");
}

#[test]
fn wrong_calls_are_told_in_one_line() {
    let (_folder, csv) = file("fleet.csv", CSV);
    let (_folder, twice) = file("twice.csv", "id,address\nnew,http://h\ntill-1,http://i\n");
    run(&["fleet", "import", &csv, &twice]).refused(2, "twice.csv:3: field `id`: device `till-1` is there already, in");
    assert_eq!(run(&["fleet", "list"]).stdout, "", "a wrong file changes nothing");
    let (_folder, broken) = file("broken.json", "[\n{\"id\": \"a\", \"address\": \"http://h\", \"tag\": 1}]");
    run(&["fleet", "import", &broken]).refused(2, "broken.json:2: unknown field `tag`");
    run(&["fleet", "list", "--filter", "region=eu"]).refused(2, "unknown key `region`");
    run(&["fleet", "list", "--store", "/no/such/folder/a.db"]).refused(2, "there is no file /no/such/folder/a.db");
    run(&["fleet", "import"]).refused(2, "FILE");
    let (_folder, text) = file("text.db", vec![b'x'; 4096]);
    let broken = run(&["fleet", "list", "--store", &text]);
    broken.refused(2, "text.db");
}

/// The fleet of the store is what a rollout is for when it names no inventory.
#[test]
fn a_rollout_chooses_from_the_fleet() {
    let fleet = Fleet::start(6, &["--version", "1.0.0"]);
    let (artifact, inventory) = (fleet.path("fw.bin"), fleet.path("fleet.json"));
    let rollout = ["rollout", "run", "--artifact", &artifact, "--version", "2.0.0"];
    run(&rollout).refused(2, "give --inventory FILE, or `steadfast fleet import FILE` first");
    assert_eq!(run(&["fleet", "import", &inventory]).code, 0);
    let some = [&rollout[..], &["--filter", "id=dev-000001|dev-000005", "--id", "some", "--json"]].concat();
    assert_eq!(run(&some).json()["succeeded"], 2);
    assert_eq!(fleet.total("accepted"), 2);
    let none = run(&[&rollout[..], &["--tag", "region=eu"]].concat());
    none.refused(2, "no device of the fleet matches `tag.region=eu`: there are 6");
    let why = run(&["rollout", "status", "some", "--device", "dev-000002"]);
    assert!(
        why.stdout.contains("takes no part in some: it was not selected: `id=dev-000001|dev-000005`"),
        "{}",
        why.stdout
    );
    let why = run(&["rollout", "status", "some", "--device", "dev-00002"]);
    assert!(why.stdout.contains("the fleet has no device of that id; the nearest are"), "{}", why.stdout);
    // The others, and these again: what they run already is not sent again.
    let all = finish(&mut fleet.run("all", &["--json"]));
    assert_eq!((all.code, all.json()["succeeded"].as_u64()), (0, Some(6)), "{}", all.stderr);
    assert_eq!((fleet.total("pushes"), fleet.total("pushes_after_success")), (6, 0));
}

/// Who is imported while a rollout waits for approval is part of its last phase.
#[test]
fn devices_join_a_rollout_late() {
    let fleet = Fleet::start(6, &[]);
    let (artifact, inventory) = (fleet.path("fw.bin"), fleet.path("fleet.json"));
    let all: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(&inventory).unwrap()).unwrap();
    let (_folder, some) = file("some.json", serde_json::to_vec(&all[..2]).unwrap());
    assert_eq!(run(&["fleet", "import", &some]).code, 0);
    let plan = file(
        "rollout.toml",
        "id = \"grows\"\nversion = \"2.0.0\"\nlate_joiners = \"last-phase\"\napprove_phases = true\n\
         [[phases]]\nshare = \"50%\"\n[[phases]]\nshare = \"100%\"\n",
    );
    let mut rollout = Background::start(&mut command(&["rollout", "run", "--plan", &plan.1, "--artifact", &artifact]));
    rollout.until("phase 2 waits for approval");
    rollout.kill();
    assert_eq!(run(&["fleet", "import", &inventory]).code, 0);
    let mut rollout = Background::start(&mut command(&["rollout", "resume", "grows", "--json"]));
    rollout.until("4 devices of the fleet joined");
    assert_eq!(run(&["rollout", "approve", "grows"]).code, 0);
    let ended = rollout.end();
    assert_eq!((ended.code, ended.json()["succeeded"].as_u64()), (0, Some(6)), "{}", ended.stderr);
    assert_eq!((fleet.total("pushes"), fleet.total("accepted")), (6, 6));
}
