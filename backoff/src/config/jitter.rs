//! Jitter as text: `"full"`, or a table with the fraction: `{ fraction = 0.2 }`.

use serde::{Deserialize, Serialize};

use super::Refused;

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Jitter {
    None,
    Full,
    Equal,
    Fraction(f64),
    Additive(f64),
}

impl TryFrom<Jitter> for crate::Jitter {
    type Error = Refused;

    fn try_from(text: Jitter) -> Result<Self, Refused> {
        let jitter = match text {
            Jitter::None => Self::None,
            Jitter::Full => Self::Full,
            Jitter::Equal => Self::Equal,
            Jitter::Fraction(fraction) => Self::Fraction(fraction),
            Jitter::Additive(fraction) => Self::Additive(fraction),
        };
        jitter.check()?;
        Ok(jitter)
    }
}

impl From<crate::Jitter> for Jitter {
    fn from(jitter: crate::Jitter) -> Self {
        match jitter {
            crate::Jitter::None => Self::None,
            crate::Jitter::Full => Self::Full,
            crate::Jitter::Equal => Self::Equal,
            crate::Jitter::Fraction(fraction) => Self::Fraction(fraction),
            crate::Jitter::Additive(fraction) => Self::Additive(fraction),
        }
    }
}
