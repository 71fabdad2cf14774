//! Lists in files: a list of one value may be that value alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a value or a list of values")]
enum Many {
    One(String),
    All(Vec<String>),
}

impl Many {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::All(all) => all,
        }
    }
}

/// Each value is read as if it stood alone, so that a refusal tells of it and not of the list.
pub(super) fn deserialize<'de, D, T, C>(deserializer: D) -> Result<C, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
    C: FromIterator<T> + IntoIterator<Item = T>,
{
    let all = Many::deserialize(deserializer)?.into_vec().into_iter();
    all.map(|one| T::deserialize(serde::de::value::StringDeserializer::new(one))).collect()
}

/// Lists under names.
pub(super) fn map<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    let map = BTreeMap::<String, Many>::deserialize(deserializer)?;
    Ok(map.into_iter().map(|(name, many)| (name, many.into_vec())).collect())
}
