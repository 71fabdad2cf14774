//! Which differences between requests do not count, by the user's word.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::encoding::Encoder;

/// Which differences between requests a [`PromptKey`](crate::PromptKey) looks past. By itself it looks past none.
///
/// Each step is a promise of yours that the answer does not depend on what is dropped. Keys that were normalised
/// differently never meet: what is done is part of the key. Unicode normalisation is not done: "é" as one character and
/// as two have two keys.
///
/// ```
/// use steadfast_cache::{Normalise, PromptKey};
///
/// let loose = Normalise::none().collapse_whitespace().trim().ignore_fields(["user", "/metadata/request_id"]);
/// let ask = |text, user| {
///     PromptKey::normalised(&loose, "openai", "gpt-5").message("user", text).param("user", user).finish()
/// };
/// assert_eq!(ask("Why is\n the sky blue?\n", "ann"), ask("Why is the sky blue?", "bob"));
/// assert_ne!(ask("Why is the sky blue?", "ann"), ask("Why is the sky red?", "ann"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Normalise {
    collapse: bool,
    trim: bool,
    ignored: BTreeSet<Vec<String>>,
}

impl Normalise {
    /// Every difference counts.
    #[must_use]
    pub const fn none() -> Self {
        Self { collapse: false, trim: false, ignored: BTreeSet::new() }
    }

    /// A run of white space in a text is one space. Not for code in which indentation has a meaning.
    ///
    /// A text is what [`system`](crate::PromptKey::system), [`message`](crate::PromptKey::message) and
    /// [`Part::text`](crate::Part::text) are given; tool results and JSON are not touched.
    #[must_use]
    pub fn collapse_whitespace(mut self) -> Self {
        self.collapse = true;
        self
    }

    /// White space at both ends of a text does not count.
    #[must_use]
    pub fn trim(mut self) -> Self {
        self.trim = true;
        self
    }

    /// These fields of the request do not count, whether they are there or not.
    ///
    /// A field is a name given to [`param`](crate::PromptKey::param) or [`json`](crate::PromptKey::json), or, when it
    /// begins with a slash, a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)) whose first segment is
    /// such a name: `/metadata/request_id`. Provider, model, scope, system text and messages always count.
    #[must_use]
    pub fn ignore_fields<I>(mut self, fields: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.ignored.extend(fields.into_iter().map(|field| segments(field.as_ref())));
        self
    }

    /// The text as it counts.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let text = if self.trim { text.trim() } else { text };
        if self.collapse { collapsed(text).into() } else { text.into() }
    }

    pub(super) fn ignored(&self) -> Paths<'_> {
        Paths(self.ignored.iter().map(Vec::as_slice).collect())
    }

    pub(super) fn encode(&self, encoder: &mut Encoder) {
        encoder.tag(self.collapse.into());
        encoder.tag(self.trim.into());
        encoder.count(self.ignored.len());
        for path in &self.ignored {
            encoder.count(path.len());
            path.iter().for_each(|segment| encoder.text(segment));
        }
    }
}

/// The places below some value that do not count. No path is empty.
pub(super) struct Paths<'a>(Vec<&'a [String]>);

impl Paths<'_> {
    /// Nothing is ignored.
    pub(super) const NONE: Self = Self(Vec::new());

    /// The places below the member called `name`; `None` when the member itself does not count.
    pub(super) fn under(&self, name: &str) -> Option<Self> {
        let mut deeper = Vec::new();
        for path in &self.0 {
            match path.split_first() {
                Some((first, [])) if first == name => return None,
                Some((first, rest)) if first == name => deeper.push(rest),
                _ => {}
            }
        }
        Some(Self(deeper))
    }

    /// The same for the item of an array.
    pub(super) fn at(&self, index: usize) -> Option<Self> {
        if self.0.is_empty() { Some(Self::NONE) } else { self.under(&index.to_string()) }
    }
}

/// A pointer in its segments; a name is one segment.
fn segments(field: &str) -> Vec<String> {
    match field.strip_prefix('/') {
        Some(pointer) => pointer.split('/').map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect(),
        None => vec![field.to_owned()],
    }
}

/// Every run of white space as one space.
fn collapsed(text: &str) -> String {
    let mut short = String::with_capacity(text.len());
    let mut spaced = false;
    for char in text.chars() {
        if !char.is_whitespace() {
            short.push(char);
        } else if !spaced {
            short.push(' ');
        }
        spaced = char.is_whitespace();
    }
    short
}
