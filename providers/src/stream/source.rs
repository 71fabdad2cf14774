//! Where the events of a stream come from.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::Live;
use crate::{Error, Event};

/// Where the events of a stream come from, for providers of your own.
pub trait EventSource: Send {
    /// The next event; `None` at the end, which must come after [`Event::Finish`].
    ///
    /// # Errors
    ///
    /// After an error there is nothing more.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Error>>>;
}

/// A provider's connection, something of the caller's, or nothing any more.
pub(super) enum Source {
    Live(Box<Live>),
    Custom(Box<dyn EventSource>),
    Spent,
}

impl Source {
    pub(super) async fn next(&mut self) -> Option<Result<Event, Error>> {
        match self {
            Self::Live(live) => live.next().await,
            Self::Custom(source) => poll_fn(|cx| source.poll_next(cx)).await,
            Self::Spent => None,
        }
    }
}

/// Events that are there already.
pub(super) struct Listed<I>(pub(super) I);

impl<I: Iterator<Item = Result<Event, Error>> + Send> EventSource for Listed<I> {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Event, Error>>> {
        Poll::Ready(self.0.next())
    }
}
