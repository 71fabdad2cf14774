//! What a response is filed under.

use std::fmt;

/// 32 bytes that stand for a request: a digest of everything that its answer depends on.
///
/// Requests with the same key share an answer, so that it must come from a collision-resistant hash such as SHA-256
/// wherever the input is not yours. `Debug` and `Display` show the first four bytes, enough to tell keys apart in a log.
///
/// ```
/// use steadfast_cache::CacheKey;
///
/// let key = CacheKey::from_bytes([0xab; 32]);
/// assert_eq!(key.to_string(), "abababab…");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheKey([u8; 32]);

impl CacheKey {
    /// The key with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for CacheKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self::from_bytes(bytes)
    }
}

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("…")
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CacheKey({self})")
    }
}
