//! What is said in answer to a request, whichever API it came by.

use serde_json::json;

use super::settings::Settings;
use super::text::tokens;

/// What of a request decides what is said.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The names of the tools that may be called.
    pub(super) tools: Vec<String>,
    pub(super) choice: Choice,
    /// Whether only one call is wanted at a time.
    pub(super) one_call: bool,
    /// Whether the latest of the conversation is what a tool gave.
    pub(super) has_result: bool,
    /// Whether the answer is to be JSON.
    pub(super) structured: bool,
    /// Whether reasoning is to be told.
    pub(super) reasons: bool,
    pub(super) max_tokens: Option<u64>,
    pub(super) stops: Vec<String>,
    pub(super) input_tokens: u64,
}

/// Whether tools are to be called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Choice {
    #[default]
    Auto,
    None,
    Required,
    Named(String),
}

/// What is said, token by token, and why it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) reasoning: Vec<String>,
    pub(super) text: Vec<String>,
    pub(super) calls: Vec<Called>,
    pub(super) end: End,
    /// What was taken in, and given.
    pub(super) counted: Counted,
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Called {
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
}

/// Why an answer ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All is said.
    Natural,
    /// The request's token limit.
    Length,
    /// A stop sequence of the request.
    Stop(String),
    /// The tools are to be called.
    Calls,
    /// The question is refused; the text says so.
    Refused,
}

/// The tokens of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// All of the input.
    pub(super) input: u64,
    /// The part of the input that was read from the cache.
    pub(super) cached: u64,
    /// The part of the input that was written to the cache.
    pub(super) written: u64,
    /// All of the output.
    pub(super) output: u64,
    /// The part of the output that was thought.
    pub(super) reasoning: u64,
}

impl Said {
    pub(super) fn new(settings: &Settings, asked: &Asked) -> Self {
        let own = |text: &str| tokens(text).map(str::to_owned).collect::<Vec<_>>();
        let mut reasoning = settings.reasoning.as_deref().filter(|_| asked.reasons).map(own).unwrap_or_default();
        let mut calls: Vec<Called> = Vec::new();
        let (mut text, mut end) = match &settings.refusal {
            Some(words) => (own(words), End::Refused),
            None => {
                let wanted = wanted(settings, asked);
                calls.extend(wanted.map(|(name, arguments)| Called { name, arguments: own(&arguments) }));
                match calls.is_empty() {
                    true => spoken(settings, asked),
                    false => (Vec::new(), End::Calls),
                }
            }
        };
        let mut left = asked.max_tokens.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
        let mut is_cut = take(&mut reasoning, &mut left);
        // A refusal is whole.
        is_cut |= end != End::Refused && take(&mut text, &mut left);
        calls.retain_mut(|call| {
            let begins = !is_cut && left > 0;
            is_cut |= !begins || take(&mut call.arguments, &mut left);
            begins
        });
        if is_cut {
            end = End::Length;
        }
        let mut said = Self { reasoning, text, calls, end, counted: Counted::default() };
        said.counted = said.count(settings, asked.input_tokens);
        said
    }

    /// The text in one piece.
    pub(super) fn text(&self) -> String {
        self.text.concat()
    }

    fn count(&self, settings: &Settings, input: u64) -> Counted {
        let cached = settings.cached_tokens.min(input);
        let shown = self.reasoning.len() as u64;
        let reasoning = settings.reasoning_tokens.unwrap_or(shown);
        let called: usize = self.calls.iter().map(|call| call.arguments.len()).sum();
        Counted {
            input,
            cached,
            written: settings.cache_write_tokens.min(input - cached),
            output: reasoning.saturating_add((self.text.len() + called) as u64),
            reasoning,
        }
    }
}

/// The calls that this request is answered by: the configured ones of the tools it offers.
fn wanted(settings: &Settings, asked: &Asked) -> impl Iterator<Item = (String, String)> {
    let (forced, named) = match &asked.choice {
        Choice::Auto => (false, None),
        Choice::None => return Vec::new().into_iter(),
        Choice::Required => (true, None),
        Choice::Named(name) => (true, Some(name)),
    };
    if asked.has_result && !forced {
        return Vec::new().into_iter();
    }
    let offered = |name: &String| asked.tools.contains(name) && named.is_none_or(|named| named == name);
    let mut wanted: Vec<_> = settings.calls.iter().filter(|(name, _)| offered(name)).cloned().collect();
    if wanted.is_empty() && forced {
        wanted.extend(asked.tools.iter().find(|name| offered(name)).map(|name| (name.clone(), "{}".to_owned())));
    }
    if asked.one_call {
        wanted.truncate(1);
    }
    wanted.into_iter()
}

