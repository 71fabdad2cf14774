//! Scripts in TOML files: the schema, and errors that name line and key.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use toml::Spanned;

use super::{Matcher, Reply, Script, Step};

/// Why a text is not a script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
#[non_exhaustive]
pub struct ScriptError {
    /// The line of the text, from 1.
    pub line: usize,
    /// What is wrong there, in one line, with the key it is about.
    pub message: String,
}

pub(super) fn read(text: &str) -> Result<Script, ScriptError> {
    let at = |offset: usize| 1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count();
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| at(span.start));
        let message = error.message().trim().lines().collect::<Vec<_>>().join(", ");
        ScriptError { line, message }
    })?;
    let mut script = Script::new();
    for entry in file.step {
        let StepEntry { matcher, times, then } = entry;
        let matcher = matcher.map_or_else(|| Ok(Matcher::new()), |m| checked(m, at, MatchEntry::into_matcher))?;
        let times = times.map(|times| checked(times, at, positive)).transpose()?;
        let then = checked(then, at, ThenEntry::into_reply)?;
        script = script.step(Step { matcher, times, then });
    }
    Ok(script)
}

/// Applies `convert` and gives its complaint the line of the value.
fn checked<T, U>(
    value: Spanned<T>,
    at: impl Fn(usize) -> usize,
    convert: impl FnOnce(T) -> Result<U, String>,
) -> Result<U, ScriptError> {
    let line = at(value.span().start);
    convert(value.into_inner()).map_err(|message| ScriptError { line, message })
}

