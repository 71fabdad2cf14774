//! What a provider says when it fails, in the many shapes that are seen, and pieces of an answer that was expected.

use serde_json::{Map, Value};

use crate::{Finish, Part, Usage};

/// A provider's own words about a failure. They are not clean: [`scrub`](crate::scrub) comes before they are told.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Problem {
    pub(crate) message: Option<String>,
    /// The field `type`.
    pub(crate) class: Option<String>,
    pub(crate) code: Option<String>,
    /// Anthropic's `error.details.error_code`.
    pub(crate) detail: Option<String>,
    /// A code that is a number: an HTTP status, told inside of a body.
    pub(crate) number: Option<u16>,
    pub(crate) request_id: Option<String>,
    /// Headers that are told inside of it.
    pub(crate) headers: Vec<(String, String)>,
}

impl Problem {
    /// Reads the body of a refusal; nothing is known when it is not JSON.
    pub(crate) fn of_refusal(body: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        Self::of_value(&value).unwrap_or_else(|| Self::of_fields(&value))
    }

    /// Reads what came instead of an answer, if it is an error: it has a truthy `error`, or calls itself one.
    pub(crate) fn of_value(value: &Value) -> Option<Self> {
        let calls_itself = |field: &str| value.get(field).and_then(Value::as_str) == Some("error");
        let mut problem = match value.get("error").filter(|error| is_truthy(error)) {
            Some(error @ Value::Object(_)) => Self::of_fields(error),
            // Scaleway: {"error": "INSUFFICIENT QUOTA", "message": …}. Not a code: codes are exact, this is prose.
            Some(error) => {
                let mut problem = Self::of_fields(value);
                problem.class = None;
                let prose = error.as_str().map(str::to_owned);
                problem.message = match (prose, problem.message.take()) {
                    (Some(prose), Some(message)) => Some(format!("{prose}: {message}")),
                    (prose, message) => prose.or(message),
                };
                problem
            }
            // vLLM: {"object": "error", "message": …, "code": 400}
            None if calls_itself("object") || calls_itself("type") => Self::of_fields(value),
            None => return None,
        };
        problem.request_id = text(value, "request_id").or(problem.request_id);
        Some(problem)
    }

    fn of_fields(value: &Value) -> Self {
        let code = value.get("code");
        let spelt = code.and_then(Value::as_str);
        Self {
            message: text(value, "message").or_else(|| text(value, "detail")),
            class: text(value, "type").filter(|class| class != "error"),
            code: spelt.map(str::to_owned),
            detail: value.get("details").and_then(|details| text(details, "error_code")),
            // LiteLLM spells the number: "code": "429".
            number: match spelt {
                Some(spelt) => spelt.parse().ok(),
                None => code.and_then(Value::as_u64).and_then(|number| u16::try_from(number).ok()),
            },
            request_id: text(value, "request_id"),
            headers: headers(value),
        }
    }

    /// The machine words, the most exact first.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        let code = self.code.as_deref().filter(|_| self.number.is_none());
        [self.detail.as_deref(), code, self.class.as_deref()].into_iter().flatten()
    }
}

/// Why there is no answer, found while reading what came.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// The provider says so.
    Told(Box<Problem>),
    /// It is not an answer; says what is wrong with it, without quoting it.
    Malformed(String),
    /// It ended before it was finished.
    Truncated,
    /// The provider is at it: the answer of this id can be looked at later.
    Pending(String),
    /// Somebody called it off.
    Cancelled,
}

/// A whole answer, without what the client knows about it.
#[derive(Debug, PartialEq)]
pub(crate) struct Whole {
    pub(crate) id: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) parts: Vec<Part>,
    pub(crate) finish: Finish,
    pub(crate) usage: Option<Usage>,
    /// What else the answer says, by its names.
    pub(crate) extra: Map<String, Value>,
}

/// Reads JSON that should be an answer.
pub(crate) fn json<'a, T: serde::Deserialize<'a>>(what: &str, bytes: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(bytes).map_err(|error| unexpected(what, &error))
}

/// As [`json`], of what is known to be text.
pub(crate) fn json_text<'a, T: serde::Deserialize<'a>>(what: &str, text: &'a str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| unexpected(what, &error))
}

/// serde_json's own words can quote contents: only the place is told.
fn unexpected(what: &str, error: &serde_json::Error) -> Fault {
    let (line, column) = (error.line(), error.column());
    Fault::Malformed(format!("{what} is not the expected JSON (line {line} column {column})"))
}

fn text(value: &Value, field: &str) -> Option<String> {
    value.get(field).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// OpenAI's errors inside of streams tell the limits as headers would.
fn headers(value: &Value) -> Vec<(String, String)> {
    let fields = value.get("headers").and_then(Value::as_object).into_iter().flatten();
    fields.take(64).filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// As the vendors' own clients judge it: `null`, `false`, `0`, `""`, `[]` and `{}` are not.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "callers write json!(…) in place")]
    fn check(body: Value, words: &[&str], number: Option<u16>, message: &str) {
        let problem = Problem::of_value(&body).unwrap();
        assert_eq!(problem.words().collect::<Vec<_>>(), words, "{body}");
        assert_eq!(problem.number, number, "{body}");
        assert_eq!(problem.message.as_deref().unwrap_or_default(), message, "{body}");
    }

    #[test]
    fn reads_every_shape_that_is_seen() {
        check(
            json!({"error": {"message": "m", "type": "insufficient_quota", "param": null, "code": "credit_balance_exhausted"}}),
            &["credit_balance_exhausted", "insufficient_quota"],
            None,
            "m",
        );
        check(json!({"object": "error", "message": "m", "code": 400}), &[], Some(400), "m");
        check(json!({"error": {"code": 502, "message": "m", "metadata": {}}}), &[], Some(502), "m");
        check(
            json!({"status": 429, "error": "INSUFFICIENT QUOTA", "message": "m"}),
            &[],
            None,
            "INSUFFICIENT QUOTA: m",
        );
        check(
            json!({"error": {"message": "m", "type": "throttling_error", "param": null, "code": "429"}}),
            &["throttling_error"],
            Some(429),
            "m",
        );
        check(
            json!({"type": "error", "error": {"type": "rate_limit_error", "message": "m",
                   "details": {"error_code": "enforced_spend_limit_reached"}}, "request_id": "req_1"}),
            &["enforced_spend_limit_reached", "rate_limit_error"],
            None,
            "m",
        );
        check(json!({"type": "error", "code": "ERR", "message": "m", "param": null}), &["ERR"], None, "m");
        check(json!({"error": true}), &[], None, "");
    }

    #[test]
    fn an_answer_is_no_problem() {
        for body in [json!({"choices": [], "error": null}), json!({"error": {}}), json!({"error": ""}), json!([1])] {
            assert_eq!(Problem::of_value(&body), None, "{body}");
        }
        assert_eq!(Problem::of_refusal(b"<html>"), Problem::default());
        assert_eq!(Problem::of_refusal(br#"{"detail":"Not Found"}"#).message.as_deref(), Some("Not Found"));
    }
}
