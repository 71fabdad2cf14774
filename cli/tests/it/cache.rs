//! `chat --cache` against the simulated providers.

use std::path::Path;
use std::process::Command;

use crate::rig::{Run, Sim, command, file, finish};

/// A folder for answers, and a provider that refuses the second request for good.
struct Place {
    folder: tempfile::TempDir,
    _faults: tempfile::TempDir,
    _sim: Sim,
    url: String,
}

impl Place {
    fn new() -> Self {
        Self::answering(1)
    }

    /// The provider answers so many requests and refuses all further ones.
    fn answering(requests: u32) -> Self {
        let refuse = "[[step]]\nthen = { status = 401 }\n";
        let script = format!("[[step]]\ntimes = {requests}\nthen = {{ delay_ms = 0 }}\n\n{refuse}");
        Self::with(if requests == 0 { refuse } else { &script })
    }

    fn with(script: &str) -> Self {
        let (_faults, path) = file("faults.toml", script);
        let (_sim, url, _) = Sim::llm(&["--faults", &path]);
        Self { folder: tempfile::tempdir().unwrap(), _faults, _sim, url }
    }

    fn cache(&self) -> String {
        self.folder.path().join("kept").to_str().unwrap().to_owned()
    }

    fn command(&self, args: &[&str]) -> Command {
        let cache = self.cache();
        command(&[&["chat", "--base-url", &self.url, "--cache", "--cache-dir", &cache], args].concat())
    }

    fn ask(&self, args: &[&str]) -> Run {
        finish(&mut self.command(args))
    }
}

fn is_told(run: &Run) -> bool {
    let told = run.stderr.strip_prefix("answered from the cache: asked ").and_then(|rest| rest.split_once(" ago, "));
    told.is_some_and(|(age, saved)| age.ends_with(" s") && saved.ends_with(" tokens saved\n"))
}

#[test]
fn a_repeated_question_asks_nobody_and_says_so() {
    for (first, second) in [([].as_slice(), [].as_slice()), (&["--no-stream"], &[]), (&[], &["--no-stream"])] {
        let place = Place::new();
        let asked = place.ask(&[first, &["who", "is", "there?"]].concat());
        assert_eq!((asked.code, asked.stderr.as_str()), (0, ""));
        let again = place.ask(&[second, &["who is there?"]].concat());
        assert_eq!((again.code, &again.stdout), (0, &asked.stdout), "{}", again.stderr);
        assert!(is_told(&again), "{}", again.stderr);
        let quiet = place.ask(&["-q", "who is there?"]);
        assert_eq!((quiet.stdout, quiet.stderr.as_str()), (asked.stdout, ""));
    }
}

#[test]
fn json_tells_that_nobody_was_asked() {
    let place = Place::new();
    let asked = place.ask(&["--json", "who is there?"]).json();
    let again = place.ask(&["--json", "who is there?"]);
    assert!(is_told(&again), "{}", again.stderr);
    let again = again.json();
    assert_eq!((&asked["cached"], &again["cached"]), (&false.into(), &true.into()));
    assert_eq!((asked["attempts"].as_array().unwrap().len(), again["attempts"].as_array().unwrap().len()), (1, 0));
    for same in ["answer", "provider", "model", "usage"] {
        assert_eq!(asked[same], again[same], "{same}");
    }
    assert!(asked["cost"].as_f64().unwrap() > 0.0 && again["cost"] == 0.0);
}

#[test]
fn another_question_is_another_question() {
    let place = Place::new();
    assert_eq!(place.ask(&["hello"]).code, 0);
    let others: [&[&str]; 6] = [
        &["hello?"],
        &["--model", "gpt-x", "hello"],
        &["--system", "be brief", "hello"],
        &["--max-tokens", "7", "hello"],
        &["--cache-ttl", "1ns", "hello"],
        &["hello "],
    ];
    for other in others {
        // The simulator refuses: it was asked. A short life counts from the next put on.
        let expected = if other[0] == "--cache-ttl" { 0 } else { 1 };
        assert_eq!(place.ask(other).code, expected, "{other:?}");
    }
    let keyed = finish(place.command(&["hello"]).env("OPENAI_API_KEY", "canary-4711"));
    assert_eq!(keyed.code, 1, "{}", keyed.stderr);
    let without = finish(&mut command(&["chat", "--base-url", &place.url, "hello"]));
    assert_eq!(without.code, 1, "{}", without.stderr);
    assert_eq!(place.ask(&["hello"]).code, 0);
}

