//! An image in a message.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// An image: where it is, or itself. Its `Debug` tells neither.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Image {
    /// The image, or where it is.
    pub source: ImageSource,
    /// How closely the model is to look: OpenAI's `low`, `high`, `auto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// An image, or where it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImageSource {
    /// The provider fetches it from there.
    Url(String),
    /// It travels with the request.
    Base64 {
        /// Such as `image/png`.
        media_type: String,
        /// The bytes in Base64 with padding (RFC 4648, section 4).
        data: Arc<str>,
    },
}

impl Image {
    /// An image that the provider fetches.
    #[must_use]
    pub fn url(url: impl Into<String>) -> Self {
        Self { source: ImageSource::Url(url.into()), detail: None }
    }

    /// An image that travels with the request.
    #[must_use]
    pub fn bytes(media_type: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        let data = Arc::from(STANDARD.encode(bytes));
        Self { source: ImageSource::Base64 { media_type: media_type.into(), data }, detail: None }
    }

    /// An image whose kind is told by its first bytes: PNG, JPEG, GIF or WebP, which all vendors take; `None` when it is
    /// something else.
    #[must_use]
    pub fn detect(bytes: impl AsRef<[u8]>) -> Option<Self> {
        let media_type = match bytes.as_ref() {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
            [0xff, 0xd8, 0xff, ..] => "image/jpeg",
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "image/gif",
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
            _ => return None,
        };
        Some(Self::bytes(media_type, bytes))
    }

    /// Sets how closely the model is to look.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// What must not be told: the URL may hold a credential, and the image is contents.
    pub(crate) fn address(&self) -> &str {
        match &self.source {
            ImageSource::Url(url) => url,
            ImageSource::Base64 { .. } => "",
        }
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image").field("source", &self.source).field("detail", &self.detail).finish()
    }
}

impl fmt::Debug for ImageSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => write!(f, "Url({} bytes)", url.len()),
            Self::Base64 { media_type, data } => write!(f, "Base64({media_type}, {} bytes)", data.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_kind() {
        let kind = |bytes: &[u8]| match Image::detect(bytes).map(|image| image.source) {
            Some(ImageSource::Base64 { media_type, .. }) => media_type,
            _ => String::new(),
        };
        assert_eq!(kind(b"\x89PNG\r\n\x1a\nrest"), "image/png");
        assert_eq!(kind(b"\xff\xd8\xff\xe0"), "image/jpeg");
        assert_eq!(kind(b"GIF89a"), "image/gif");
        assert_eq!(kind(b"RIFF\x01\x02\x03\x04WEBPVP8 "), "image/webp");
        assert_eq!(kind(b"<svg>"), "");
        assert_eq!(kind(b""), "");
    }
}
