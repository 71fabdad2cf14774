//! `providers` against the simulated providers.

use crate::rig::{Sim, command, file, finish, run};

#[test]
fn vendors_are_listed_with_where_their_keys_belong() {
    let mut listed = command(&["providers", "list"]);
    let listed = finish(listed.env("GROQ_API_KEY", "canary-4711"));
    assert_eq!((listed.code, &*listed.stderr), (0, ""));
    assert!(listed.stdout.contains("GROQ_API_KEY is set") && listed.stdout.contains("XAI_API_KEY is not set"));
    assert!(!listed.stdout.contains("canary"));
    let json = run(&["providers", "list", "--json"]).json();
    let names: Vec<_> = json.as_array().unwrap().iter().map(|vendor| vendor["name"].as_str().unwrap()).collect();
    assert!(names.starts_with(&["openai", "anthropic"]) && names.contains(&"ollama"), "{names:?}");
    assert!(json.as_array().unwrap().iter().all(|vendor| vendor["has_key"] == false));
}

#[test]
fn a_check_looks_at_everybody_whose_key_is_set_and_fails_when_one_of_them_does() {
    let (_sim, openai, anthropic) = Sim::llm(&["--requests-per-minute", "100"]);
    let check = |args: &[&str], anthropic: &str| {
        let mut command = command(&[&["providers", "check"][..], args].concat());
        command.env("OPENAI_API_KEY", "canary-4711").env("OPENAI_BASE_URL", &openai);
        finish(command.env("ANTHROPIC_API_KEY", "canary-4712").env("ANTHROPIC_BASE_URL", anthropic))
    };
    let good = check(&[], &anthropic);
    assert_eq!((good.code, good.stdout.lines().count()), (0, 2), "{}", good.stderr);
    assert!(good.stdout.starts_with("openai: ok: the key is there, 3 models in "), "{}", good.stdout);
    let bad = check(&["-q"], "http://127.0.0.1:1");
    assert_eq!((bad.code, &*bad.stderr), (1, "error: 1 of 2 cannot be asked\n"));
    assert!(bad.stdout.contains("\nanthropic: failed: "), "{}", bad.stdout);
    let json = check(&["-q", "--json"], "http://127.0.0.1:1");
    assert!(!format!("{}{}{}", good.stdout, bad.stdout, json.stdout).contains("canary"));
    let json = json.json();
    assert_eq!((&json[0]["ok"], &json[1]["ok"]), (&true.into(), &false.into()));
    assert!(json[1]["error"].as_str().unwrap().contains("connection refused"), "{json}");
    let one = check(&["--provider", "openai"], "http://127.0.0.1:1");
    assert_eq!((one.code, one.stdout.lines().count()), (0, 1), "{}", one.stderr);
}

#[test]
fn a_check_looks_at_all_of_a_configuration() {
    let script = "[[step]]\nmatch = { provider = \"anthropic\" }\nthen = { status = 401 }\n";
    let (_faults, faults) = file("faults.toml", script);
    let (_sim, openai, anthropic) = Sim::llm(&["--faults", &faults]);
    let config = format!(
        "[providers.a]\nvendor = \"openai\"\nmodel = \"m\"\nbase_url = \"{openai}\"\n\
         [providers.b]\nvendor = \"anthropic\"\nbase_url = \"{anthropic}\"\n"
    );
    let (_folder, path) = file("llm.toml", config);
    let checked = run(&["providers", "check", "--config", &path]);
    assert_eq!((checked.code, checked.stdout.lines().count()), (1, 2), "{}", checked.stderr);
    assert!(checked.stdout.starts_with("a: ok: ") && checked.stdout.contains("\nb: failed: "), "{}", checked.stdout);
    run(&["providers", "check"]).refused(2, "no key");
    run(&["providers", "check", "--provider", "bedrock"]).refused(2, "bedrock-runtime");
}
