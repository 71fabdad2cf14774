//! The fields of Anthropic's requests, and how they are refused.

use serde_json::Value;

use super::super::problem::Problem;

/// A field that is there.
pub(super) fn field<'a>(request: &'a Value, name: &str) -> Option<&'a Value> {
    request.get(name).filter(|value| !value.is_null())
}

/// A field that must be there; `at` is where it is.
pub(super) fn required<'a>(request: &'a Value, name: &str, at: &str) -> Result<&'a Value, Problem> {
    field(request, name).ok_or_else(|| wrong(&format!("{at}{name}"), "Field required"))
}

/// A value that the vendor does not take.
pub(super) fn wrong(at: &str, why: &str) -> Problem {
    Problem::invalid(format!("{at}: {why}"))
}

pub(super) fn flag(request: &Value, name: &str) -> Result<bool, Problem> {
    match field(request, name) {
        None => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| wrong(name, "Input should be a valid boolean")),
    }
}

/// One of these words; `at` is where the field is.
pub(super) fn word<'a>(request: &'a Value, name: &str, at: &str, words: &[&str]) -> Result<&'a str, Problem> {
    let value = required(request, name, at)?.as_str().filter(|word| words.contains(word));
    value.ok_or_else(|| wrong(&format!("{at}{name}"), &format!("Input should be one of {}", words.join(", "))))
}

/// A number between `least` and `most`.
pub(super) fn number(request: &Value, name: &str, least: f64, most: f64) -> Result<(), Problem> {
    match field(request, name) {
        Some(value) if !value.as_f64().is_some_and(|n| (least..=most).contains(&n)) => {
            Err(wrong(name, &format!("range: {least}..{most}")))
        }
        _ => Ok(()),
    }
}
