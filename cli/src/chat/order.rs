//! What can be said in a conversation besides questions.

/// A line of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Nothing.
    Nothing,
    /// A question for the model.
    Ask(String),
    Help,
    /// Tell the model that is asked, or ask another one from now on.
    Model(Option<String>),
    /// Tell what the model is told, or tell it something else from now on.
    System(Option<String>),
    Save(String),
    Load(String),
    Clear,
    Usage,
    Retry,
    Quit,
}

/// The names of all orders, for completion.
pub(super) const NAMES: [&str; 9] =
    ["/clear", "/help", "/load ", "/model ", "/quit", "/retry", "/save ", "/system ", "/usage"];

/// What `/help` tells.
pub(super) const HELP: &str = "\
/model [NAME]   ask another model from now on, or tell which one is asked
/system [TEXT]  tell the model how to behave, or show what it is told; `/system -` takes it back
/retry          ask the last question again
/save FILE      keep the conversation in a file
/load FILE      go on with a conversation that was saved
/clear          forget the conversation
/usage          tokens and cost of this conversation
/quit           end (as Ctrl-D)
/help           this
Ctrl-C cancels an answer. A line that ends in \\ goes on in the next one; a question that begins with / is written //.";

/// Reads a line.
pub(super) fn read(line: &str) -> Result<Order, String> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(Order::Nothing);
    }
    let Some(order) = line.strip_prefix('/') else { return Ok(Order::Ask(line.to_owned())) };
    if order.starts_with('/') {
        return Ok(Order::Ask(order.to_owned()));
    }
    let (name, rest) = order.split_once(char::is_whitespace).unwrap_or((order, ""));
    let rest = Some(rest.trim()).filter(|rest| !rest.is_empty()).map(str::to_owned);
    let file = |rest: Option<String>| rest.ok_or_else(|| format!("/{name} needs a file"));
    let alone = |order: Order| match &rest {
        None => Ok(order),
        Some(_) => Err(format!("/{name} stands alone")),
    };
    match name {
        "help" | "?" => alone(Order::Help),
        "clear" => alone(Order::Clear),
        "usage" => alone(Order::Usage),
        "retry" => alone(Order::Retry),
        "quit" | "exit" => alone(Order::Quit),
        "model" => Ok(Order::Model(rest)),
        "system" => Ok(Order::System(rest)),
        "save" => file(rest).map(Order::Save),
        "load" => file(rest).map(Order::Load),
        _ => {
            Err(format!("there is no /{name}: /help tells what there is (a question that begins with / is written //)"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_orders_or_questions() {
        let check = |line, expected| assert_eq!(read(line).unwrap(), expected);
        check("  ", Order::Nothing);
        check(" who is there?\n", Order::Ask("who is there?".into()));
        check("one\ntwo", Order::Ask("one\ntwo".into()));
        check("//etc is what?", Order::Ask("/etc is what?".into()));
        check("/model", Order::Model(None));
        check("/model  gpt-5.4 ", Order::Model(Some("gpt-5.4".into())));
        check("/system Be brief.\nBe kind.", Order::System(Some("Be brief.\nBe kind.".into())));
        check("/save my chat.json", Order::Save("my chat.json".into()));
        check("/exit", Order::Quit);
    }

    #[test]
    fn what_is_no_order_is_told() {
        for (line, expected) in
            [("/nothing", "no /nothing"), ("/etc/hosts", "//"), ("/save", "needs a file"), ("/clear it", "alone")]
        {
            let told = read(line).unwrap_err();
            assert!(told.contains(expected), "{told}");
        }
    }

    #[test]
    fn every_order_is_completed_and_helped_with() {
        for name in NAMES {
            assert!(HELP.contains(name.trim_end()), "{name}");
            assert!(!read(name).is_err_and(|told| told.contains("there is no")), "{name}");
        }
    }
}
