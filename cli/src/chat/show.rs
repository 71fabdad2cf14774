//! Answers on stdout: as they come, when they are whole, as JSON.

use std::io::Write;

use serde::Serialize;
use steadfast_providers::{Attempt, Call, Cost, Error, Event, Finish, Provider, Reply, Usage};

use super::failed;
use crate::cache;
use crate::exit::Failure;
use crate::say::Say;

/// The object of `--json`. What is new comes last.
#[derive(Debug, Serialize)]
struct Output<'a> {
    answer: &'a str,
    provider: &'a str,
    model: &'a str,
    /// `None` when the provider did not say.
    usage: Option<&'a Usage>,
    /// In dollars; `None` when it is not known exactly.
    cost: Option<f64>,
    attempts: &'a [Attempt],
    /// Nobody was asked.
    cached: bool,
    finish: &'a Finish,
    fallbacks: u32,
    id: Option<&'a str>,
    /// What the model says where it will not answer.
    refusal: Option<String>,
}

/// A question that was not answered, and what that cost.
pub(super) struct Unanswered {
    pub(super) failure: Failure,
    pub(super) cost: Cost,
}

impl From<Error> for Unanswered {
    fn from(error: Error) -> Self {
        Self { failure: failed(&error), cost: error.cost() }
    }
}

impl From<std::io::Error> for Unanswered {
    fn from(error: std::io::Error) -> Self {
        Self { failure: error.into(), cost: Cost::default() }
    }
}

/// Shows the answer as it comes, on lines of its own.
pub(super) async fn stream(provider: &dyn Provider, call: Call, say: &Say) -> Result<Reply, Unanswered> {
    let mut stdout = std::io::stdout();
    let mut stream = provider.stream(call).await?;
    if let Some(hit) = stream.cached() {
        cache::tell(hit, say);
    }
    let mut line = Line { is_open: false };
    while let Some(event) = stream.next().await {
        match event {
            Ok(Event::Text(text) | Event::Refusal(text)) => {
                stdout.write_all(text.as_bytes())?;
                stdout.flush()?;
                line.is_open = !text.ends_with('\n');
            }
            Ok(_) => {}
            Err(error) => {
                // The shell's prompt, and our error, begin on a line of their own.
                line.end()?;
                return Err(error.into());
            }
        }
    }
    line.end()?;
    let reply = stream.collect().await?;
    tell_end(&reply, say);
    Ok(reply)
}

/// The line that is being written.
struct Line {
    is_open: bool,
}

impl Line {
    fn end(&mut self) -> std::io::Result<()> {
        if std::mem::take(&mut self.is_open) {
            writeln!(std::io::stdout())?;
        }
        Ok(())
    }
}

impl Drop for Line {
    /// An answer that is interrupted ends its line, too.
    fn drop(&mut self) {
        drop(self.end());
    }
}

/// Shows an answer that is whole.
pub(super) fn whole(reply: &Reply, say: &Say) -> Result<(), Failure> {
    let text = format!("{}{}", reply.text(), reply.refusal().unwrap_or_default());
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    write!(std::io::stdout(), "{text}{newline}")?;
    tell_end(reply, say);
    Ok(())
}

/// Shows an answer, and all there is to know about it, as one JSON object.
pub(super) fn json(reply: &Reply) -> Result<(), Failure> {
    let output = Output {
        answer: &reply.text(),
        provider: &reply.provider,
        model: &reply.model,
        usage: Some(&reply.usage).filter(|usage| usage.is_known()),
        cost: reply.cost().exact().map(|cost| cost.as_f64()),
        attempts: &reply.attempts,
        cached: reply.cached.is_some(),
        finish: &reply.finish,
        fallbacks: reply.fallbacks,
        id: reply.id.as_deref(),
        refusal: reply.refusal(),
    };
    let text = serde_json::to_string(&output).map_err(|error| Failure::work(error.to_string()))?;
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}

/// Tells of an end that is not that of the answer.
fn tell_end(reply: &Reply, say: &Say) {
    match reply.finish {
        Finish::Length => say.note("the answer was cut at its limit of tokens (--max-tokens)"),
        Finish::ContentFilter => say.note("the provider's filter took the rest of the answer away"),
        Finish::Refusal => say.note("the model refused to answer"),
        _ => {}
    }
}
