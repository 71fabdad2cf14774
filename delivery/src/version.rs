//! The order of firmware versions: semantic where they are semantic, natural elsewhere.

mod key;

use std::cmp::Ordering;
use std::convert::Infallible;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use key::Key;

/// A firmware version, which compares as people mean it: `1.9` is before `1.10`.
///
/// Every text is a version, and any two of them compare:
///
/// - White space around it and a `v` before its first digit do not count.
/// - What [Semantic Versioning 2.0.0](https://semver.org/#spec-item-11) knows goes by its precedence: `1.0.0-rc.1` is
///   before `1.0.0`, and what follows a `+` does not count.
/// - Elsewhere numbers compare as numbers, however many there are and whatever stands between them: `2026.9.1` is before
///   `2026.11.22`, `4.2.0.9` before `4.2.0.10`. A number that is missing is 0: `2` is `2.0` is `2.0.0`.
/// - What begins with a `~`, with a `-` before a letter, or with one of the words `alpha`, `beta`, `canary`, `dev`,
///   `nightly`, `pre`, `preview`, `rc`, `snapshot` is a pre-release, and is before its release: `2.1-rc1`, `2.1rc1` and
///   `2.1~7` are before `2.1`. Within it, after a dash, the rules of semantic versions hold (`rc10` is before `rc2`,
///   `rc.10` after `rc.2`); elsewhere numbers compare as numbers.
/// - Other letters come after nothing and before a number: `1.0.2` is before `1.0.2k`, which is before `1.0.2.1`. Their
///   case does not count.
/// - A text that does not begin with a number (`unknown`, `build 7`) is before all that do; such texts compare by what
///   stands before the number, then as above.
///
/// Versions that differ in nothing that counts are equal. The text is kept as it was.
///
/// ```
/// use steadfast_delivery::Version;
///
/// assert!(Version::new("1.9") < Version::new("1.10"));
/// assert!(Version::new("2.0.0-rc.2") < Version::new("v2"));
/// assert_eq!(Version::new("v2.0"), Version::new("2.0.0+build.5"));
/// assert_eq!(Version::new("v2.0").to_string(), "v2.0");
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Version {
    text: String,
    key: Key,
}

impl Version {
    /// The version that this text means.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let key = Key::of(&text);
        Self { text, key }
    }

    /// The text, as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is before the release that it is named for.
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        self.key.is_prerelease()
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Version").field(&self.text).finish()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl From<&str> for Version {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Version {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.text
    }
}

impl FromStr for Version {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::new(text))
    }
}
