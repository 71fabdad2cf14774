//! `rollout plan`, and what is refused before anything is done.

use crate::rig::{Fleet, Run, file, run};

fn plan(fleet: &Fleet, more: &[&str]) -> Run {
    let (artifact, inventory) = (fleet.path("fw.bin"), fleet.path("fleet.json"));
    let plan = ["rollout", "plan", "--artifact", &artifact, "--inventory", &inventory, "--version", "2.0.0"];
    run(&[&plan[..], more].concat())
}

#[test]
fn a_plan_says_what_would_happen() {
    let fleet = Fleet::start(120, &[]);
    let steps = ["--phase", "10%,name=canary,soak=24h,success>=95%", "--phase", "100%"];
    let told = plan(&fleet, &steps);
    assert_eq!(told.code, 0, "{}", told.stderr);
    for expected in ["12 devices", "canary", "95", "allow no failure"] {
        assert!(told.stdout.contains(expected), "{expected}: {}", told.stdout);
    }
    assert!(plan(&fleet, &[&steps[..], &["--json"]].concat()).json().is_object());
    assert_eq!(fleet.total("pushes"), 0);
    assert_eq!(run(&["rollout", "list"]).stdout, "", "nothing is kept");
}

#[test]
fn a_plan_that_cannot_work_ends_with_2() {
    let fleet = Fleet::start(10, &[]);
    let told = plan(&fleet, &["--phase", "50%", "--phase", "20%"]);
    assert_eq!(told.code, 2, "{}{}", told.stdout, told.stderr);
}

#[test]
fn wrong_settings_are_told_in_one_line() {
    let fleet = Fleet::start(2, &[]);
    for (options, expected) in [
        (&["--strategy", "progressive"][..], "--strategy progressive: give its phases"),
        (&["--strategy", "window"], "--strategy window: give --window"),
        (&["--strategy", "region"], "--strategy region: give --tag"),
        (&["--strategy", "all"], "--strategy"),
        (&["--phase", "10%,succes>=95%"], "`succes>=95%` is no gate"),
        (&["--phase", "10"], "`10` is no share"),
        (&["--window", "tonight"], "--window"),
        (&["--timezone", "UTC"], "--timezone is about a window"),
        (&["--window", "02:00-04:00", "--timezone", "Mars/Olympus"], "no time zone `Mars/Olympus`"),
        (&["--window", "02:00-04:00", "--at-window-end", "explode"], "unknown variant `explode`"),
        (&["--filter", "tag.region"], "filter at `tag.region`"),
        (&["--filter", "id=nobody"], "matches `id=nobody`: there are 2"),
        (&["--tag", "region"], "`region` is no tag"),
        (&["--start-at", "tomorrow"], "`tomorrow` is no RFC 3339 time"),
        (&["--probe-every", "5"], "`5` is no span of time"),
        (&["--site-tag", "store"], "each needs the other"),
        (&["--late-joiners", "last-phase"], "leave --inventory out"),
        (&["--late-joiners", "first"], "--late-joiners"),
        (&["--rollback-version", "1"], "each needs the other"),
        (&["--concurrency", "0"], "--concurrency"),
        (&["--header", "Authorization: canary"], "--header-env"),
        (&["--retries", "1000"], "--retries"),
        (&["--limit-total", "fast"], "`fast` is no number of bytes a second"),
        (&["--limit-site", "1M"], "`1M` names no tag"),
        (&["--limit-site", "store=1M", "--limit-host", "1M"], "cannot be used with"),
        (&["--version-pointer", "version"], "pointer"),
        (&["--zstd=sometimes"], "--zstd"),
        (&["--update-path", "/../up"], "update path"),
        (&["--plan", "no-such.toml"], "cannot read the plan no-such.toml"),
    ] {
        let told = plan(&fleet, options);
        told.refused(2, expected);
        assert!(!told.stderr.contains("canary"), "{}", told.stderr);
    }
    let (_folder, wrong) = file("wrong.toml", "version = \"2\"\n\n[[phases]]\nshare = \"10%\"\nsoak = \"long\"\n");
    run(&["rollout", "plan", "--plan", &wrong]).refused(2, "wrong.toml:5: field `phases[0].soak`: `long` is no span");
    let (_folder, wrong) = file("wrong.toml", "versoin = \"2\"\n");
    run(&["rollout", "run", "--plan", &wrong]).refused(2, "wrong.toml:1: unknown field `versoin`");
    run(&["rollout", "run"]).refused(2, "give --artifact FILE");
    let artifact = fleet.path("fw.bin");
    run(&["rollout", "run", "--artifact", &artifact]).refused(2, "give --version");
}
