//! What a question is made of: the prompt, images, and the form that the answer has to have.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::Path;

use jsonschema::Validator;
use serde_json::Value;
use steadfast_providers::{Image, OutputFormat, Reply};

use crate::exit::Failure;

/// The largest image that any of the vendors takes.
const MOST_OF_AN_IMAGE: u64 = 20 * 1024 * 1024;

/// A schema is written by hand, or close to it.
const MOST_OF_A_SCHEMA: u64 = 1024 * 1024;

/// The prompt, from the arguments or from stdin.
pub(super) fn prompt(words: &[String]) -> Result<String, Failure> {
    let text = if words.is_empty() || words == ["-"] {
        let mut stdin = std::io::stdin();
        if stdin.is_terminal() {
            return Err(Failure::usage("the prompt `-` reads stdin, which is a terminal: pipe the question in"));
        }
        let mut text = String::new();
        stdin.read_to_string(&mut text).map_err(|error| Failure::usage(format!("cannot read stdin: {error}")))?;
        text
    } else {
        words.join(" ")
    };
    if text.trim().is_empty() {
        return Err(Failure::usage("the prompt is empty"));
    }
    Ok(text)
}

/// The image in a file.
pub(super) fn image(path: &Path) -> Result<Image, Failure> {
    let bytes = read(path, MOST_OF_AN_IMAGE)?;
    Image::detect(bytes).ok_or_else(|| wrong(path, "it is none of PNG, JPEG, GIF and WebP"))
}

/// A form that the answer has to have.
pub(super) struct Schema {
    name: String,
    schema: Value,
    validator: Validator,
}

/// The schema in a file.
pub(super) fn schema(path: &Path) -> Result<Schema, Failure> {
    let bytes = read(path, MOST_OF_A_SCHEMA)?;
    let schema: Value = serde_json::from_slice(&bytes).map_err(|error| wrong(path, &error.to_string()))?;
    if !schema.is_object() {
        return Err(wrong(path, "a schema is an object"));
    }
    let validator =
        jsonschema::validator_for(&schema).map_err(|error| wrong(path, &format!("it is no JSON Schema: {error}")))?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name: String = stem.chars().filter(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).take(64).collect();
    let name = if name.is_empty() { String::from("answer") } else { name };
    Ok(Schema { name, schema, validator })
}

impl Schema {
    pub(super) fn format(&self) -> OutputFormat {
        OutputFormat::schema(&*self.name, self.schema.clone())
    }

    /// Whether the answer fits; of what does not, the place is told.
    pub(super) fn check(&self, reply: &Reply) -> Result<(), Failure> {
        let answer: Value = reply.parse().map_err(|error| super::failed(&error))?;
        self.validator.validate(&answer).map_err(|error| {
            let at = error.instance_path().to_string();
            let at = if at.is_empty() { "" } else { &format!(" at {at}") };
            Failure::work(format!("{}: the answer does not fit the schema{at}: {error}", reply.provider))
        })
    }
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| wrong(path, &error.to_string()))?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| wrong(path, &error.to_string()))?;
    if bytes.len() as u64 > most {
        return Err(wrong(path, &format!("it is larger than {} MiB", most / 1024 / 1024)));
    }
    Ok(bytes)
}

fn wrong(path: &Path, what: &str) -> Failure {
    Failure::usage(format!("cannot use {}: {what}", path.display()))
}
