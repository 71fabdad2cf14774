//! What a call will probably take, from what is known before it is sent.

use super::cost::Cost;
use super::table::LimitTable;
use crate::{Call, Image, ImageSource, Part, Usage};

/// Bytes of a request to a token. English text has about four, most others fewer bytes in more tokens and more bytes a
/// letter; the field names around them even it out.
const BYTES_PER_TOKEN: u64 = 4;

/// Tokens of an image: what Anthropic's largest takes, and OpenAI's at high detail.
const IMAGE_TOKENS: u64 = 1_600;

/// The estimate of a call whose request has so many bytes. `typical` is what answers usually take, `most` what this one may.
pub(super) fn estimate(call: &Call, body: usize, table: &LimitTable, typical: u64, most: Option<u32>) -> Cost {
    let (mut images, mut base64) = (0u64, 0usize);
    for part in call.messages.iter().flat_map(|message| &message.parts) {
        let parts = match part {
            Part::ToolResult(result) => &result.parts,
            other => std::slice::from_ref(other),
        };
        for part in parts {
            if let Part::Image(Image { source, .. }) = part {
                images += 1;
                if let ImageSource::Base64 { data, .. } = source {
                    base64 = base64.saturating_add(data.len());
                }
            }
        }
    }
    let text = u64::try_from(body.saturating_sub(base64)).unwrap_or(u64::MAX);
    let input = text.div_ceil(BYTES_PER_TOKEN).saturating_add(images.saturating_mul(IMAGE_TOKENS));
    let output = match most.map(u64::from) {
        Some(most) if table.precharges => most,
        Some(most) => typical.min(most),
        None => typical,
    };
    Cost::new(input, output)
}

/// What a call took, as its vendor counts it; `None` when the vendor did not tell.
pub(super) fn took(usage: &Usage, table: &LimitTable) -> Option<Cost> {
    let input = if table.counts_cached { usage.input } else { usage.input.saturating_sub(usage.cached_read) };
    usage.is_known().then(|| Cost::new(input, usage.output))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, Role, ToolResult};

    #[test]
    fn images_count_by_number_and_text_by_bytes() {
        let call = Call::of([
            Message::user("What is it?").part(Image::bytes("image/png", vec![7; 30_000])),
            Message::new(Role::Tool, "")
                .part(ToolResult::new("id", "seen").part(Image::url("https://example.com/a.png"))),
        ]);
        let cost = estimate(&call, 40_400, &LimitTable::OPENAI, 256, None);
        assert_eq!(cost, Cost::new(100 + 3_200, 256));
    }

    #[test]
    fn an_answer_counts_as_the_vendor_counts_it() {
        let call = Call::new("Why?");
        let output = |table: &LimitTable, most| estimate(&call, 8, table, 256, most).output;
        assert_eq!(output(&LimitTable::ANTHROPIC, Some(4_096)), 4_096);
        assert_eq!(output(&LimitTable::COMMON, Some(4_096)), 256);
        assert_eq!(output(&LimitTable::COMMON, Some(10)), 10);
        let usage = Usage::new(1_000, 800, 100, 50, 0);
        assert_eq!(took(&usage, &LimitTable::ANTHROPIC), Some(Cost::new(200, 50)));
        assert_eq!(took(&usage, &LimitTable::OPENAI), Some(Cost::new(1_000, 50)));
        assert_eq!(took(&Usage::default(), &LimitTable::OPENAI), None);
    }
}
