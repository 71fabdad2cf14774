//! The versions of an API, and what each of them refuses.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Vendor;

/// The versions of an API, where a request has to name one.
///
/// ```
/// use steadfast_providers::Vendor;
///
/// let versions = Vendor::anthropic().versions.unwrap();
/// assert!(versions.known["2026-10-21"].contains("temperature"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Versions {
    /// The header that names the version, in lower case.
    pub header: String,
    /// The versions, and which fields of a request each of them refuses.
    #[serde(default)]
    pub known: BTreeMap<String, BTreeSet<String>>,
}

impl Versions {
    /// No version so far, named in this header.
    #[must_use]
    pub fn new(header: impl Into<String>) -> Self {
        Self { header: header.into(), known: BTreeMap::new() }
    }

    /// Adds a version that refuses these fields.
    #[must_use]
    pub fn version<'a>(mut self, name: impl Into<String>, refuses: impl IntoIterator<Item = &'a str>) -> Self {
        self.known.insert(name.into(), refuses.into_iter().map(str::to_owned).collect());
        self
    }
}

impl Vendor {
    /// The version of the API that requests name, where they have to name one.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        let versions = self.versions.as_ref()?;
        self.headers.get(&versions.header).map(String::as_str)
    }

    /// The version, where it refuses this field of a request.
    pub(crate) fn refuses(&self, field: &str) -> Option<&str> {
        let version = self.version()?;
        self.versions.as_ref()?.known.get(version)?.contains(field).then_some(version)
    }
}
