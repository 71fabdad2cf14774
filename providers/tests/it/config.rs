//! Providers from configurations: what is in them, and what is wrong with them.

use steadfast_providers::admission::AdmissionSnapshot;
use steadfast_providers::{Call, Provider, Providers};
use steadfast_testkit::LlmSim;

use crate::rig::rig;

const WHOLE: &str = r#"
default = "gpt"

[providers.gpt]
vendor = "openai"
api = "chat_completions"
base_url = "URL"
key = { file = "KEY" }
key_every = "5m"
model = "gpt-5.4"
retry = { max_attempts = 2 }
limits = { requests_per_minute = 600, tokens_per_minute = 90000, longest_wait = "20s" }
timeouts = { header = "90s", attempt = "none" }
stream_timeouts = { header = "30s", first_token = "10m", next_event = "20s", total = "none" }

[providers.gpt.models."o4-mini"]
max_tokens = 100
stream_timeouts = { total = "1h" }

[providers.mine]
vendor = "acme"
model = "small-1"
max_tokens = 500
allow_plain_http = true

[vendors.acme]
api = "messages"
base_url = "http://127.0.0.1:1"
request_id = "x-trace"

[vendors.acme.auth]
header = "x-acme-key"

[routes.either]
strategy = "weighted"
targets = ["gpt", { provider = "mine", weight = 0, context = 32000, group = "own" }]
"#;

#[tokio::test]
async fn a_configuration_is_all_that_is_needed() {
    let (folder, rig) = (tempfile::tempdir().unwrap(), rig());
    let sim = LlmSim::builder().require_key("sk-1").start().await.unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "sk-1\n").unwrap();
    let text = WHOLE.replace("URL", sim.openai_url()).replace("KEY", &key.to_string_lossy());
    let path = folder.path().join("providers.toml");
    std::fs::write(&path, &text).unwrap();
    let json = serde_json::to_string(&toml::from_str::<serde_json::Value>(&text).unwrap()).unwrap();
    for providers in [Providers::from_file(&path, &rig.pool), Providers::from_json(&json, &rig.pool)] {
        let providers = providers.unwrap();
        assert_eq!(providers.names().collect::<Vec<_>>(), ["either", "gpt", "mine"]);
        assert_eq!(providers.get("mine").unwrap().model(), "small-1");
        let reply = providers.default().unwrap().complete(Call::new("a")).await.unwrap();
        assert_eq!((&*reply.provider, &*reply.model), ("gpt", "gpt-5.4"));
        let reply = providers.get("either").unwrap().complete(Call::new("a")).await.unwrap();
        assert_eq!((&*reply.provider, providers.clients().count()), ("gpt", 2));
        let known = AdmissionSnapshot::of(&rig.pool);
        assert_eq!(known[0].book.limits.iter().map(|limit| limit.limit).collect::<Vec<_>>(), [600, 90_000]);
    }
}

#[test]
fn what_is_wrong_is_told_by_the_path_of_its_field_and_never_quoted() {
    let rig = rig();
    let one = |fields: &str| format!("[providers.gpt]\nvendor = \"ollama\"\nmodel = \"m\"\n{fields}");
    for (text, expected) in [
        ("[providers", "line 1: "),
        ("default = \"gpt\"", "default: there is no provider `gpt`"),
        ("[provider.gpt]", "unknown field `provider`, expected one of"),
        ("[providers.gpt]\nmodel = \"m\"", "providers.gpt: missing field `vendor`"),
        ("[providers.gpt]\nvendor = \"vllm\"", "providers.gpt.model: is missing"),
        ("[providers.gpt]\nvendor = \"nobody\"", "providers.gpt.vendor: there is no vendor `nobody`"),
        ("[providers.gpt]\nvendor = \"gemini\"", "generativelanguage.googleapis.com/v1beta/openai"),
        (&one("key = \"sk-canary\""), "providers.gpt.key: a key does not belong into a configuration"),
        (&one("key = { environment = \"A\" }"), "providers.gpt.key: a key comes from one of"),
        (&one("key = { env = \"A\", file = \"sk-canary\" }"), "providers.gpt.key: a key comes from one of"),
        (&one("key = { file = \"/nowhere\" }"), "providers.gpt.key: the key file /nowhere cannot be read"),
        (&one("max_tokens = \"sk-canary\""), "providers.gpt.max_tokens: invalid type"),
        (&one("base_url = \"sk-canary\""), "providers.gpt.base_url: the base URL is not a URL"),
        (&one("modle = \"x\""), "unknown field `modle`, expected one of"),
        (&one("stream_timeouts = { next_event = \"soon\" }"), "providers.gpt.stream_timeouts.next_event: "),
        (&one("timeouts = { headers = \"1s\" }"), "providers.gpt.timeouts"),
        (&one("retry = { max_attempts = 0 }"), "providers.gpt.retry"),
        (&one("[providers.gpt.models.x]\nmax = 5"), "providers.gpt.models.x"),
        (&one("[routes.r]\ntargets = [\"gpt\", \"nobody\"]"), "routes.r.targets[1]: there is no provider `nobody`"),
        (&one("[routes.r]\ntargets = []"), "routes.r.targets: no target"),
        (&one("[routes.gpt]\ntargets = [\"gpt\"]"), "routes.gpt: there is a provider of this name"),
        (&one("[routes.r]\nstrategy = \"luck\"\ntargets = []"), "routes.r.strategy: unknown variant `luck`"),
        (&one("[routes.r]\ntargets = [{ provider = \"gpt\", wait = 1 }]"), "unknown field `wait`"),
        ("[vendors.acme]\napi = \"chat\"\nbase_url = \"http://x\"", "vendors.acme.api: unknown variant `chat`"),
        ("[vendors.acme]\nbase_url = \"http://x\"", "vendors.acme: missing field `api`"),
        (
            "[vendors.acme]\napi = \"responses\"\nbase_url = \"x\"\n[vendors.acme.codes]\na = \"poor\"",
            "vendors.acme.codes.a: unknown variant `poor`",
        ),
    ] {
        let error = Providers::from_toml(text, &rig.pool).unwrap_err();
        let told = error.to_string();
        assert!(told.contains(expected) && !told.contains('\n'), "{text}\n{told}");
        assert!(!format!("{told} {error:?}").contains("canary"), "{told}");
    }
    let error = Providers::from_json("{\"providers\": {\"a\": 5}}", &rig.pool).unwrap_err().to_string();
    assert!(error.starts_with("providers.a: invalid type"), "{error}");
    let error = Providers::from_file("/nowhere/at/all.toml", &rig.pool).unwrap_err().to_string();
    assert!(error.contains("/nowhere/at/all.toml cannot be read"), "{error}");
}

#[test]
fn without_a_default_there_has_to_be_one_provider() {
    let rig = rig();
    let one = "[providers.a]\nvendor = \"ollama\"\nmodel = \"m\"\n";
    assert_eq!(Providers::from_toml(one, &rig.pool).unwrap().default().unwrap().name(), "a");
    let two = format!("{one}[providers.b]\nvendor = \"ollama\"\nmodel = \"m\"\n");
    let none = |text: &str| Providers::from_toml(text, &rig.pool).unwrap().default().err().unwrap().to_string();
    assert!(none(&two).contains("no default"), "{}", none(&two));
    assert!(none("").contains("there is no provider"), "{}", none(""));
}
