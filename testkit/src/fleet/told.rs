//! How devices tell what they run: as plain text, or as JSON with the version, and its digest, at a path.

use std::io;

use serde_json::{Map, Value};

use crate::Reply;

/// Where the version goes in JSON, unless it is told.
const VERSION: &str = "/version";

/// The form of the answer to `GET /version`. Plain text if there is no path at all.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// A JSON pointer (RFC 6901).
    pub(super) version: Option<Box<str>>,
    /// Likewise, to the SHA-256 in hexadecimal digits; `null` for a device that took no update.
    pub(super) digest: Option<Box<str>>,
}

impl Told {
    /// Refuses pointers that lead nowhere.
    pub(super) fn check(&self) -> io::Result<()> {
        let refuse = |message| Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        for pointer in [&self.version, &self.digest].into_iter().flatten() {
            if !pointer.starts_with('/') {
                return refuse(format!("{pointer:?} is no JSON pointer below the root: it begins with a slash"));
            }
        }
        if let Some(digest) = &self.digest {
            let (version, digest) = (format!("{}/", self.version()), format!("{digest}/"));
            if version.starts_with(&digest) || digest.starts_with(&version) {
                return refuse("version and digest are told at the same place".to_owned());
            }
        }
        Ok(())
    }

    /// What a device says that runs this.
    pub(super) fn reply(&self, version: &str, digest: Option<&[u8; 32]>) -> Reply {
        if self.version.is_none() && self.digest.is_none() {
            return Reply::status(200).header("content-type", "text/plain; charset=utf-8").body(version.to_owned());
        }
        let mut told = Map::new();
        insert(&mut told, self.version(), Value::from(version));
        if let Some(pointer) = &self.digest {
            let hex = digest.map(|digest| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
            insert(&mut told, pointer, Value::from(hex));
        }
        Reply::json(200, Value::Object(told))
    }

    fn version(&self) -> &str {
        self.version.as_deref().unwrap_or(VERSION)
    }
}

/// Puts a value at a pointer, whose parts are all names of members.
fn insert(into: &mut Map<String, Value>, pointer: &str, value: Value) {
    let pointer = pointer.strip_prefix('/').unwrap_or(pointer);
    let (name, rest) = pointer.find('/').map_or((pointer, ""), |slash| pointer.split_at(slash));
    let name = name.replace("~1", "/").replace("~0", "~");
    if rest.is_empty() {
        into.insert(name, value);
    } else if let Value::Object(inner) = into.entry(name).or_insert_with(|| Value::Object(Map::new())) {
        insert(inner, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is put at a pointer is found there, and what was elsewhere stays.
        #[test]
        fn pointers_lead_to_what_was_put_there(a in "(/[a-z~1/]{0,4}[a-z]){1,3}", b in "(/[a-z0-9]{1,4}){1,3}") {
            let escape = |pointer: &str| pointer.replace('~', "~0");
            let (a, b) = (escape(&a), escape(&b));
            let told = Told { version: Some(a.as_str().into()), digest: Some(b.as_str().into()) };
            prop_assume!(told.check().is_ok());
            let mut map = Map::new();
            insert(&mut map, &a, Value::from("v"));
            insert(&mut map, &b, Value::from("d"));
            let map = Value::Object(map);
            prop_assert_eq!(map.pointer(&a), Some(&Value::from("v")));
            prop_assert_eq!(map.pointer(&b), Some(&Value::from("d")));
        }
    }

    #[test]
    fn pointers_that_lead_nowhere_are_refused() {
        let check = |version: Option<&str>, digest: Option<&str>| {
            Told { version: version.map(Box::from), digest: digest.map(Box::from) }.check().is_ok()
        };
        assert!(check(None, None) && check(Some("/a/b"), Some("/a/c")) && check(Some("/ab"), Some("/a")));
        assert!(!check(Some("version"), None) && !check(Some(""), None) && !check(None, Some("digest")));
        assert!(!check(Some("/a"), Some("/a")) && !check(Some("/a/b"), Some("/a")) && !check(None, Some("/version/x")));
    }
}
