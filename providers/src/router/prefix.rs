//! A call that another provider goes on with, after a part of its answer: the part becomes the beginning of what the model
//! says, as its own words.

use std::sync::Arc;

use crate::{Call, Message, OutputFormat, Role, Thinking};

/// Whether a model can be asked to go on with this text. Thoughts, forms and kept conversations have no beginning that
/// could be handed over.
pub(super) fn is_fit(call: &Call, text: &str) -> bool {
    let options = &call.options;
    let thinks = options.thinking.as_ref().is_some_and(|thinking| *thinking != Thinking::Off);
    let is_kept = options.previous.is_some() || options.background;
    let ends_well = match call.messages.last() {
        Some(last) if last.role == Role::Assistant => last.only_text().is_some(),
        last => last.is_some(),
    };
    options.format == OutputFormat::Text && !thinks && !is_kept && ends_well && !text.trim_end().is_empty()
}

/// The call, with the text as what the model has said already. White space at the end is left out: Messages refuses it.
pub(super) fn continued(mut call: Call, text: &str) -> Call {
    let messages = Arc::make_mut(&mut call.messages);
    let begun = messages.last().filter(|last| last.role == Role::Assistant).cloned();
    if begun.is_some() {
        messages.pop();
    }
    let said = format!("{}{text}", begun.as_ref().and_then(Message::only_text).unwrap_or_default());
    messages.push(Message::assistant(said.trim_end()));
    call
}

/// What was left out at the end.
pub(crate) fn left_out(text: &str) -> &str {
    text.get(text.trim_end().len()..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_becomes_the_models_own_words() {
        let call = continued(Call::new("Why?").system("s"), "Because  \n");
        assert_eq!(call.messages().iter().map(Message::text).collect::<Vec<_>>(), ["Why?", "Because"]);
        assert_eq!(call.messages()[1].role, Role::Assistant);
        let begun = Call::new("Why?").message(Message::assistant("It is "));
        assert_eq!(continued(begun, "because").messages()[1].text(), "It is because");
        assert_eq!(left_out("Because \n"), " \n");
        assert_eq!(left_out("Because"), "");
    }

    #[test]
    fn not_every_answer_has_a_beginning_that_can_be_handed_over() {
        let call = || Call::new("Why?");
        assert!(is_fit(&call(), "Because"));
        assert!(is_fit(&call().thinking(Thinking::Off), "Because"));
        assert!(is_fit(&call().message(Message::assistant("It is ")), "because"));
        assert!(!is_fit(&call(), " \n"));
        assert!(!is_fit(&call().format(OutputFormat::Json), "{"));
        assert!(!is_fit(&call().thinking(Thinking::Adaptive), "Because"));
        assert!(!is_fit(&call().previous("resp_1"), "Because"));
        assert!(!is_fit(&call().background(true), "Because"));
    }
}
