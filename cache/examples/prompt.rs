//! A streamed answer is recorded once and replayed to whoever asks the same, or nearly the same.

use std::error::Error;
use std::io::Write;

use steadfast_cache::{
    CacheKey, Entry, MemoryCache, Normalise, PromptFacts, PromptKey, Recording, Rule, SimilarIndex, Tape, TokenSet,
};
use steadfast_clock::{System, Wall};

fn main() -> Result<(), Box<dyn Error>> {
    let cache = MemoryCache::new(100)?;
    let index = SimilarIndex::builder().threshold(0.8).build()?;
    let mut out = std::io::stdout();
    for question in [
        "Please tell me why the sky is blue",
        "Please tell me  why the sky is blue\n",
        "Please, tell me: why is the sky so blue?",
        "Please tell me why the sea is salty",
    ] {
        let request = PromptKey::normalised(&Normalise::none().collapse_whitespace().trim(), "openai", "gpt-5")
            .scope("tenant 7")
            .system("You are terse.")
            .param("temperature", 0.0)
            .message("user", question);
        let key = request.finish();
        let partition = request.partition().ok_or("the last message is no question")?;
        let words = TokenSet::of(question);

        if let Some(answer) = kept(&cache, &key)? {
            writeln!(out, "the same question: {answer}")?;
        } else if let Some(found) = index.nearest(partition, &words) {
            let answer = kept(&cache, &found.key)?.unwrap_or_default();
            writeln!(out, "a similar question ({:.2}): {answer}", found.similarity)?;
        } else {
            writeln!(out, "a new question: {}", ask().concat())?;
            let mut tape = Tape::new(64 * 1024);
            for event in ask() {
                tape.record(event);
            }
            if Rule::deterministic().judge(&PromptFacts::new().temperature(0.0)).is_yes() {
                cache.put(key, Entry::new(tape.finish()?.into_body(), System::new().wall()));
                index.insert(partition, &words, key);
            }
        }
    }
    Ok(())
}

/// What the model answers, event by event.
fn ask() -> [&'static str; 3] {
    ["It", " scatters", "."]
}

/// The answer under a key, event after event.
fn kept(cache: &MemoryCache, key: &CacheKey) -> Result<Option<String>, Box<dyn Error>> {
    let Some(entry) = cache.get(key) else { return Ok(None) };
    let mut answer = String::new();
    for event in Recording::from_body(entry.value().clone())?.replay() {
        answer.push_str(std::str::from_utf8(&event)?);
    }
    Ok(Some(answer))
}
