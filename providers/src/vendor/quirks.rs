//! What a vendor does otherwise than OpenAI, whose API it speaks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a vendor of Chat Completions does otherwise than OpenAI; the default is OpenAI itself.
///
/// ```
/// use steadfast_providers::Quirks;
///
/// let quirks = Quirks::new().field("max_completion_tokens", "max_tokens").without("store");
/// assert_eq!(quirks.fields["max_completion_tokens"], "max_tokens");
/// assert!(!quirks.takes("store") && quirks.takes("seed"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Quirks {
    /// Fields of a request by OpenAI's names, and what the vendor calls them; nothing (`""`) where it does not take them.
    ///
    /// What a call asks for and the vendor does not take is left out where the answer is the same without it
    /// (`stream_options`, `metadata`, `store`, `safety_identifier`, `prompt_cache_key`, `prompt_cache_retention`,
    /// `service_tier`, `encoding_format`, `tool_choice` of `auto`, `parallel_tool_calls` of `true`); otherwise the call is refused before it is
    /// sent. `top_k`, which OpenAI does not have, is taken where it is named here.
    pub fields: BTreeMap<String, String>,
    /// How many stop texts it takes.
    pub stops: usize,
    /// It knows the role `developer`; otherwise it is told as the system's.
    pub developer: bool,
    /// It reads images.
    pub images: bool,
    /// It calls tools.
    pub tools: bool,
    /// It sees to it that the arguments of tools fit their schema; otherwise it is not asked to.
    pub strict: bool,
    /// It answers in JSON (`json_object`).
    pub json: bool,
    /// It answers in JSON that fits a schema (`json_schema`).
    pub schemas: bool,
    /// The field in which it wants back what it thought before it called tools; `None` where it wants nothing back.
    pub thoughts: Option<String>,
}

impl Quirks {
    /// None: as OpenAI does it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A field of a request that the vendor calls otherwise.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, theirs: impl Into<String>) -> Self {
        self.fields.insert(name.into(), theirs.into());
        self
    }

    /// A field of a request that the vendor does not take.
    #[must_use]
    pub fn without(self, name: impl Into<String>) -> Self {
        self.field(name, "")
    }

    /// Whether the vendor takes this field, which has OpenAI's name.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        self.name_of(name).is_some()
    }

    /// What the vendor calls this field; `None` where it does not take it.
    pub(crate) fn name_of<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        match self.fields.get(name) {
            Some(theirs) => Some(&**theirs).filter(|theirs| !theirs.is_empty()),
            None => Some(name).filter(|name| *name != "top_k"),
        }
    }
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            fields: BTreeMap::new(),
            stops: 4,
            developer: true,
            images: true,
            tools: true,
            strict: true,
            json: true,
            schemas: true,
            thoughts: None,
        }
    }
}