/// The text of an answer without calls, up to the first stop sequence.
fn spoken(settings: &Settings, asked: &Asked) -> (Vec<String>, End) {
    let structured;
    let answer = match (asked.structured, &settings.structured) {
        (false, _) => settings.answer.as_str(),
        (true, Some(json)) => json.as_str(),
        (true, None) => {
            structured = json!({ "answer": settings.answer }).to_string();
            structured.as_str()
        }
    };
    let stop = asked.stops.iter().filter(|stop| !stop.is_empty());
    let stop = stop.filter_map(|stop| answer.find(stop.as_str()).map(|at| (at, stop))).min_by_key(|(at, _)| *at);
    let said = stop.map_or(answer, |(at, _)| &answer[..at]);
    let end = stop.map_or(End::Natural, |(_, stop)| End::Stop(stop.clone()));
    (tokens(said).map(str::to_owned).collect(), end)
}

/// Leaves as many tokens as there is room for; whether that was not all of them.
fn take(tokens: &mut Vec<String>, left: &mut usize) -> bool {
    let is_cut = tokens.len() > *left;
    tokens.truncate(*left);
    *left -= tokens.len();
    is_cut
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settings(answer: &str) -> Settings {
        Settings { answer: answer.to_owned(), ..Settings::default() }
    }

    proptest! {
        /// An answer is a prefix of the configured text, holds no stop sequence, and never more tokens than allowed.
        #[test]
        fn limits_hold(text in "[ab ]{0,30}", most in 0u64..12, stop in "[ab]{1,3}") {
            let asked = Asked { max_tokens: Some(most), stops: vec![stop.clone()], ..Asked::default() };
            let said = Said::new(&settings(&text), &asked);
            prop_assert!(text.starts_with(&said.text()));
            prop_assert!(!said.text().contains(&stop));
            prop_assert!(said.text.len() as u64 <= most);
        }

        /// Reasoning, text and calls together never have more tokens than allowed, and are cut only for that.
        #[test]
        fn calls_and_reasoning_are_limited_too(most in 0u64..20, thoughts in "[a ]{0,9}", calls in 0usize..4) {
            let mut settings = settings("unused");
            settings.reasoning = Some(thoughts);
            settings.calls = vec![("f".to_owned(), r#"{"a":1}"#.to_owned()); calls];
            settings.answer = "one two".to_owned();
            let asked = Asked { tools: vec!["f".to_owned()], reasons: true, ..Asked::default() };
            let free = Said::new(&settings, &asked);
            let bound = Said::new(&settings, &Asked { max_tokens: Some(most), ..asked });
            prop_assert!(bound.counted.output <= most);
            prop_assert_eq!(bound.end == End::Length, free.counted.output > most);
        }
    }

    #[test]
    fn tools_are_called_as_asked_for() {
        let mut settings = settings("text");
        settings.calls = ["a", "b"].map(|name| (name.to_owned(), "{}".to_owned())).to_vec();
        let check = |asked: Asked, expected: &[&str]| {
            let said = Said::new(&settings, &asked);
            let names: Vec<&str> = said.calls.iter().map(|call| call.name.as_str()).collect();
            assert_eq!(names, expected, "{asked:?}");
            assert_eq!(said.text.is_empty(), !expected.is_empty());
        };
        let offer =
            |names: &[&str]| Asked { tools: names.iter().map(|name| (*name).to_owned()).collect(), ..Asked::default() };
        check(offer(&[]), &[]);
        check(offer(&["a", "b", "c"]), &["a", "b"]);
        check(offer(&["b"]), &["b"]);
        check(offer(&["c"]), &[]);
        check(Asked { one_call: true, ..offer(&["a", "b"]) }, &["a"]);
        check(Asked { has_result: true, ..offer(&["a"]) }, &[]);
        check(Asked { choice: Choice::None, ..offer(&["a"]) }, &[]);
        check(Asked { choice: Choice::Required, ..offer(&["c", "d"]) }, &["c"]);
        check(Asked { choice: Choice::Named("b".to_owned()), ..offer(&["a", "b"]) }, &["b"]);
    }
}