fn positive(times: u64) -> Result<u64, String> {
    if times == 0 {
        return Err("`times` must be at least 1; leave it out for no limit".to_owned());
    }
    Ok(times)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    step: Vec<StepEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepEntry {
    #[serde(rename = "match")]
    matcher: Option<Spanned<MatchEntry>>,
    times: Option<Spanned<u64>>,
    then: Spanned<ThenEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MatchEntry {
    method: Option<String>,
    path: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    device: Option<String>,
    provider: Option<String>,
    share: Option<f64>,
    share_from: Option<f64>,
}

impl MatchEntry {
    fn into_matcher(self) -> Result<Matcher, String> {
        let mut matcher = Matcher::new();
        if let Some(method) = self.method {
            matcher = matcher.method(method);
        }
        if let Some(path) = self.path {
            matcher = matcher.path(path);
        }
        for (name, pattern) in self.headers {
            matcher = matcher.header(name, pattern);
        }
        if let Some(device) = self.device {
            matcher = matcher.device(device);
        }
        if let Some(provider) = self.provider {
            if !["openai", "anthropic"].iter().any(|known| super::glob::fits(&provider, known)) {
                return Err(format!("`provider` is `openai` or `anthropic`, not `{provider}`"));
            }
            matcher = matcher.provider(provider);
        }
        match (self.share_from, self.share) {
            (None, None) => {}
            (Some(_), None) => return Err("`share_from` needs `share`".to_owned()),
            (from, Some(share)) => {
                let from = from.unwrap_or(0.0);
                let inside = |value: f64| (0.0..=1.0).contains(&value);
                if !inside(share) || !inside(from) {
                    return Err("`share` and `share_from` are between 0.0 and 1.0".to_owned());
                }
                matcher = matcher.share_from(from, share);
            }
        }
        Ok(matcher)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThenEntry {
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    json: Option<serde_json::Value>,
    chunks: Option<Vec<String>>,
    endless: Option<String>,
    raw: Option<String>,
    delay_ms: Option<u64>,
    chunk_delay_ms: Option<u64>,
    truncate_after: Option<u64>,
    reset_after: Option<u64>,
    stall_after: Option<u64>,
    #[serde(default)]
    close: bool,
    #[serde(default)]
    reset: bool,
    #[serde(default)]
    never: bool,
    #[serde(default)]
    refuse_stream: bool,
    reset_stream: Option<u32>,
    #[serde(default)]
    go_away: bool,
    #[serde(default)]
    freeze: bool,
    drip_ms: Option<u64>,
    #[serde(default)]
    hang_up: bool,
    slow_read: Option<u64>,
    take_only: Option<u64>,
    #[serde(default)]
    early: bool,
    #[serde(default)]
    stay: bool,
    #[serde(default)]
    no_continue: bool,
}

impl ThenEntry {
    fn into_reply(self) -> Result<Reply, String> {
        self.check()?;
        let mut reply = match self.status {
            _ if self.close => Reply::close(),
            _ if self.reset => Reply::reset(),
            _ if self.never => Reply::never(),
            _ if self.refuse_stream => Reply::refuse_stream(),
            _ if self.go_away => Reply::go_away(),
            _ if self.freeze => Reply::freeze(),
            None if self.reset_stream.is_some() => Reply::reset_stream(self.reset_stream.unwrap_or_default()),
            Some(status) => Reply::status(status),
            None => Reply::pass(),
        };
        if let (Some(json), Some(status)) = (self.json, self.status) {
            reply = Reply::json(status, json);
        }
        if let Some(body) = self.body {
            reply = reply.body(body);
        }
        if let Some(chunks) = self.chunks {
            reply = reply.chunks(chunks.into_iter().map(Bytes::from).collect());
        }
        if let Some(piece) = self.endless {
            reply = reply.endless(piece);
        }
        if let Some(bytes) = self.raw {
            reply = Reply::raw(bytes);
        }
        for (name, value) in self.headers {
            reply.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
            reply = reply.header(name, value);
        }
        if let Some(delay) = self.delay_ms {
            reply = reply.delay(Duration::from_millis(delay));
        }
        if let Some(delay) = self.chunk_delay_ms {
            reply = reply.chunk_delay(Duration::from_millis(delay));
        }
        if let Some(gap) = self.drip_ms {
            reply = reply.drip(Duration::from_millis(gap));
        }
        if self.hang_up {
            reply = reply.hang_up();
        }
        if let Some(n) = self.truncate_after {
            reply = reply.truncate_after(n);
        }
        if let Some(n) = self.reset_after {
            reply = reply.reset_after(n);
        }
        if let Some(n) = self.stall_after {
            reply = reply.stall_after(n);
        }
        if let Some(rate) = self.slow_read {
            reply = reply.slow_read(rate);
        }
        if let Some(bytes) = self.take_only {
            reply = reply.take_only(bytes);
        }
        if self.early {
            reply = reply.early();
        }
        if self.stay {
            reply = reply.stay();
        }
        if self.no_continue {
            reply = reply.no_continue();
        }
        Ok(reply)
    }

    /// Keys that contradict each other, and values out of range.
    fn check(&self) -> Result<(), String> {
        let no_answer = given(&[
            ("close", self.close),
            ("reset", self.reset),
            ("never", self.never),
            ("refuse_stream", self.refuse_stream),
            ("reset_stream", self.reset_stream.is_some()),
            ("go_away", self.go_away),
            ("freeze", self.freeze),
        ]);
        let bodies = given(&[
            ("body", self.body.is_some()),
            ("json", self.json.is_some()),
            ("chunks", self.chunks.is_some()),
            ("endless", self.endless.is_some()),
            ("raw", self.raw.is_some()),
        ]);
        let cuts = given(&[
            ("truncate_after", self.truncate_after.is_some()),
            ("reset_after", self.reset_after.is_some()),
            ("stall_after", self.stall_after.is_some()),
        ]);
        for group in [&no_answer, &bodies, &cuts] {
            if let [first, second, ..] = group[..] {
                return Err(format!("`{first}` and `{second}` exclude each other"));
            }
        }
        if let [ending] = no_answer[..] {
            let answers = given(&[
                ("status", self.status.is_some()),
                ("headers", !self.headers.is_empty()),
                ("chunk_delay_ms", self.chunk_delay_ms.is_some()),
                ("drip_ms", self.drip_ms.is_some()),
                ("hang_up", self.hang_up),
            ]);
            if let Some(key) = answers.iter().chain(&bodies).chain(&cuts).next() {
                return Err(format!("`{ending}` sends no answer, so `{key}` has no effect"));
            }
        }
        if self.raw.is_some() {
            let head = given(&[("status", self.status.is_some()), ("headers", !self.headers.is_empty())]);
            if let Some(key) = head.first() {
                return Err(format!("`raw` is all that is sent, so `{key}` has no effect"));
            }
        } else if let ([body], None) = (&bodies[..], self.status) {
            return Err(format!("`{body}` needs `status`"));
        }
        if self.early && self.status.is_none() && self.raw.is_none() && no_answer.is_empty() {
            return Err("`early` needs `status`, `raw`, `close`, `reset` or `never`".to_owned());
        }
        if self.slow_read == Some(0) {
            return Err("`slow_read` is in bytes per second, at least 1; `never` with `early` reads nothing".to_owned());
        }
        if self.early && self.take_only.is_some() {
            return Err("`early` does not read the body, so `take_only` has no effect".to_owned());
        }
        if self.early && self.slow_read.is_some() {
            return Err("`early` does not read the body, so `slow_read` has no effect".to_owned());
        }
        if self.stay && !self.early {
            return Err("`stay` says what comes after an `early` answer, so it needs one".to_owned());
        }
        if self.early && self.no_continue {
            return Err("`early` answers before there is leave to give, so `no_continue` has no effect".to_owned());
        }
        if let Some(status) = self.status.filter(|status| !(200..=599).contains(status)) {
            return Err(format!("`status` is between 200 and 599, not {status}"));
        }
        for (name, value) in &self.headers {
            let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
            if name.is_empty() || !name.chars().all(is_token) {
                return Err(format!("`{name}` is no header name"));
            }
            if value.chars().any(char::is_control) {
                return Err(format!("the value of header `{name}` contains a control character"));
            }
        }
        Ok(())
    }
}

/// The names of the keys that are given.
fn given<'a>(keys: &[(&'a str, bool)]) -> Vec<&'a str> {
    keys.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect()
}
