//! About how many tokens a message is, without asking anybody.

use crate::part::strings;
use crate::{Image, Message, Part, Reasoning, ToolCall, ToolResult};

/// Says about how many tokens a message is. A function from `&Message` to `u64` is one, such as one over a tokenizer of
/// yours; [`Provider::count_tokens`](crate::Provider::count_tokens) is exact, and a request.
pub trait TokenEstimator: Send + Sync {
    /// About how many tokens the model reads in this message.
    fn tokens(&self, message: &Message) -> u64;
}

impl<F: Fn(&Message) -> u64 + Send + Sync> TokenEstimator for F {
    fn tokens(&self, message: &Message) -> u64 {
        self(message)
    }
}

/// An estimate for every model, on the high side for most: a token for each 4 bytes of ASCII, which is what OpenAI and
/// Anthropic tell of English prose, and for each 2 bytes of anything else, which is about what Chinese and Japanese take;
/// 4 tokens for each message and each part that is no text; 1,600 for an image, which is the most that Anthropic counts
/// unless the model reads large ones.
///
/// ```
/// use steadfast_providers::{Message, RoughTokens, TokenEstimator};
///
/// assert_eq!(RoughTokens.tokens(&Message::user("What keeps bees in the air?")), 4 + 7);
/// assert_eq!(RoughTokens.tokens(&Message::user("蜂はなぜ飛ぶ")), 4 + 9);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to set")]
pub struct RoughTokens;

const MESSAGE: u64 = 4;
const PART: u64 = 4;
const IMAGE: u64 = 1600;

impl TokenEstimator for RoughTokens {
    fn tokens(&self, message: &Message) -> u64 {
        message.parts.iter().map(part).fold(MESSAGE, u64::saturating_add)
    }
}

fn part(part: &Part) -> u64 {
    match part {
        Part::Text(said) | Part::Refusal(said) => text(said),
        Part::Image(Image { .. }) => IMAGE,
        Part::ToolCall(ToolCall { id, name, arguments }) => PART + text(id) + text(name) + text(arguments),
        Part::ToolResult(ToolResult { call_id, parts, .. }) => {
            parts.iter().map(self::part).fold(PART + text(call_id), u64::saturating_add)
        }
        Part::Reasoning(Reasoning { text: thought, opaque, .. }) => {
            PART + text(thought) + opaque.as_deref().map_or(0, text)
        }
        Part::Other(other) => {
            let mut tokens = PART;
            strings(&other.value, &mut |said| tokens = tokens.saturating_add(text(said)));
            tokens
        }
        Part::CachePoint(_) => 0,
    }
}

fn text(text: &str) -> u64 {
    let other = text.bytes().filter(|byte| !byte.is_ascii()).count();
    let ascii = text.len() - other;
    (ascii.div_ceil(4) + other.div_ceil(2)) as u64
}
