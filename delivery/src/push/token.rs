//! A text by which a delivery that was broken off can be taken up again, even by another process.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::PushContext;

/// No longer text is kept.
const LONGEST: usize = 2048;

/// The text of one delivery, shared by the clones of its context.
#[derive(Clone, Default)]
pub(super) struct Token(Arc<Mutex<Option<Arc<str>>>>);

impl Token {
    fn set(&self, token: Option<Arc<str>>) {
        let token = token.filter(|token| token.len() <= LONGEST && !token.is_empty());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    fn get(&self) -> Option<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl PushContext {
    /// The text by which this delivery can be taken up again; `None` where it has to begin anew. Ask after each call of
    /// the push, whatever came of it, or while it goes on: it is set as soon as there is something to take up.
    #[must_use]
    pub fn resume_token(&self) -> Option<Arc<str>> {
        self.token().get()
    }

    /// Sets the text of an earlier call, perhaps of another process. One that is empty or longer than 2 KiB is none. The
    /// push checks that it is about the same artifact and device.
    ///
    /// It may hold the URL of an upload, which gives access to it: keep it as you would a credential.
    #[must_use]
    pub fn resume(mut self, token: Option<Arc<str>>) -> Self {
        *self.token_mut() = Token::default();
        self.token().set(token);
        self
    }

    /// Tells the text by which this delivery can be taken up again: for implementations of [`Push`](crate::Push).
    pub fn remember(&self, token: impl Into<Arc<str>>) {
        self.token().set(Some(token.into()));
    }

    /// Tells that there is nothing to take up any more.
    pub fn forget(&self) {
        self.token().set(None);
    }
}

impl fmt::Debug for Token {
    /// Tells whether there is one, and never the text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.get().is_some() { "Token" } else { "None" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shared_by_clones_bounded_and_never_shown() {
        let context = PushContext::new();
        assert_eq!(context.resume_token(), None);
        context.clone().remember("tus abc http://h/secret");
        assert_eq!(context.resume_token().as_deref(), Some("tus abc http://h/secret"));
        assert!(!format!("{context:?}").contains("secret"));
        let next = PushContext::new().resume(context.resume_token());
        context.forget();
        assert_eq!((context.resume_token(), next.resume_token().is_some()), (None, true));
        for text in [String::new(), "x".repeat(2049)] {
            assert_eq!(PushContext::new().resume(Some(text.into())).resume_token(), None);
        }
    }
}
