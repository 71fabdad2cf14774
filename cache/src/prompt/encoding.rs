//! How a value becomes a digest, so that no two values have the same encoding.
//!
//! Every text and every list is preceded by its length, every value by a tag of its type. What is encoded here can be
//! read back unambiguously, which is why different values never meet short of a collision of SHA-256. A change of a
//! byte of it gives old keys a new meaning, and therefore needs a new version in the domain of the digest.

use serde_json::{Number, Value};
use sha2::{Digest, Sha256};

use super::normalise::Paths;

/// A digest that is being fed.
pub(super) struct Encoder(Sha256);

impl Encoder {
    /// Begins a digest of its own kind: what is fed under one domain never equals what is fed under another.
    pub(super) fn new(domain: &str) -> Self {
        let mut encoder = Self(Sha256::new());
        encoder.text(domain);
        encoder
    }

    pub(super) fn tag(&mut self, tag: u8) {
        self.0.update([tag]);
    }

    pub(super) fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_le_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.update(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// A digest that was made before: of fixed length, and so without one in front.
    pub(super) fn digest(&mut self, digest: &[u8; 32]) {
        self.0.update(digest);
    }

    /// A value of JSON without what lies at `ignored`. The order of an object's members does not count.
    pub(super) fn json(&mut self, value: &Value, ignored: &Paths<'_>) {
        match value {
            Value::Null => self.tag(b'n'),
            Value::Bool(false) => self.tag(b'f'),
            Value::Bool(true) => self.tag(b't'),
            Value::Number(number) => self.number(number),
            Value::String(text) => {
                self.tag(b's');
                self.text(text);
            }
            Value::Array(items) => {
                let kept: Vec<_> =
                    items.iter().enumerate().filter_map(|(at, item)| Some((item, ignored.at(at)?))).collect();
                self.tag(b'a');
                self.count(kept.len());
                for (item, deeper) in kept {
                    self.json(item, &deeper);
                }
            }
            Value::Object(members) => {
                let mut kept: Vec<_> =
                    members.iter().filter_map(|(name, value)| Some((name, value, ignored.under(name)?))).collect();
                kept.sort_unstable_by_key(|(name, ..)| *name);
                self.tag(b'o');
                self.count(kept.len());
                for (name, value, deeper) in kept {
                    self.text(name);
                    self.json(value, &deeper);
                }
            }
        }
    }

    /// Whole numbers and fractions are kept apart: 1 is not 1.0. A number that has more digits than a double can hold,
    /// which is only seen where `serde_json` is told to keep them, goes by its text.
    fn number(&mut self, number: &Number) {
        if let Some(whole) = number.as_u64() {
            self.tag(b'u');
            self.0.update(whole.to_le_bytes());
        } else if let Some(whole) = number.as_i64() {
            self.tag(b'i');
            self.0.update(whole.to_le_bytes());
        } else {
            let same = |double: &f64| Number::from_f64(*double).is_some_and(|read| read == *number);
            match number.as_f64().filter(same) {
                Some(double) => {
                    self.tag(b'd');
                    self.0.update(double.to_bits().to_le_bytes());
                }
                None => {
                    self.tag(b'#');
                    self.text(&number.to_string());
                }
            }
        }
    }

    pub(super) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
