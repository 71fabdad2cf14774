//! The workspace as cargo describes it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::cargo::{cargo, output, root};

/// All members, in cargo's order.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    pub(crate) packages: Vec<Package>,
}

/// One member, as far as the commands care.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) manifest_path: String,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) targets: Vec<Target>,
    /// Each feature, and what it turns on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) description: Option<String>,
    pub(crate) keywords: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) license: Option<String>,
    pub(crate) readme: Option<String>,
    pub(crate) rust_version: Option<String>,
    pub(crate) authors: Vec<String>,
    pub(crate) repository: Option<String>,
    pub(crate) homepage: Option<String>,
    pub(crate) documentation: Option<String>,
    /// `None`: anywhere; `Some([])`: `publish = false`.
    pub(crate) publish: Option<Vec<String>>,
}

/// One entry of a dependency table.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None`: normal; otherwise `dev` or `build`.
    pub(crate) kind: Option<String>,
    /// `*` where only a path is given.
    pub(crate) req: String,
    pub(crate) path: Option<String>,
}

/// One thing that cargo builds from a package.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
    #[serde(rename = "required-features")]
    pub(crate) required_features: Vec<String>,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn load() -> io::Result<Self> {
        let text = output(&mut cargo(["metadata", "--no-deps", "--format-version", "1"]))?;
        serde_json::from_str(&text).map_err(io::Error::other)
    }

    /// The package that a person means by `name`, all of them unless given; `None` if there is no such package.
    pub(crate) fn chosen(&self, name: Option<&str>) -> Option<Vec<&Package>> {
        match name {
            None => Some(self.packages.iter().collect()),
            Some(name) => self.packages.iter().find(|package| package.is(name)).map(|package| vec![package]),
        }
    }
}

impl Package {
    /// Where the package lives.
    pub(crate) fn folder(&self) -> &Path {
        Path::new(&self.manifest_path).parent().unwrap_or_else(|| root())
    }

    /// Whether a person who says `name` means this package.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name || self.name.strip_prefix("steadfast-") == Some(name)
    }

    /// Whether cargo may publish it.
    pub(crate) fn is_published(&self) -> bool {
        self.publish.as_ref().is_none_or(|registries| !registries.is_empty())
    }

    /// Whether one of its targets is of `kind`.
    pub(crate) fn has(&self, kind: &str) -> bool {
        self.targets.iter().any(|target| target.kind.iter().any(|k| k == kind))
    }
}