#[test]
fn an_answer_is_kept_for_as_long_as_it_was_asked_to_be() {
    let place = Place::answering(2);
    for _ in 0..2 {
        assert_eq!(place.ask(&["--cache-ttl", "1ns", "hello"]).stderr, "");
    }
    place.ask(&["--cache-ttl", "1ns", "hello"]).refused(1, "openai");
}

#[test]
fn an_answer_that_breaks_off_is_not_kept() {
    let place = Place::with("[[step]]\ntimes = 1\nthen = { truncate_after = 400 }\n");
    assert_eq!(place.ask(&["hello"]).code, 1);
    let asked = place.ask(&["hello"]);
    assert_eq!((asked.code, asked.stderr.as_str()), (0, ""));
    assert!(is_told(&place.ask(&["hello"])));
}

#[test]
fn the_folder_can_come_from_the_environment() {
    let place = Place::answering(3);
    let home = place.folder.path();
    let ask = |variables: &[(&str, &str)]| {
        let mut asked = command(&["chat", "--base-url", &place.url, "--cache", "hello"]);
        asked.env("HOME", home).env_remove("XDG_CACHE_HOME");
        asked.envs(variables.iter().map(|(name, folder)| (name, home.join(folder))));
        assert_eq!(finish(&mut asked).stderr, "");
    };
    ask(&[("STEADFAST_CACHE_DIR", "variable"), ("XDG_CACHE_HOME", "xdg")]);
    assert!(home.join("variable/answers.sqlite").exists());
    if cfg!(target_os = "linux") {
        ask(&[]);
        assert!(home.join(".cache/steadfast/answers.sqlite").exists());
        ask(&[("XDG_CACHE_HOME", "xdg")]);
        assert!(home.join("xdg/steadfast/answers.sqlite").exists());
    }
}

#[cfg(unix)]
#[test]
fn the_answers_are_for_their_owner_alone_and_hold_no_question() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    assert_eq!(place.ask(&["--system", "system-canary", "question-canary"]).code, 0);
    let kept = place.folder.path().join("kept");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&kept), mode(&kept.join("answers.sqlite"))), (0o700, 0o600));
    let bytes = std::fs::read(kept.join("answers.sqlite")).unwrap();
    assert!(!bytes.windows(6).any(|bytes| bytes == b"canary"));
}

#[test]
fn a_cache_that_cannot_be_had_is_told_and_the_question_is_asked() {
    let place = Place::answering(2);
    std::fs::write(place.folder.path().join("kept"), "a file").unwrap();
    let asked = place.ask(&["hello"]);
    assert_eq!(asked.code, 0);
    assert!(asked.stderr.starts_with("warning: asking without a cache: cannot make "), "{}", asked.stderr);
    assert_eq!(asked.stderr.lines().count(), 1, "{}", asked.stderr);
    std::fs::remove_file(place.folder.path().join("kept")).unwrap();
    std::fs::create_dir(place.folder.path().join("kept")).unwrap();
    std::fs::write(place.folder.path().join("kept/answers.sqlite"), "no database ".repeat(99)).unwrap();
    let asked = place.ask(&["hello"]);
    assert_eq!(asked.code, 0);
    assert!(asked.stderr.starts_with("warning: the cache was corrupt and is begun anew"), "{}", asked.stderr);
    assert!(is_told(&place.ask(&["hello"])));
}

#[test]
fn several_runs_at_once_share_the_cache() {
    let place = Place::answering(8);
    let runs: Vec<_> = (0..8)
        .map(|number| {
            let mut asked = place.command(&[&format!("hello {number}")]);
            asked.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
    for number in 0..8 {
        assert!(is_told(&place.ask(&[&format!("hello {number}")])), "{number}");
    }
}

#[test]
fn wrong_calls_are_told_in_one_line() {
    let place = Place::new();
    place.ask(&["--cache-ttl", "soon", "hi"]).refused(2, "--cache-ttl");
    place.ask(&["--cache-ttl", "0s", "hi"]).refused(2, "it must be longer than zero");
    finish(&mut command(&["chat", "--cache-dir", "/tmp/x", "hi"])).refused(2, "--cache");
}
