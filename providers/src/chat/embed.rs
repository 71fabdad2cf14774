//! Texts as vectors, by OpenAI's `POST /embeddings`.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::decode::problem;
use super::loose::{Num, Str};
use super::usage;
use crate::family::Unfit;
use crate::problem::Fault;
use crate::{EmbedCall, Quirks, Usage};

/// The body of a request, or why there is none.
pub(crate) fn encode(call: &EmbedCall, model: &str, quirks: &Quirks) -> Result<Vec<u8>, Unfit> {
    if call.texts.is_empty() {
        return Err(Unfit(String::from("there are no texts")));
    }
    if call.dimensions.is_some() && !quirks.takes("dimensions") {
        return Err(Unfit(String::from("there is no dimensions here")));
    }
    Ok(serde_json::to_vec(&Request { call, model, quirks })?)
}

struct Request<'a> {
    call: &'a EmbedCall,
    model: &'a str,
    quirks: &'a Quirks,
}

impl Serialize for Request<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", self.model)?;
        map.serialize_entry("input", &*self.call.texts)?;
        // A third of the bytes that decimal numbers take.
        if let Some(name) = self.quirks.name_of("encoding_format") {
            map.serialize_entry(name, "base64")?;
        }
        if let (Some(name), Some(dimensions)) = (self.quirks.name_of("dimensions"), self.call.dimensions) {
            map.serialize_entry(name, &dimensions)?;
        }
        map.end()
    }
}

/// What an answer says.
#[derive(Debug, PartialEq)]
pub(crate) struct Embedded {
    pub(crate) model: Option<String>,
    pub(crate) vectors: Vec<Vec<f32>>,
    pub(crate) usage: Usage,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    model: Str<'a>,
    data: Vec<Item>,
    #[serde(borrow, default)]
    usage: Option<&'a serde_json::value::RawValue>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    index: Num,
    embedding: Numbers,
}

/// A vector: its numbers, or their bytes (little-endian `f32`) in Base64.
struct Numbers(Vec<f32>);

struct NumbersVisitor;

impl<'de> Visitor<'de> for NumbersVisitor {
    type Value = Numbers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a vector")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Numbers, E> {
        let bytes = STANDARD.decode(text).map_err(|_| E::custom("no Base64"))?;
        if bytes.len() % 4 != 0 {
            return Err(E::custom("no list of numbers"));
        }
        let number = |bytes: &[u8]| bytes.try_into().map(f32::from_le_bytes).unwrap_or_default();
        Ok(Numbers(bytes.chunks_exact(4).map(number).collect()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Numbers, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = list.next_element()? {
            numbers.push(number);
        }
        Ok(Numbers(numbers))
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumbersVisitor)
    }
}

/// The vectors of so many texts, in their order.
pub(crate) fn decode(body: &[u8], texts: usize) -> Result<Embedded, Fault> {
    let malformed = |what: String| Fault::Malformed(what);
    let text = std::str::from_utf8(body).map_err(|_| malformed(String::from("the answer is not UTF-8")))?;
    let answer: Answer<'_> = serde_json::from_str(text).map_err(|error| match problem(text, false) {
        Some(problem) => Fault::Told(Box::new(problem)),
        None => {
            let (line, column) = (error.line(), error.column());
            malformed(format!("the answer is not the expected JSON (line {line} column {column})"))
        }
    })?;
    if answer.data.len() != texts {
        return Err(malformed(format!("the answer has {} vectors for {texts} texts", answer.data.len())));
    }
    let mut vectors: Vec<Option<Vec<f32>>> = vec![None; texts];
    for (at, item) in answer.data.into_iter().enumerate() {
        let index = item.index.0.map_or(Some(at), |index| usize::try_from(index).ok());
        let slot = index.and_then(|index| vectors.get_mut(index)).filter(|slot| slot.is_none());
        let slot = slot.ok_or_else(|| malformed(String::from("the answer has a vector that is no text's")))?;
        *slot = Some(item.embedding.0);
    }
    let usage = answer.usage.and_then(|usage| usage::read(usage.get()));
    Ok(Embedded {
        model: answer.model.some().map(Cow::into_owned),
        vectors: vectors.into_iter().flatten().collect(),
        usage: usage.map(|(usage, _)| usage).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str, texts: usize) -> Result<Vec<Vec<f32>>, Fault> {
        decode(body.as_bytes(), texts).map(|embedded| embedded.vectors)
    }

    #[test]
    fn numbers_and_bytes_are_read_in_the_order_of_the_texts() {
        let body = r#"{"data":[{"index":1,"embedding":"AACAPwAAAMA="},{"index":0,"embedding":[0.5,-1e-3]}],
                       "model":"m","usage":{"prompt_tokens":3,"total_tokens":3}}"#;
        let read = decode(body.as_bytes(), 2).unwrap();
        assert_eq!(read.vectors, [vec![0.5, -0.001], vec![1.0, -2.0]]);
        assert_eq!((read.model.as_deref(), read.usage), (Some("m"), Usage::new(3, 0, 0, 0, 0)));
        let bare = r#"{"data":[{"embedding":[1]},{"embedding":[]}]}"#;
        assert_eq!(decode(bare.as_bytes(), 2).unwrap().vectors, [vec![1.0], vec![]]);
    }

    #[test]
    fn what_is_no_answer_says_so() {
        for body in [
            "",
            "{}",
            r#"{"data":[]}"#,
            r#"{"data":[{"embedding":"AAA"}]}"#,
            r#"{"data":[{"embedding":"AAAA"}]}"#,
            r#"{"data":[{"embedding":["a"]}]}"#,
            r#"{"data":[{"index":1,"embedding":[1]}]}"#,
            r#"{"data":[{"index":99999999999,"embedding":[1]}]}"#,
        ] {
            assert!(matches!(read(body, 1), Err(Fault::Malformed(_))), "{body}");
        }
        let twice = r#"{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}"#;
        assert!(matches!(read(twice, 2), Err(Fault::Malformed(_))));
        assert!(matches!(read(r#"{"error":{"message":"m"}}"#, 1), Err(Fault::Told(_))));
    }
}
