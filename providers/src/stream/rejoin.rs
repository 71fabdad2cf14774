//! A stream that was lost while the provider goes on: it is taken up again where it broke off.

use std::time::Duration;

use steadfast_pool::Streaming;

use crate::client::Asked;
use crate::family::Bookmark;
use crate::{Attempt, BoxFuture, Error, ErrorKind};

/// How often a stream is taken up again without anything new between, and how often altogether.
const MOST_IN_VAIN: u32 = 5;
const MOST: u32 = 256;
/// The wait before the second time in vain; each is twice as long as the one before.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// Takes a stream up again.
pub(super) struct Rejoin {
    /// Whether the provider goes on without us.
    allowed: bool,
    opening: Option<Opening>,
    /// Why it was lost the last time.
    lost: Option<Error>,
    /// Where it was lost the last time.
    at: Option<Bookmark>,
    in_vain: u32,
    total: u32,
    news: Vec<News>,
}

type Opening = BoxFuture<'static, Result<(Streaming, Vec<Attempt>), Error>>;

/// What the ledger is to be told.
pub(crate) enum News {
    /// What the latest attempt ended in.
    Broke(String),
    Attempts(Vec<Attempt>),
}

impl Rejoin {
    pub(super) fn new(asked: &Asked) -> Self {
        Self {
            allowed: asked.call.options.background,
            opening: None,
            lost: None,
            at: None,
            in_vain: 0,
            total: 0,
            news: Vec::new(),
        }
    }

    /// The stream is lost: takes it up again where it was, or gives the error back.
    pub(super) fn begin(&mut self, asked: &Asked, at: Option<Bookmark>, lost: Error) -> Option<Error> {
        let Some(at) = at.filter(|_| self.allowed && self.total < MOST) else { return Some(lost) };
        if self.at.as_ref().is_none_or(|before| before.after != at.after) {
            self.in_vain = 0;
        }
        if self.in_vain >= MOST_IN_VAIN {
            return Some(lost);
        }
        self.news.push(News::Broke(lost.what().to_owned()));
        self.lost = Some(lost);
        self.at = Some(at);
        self.open(asked, Duration::ZERO);
        None
    }

    fn open(&mut self, asked: &Asked, hint: Duration) {
        let Some(at) = self.at.clone() else { return };
        let wait = match self.in_vain.checked_sub(1) {
            None => Duration::ZERO,
            Some(times) => FIRST_WAIT.saturating_mul(1 << times.min(16)),
        };
        self.in_vain += 1;
        self.total += 1;
        let mut asked = asked.aside();
        self.opening = Some(Box::pin(async move {
            asked.pause(wait.max(hint)).await?;
            asked.rejoin(&at).await
        }));
    }

    /// The stream that was taken up again, or why not; `None` at once when none is being taken up. Cancel-safe.
    pub(super) async fn opened(&mut self, asked: &Asked) -> Option<Result<Streaming, Error>> {
        loop {
            let result = self.opening.as_mut()?.as_mut().await;
            self.opening = None;
            let mut error = match result {
                Ok((streaming, attempts)) => {
                    self.news.push(News::Attempts(attempts));
                    return Some(Ok(streaming));
                }
                Err(error) => error,
            };
            self.news.push(News::Attempts(error.take_attempts()));
            let again = error.is_retryable() && error.kind() != ErrorKind::Deadline;
            if again && self.in_vain < MOST_IN_VAIN && self.total < MOST {
                self.open(asked, error.retry_after().unwrap_or_default());
                continue;
            }
            return Some(Err(match self.lost.take() {
                Some(lost) if error.kind() != ErrorKind::Deadline => lost
                    .advise("it could not be taken up again; look for it by its id later, or ask again")
                    .caused_by(error),
                _ => error,
            }));
        }
    }

    /// What the ledger does not know yet.
    pub(super) fn news(&mut self) -> impl Iterator<Item = News> {
        self.news.drain(..)
    }

    /// Whether a stream is being taken up.
    pub(super) fn is_open(&self) -> bool {
        self.opening.is_some()
    }
}
