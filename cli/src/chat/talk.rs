//! A conversation: what was said, what it took, and what a call gets of it.

use steadfast_providers::{Call, Cost, Error, History, Image, Message, Part, Reply, Role};

/// A conversation. What is asked is part of it only once it is answered.
#[derive(Debug)]
pub(super) struct Talk {
    history: History,
    budget: u64,
    /// What goes with the next question.
    images: Vec<Image>,
    pub(super) system: Option<String>,
    pub(super) model: Option<String>,
    /// The conversation before the question that is asked now, and that question.
    asked: Option<(History, Message)>,
    /// A question that nobody answered.
    unanswered: Option<Message>,
    /// How many messages the last call left out.
    left_out: usize,
    spent: Spent,
}

/// What a conversation took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) answers: u64,
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) cost: Cost,
}

impl Talk {
    pub(super) fn new(budget: u64) -> Self {
        Self {
            history: History::new().budget(budget),
            budget,
            images: Vec::new(),
            system: None,
            model: None,
            asked: None,
            unanswered: None,
            left_out: 0,
            spent: Spent::default(),
        }
    }

    /// Puts images to the next question.
    pub(super) fn attach(&mut self, images: Vec<Image>) {
        self.images = images;
    }

    pub(super) fn spent(&self) -> Spent {
        self.spent
    }

    pub(super) fn len(&self) -> usize {
        self.history.len()
    }

    /// Asks something new.
    pub(super) fn ask(&mut self, question: String) -> Call {
        let images = std::mem::take(&mut self.images).into_iter();
        let message = images.fold(Message::user(question), |message, image| message.part(Part::Image(image)));
        self.call(self.history.clone(), message)
    }

    /// Asks the last question again: the one that nobody answered, otherwise the one that was answered last.
    pub(super) fn again(&mut self) -> Option<Call> {
        let before = self.history.clone();
        if let Some(message) = self.unanswered.take() {
            return Some(self.call(before, message));
        }
        let at = self.history.messages().iter().rposition(is_question)?;
        let message = self.history.messages()[at].clone();
        self.history = History::of(self.history.messages()[..at].iter().cloned()).budget(self.budget);
        Some(self.call(before, message))
    }

    fn call(&mut self, before: History, message: Message) -> Call {
        self.history.push(message.clone());
        self.asked = Some((before, message));
        let mut call = self.history.call();
        if let Some(system) = &self.system {
            call = call.system(system.as_str());
        }
        if let Some(model) = &self.model {
            call = call.model(model.as_str());
        }
        call
    }

    /// How many messages are left out of the call, when they are not as many as of the call before.
    pub(super) fn newly_left_out(&mut self) -> Option<usize> {
        let dropped = self.history.fitting().dropped;
        (std::mem::replace(&mut self.left_out, dropped) != dropped).then_some(dropped)
    }

    /// The question was answered.
    pub(super) fn answered(&mut self, reply: Reply) {
        self.spent.answers += 1;
        if reply.cached.is_none() {
            self.spent.input = self.spent.input.saturating_add(reply.usage.input);
            self.spent.output = self.spent.output.saturating_add(reply.usage.output);
        }
        self.pay(reply.cost());
        self.asked = None;
        self.unanswered = None;
        self.history.push(reply);
    }

    /// The question was not answered: it can be asked again, and all else is as before.
    pub(super) fn failed(&mut self, cost: Cost) {
        self.pay(cost);
        if let Some((before, message)) = self.asked.take() {
            self.history = before;
            self.unanswered = Some(message);
        }
    }

    /// As [`failed`](Self::failed), with whatever the provider counts of it.
    pub(super) fn cancelled(&mut self) {
        self.spent.cost.unknown = self.spent.cost.unknown.saturating_add(1);
        self.failed(Cost::default());
    }

    fn pay(&mut self, cost: Cost) {
        self.spent.cost.known = self.spent.cost.known + cost.known;
        self.spent.cost.unknown = self.spent.cost.unknown.saturating_add(cost.unknown);
    }

    /// Forgets all that was said.
    pub(super) fn clear(&mut self) {
        self.history.clear();
        self.unanswered = None;
        self.left_out = 0;
    }

    pub(super) fn save(&self) -> Result<String, Error> {
        self.history.save()
    }

    /// Goes on with what was saved; tells how many messages that are.
    pub(super) fn load(&mut self, saved: &str) -> Result<usize, Error> {
        let history = History::load(saved)?.budget(self.budget);
        self.clear();
        self.history = history;
        Ok(self.history.len())
    }
}

/// Whether the user said it.
fn is_question(message: &Message) -> bool {
    message.role == Role::User && !message.parts.iter().any(|part| matches!(part, Part::ToolResult(_)))
}

#[cfg(test)]
mod tests {
    use steadfast_providers::Finish;

    use super::*;

    fn said(call: &Call) -> Vec<String> {
        call.messages().iter().map(|message| message.text().into_owned()).collect()
    }

    fn answer(talk: &mut Talk, text: &str) {
        talk.answered(Reply::new("openai", "m", text, Finish::Stop));
    }

    #[test]
    fn what_is_not_answered_is_no_part_of_it_and_can_be_asked_again() {
        let mut talk = Talk::new(1000);
        assert_eq!(said(&talk.ask("one".into())), ["one"]);
        talk.cancelled();
        assert_eq!((talk.len(), talk.spent().cost.exact()), (0, None));
        assert_eq!(said(&talk.again().unwrap()), ["one"]);
        answer(&mut talk, "1");
        assert_eq!(said(&talk.ask("two".into())), ["one", "1", "two"]);
        answer(&mut talk, "2");
        assert_eq!(said(&talk.again().unwrap()), ["one", "1", "two"]);
        talk.failed(Cost::default());
        // The answer that there was is still there.
        assert_eq!(talk.len(), 4);
        assert_eq!(said(&talk.again().unwrap()), ["one", "1", "two", "2", "two"]);
    }

    #[test]
    fn what_does_not_fit_is_told_once() {
        let mut talk = Talk::new(12);
        let _call = talk.ask("a question of some length".into());
        assert_eq!(talk.newly_left_out(), None);
        answer(&mut talk, "an answer of some length");
        assert_eq!(said(&talk.ask("and another one".into())), ["and another one"]);
        assert_eq!(talk.newly_left_out(), Some(2));
        assert_eq!(talk.newly_left_out(), None);
        assert_eq!(talk.len(), 3);
    }

    #[test]
    fn saved_and_loaded_it_goes_on() {
        let mut talk = Talk::new(1000);
        let _call = talk.ask("one".into());
        answer(&mut talk, "1");
        let saved = talk.save().unwrap();
        let mut other = Talk::new(1000);
        assert_eq!(other.load(&saved).unwrap(), 2);
        assert_eq!(said(&other.ask("two".into())), ["one", "1", "two"]);
        assert!(other.load("{}").is_err());
        assert_eq!(other.len(), 3);
        other.clear();
        assert!(other.again().is_none());
    }
}
