//! `chat` against the simulated providers.

use crate::rig::{Sim, command, file, finish, run, with_stdin};

#[test]
fn an_answer_from_each_provider_plain_streamed_and_as_json() {
    let (_sim, openai, anthropic) = Sim::llm(&[]);
    for (provider, url, model) in [("openai", &openai, "gpt-5.4"), ("anthropic", &anthropic, "claude-sonnet-4-5")] {
        let ask = ["chat", "--provider", provider, "--base-url", url];
        let streamed = run(&[&ask[..], &["who", "is", "there?"]].concat());
        assert_eq!(streamed.code, 0, "{}", streamed.stderr);
        assert!(streamed.stdout.len() > 10 && streamed.stdout.ends_with('\n'));
        assert_eq!(streamed.stderr, "");
        let plain = run(&[&ask[..], &["--no-stream", "who is there?"]].concat());
        assert_eq!(plain.stdout, streamed.stdout);
        let json = run(&[&ask[..], &["--json", "who is there?"]].concat()).json();
        assert_eq!(json["answer"].as_str().unwrap(), plain.stdout.trim_end());
        assert_eq!(json["provider"], provider);
        assert_eq!(json["model"], model);
        assert!(json["usage"]["output"].as_u64().unwrap() > 0);
        assert!(json["cost"].as_f64().unwrap() > 0.0 && json["cost"] == json["attempts"][0]["cost"]);
        assert_eq!(json["cached"], false);
        assert_eq!(json["attempts"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn the_prompt_can_come_from_stdin_and_the_key_from_the_environment() {
    let (_sim, openai, _) = Sim::llm(&[]);
    let run = with_stdin(&["chat", "--base-url", &openai, "-"], "who is there?\n");
    assert_eq!(run.code, 0, "{}", run.stderr);
    let silent = with_stdin(&["chat", "--base-url", &openai], "who is there?\n");
    assert_eq!((silent.code, &silent.stdout), (0, &run.stdout));
    let keyed = finish(command(&["chat", "-v", "--base-url", &openai, "hello"]).env("OPENAI_API_KEY", "canary-4711"));
    assert_eq!(keyed.code, 0, "{}", keyed.stderr);
    assert!(!format!("{}{}", keyed.stdout, keyed.stderr).contains("canary"));
    assert!(keyed.stderr.contains("openai/gpt-5.4: attempt 1: HTTP 200"), "{}", keyed.stderr);
}

#[test]
fn waits_are_told_and_the_answer_comes_all_the_same() {
    let script = r#"
        [[step]]
        times = 1
        then = { status = 503, headers = { retry-after-ms = "20" } }
    "#;
    let (_folder, path) = file("faults.toml", script);
    let (_sim, openai, _) = Sim::llm(&["--faults", &path]);
    let told = run(&["chat", "--base-url", &openai, "hello"]);
    assert_eq!(told.code, 0);
    assert_eq!(told.stderr, "openai/gpt-5.4: HTTP 503; attempt 2 of 4 in 0.0 s, as the server asked\n");
}

#[test]
fn a_fallback_answers_when_the_first_cannot() {
    let script = r#"
        [[step]]
        match = { provider = "openai" }
        then = { status = 401 }
    "#;
    let (_folder, path) = file("faults.toml", script);
    let (_sim, openai, anthropic) = Sim::llm(&["--faults", &path]);
    let mut asked = command(&[
        "chat",
        "--provider",
        "openai",
        "--base-url",
        &openai,
        "--fallback",
        "anthropic/claude-x",
        "--json",
        "hi",
    ]);
    let run = finish(asked.env("ANTHROPIC_BASE_URL", &anthropic));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let json = run.json();
    assert_eq!((json["provider"].as_str(), json["attempts"].as_array().unwrap().len()), (Some("anthropic"), 2));
    assert!(run.stderr.starts_with("falling back from openai to anthropic: "), "{}", run.stderr);
}

#[test]
fn a_spent_quota_is_asked_once_and_told() {
    let script = r#"
        [[step]]
        [step.then]
        status = 429
        json = { error = { message = "You exceeded your current quota", type = "insufficient_quota", param = "", code = "insufficient_quota" } }
    "#;
    let (_folder, path) = file("faults.toml", script);
    let (_sim, openai, _) = Sim::llm(&["--faults", &path]);
    let spent = run(&["chat", "-v", "--base-url", &openai, "hello"]);
    spent.refused(1, "insufficient_quota");
    assert!(!spent.stderr.contains("attempt 2"), "{}", spent.stderr);
}

#[test]
fn an_answer_that_breaks_off_is_an_error() {
    let script = "[[step]]\nthen = { truncate_after = 400 }\n";
    let (_folder, path) = file("faults.toml", script);
    let (_sim, openai, _) = Sim::llm(&["--faults", &path]);
    let cut = run(&["chat", "--base-url", &openai, "hello"]);
    assert_eq!(cut.code, 1, "{}", cut.stderr);
    assert_eq!(cut.stderr.lines().count(), 1, "{}", cut.stderr);
}

#[test]
fn wrong_calls_are_told_in_one_line() {
    run(&["chat", "--provider", "nobody", "hi"])
        .refused(2, "no vendor `nobody`: there are openai, anthropic, openrouter");
    run(&["chat", "--provider", "gemini", "hi"]).refused(2, "https://generativelanguage.googleapis.com/v1beta/openai");
    run(&["chat", "--provider", "groq", "hi"]).refused(2, "GROQ_API_KEY");
    run(&["chat", "--provider", "ollama", "hi"]).refused(2, "ollama: no model");
    run(&["chat", "--provider", "azure", "--model", "m", "hi"]).refused(2, "AZURE_OPENAI_BASE_URL");
    run(&["chat", "--base-url", "http://127.0.0.1:1/v1", "--fallback", "nobody", "hi"])
        .refused(2, "no vendor `nobody`");
    run(&["chat", "--base-url", "http://127.0.0.1:1/v1", "--fallback", "groq/", "hi"]).refused(2, "no model after");
    run(&["chat", "--api", "smoke", "hi"]).refused(2, "chat_completions");
    run(&["chat", "--effort", "lots", "hi"]).refused(2, "minimal");
    run(&["chat", "--temperature", "hot", "hi"]).refused(2, "from 0 to 2");
    run(&["chat", "hi"]).refused(2, "set OPENAI_API_KEY or ANTHROPIC_API_KEY");
    run(&["chat", "--provider", "anthropic", "hi"]).refused(2, "ANTHROPIC_API_KEY");
    run(&["chat", "--provider", "openai", "hi"]).refused(2, "OPENAI_API_KEY");
    run(&["chat"]).refused(2, "the prompt is empty");
    run(&["chat", "--base-url", "http://127.0.0.1:1/v1", " "]).refused(2, "the prompt is empty");
    run(&["chat", "--base-url", "ftp://127.0.0.1/v1", "hi"]).refused(2, "http");
    run(&["chat", "--max-tokens", "0", "hi"]).refused(2, "--max-tokens");
    let mut keyed = command(&["chat", "--base-url", "http://example.com/v1", "hi"]);
    finish(keyed.env("OPENAI_API_KEY", "canary-4711")).refused(2, "--allow-plain-http");
}

#[test]
fn every_api_answers_and_every_vendor_can_be_asked() {
    let (_sim, openai, _) = Sim::llm(&[]);
    let json = run(&["chat", "--base-url", &openai, "--api", "responses", "--json", "hi"]).json();
    assert!(json["id"].as_str().unwrap().starts_with("resp"), "{json}");
    let mut groq = command(&["chat", "--provider", "groq", "--effort", "low", "--temperature", "0", "--json", "hi"]);
    let json = finish(groq.env("GROQ_API_KEY", "canary-4711").env("GROQ_BASE_URL", &openai)).json();
    assert_eq!((json["provider"].as_str(), json["finish"].as_str()), (Some("groq"), Some("stop")));
}

#[test]
fn an_answer_in_a_form_is_checked() {
    let (_sim, openai, _) = Sim::llm(&["--structured", r#"{"name":"Hamburg","bridges":2500}"#]);
    let schema = |kind: &str| {
        format!(
            r#"{{"type":"object","properties":{{"name":{{"type":"string"}},"bridges":{{"type":"{kind}"}}}},
                "required":["name","bridges"],"additionalProperties":false}}"#
        )
    };
    let ask = |text: &str| {
        let (_folder, path) = file("city.json", text);
        run(&["chat", "--base-url", &openai, "--schema", &path, "which?"])
    };
    let fits = ask(&schema("integer"));
    assert_eq!((fits.code, &*fits.stdout), (0, "{\"name\":\"Hamburg\",\"bridges\":2500}\n"), "{}", fits.stderr);
    ask(&schema("string")).refused(1, "does not fit the schema at /bridges");
    ask(&schema("nothing")).refused(2, "it is no JSON Schema");
    ask("[]").refused(2, "a schema is an object");
    ask("{").refused(2, "city.json");
    run(&["chat", "--base-url", &openai, "--schema", "no-such-file.json", "which?"]).refused(2, "no-such-file.json");
}

#[test]
fn images_are_known_by_their_first_bytes() {
    let (_sim, openai, _) = Sim::llm(&[]);
    let ask = |bytes: &[u8]| {
        let (_folder, path) = file("image", bytes);
        run(&["chat", "--base-url", &openai, "--image", &path, "--image", &path, "what is it?"])
    };
    let told = ask(b"\x89PNG\r\n\x1a\n and so on");
    assert_eq!((told.code, &*told.stderr), (0, ""));
    ask(b"BM").refused(2, "none of PNG, JPEG, GIF and WebP");
    ask(&vec![0xff; 20 * 1024 * 1024 + 1]).refused(2, "larger than 20 MiB");
}

#[test]
fn providers_of_a_configuration_are_asked_by_their_names() {
    let (_sim, openai, anthropic) = Sim::llm(&[]);
    let config = format!(
        "default = \"mine\"\n[providers.mine]\nvendor = \"openai\"\nmodel = \"m\"\nbase_url = \"{openai}\"\n\
         [providers.other]\nvendor = \"anthropic\"\nbase_url = \"{anthropic}\"\n"
    );
    let (_folder, path) = file("llm.toml", config);
    let who = |args: &[&str]| {
        let json = run(&[&["chat", "--config", &path, "--json"][..], args, &["hi"]].concat()).json();
        (json["provider"].as_str().unwrap().to_owned(), json["model"].as_str().unwrap().to_owned())
    };
    assert_eq!(who(&[]), ("mine".into(), "m".into()));
    assert_eq!(who(&["--model", "n"]), ("mine".into(), "n".into()));
    assert_eq!(who(&["--provider", "other"]), ("other".into(), "claude-sonnet-4-5".into()));
    assert_eq!(who(&["--fallback", "other,mine"]), ("mine".into(), "m".into()));
    let refused = |args: &[&str], expected| {
        run(&[&["chat", "--config", &path][..], args, &["hi"]].concat()).refused(2, expected);
    };
    refused(&["--fallback", "other/x"], "the configuration says which model");
    refused(&["--base-url", &openai], "--base-url and --api are for vendors");
    refused(&["--provider", "third"], "no vendor `third`");
    run(&["chat", "--config", "no-such-file.toml", "hi"]).refused(2, "no-such-file.toml");
    let (_folder, wrong) = file("wrong.toml", "[providers.mine]\nvendor = \"openai\"\nkey = \"canary-4711\"\n");
    let told = run(&["chat", "--config", &wrong, "hi"]);
    told.refused(2, "providers.mine.key");
    assert!(!told.stderr.contains("canary"), "{}", told.stderr);
}
