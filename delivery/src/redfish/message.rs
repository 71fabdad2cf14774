//! What a Redfish service says about an error: its `MessageId`, and the first words of its message.

use serde::Deserialize;

use crate::push::PushError;

/// How much of a message is told.
const MOST_SHOWN: usize = 120;

/// One message of extended information, or of a task.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Message {
    #[serde(default, rename = "MessageId", alias = "code")]
    id: Option<String>,
    #[serde(default, rename = "Message", alias = "message")]
    text: Option<String>,
}

/// An answer that is an error (DSP0266, "Error responses").
#[derive(Deserialize)]
struct Document {
    error: Detail,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(default, rename = "@Message.ExtendedInfo")]
    extended: Vec<Message>,
    #[serde(flatten)]
    own: Message,
}

/// A failure, with what the device says about it.
pub(super) fn explained(error: PushError, body: &[u8]) -> PushError {
    match (error, read(body)) {
        (PushError::Failed(mut failure), Some(message)) => {
            failure.message.push_str(&format!(" ({message})"));
            PushError::Failed(failure)
        }
        (error, _) => error,
    }
}

/// What an answer says about its error, on one line.
pub(super) fn read(body: &[u8]) -> Option<String> {
    let document: Document = serde_json::from_slice(body).ok()?;
    let Detail { extended, own } = document.error;
    extended.into_iter().chain([own]).find_map(|message| message.told())
}

impl Message {
    /// What it says, on one line.
    pub(super) fn told(&self) -> Option<String> {
        let id = self.id.as_deref().map(clean).filter(|id| !id.is_empty());
        let text = self.text.as_deref().map(clean).filter(|text| !text.is_empty());
        match (id, text) {
            (Some(id), Some(text)) => Some(format!("{id}: {text}")),
            (one, other) => one.or(other),
        }
    }
}

/// The first words of a text, without what does not belong on a line.
fn clean(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_are_told_on_one_line() {
        fn check(body: &str, expected: Option<&str>) {
            assert_eq!(read(body.as_bytes()).as_deref(), expected, "{body}");
        }
        let extended = r#"{"error":{"code":"Base.1.18.GeneralError","message":"See below.","@Message.ExtendedInfo":
            [{"MessageId":"Update.1.0.BadImage","Message":"The image\r\n is  bad.\u0000"}]}}"#;
        check(extended, Some("Update.1.0.BadImage: The image is bad."));
        check(r#"{"error":{"code":"Base.1.0.GeneralError","message":"No."}}"#, Some("Base.1.0.GeneralError: No."));
        check(r#"{"error":{"message":"No."}}"#, Some("No."));
        check(r#"{"error":{}}"#, None);
        check(r#"{"error":"no"}"#, None);
        check("<html>", None);
    }

    proptest! {
        /// Whatever a device says, it is told on one line of bounded length.
        #[test]
        fn no_message_is_long_or_of_several_lines(id in ".{0,300}", text in "(\\PC|\\n){0,300}") {
            let body = serde_json::json!({ "error": { "code": id, "message": text } }).to_string();
            let told = read(body.as_bytes()).unwrap_or_default();
            prop_assert!(told.chars().count() <= 2 * MOST_SHOWN + 4);
            prop_assert!(!told.chars().any(char::is_control), "{:?}", told);
        }
    }
}
