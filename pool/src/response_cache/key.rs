//! What answers are found by: digests, so that no credential is kept.

use http::header::VARY;
use http::{HeaderMap, HeaderName, Method};
use sha2::{Digest, Sha256};
use steadfast_cache::CacheKey;
use url::{Position, Url};

use super::Index;
use super::directives::parts;
use crate::redact::is_credential;

/// Where the index of a URL is: what its answers vary by.
pub(crate) fn of_url(url: &Url) -> CacheKey {
    let mut hash = Fields::new(b"url");
    hash.add(url[..Position::AfterQuery].as_bytes());
    hash.key()
}

/// Where the answer to a request with `headers` is.
pub(crate) fn of_answer(method: &Method, url: &Url, headers: &HeaderMap, index: &Index) -> CacheKey {
    let mut hash = Fields::new(b"answer");
    hash.add(method.as_str().as_bytes());
    hash.add(url[..Position::AfterQuery].as_bytes());
    hash.add(&index.generation.to_be_bytes());
    let mut credentials: Vec<_> = headers.iter().filter(|(name, value)| is_credential(name.as_str(), value)).collect();
    credentials.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in credentials {
        hash.add(name.as_str().as_bytes());
        hash.add(value.as_bytes());
    }
    for name in &index.varies {
        hash.add(b"vary");
        hash.add(name.as_bytes());
        headers.get_all(name.as_str()).iter().for_each(|value| hash.add(value.as_bytes()));
    }
    hash.key()
}

/// The names of the request's headers that an answer depends on, in order and each once. What is no name varies nothing.
pub(crate) fn varies(headers: &HeaderMap) -> Vec<String> {
    let all = headers.get_all(VARY).iter().flat_map(|value| parts(value.as_bytes()));
    let mut names: Vec<String> = all
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .map(|name| name.as_str().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Fields, each with its length before it: no two lists of fields are the same bytes.
struct Fields(Sha256);

impl Fields {
    fn new(kind: &[u8]) -> Self {
        let mut fields = Self(Sha256::new());
        fields.add(kind);
        fields
    }

    fn add(&mut self, field: &[u8]) {
        self.0.update((field.len() as u64).to_be_bytes());
        self.0.update(field);
    }

    fn key(self) -> CacheKey {
        CacheKey::from_bytes(self.0.finalize().into())
    }
}
