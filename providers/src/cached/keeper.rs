//! Takes a streamed answer down as it passes, and keeps it once it is whole.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use steadfast_cache::Tape;
use tokio::runtime::Handle;

use super::{Inner, Question, record};
use crate::{BoxFuture, Event};

/// Takes a streamed answer down as it passes. Only one that comes to its finish is kept.
pub(crate) struct Keeper {
    cached: Arc<Inner>,
    question: Question,
    /// `None` after the finish.
    tape: Option<Tape>,
    tokens: u64,
    /// The answer is being put into the cache.
    keeping: Option<BoxFuture<'static, ()>>,
    /// A router was put around the stream: when it moves on to another provider, this is not the answer any more.
    pub(crate) within_router: bool,
}

impl Keeper {
    pub(super) fn new(cached: Arc<Inner>, question: Question) -> Self {
        let tape = Some(Tape::new(cached.max_bytes));
        Self { cached, question, tape, tokens: 0, keeping: None, within_router: false }
    }

    /// Takes the next event down. After the finish the answer is put into the cache, whether anybody waits for it or not.
    pub(crate) fn note(&mut self, event: &Event) {
        if matches!(event, Event::Seam(_)) {
            // What two have written together is nobody's answer.
            self.tape = None;
        }
        let Some(tape) = &mut self.tape else { return };
        record::take_down(tape, event);
        match event {
            Event::Usage(usage) => self.tokens = usage.total(),
            Event::Finish(finish) => {
                let recording = self.tape.take().and_then(|tape| tape.finish().ok());
                let Some(recording) = recording.filter(|_| record::is_kept(finish)) else { return };
                let (cached, question) = (Arc::clone(&self.cached), self.question.clone());
                let entry = cached.entry(recording.into_body(), self.tokens);
                let put = async move {
                    if cached.told(cached.cache().put(question.key, entry).await) == Some(true) {
                        cached.file(&question);
                    }
                };
                self.keeping = Some(match Handle::try_current() {
                    Ok(runtime) => {
                        let put = runtime.spawn(put);
                        Box::pin(async move { drop(put.await) })
                    }
                    Err(_) => Box::pin(put),
                });
            }
            _ => {}
        }
    }

    /// Waits until the answer is kept, if it is going to be.
    pub(crate) async fn kept(&mut self) {
        poll_fn(|cx| match &mut self.keeping {
            Some(keeping) => keeping.as_mut().poll(cx),
            None => Poll::Ready(()),
        })
        .await;
        self.keeping = None;
    }
}
