//! The words that each vendor has for its failures.

use serde_json::{Value, json};
use steadfast_providers::{Api, Call, ErrorKind, Vendor};
use steadfast_testkit::{LlmSim, Reply as Answer, Script};

use super::{MODES, client, every};
use crate::rig::{Mode, ask, patient, rig};

/// The body of an error, with an exact code.
fn error(vendor: &Vendor, class: &str, code: &str) -> Value {
    match vendor.api {
        Api::Messages => {
            json!({ "type": "error", "error": { "type": class, "message": "no", "details": { "error_code": code } } })
        }
        _ => json!({ "error": { "type": class, "message": "no", "param": null, "code": code } }),
    }
}

/// What comes of an answer that is given for ever.
async fn told(vendor: &Vendor, mode: Mode, answer: Answer) -> ErrorKind {
    let sim = LlmSim::builder().faults(Script::new().always(answer)).start().await.unwrap();
    let rig = rig();
    let client = client(&rig, vendor, sim.anthropic_url());
    patient(&rig.clock, ask(&client, mode, Call::new("Hello."))).await.unwrap_err().kind()
}

#[tokio::test]
async fn exact_codes_decide() {
    for vendor in every() {
        assert!(vendor.codes.values().any(|kind| *kind == ErrorKind::QuotaSpent), "{}", vendor.name);
        for (code, kind) in &vendor.codes {
            for mode in MODES {
                let status = if *kind == ErrorKind::RateLimited { 429 } else { 400 };
                let answer = Answer::json(status, error(&vendor, "unheard_of", code));
                assert_eq!(told(&vendor, mode, answer).await, *kind, "{} {code}", vendor.name);
            }
        }
    }
}

#[tokio::test]
async fn classes_decide_inside_of_a_success() {
    for vendor in every() {
        for (class, kind) in &vendor.classes {
            for mode in MODES {
                let answer = Answer::json(200, error(&vendor, class, "unheard_of"));
                assert_eq!(told(&vendor, mode, answer).await, *kind, "{} {class}", vendor.name);
            }
        }
    }
}

#[tokio::test]
async fn statuses_decide_where_words_are_unknown() {
    for vendor in every() {
        for (status, kind) in [
            (401, ErrorKind::Authentication),
            (402, ErrorKind::QuotaSpent),
            (404, ErrorKind::NotFound),
            (422, ErrorKind::InvalidRequest),
            (503, ErrorKind::Overloaded),
        ] {
            let answer = Answer::json(status, error(&vendor, "unheard_of", "unheard_of"));
            assert_eq!(told(&vendor, Mode::Plain, answer).await, kind, "{} {status}", vendor.name);
        }
    }
}
