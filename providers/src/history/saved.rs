//! Conversations that are kept for later: JSON that names its version.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::Value;

use super::History;
use crate::{Error, ErrorKind, Message};

/// The version that is written, and the newest that is read.
const VERSION: u64 = 1;

/// What tells the version, whatever else there is.
#[derive(serde::Deserialize)]
struct Versioned {
    version: u64,
}

#[derive(serde::Deserialize)]
struct Saved {
    messages: Vec<Message>,
}

#[derive(serde::Deserialize)]
struct Unread {
    version: u64,
    messages: Value,
}

impl History {
    /// The conversation as JSON: `{"version":1,"messages":[…]}`. Budget and estimator are settings, and not part of it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] when something in it cannot be written as JSON.
    pub fn save(&self) -> Result<String, Error> {
        let wrong = |_| Error::new(ErrorKind::Malformed, "", "the chat cannot be written as JSON");
        serde_json::to_string(self).map_err(wrong)
    }

    /// Reads what was [saved](Self::save). Fields that are not known are left alone; a version that is not known is refused.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] when it was saved by a newer version of this crate in a form that this one cannot read;
    /// [`ErrorKind::Malformed`] when it is no saved chat. The message quotes nothing of it.
    pub fn load(saved: &str) -> Result<Self, Error> {
        let wrong = |error: serde_json::Error| {
            let what = format!("this is no saved chat (line {} column {})", error.line(), error.column());
            Error::new(ErrorKind::Malformed, "", what).advise("check that it is whole")
        };
        let Versioned { version } = serde_json::from_str(saved).map_err(wrong)?;
        if version != VERSION {
            let what = format!("the chat was saved in version {version}, and only version {VERSION} is known");
            return Err(Error::new(ErrorKind::Unsupported, "", what).advise("update the program that reads it"));
        }
        let Saved { messages } = serde_json::from_str(saved).map_err(wrong)?;
        Ok(Self::of(messages))
    }
}

impl Serialize for History {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut saved = serializer.serialize_struct("History", 2)?;
        saved.serialize_field("version", &VERSION)?;
        saved.serialize_field("messages", self.messages())?;
        saved.end()
    }
}

impl<'de> Deserialize<'de> for History {
    /// As [`load`](Self::load), for conversations inside of records of yours.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Unread { version, messages } = Unread::deserialize(deserializer)?;
        if version != VERSION {
            let what = format!("a chat that was saved in version {version}, and only version {VERSION} is known");
            return Err(D::Error::custom(what));
        }
        // What is wrong with them would be quoted.
        let messages: Vec<Message> =
            serde_json::from_value(messages).map_err(|_| D::Error::custom("this is no saved chat"))?;
        Ok(Self::of(messages))
    }
}
