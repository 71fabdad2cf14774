//! Who asks: each client as its users write it, for a whole answer and for a streamed one.

mod async_openai;
mod bare;
mod genai;
mod liter;
mod ours;
mod reading;
mod reqwest;
mod typed;

use std::future::Future;

use super::tape::{PIECES, TEXT};
use crate::http::engine::Engine;

pub(super) use async_openai::AsyncOpenai;
pub(super) use bare::{Bare, frame};
pub(super) use genai::Genai;
pub(super) use liter::Liter;
pub(super) use ours::{Ours, call, pool, provider};
pub(super) use reading::{ByHand, Raw, Reading};
pub(super) use reqwest::{Eventsource, Plain, Sseer};

/// A client that was told which model to ask, and what.
pub(super) trait Client: Clone + Send + 'static {
    /// Asks for a whole answer; tells how long its text is.
    fn whole(&self) -> impl Future<Output = usize> + Send;

    /// Asks for a streamed answer; tells how many pieces of text came.
    fn streamed(&self) -> impl Future<Output = usize> + Send;
}

/// Asks for whole answers.
#[derive(Clone)]
pub(super) struct Whole<C>(pub(super) C);

impl<C: Client> Engine for Whole<C> {
    async fn exchange(&mut self) {
        assert_eq!(self.0.whole().await, TEXT.len());
    }
}

/// Asks for streamed ones.
#[derive(Clone)]
pub(super) struct Streamed<C>(pub(super) C);

impl<C: Client> Engine for Streamed<C> {
    async fn exchange(&mut self) {
        assert_eq!(self.0.streamed().await, PIECES);
    }
}

/// What is asked, of which model, with which key.
const MODEL: &str = "gpt-5-mini";
const SYSTEM: &str = "Answer in a few words.";
const QUESTION: &str = "What is there to be said about it?";
const MOST: u32 = 64;
const KEY: &str = "sk-bench-0123456789abcdef";

/// The same, written down: the body of a request.
const BODY: &str = concat!(
    r#"{"model":"gpt-5-mini","messages":[{"role":"system","content":"Answer in a few words."},{"role":"user","#,
    r#""content":"What is there to be said about it?"}],"max_completion_tokens":64}"#
);
