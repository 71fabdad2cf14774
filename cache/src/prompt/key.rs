//! The key of a request to a language model.

use std::fmt;

use serde_json::Value;

use super::encoding::Encoder;
use super::normalise::Normalise;
use super::part::Part;
use crate::CacheKey;

/// The key of a request to a language model, as it is being put together from everything that the answer depends on.
///
/// Requests that could be answered differently have different keys: a text that is absent, empty and null, a 1, a 1.0
/// and a "1" are all different, and so are two orders of messages or of an array's items. The order in which parameters
/// are told and the order of an object's members do not count. What else should not count is told with [`Normalise`].
///
/// - Tell everything that reaches the vendor: sampling parameters, the greatest number of tokens, stop words, tools, and
///   whether the answer is streamed, if the two kinds of answers are kept in different forms.
/// - Tell a [`scope`](Self::scope) wherever more than one tenant, account or base URL shares a cache.
/// - Every field is digested at once: the texts are neither kept nor shown by `Debug`. The key is SHA-256 over an
///   unambiguous encoding with a version of its own; an upgrade never reads an old key in a new sense.
///
/// ```
/// use serde_json::json;
/// use steadfast_cache::PromptKey;
///
/// let request = PromptKey::new("openai", "gpt-5")
///     .scope("tenant 7")
///     .system("You are terse.")
///     .param("temperature", 0.0)
///     .param("max_completion_tokens", 200);
/// let sky = request.clone().message("user", "Why is the sky blue?").finish();
/// let sea = request.clone().message("user", "Why is the sea blue?").finish();
/// assert_ne!(sky, sea);
///
/// let tools = json!([{"type": "function", "function": {"name": "look"}}]);
/// assert_ne!(sky, request.tools(&tools).message("user", "Why is the sky blue?").finish());
/// ```
#[derive(Clone)]
#[must_use = "a key is nothing until it is finished"]
pub struct PromptKey {
    normalise: Normalise,
    fields: Vec<Field>,
    /// Where in `fields` the last message is, when it is a user's and text alone.
    question: Option<usize>,
}

/// A part of the request: what it is, its name where it has one, and a digest of its contents.
#[derive(Clone)]
struct Field {
    kind: Kind,
    name: String,
    digest: [u8; 32],
}

/// The numbers are part of the encoding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Normalise = 0,
    Provider = 1,
    Model = 2,
    ApiVersion = 3,
    Scope = 4,
    System = 5,
    Message = 6,
    Member = 7,
}

const KEY: &str = "steadfast prompt key v1";
const PARTITION: &str = "steadfast prompt partition v1";
const FIELD: &str = "steadfast prompt field v1";

impl PromptKey {
    /// A request to a model of a provider in which every difference counts.
    pub fn new(provider: &str, model: &str) -> Self {
        Self::normalised(&Normalise::none(), provider, model)
    }

    /// A request to a model of a provider in which some differences do not count.
    pub fn normalised(normalise: &Normalise, provider: &str, model: &str) -> Self {
        let this = Self { normalise: normalise.clone(), fields: Vec::new(), question: None };
        this.field(Kind::Normalise, |encoder, normalise| normalise.encode(encoder))
            .field(Kind::Provider, |encoder, _| encoder.text(provider))
            .field(Kind::Model, |encoder, _| encoder.text(model))
    }

    /// The version of the vendor's interface, where it changes what a request means.
    pub fn api_version(self, version: &str) -> Self {
        self.field(Kind::ApiVersion, |encoder, _| encoder.text(version))
    }

    /// Who may share the answer: a tenant, an account, a base URL. The answers of one scope never reach another. Told
    /// more than once, all of them count, in their order.
    pub fn scope(self, scope: &str) -> Self {
        self.field(Kind::Scope, |encoder, _| encoder.text(scope))
    }

    /// The system text. Told more than once, these are several blocks in their order.
    pub fn system(self, text: &str) -> Self {
        self.field(Kind::System, |encoder, normalise| encoder.text(&normalise.text(text)))
    }

    /// The next message, of text alone. A message of the one part [`Part::text`] is the same.
    pub fn message(self, role: &str, text: &str) -> Self {
        self.message_of(role, [Part::text(text)])
    }

    /// The next message, of several parts in their order.
    pub fn message_of<'a>(mut self, role: &str, parts: impl IntoIterator<Item = Part<'a>>) -> Self {
        let parts: Vec<_> = parts.into_iter().collect();
        let asks = role == "user" && matches!(&parts[..], [part] if part.is_text());
        self.question = asks.then_some(self.fields.len());
        self.field(Kind::Message, |encoder, normalise| {
            encoder.text(role);
            encoder.count(parts.len());
            parts.iter().for_each(|part| part.encode(encoder, normalise));
        })
    }

    /// A parameter by the name that the vendor gives it. Told more than once, all values count, in their order.
    pub fn param(self, name: &str, value: impl Into<Value>) -> Self {
        self.json(name, &value.into())
    }

    /// A parameter or any other member of the request, borrowed.
    pub fn json(self, name: &str, value: &Value) -> Self {
        let counted = self.normalise.ignored().under(name);
        match counted.map(|ignored| digest(|encoder| encoder.json(value, &ignored))) {
            Some(digest) => self.push(Kind::Member, name, digest),
            None => self,
        }
    }

    /// The tools, which are the member `tools`.
    pub fn tools(self, tools: &Value) -> Self {
        self.json("tools", tools)
    }

    /// The form that the answer shall have, which is the member `response_format`.
    pub fn response_format(self, format: &Value) -> Self {
        self.json("response_format", format)
    }

    /// The key.
    #[must_use]
    pub fn finish(&self) -> CacheKey {
        self.sum(KEY, None)
    }

    /// A key of everything but the last message, which has to be a user's and text alone; `None` when it is not.
    ///
    /// Requests with the same partition differ in that text at most, and none of them has it as its
    /// [`finish`](Self::finish).
    #[must_use]
    pub fn partition(&self) -> Option<CacheKey> {
        self.question.map(|at| self.sum(PARTITION, Some(at)))
    }

    fn field(self, kind: Kind, encode: impl FnOnce(&mut Encoder, &Normalise)) -> Self {
        let digest = digest(|encoder| encode(encoder, &self.normalise));
        self.push(kind, "", digest)
    }

    fn push(mut self, kind: Kind, name: &str, digest: [u8; 32]) -> Self {
        self.fields.push(Field { kind, name: name.to_owned(), digest });
        self
    }

    /// The digest of all fields but one. Sorting is stable: fields of one kind and name stay in the order of the calls.
    fn sum(&self, domain: &str, except: Option<usize>) -> CacheKey {
        let kept = self.fields.iter().enumerate().filter(|(at, _)| Some(*at) != except);
        let mut fields: Vec<_> = kept.map(|(_, field)| field).collect();
        fields.sort_by_key(|field| (field.kind, &field.name));
        let mut encoder = Encoder::new(domain);
        encoder.count(fields.len());
        for field in fields {
            encoder.tag(field.kind as u8);
            encoder.text(&field.name);
            encoder.digest(&field.digest);
        }
        CacheKey::from_bytes(encoder.finish())
    }
}

fn digest(encode: impl FnOnce(&mut Encoder)) -> [u8; 32] {
    let mut encoder = Encoder::new(FIELD);
    encode(&mut encoder);
    encoder.finish()
}

impl fmt::Debug for PromptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PromptKey").field("fields", &self.fields.len()).finish_non_exhaustive()
    }
}
