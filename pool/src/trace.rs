//! Trace context: which trace a request belongs to (W3C Trace Context Level 1, section 3.2).

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};
use std::str::FromStr;

/// The `traceparent` of a request: the trace that it is part of, and the span that sends it.
///
/// ```
/// use steadfast_pool::TraceParent;
///
/// let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let parent: TraceParent = text.parse().unwrap();
/// assert!(parent.is_sampled());
/// assert_eq!(parent.to_string(), text);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace_id: NonZeroU128,
    span_id: NonZeroU64,
    sampled: bool,
}

/// The text is not a valid `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid traceparent: give one like 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
#[non_exhaustive]
pub struct InvalidTraceParent;

impl TraceParent {
    /// A span of a trace.
    #[must_use]
    pub fn new(trace_id: NonZeroU128, span_id: NonZeroU64, sampled: bool) -> Self {
        Self { trace_id, span_id, sampled }
    }

    /// The trace.
    #[must_use]
    pub fn trace_id(&self) -> NonZeroU128 {
        self.trace_id
    }

    /// The span.
    #[must_use]
    pub fn span_id(&self) -> NonZeroU64 {
        self.span_id
    }

    /// Whether the caller may have recorded the trace.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.sampled
    }

    /// Another span of the same trace.
    #[must_use]
    pub fn child(self, span_id: NonZeroU64) -> Self {
        Self { span_id, ..self }
    }

    /// The header's value.
    pub(crate) fn written(&self) -> [u8; 55] {
        let mut text = [b'-'; 55];
        text[..2].copy_from_slice(b"00");
        text[3..35].copy_from_slice(&hex(self.trace_id.get()));
        text[36..52].copy_from_slice(&hex(self.span_id.get().into())[16..]);
        text[53..].copy_from_slice(if self.sampled { b"01" } else { b"00" });
        text
    }

    /// Reads a header's value as strictly as the standard has it. Of versions to come, the part is read that is known.
    pub(crate) fn read(value: &[u8]) -> Option<Self> {
        let (known, more) = value.split_at_checked(55)?;
        if [known[2], known[35], known[52]] != *b"---" {
            return None;
        }
        let end_is_fine = match number(&known[..2])? {
            0 => more.is_empty(),
            0xff => false,
            _ => matches!(more.first(), None | Some(b'-')),
        };
        if !end_is_fine {
            return None;
        }
        let trace_id = NonZeroU128::new(number(&known[3..35])?)?;
        let span_id = NonZeroU64::new(u64::try_from(number(&known[36..52])?).ok()?)?;
        // The one flag that is defined.
        Some(Self { trace_id, span_id, sampled: number(&known[53..])? & 1 == 1 })
    }
}

/// The lower-case digits of a number, as ids are written.
pub(crate) fn hex(number: u128) -> [u8; 32] {
    let mut digits = [0; 32];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(number.to_be_bytes()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    digits
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Lower-case digits alone.
fn number(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(digit))
    })
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

impl FromStr for TraceParent {
    type Err = InvalidTraceParent;

    /// Reads the text of the header.
    ///
    /// # Errors
    ///
    /// [`InvalidTraceParent`] when it is not as the standard has it.
    fn from_str(text: &str) -> Result<Self, InvalidTraceParent> {
        Self::read(text.as_bytes()).ok_or(InvalidTraceParent)
    }
}
