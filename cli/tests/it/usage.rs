//! Calls that are wrong before anything is done, and how simulators refuse.

use crate::rig::{file, run};

#[test]
fn help_and_version_go_to_stdout() {
    for args in [
        &["--help"][..],
        &["chat", "--help"],
        &["providers", "check", "--help"],
        &["rollout", "run", "--help"],
        &["--version"],
    ] {
        let help = run(args);
        assert_eq!((help.code, help.stderr.as_str()), (0, ""));
        assert!(!help.stdout.is_empty());
    }
}

#[test]
fn wrong_calls_are_told_in_one_line() {
    run(&["nothing"]).refused(2, "unrecognized subcommand 'nothing'");
    run(&["chat", "--no-such-flag", "hi"]).refused(2, "--no-such-flag");
    run(&["chat", "-q", "-v", "hi"]).refused(2, "cannot be used with");
    run(&["sim", "fleet", "--devices", "0"]).refused(2, "--devices");
    run(&["sim", "llm", "--bind", "nowhere"]).refused(2, "--bind");
    run(&["sim", "llm", "--tool-call", "weather"]).refused(2, "NAME=ARGUMENTS");
    run(&["sim", "llm", "--faults", "no-such-file.toml"]).refused(2, "no-such-file.toml");
    let (_folder, faults) = file("faults.toml", "[[step]]\nthen = { status = 503 }\nfrequency = 2\n");
    run(&["sim", "llm", "--faults", &faults]).refused(2, "faults.toml:3: ");
}
