//! Where two vendors of the same API differ: data, one table each.

mod endpoints;
mod named;
mod quirks;
mod versions;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::admission::LimitTable;
use crate::problem::Problem;
use crate::{Api, Error, ErrorKind};

pub use endpoints::Endpoints;
pub use quirks::Quirks;
pub use versions::Versions;

/// A vendor: everything about it that a client has to know. All of it is data, and can be written down in TOML:
///
/// ```
/// use steadfast_providers::Vendor;
///
/// let mine = Vendor::from_toml(
///     r#"
///     name = "acme"
///     api = "chat_completions"
///     base_url = "https://llm.acme.example/v1"
///     key_variable = "ACME_KEY"
///
///     [codes]
///     wallet_empty = "quota_spent"
///
///     [quirks.fields]
///     max_completion_tokens = "max_tokens"
///     "#,
/// )?;
/// assert_eq!(mine.name, "acme");
/// # Ok::<(), steadfast_providers::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Vendor {
    /// What it is called, unless a client is given a name of its own.
    pub name: String,
    /// What it is called in prose.
    #[serde(default)]
    pub title: String,
    /// The API that it speaks.
    pub api: Api,
    /// The base URL, unless a client is given its own.
    pub base_url: String,
    /// The variable that the key is usually in; empty where there is none.
    #[serde(default)]
    pub key_variable: String,
    /// The variable that another base URL is usually in; empty where there is none.
    #[serde(default)]
    pub url_variable: String,
    /// The model that the command asks when it is told none; a client has to be told one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How the key travels.
    #[serde(default)]
    pub auth: Auth,
    /// Headers of every request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The versions of the API, where a request has to name one. The one that is named unless a client chooses is in
    /// [`headers`](Self::headers).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<Versions>,
    /// The response header that names the request.
    #[serde(default = "request_id")]
    pub request_id: String,
    /// Machine words of errors that say more than the status of the answer.
    #[serde(default)]
    pub codes: BTreeMap<String, ErrorKind>,
    /// Machine words of errors that count when there is no status: inside of a successful answer.
    #[serde(default)]
    pub classes: BTreeMap<String, ErrorKind>,
    /// Where its other endpoints are.
    #[serde(default)]
    pub endpoints: Endpoints,
    /// What it does otherwise than OpenAI, where it speaks Chat Completions.
    #[serde(default)]
    pub quirks: Quirks,
    /// What it limits, and the headers that tell of it.
    #[serde(default)]
    pub limits: LimitTable,
}

/// How a key travels: in which header, and what comes before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Auth {
    /// The header, in lower case.
    pub header: String,
    /// What comes before the key.
    #[serde(default)]
    pub prefix: String,
}

impl Auth {
    /// The key in a header of its own.
    #[must_use]
    pub fn header(name: impl Into<String>) -> Self {
        Self { header: name.into(), prefix: String::new() }
    }
}

impl Default for Auth {
    /// `authorization: Bearer …`.
    fn default() -> Self {
        Self { header: String::from("authorization"), prefix: String::from("Bearer ") }
    }
}

fn request_id() -> String {
    String::from("x-request-id")
}

impl Default for Vendor {
    /// A vendor of Chat Completions on this machine, of which nothing is known.
    fn default() -> Self {
        Self {
            name: String::from("local"),
            title: String::new(),
            api: Api::ChatCompletions,
            base_url: String::from("http://localhost:8080/v1"),
            key_variable: String::new(),
            url_variable: String::new(),
            model: None,
            auth: Auth::default(),
            headers: BTreeMap::new(),
            versions: None,
            request_id: request_id(),
            codes: BTreeMap::new(),
            classes: BTreeMap::new(),
            endpoints: Endpoints::default(),
            quirks: Quirks::default(),
            limits: LimitTable::default(),
        }
    }
}

impl Vendor {
    /// Reads a table. Machine words of OpenAI that it does not have are added to those of a vendor whose API is OpenAI's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] that names the field which is wrong, or unknown.
    pub fn from_toml(table: &str) -> Result<Self, Error> {
        Self::read(table).map(Self::with_common_words)
    }

    fn read(table: &str) -> Result<Self, Error> {
        toml::from_str(table).map_err(|error| {
            let what = format!("the vendor's table cannot be read: {}", error.message());
            Error::new(ErrorKind::Config, "", what).advise("check its fields")
        })
    }

    /// With OpenAI's machine words, where the API is OpenAI's.
    pub(crate) fn with_common_words(mut self) -> Self {
        if self.api != Api::Messages {
            named::openai().clone_into_gaps_of(&mut self);
        }
        self
    }

    /// Gives `other` the machine words that it does not have.
    fn clone_into_gaps_of(&self, other: &mut Self) {
        for (mine, theirs) in [(&self.codes, &mut other.codes), (&self.classes, &mut other.classes)] {
            for (word, kind) in mine {
                theirs.entry(word.clone()).or_insert(*kind);
            }
        }
    }

    /// The kind of a failure: the exact words first, then the status, then what the body says about itself.
    pub(crate) fn kind(&self, status: u16, problem: &Problem) -> ErrorKind {
        if let Some(kind) = self.kind_of_code(problem) {
            return kind;
        }
        if status >= 400 {
            return kind_of_status(status);
        }
        match problem.number.filter(|number| *number >= 400) {
            Some(number) => kind_of_status(number),
            None => look_up(&self.classes, problem).unwrap_or(ErrorKind::Server),
        }
    }

    /// The kind that an exact machine word tells, whatever the status.
    pub(crate) fn kind_of_code(&self, problem: &Problem) -> Option<ErrorKind> {
        look_up(&self.codes, problem)
    }
}

fn look_up(words: &BTreeMap<String, ErrorKind>, problem: &Problem) -> Option<ErrorKind> {
    problem.words().find_map(|word| words.get(word).copied())
}

fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Authentication,
        402 => ErrorKind::QuotaSpent,
        403 => ErrorKind::Permission,
        404 | 405 => ErrorKind::NotFound,
        408 | 504 => ErrorKind::Timeout,
        409 => ErrorKind::Conflict,
        413 => ErrorKind::TooLarge,
        425 | 429 => ErrorKind::RateLimited,
        503 | 529 => ErrorKind::Overloaded,
        500.. => ErrorKind::Server,
        _ => ErrorKind::InvalidRequest,
    }
}
