//! Where a stream is: in the answer that the provider keeps, and in the ledger.

use super::rejoin::News;
use super::source::Source;
use crate::ReplyStream;

impl ReplyStream {
    /// The provider's name for the answer, as soon as it is told.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.tally.id.as_deref()
    }

    /// Where an answer that the provider keeps can be [taken up](crate::Client::resume) after what was given out so far:
    /// the number of the last event of the provider's all of which was given out. `None` where events have no numbers,
    /// and before the first.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        match &self.source {
            Source::Live(live) => live.position(),
            _ => self.tally.position,
        }
    }

    /// Writes into the ledger what became of the connection meanwhile.
    pub(super) fn catch_up(&mut self) {
        let Source::Live(live) = &mut self.source else { return };
        for news in live.news() {
            match news {
                News::Attempts(mut attempts) => self.journey.attempts.append(&mut attempts),
                News::Broke(what) => {
                    if let Some(last) = self.journey.attempts.last_mut() {
                        last.http.error.get_or_insert(what);
                    }
                }
            }
        }
    }
}
