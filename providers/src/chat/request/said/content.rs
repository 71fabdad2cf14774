//! What a message says: a text, or texts and images and whatever else the API has.

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::super::super::custom::is_custom;
use crate::{Api, Image, ImageSource, Part};

/// The parts of a message that are contents; everything else in it is passed over.
pub(super) enum Content<'a> {
    Text(&'a str),
    Parts(&'a [Part]),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Piece<'a> {
    Text {
        text: &'a str,
    },
    ImageUrl {
        image_url: Address<'a>,
    },
    #[serde(untagged)]
    Other(&'a Value),
}

#[derive(Serialize)]
struct Address<'a> {
    #[serde(serialize_with = "address")]
    url: &'a ImageSource,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl<'a> Content<'a> {
    pub(super) fn text(text: &'a str) -> Self {
        Self::Text(text)
    }

    pub(super) fn new(parts: &'a [Part]) -> Self {
        Self::Parts(parts)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces().next().is_none()
    }

    fn pieces(&self) -> impl Iterator<Item = Piece<'a>> {
        let (text, parts) = match *self {
            Self::Text(text) => (Some(Piece::Text { text }), &[][..]),
            Self::Parts(parts) => (None, parts),
        };
        text.into_iter().chain(parts.iter().filter_map(piece))
    }
}

/// A part in the API's words, where it is no call of a tool.
fn piece(part: &Part) -> Option<Piece<'_>> {
    match part {
        Part::Text(text) => Some(Piece::Text { text }),
        Part::Image(Image { source, detail }) => {
            Some(Piece::ImageUrl { image_url: Address { url: source, detail: detail.as_deref() } })
        }
        Part::Other(other) if other.api == Api::ChatCompletions && !is_custom(&other.value) => {
            Some(Piece::Other(&other.value))
        }
        _ => None,
    }
}

impl Serialize for Content<'_> {
    /// Texts alone are one text: there are vendors that take nothing else.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let texts = self.pieces().map(|piece| match piece {
            Piece::Text { text } => Some(text),
            _ => None,
        });
        match texts.collect::<Option<Vec<_>>>().as_deref() {
            Some([text]) => serializer.serialize_str(text),
            Some(texts) => serializer.serialize_str(&texts.concat()),
            None => {
                let mut list = serializer.serialize_seq(None)?;
                self.pieces().try_for_each(|piece| list.serialize_element(&piece))?;
                list.end()
            }
        }
    }
}

fn address<S: Serializer>(source: &ImageSource, serializer: S) -> Result<S::Ok, S::Error> {
    match source {
        ImageSource::Url(url) => serializer.serialize_str(url),
        ImageSource::Base64 { media_type, data } => {
            serializer.collect_str(&format_args!("data:{media_type};base64,{data}"))
        }
    }
}
