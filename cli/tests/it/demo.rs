//! The demo: its outcomes are the scripted ones.

use crate::rig::run;

#[test]
fn the_demo_ends_as_scripted() {
    let demo = run(&["demo", "--json"]);
    assert_eq!(demo.code, 0, "{}", demo.stderr);
    let report = demo.json();
    let llm = &report["llm"];
    assert_eq!(llm["requests"], 4);
    // One first attempt for the streamed question and for each answer of the fallback; the overloaded provider is sent two
    // before its breaker opens, and is then passed over: that is no fallback.
    assert_eq!(llm["attempts"].as_u64().unwrap(), llm["retries"].as_u64().unwrap() + 1 + 3 + 2);
    assert_eq!(llm["retries_by_status"]["503"], 1);
    assert_eq!(
        (&llm["retry_after_waits"], &llm["fallbacks"], &llm["breaker_openings"]),
        (&1.into(), &2.into(), &1.into())
    );
    assert!(llm["longest_retry_after_wait_s"].as_f64().unwrap() >= 1.0);
    assert!(llm["latency_ms"]["p99"].as_f64().unwrap() >= llm["latency_ms"]["p50"].as_f64().unwrap());
    let fleet = &report["fleet"];
    let figures = ["devices", "succeeded", "failed", "skipped", "attempts"].map(|name| fleet[name].as_u64().unwrap());
    assert_eq!(figures, [1000, 990, 10, 0, 1050]);
    assert!(fleet["elapsed_s"].as_f64().is_some());
    assert!(demo.stderr.contains(llm["answer"].as_str().unwrap()), "{}", demo.stderr);
    let canary = &report["canary"];
    assert_eq!((&canary["state"], &canary["devices"]), (&"cancelled".into(), &200.into()));
    assert_eq!(canary["canaries"], 20);
    let figures = ["succeeded", "failed", "cancelled", "untouched"].map(|name| canary[name].as_u64().unwrap());
    let [succeeded, failed, cancelled, untouched] = figures;
    assert_eq!(succeeded + failed + cancelled, 200);
    assert!(failed >= 2 && succeeded + failed <= 20 && untouched >= 180, "{canary}");
    assert!(canary["reason"].as_str().unwrap().contains("95"), "{canary}");
}
