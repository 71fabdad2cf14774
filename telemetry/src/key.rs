//! The identity of one series: a name and its labels.

use std::borrow::Cow;
use std::fmt;

/// What one counter or histogram is called: a name and labels, which are kept sorted by their names.
///
/// Two keys with the same name and the same labels are equal, whatever the order in which the labels were given. Keys
/// are ordered by name first, so that the series of one name stand together in a snapshot.
///
/// Whoever is at the other end often chooses what a label says, and shall not choose how much memory it takes: of a value
/// longer than 128 bytes the beginning is kept, with `…` behind it, and of more than 16 labels the 16 whose names come
/// first.
///
/// ```
/// use steadfast_telemetry::Key;
///
/// let key = Key::new("requests").label("status", "503").label("host", "a");
/// assert_eq!(key, Key::new("requests").label("host", "a").label("status", "503"));
/// assert_eq!(key.to_string(), r#"requests{host="a",status="503"}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    name: Text,
    labels: Vec<(Text, Text)>,
}

/// Literals are not copied.
type Text = Cow<'static, str>;

/// What every label of a key says that found no room of its own.
const OTHER: &str = "other";

/// How many labels a key has at most.
const MAX_LABELS: usize = 16;

/// How many bytes of a label's value are kept.
const MAX_VALUE: usize = 128;

impl Key {
    /// A key without labels.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), labels: Vec::new() }
    }

    /// The same key with one label more; a label of that name that is already there gets the new value.
    #[must_use]
    pub fn label(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) -> Self {
        let (name, value) = (name.into(), cut(value.into()));
        match self.labels.binary_search_by(|(have, _)| have.cmp(&name)) {
            Ok(at) => self.labels[at].1 = value,
            Err(at) => self.labels.insert(at, (name, value)),
        }
        self.labels.truncate(MAX_LABELS);
        self
    }

    /// The name without the labels.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The labels as pairs of name and value, sorted by name.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// The value of the label called `label`.
    #[must_use]
    pub fn value(&self, label: &str) -> Option<&str> {
        let at = self.labels.binary_search_by(|(have, _)| have.as_ref().cmp(label)).ok()?;
        Some(&self.labels[at].1)
    }

    /// The key that collects what has no series of its own: the same name and label names, every value `other`.
    pub(crate) fn surplus(&self) -> Self {
        let labels = self.labels.iter().map(|(name, _)| (name.clone(), Cow::Borrowed(OTHER))).collect();
        Self { name: self.name.clone(), labels }
    }

    /// Whether there can be any number of keys like this one: it has labels, and does not collect for others.
    pub(crate) fn is_one_of_many(&self) -> bool {
        self.labels.iter().any(|(_, value)| value != OTHER)
    }

    /// The key of last resort, where even the names are too many.
    pub(crate) fn last_resort() -> Self {
        Self::new(OTHER)
    }
}

/// A value that is short enough.
fn cut(value: Text) -> Text {
    if value.len() <= MAX_VALUE {
        return value;
    }
    let mut end = MAX_VALUE;
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    Cow::Owned([&value[..end], "…"].concat())
}

/// `name{label="value",…}`, with `\`, `"` and line ends escaped in values.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (i, (name, value)) in self.labels().enumerate() {
            write!(f, "{}{name}=\"", if i == 0 { '{' } else { ',' })?;
            for c in value.chars() {
                match c {
                    '\n' => f.write_str("\\n")?,
                    '\\' | '"' => write!(f, "\\{c}")?,
                    c => write!(f, "{c}")?,
                }
            }
            f.write_str("\"")?;
        }
        if self.labels.is_empty() { Ok(()) } else { f.write_str("}") }
    }
}
