//! What an answer says beside itself, in fields that are nobody's: it is kept, and told when the answer is complete.

use std::collections::VecDeque;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::Event;

/// Fields of an answer that nobody here knows, by their names. What says nothing (`null`, `""`, `[]`, `{}`) is left out.
#[derive(Default)]
pub(super) struct Noted {
    /// Said again and again; the last word counts. As JSON: it is rarely another one.
    told: Vec<(String, String)>,
    /// Said in pieces.
    grown: Vec<(String, Value)>,
    bytes: usize,
}

/// The most of these fields, and of bytes in them; what is beyond is left out.
const MOST: usize = 64;
const MOST_BYTES: usize = 4 * 1024 * 1024;

impl Noted {
    /// A field that is said as a whole.
    pub(super) fn told(&mut self, name: &str, value: &RawValue) {
        let json = value.get();
        if matches!(json, "null" | "\"\"" | "[]" | "{}") {
            return;
        }
        let has_room = self.told.len() < MOST;
        match self.told.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) if known == json => {}
            Some((_, known)) if self.bytes - known.len() + json.len() <= MOST_BYTES => {
                self.bytes = self.bytes - known.len() + json.len();
                known.clear();
                known.push_str(json);
            }
            None if has_room && self.bytes + name.len() + json.len() <= MOST_BYTES => {
                self.bytes += name.len() + json.len();
                self.told.push((name.to_owned(), json.to_owned()));
            }
            _ => {}
        }
    }

    /// The next piece of a field.
    pub(super) fn grow(&mut self, name: String, piece: &RawValue) {
        let Ok(piece) = serde_json::from_str::<Value>(piece.get()) else { return };
        let bytes = name.len() + weight(&piece);
        if self.bytes + bytes > MOST_BYTES {
            return;
        }
        let has_room = self.grown.len() < MOST;
        match self.grown.iter_mut().find(|(known, _)| *known == name) {
            Some((_, value)) => merge(value, piece),
            None if has_room => self.grown.push((name, piece)),
            None => return,
        }
        self.bytes += bytes;
    }

    /// Tells all of it.
    pub(super) fn close(&mut self, out: &mut VecDeque<Event>) {
        let mut fields: Map<String, Value> = std::mem::take(&mut self.grown).into_iter().collect();
        for (name, json) in std::mem::take(&mut self.told) {
            if let Ok(value) = serde_json::from_str(&json) {
                fields.insert(name, value);
            }
        }
        out.extend(
            fields.into_iter().filter(|(_, value)| is_something(value)).map(|(n, value)| Event::extra(n, value)),
        );
    }
}

/// About how many bytes a value holds.
fn weight(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(list) => list.iter().map(weight).sum(),
            Value::Object(map) => map.iter().map(|(name, value)| name.len() + weight(value)).sum(),
            _ => 0,
        }
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Puts pieces of a value together as OpenAI's own clients do: texts and lists go on, items of a list that have the same
/// `index` are one, and everything else is replaced.
pub(super) fn merge(value: &mut Value, piece: Value) {
    match (value, piece) {
        (_, Value::Null) => {}
        (Value::String(text), Value::String(more)) => text.push_str(&more),
        (Value::Array(list), Value::Array(more)) => more.into_iter().for_each(|item| merge_item(list, item)),
        (Value::Object(map), Value::Object(more)) => {
            for (name, piece) in more {
                match map.get_mut(&name) {
                    Some(value) if name != "type" => merge(value, piece),
                    _ => drop(map.insert(name, piece)),
                }
            }
        }
        (value, piece) => *value = piece,
    }
}

fn merge_item(list: &mut Vec<Value>, item: Value) {
    let index = |item: &Value| item.get("index").and_then(Value::as_u64);
    let same = index(&item).and_then(|at| list.iter_mut().rev().take(MOST).find(|known| index(known) == Some(at)));
    match same {
        Some(known) => merge(known, item),
        None => list.push(item),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pieces_become_one() {
        let mut value = json!({ "type": "a", "t": "x", "l": [{ "index": 0, "s": "1" }], "n": 1, "k": [1] });
        merge(&mut value, json!({ "type": "a", "t": "y", "l": [{ "index": 0, "s": "2" }, { "index": 1 }], "n": 2 }));
        merge(&mut value, json!({ "k": [2], "new": true, "n": null }));
        let expected = json!({ "type": "a", "t": "xy", "l": [{ "index": 0, "s": "12" }, { "index": 1 }],
                               "n": 2, "k": [1, 2], "new": true });
        assert_eq!(value, expected);
    }

    #[test]
    fn what_is_noted_is_bounded() {
        let (mut noted, mut out) = (Noted::default(), VecDeque::new());
        let large = RawValue::from_string(format!("\"{}\"", "x".repeat(MOST_BYTES / 8))).unwrap();
        let small = RawValue::from_string("[1]".into()).unwrap();
        for i in 0..12 {
            noted.told(&format!("a{i}"), &large);
            noted.grow(format!("b{}", i % 3), &large);
        }
        for i in 0..2 * MOST {
            noted.told(&format!("c{i}"), &small);
            noted.grow(format!("d{i}"), &small);
        }
        assert!(noted.told.len() <= MOST && noted.grown.len() <= MOST);
        assert!(noted.bytes <= MOST_BYTES);
        noted.close(&mut out);
        assert!(out.iter().map(Event::len).sum::<usize>() <= 2 * MOST_BYTES);
    }
}
