//! `models` against the simulated providers.

use crate::rig::{Sim, run};

#[test]
fn the_models_of_a_provider_are_listed() {
    let (_sim, openai, anthropic) = Sim::llm(&[]);
    for (provider, url) in [("openai", &openai), ("anthropic", &anthropic)] {
        let ask = ["models", "--provider", provider, "--base-url", url];
        let listed = run(&ask);
        assert_eq!((listed.code, &*listed.stderr), (0, ""));
        let json = run(&[&ask[..], &["--json"]].concat()).json();
        assert_eq!(json["provider"], provider);
        let names = json["models"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap());
        let lines = listed.stdout.lines().map(|line| line.split_once('\t').map_or(line, |(name, _)| name));
        assert!(names.eq(lines) && !listed.stdout.is_empty(), "{}", listed.stdout);
    }
}

#[test]
fn who_does_not_answer_and_who_is_not_known_is_told_in_one_line() {
    run(&["models", "--base-url", "http://127.0.0.1:1/v1"]).refused(1, "after 4 attempts");
    run(&["models"]).refused(2, "OPENAI_API_KEY");
    run(&["models", "--provider", "nobody"]).refused(2, "no vendor `nobody`");
}
