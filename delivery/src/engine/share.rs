//! Shares in percent, exactly as they are written: no rounding decides a gate.

use std::cmp::Ordering;
use std::fmt;

/// A share from 0 to 100 percent: 99.9 is 999 tenths of a percent. Digits behind the 18th decimal do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Percent {
    /// In units of which `scale` are one percent.
    units: u128,
    scale: u128,
}

const DECIMALS: usize = 18;

impl Percent {
    /// The share that a number is written as; `None` unless it is from 0 to 100.
    pub(crate) fn new(percent: f64) -> Option<Self> {
        if !(0.0..=100.0).contains(&percent) {
            return None;
        }
        // The shortest decimal that reads back as this number: what somebody wrote.
        let text = format!("{}", percent.abs());
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let mut share = Self { units: whole.parse().ok()?, scale: 1 };
        for digit in decimals.bytes().take(DECIMALS) {
            share.units = share.units * 10 + u128::from(digit - b'0');
            share.scale *= 10;
        }
        Some(share)
    }

    /// The least number out of `whole` that is this share or more.
    pub(crate) fn of(self, whole: u32) -> u32 {
        let part = (self.units * u128::from(whole)).div_ceil(100 * self.scale);
        u32::try_from(part).unwrap_or(whole)
    }

    /// How `part` out of `whole`, which is not zero, compares with this share.
    pub(crate) fn compared(self, part: u64, whole: u64) -> Ordering {
        (u128::from(part) * 100 * self.scale).cmp(&(self.units * u128::from(whole)))
    }

    /// `part` out of `whole` in percent, with one decimal, and with more where it takes them to see that it is not this
    /// share.
    pub(crate) fn told(self, part: u64, whole: u64) -> String {
        let asked = self.compared(part, whole);
        let mut text = String::new();
        for decimals in 1..=9 {
            let scale = 10_u128.pow(decimals);
            let units = (u128::from(part) * 100 * scale * 2 + u128::from(whole)) / (2 * u128::from(whole.max(1)));
            text = format!("{}.{:0width$}", units / scale, units % scale, width = decimals as usize);
            if (units * self.scale).cmp(&(self.units * scale)) == asked {
                break;
            }
        }
        text
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.units / self.scale)?;
        let rest = self.units % self.scale;
        if rest > 0 {
            let width = self.scale.ilog10() as usize;
            write!(f, ".{rest:0width$}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_are_what_is_written() {
        let share = |percent| Percent::new(percent).unwrap();
        assert_eq!(share(95.0).of(20), 19);
        assert_eq!(share(95.0).compared(19, 20), Ordering::Equal);
        assert_eq!(share(99.9).compared(999, 1000), Ordering::Equal);
        assert_eq!(share(0.1).of(1000), 1);
        assert_eq!(share(33.3).of(1000), 333);
        assert_eq!(share(0.1 + 0.2).compared(3, 1000), Ordering::Less, "0.30000000000000004 was written");
        assert_eq!(share(100.0).of(u32::MAX), u32::MAX);
        assert_eq!(share(1e-300).of(u32::MAX), 0);
        assert_eq!(share(99.90).to_string(), "99.9");
        assert_eq!(share(-0.0).to_string(), "0");
        for wrong in [f64::NAN, f64::INFINITY, -1.0, 100.000_001] {
            assert_eq!(Percent::new(wrong), None);
        }
    }

    #[test]
    fn a_share_is_told_so_that_it_is_seen_to_be_another() {
        let told = |asked, part, whole| Percent::new(asked).unwrap().told(part, whole);
        assert_eq!(told(95.0, 12, 13), "92.3");
        assert_eq!(told(95.0, 9499, 10_000), "94.99");
        assert_eq!(told(5.0, 50_001, 1_000_000), "5.0001");
        assert_eq!(told(95.0, 19, 20), "95.0");
        assert_eq!(told(100.0, 99_999, 100_000), "99.999");
    }

    proptest! {
        /// The number that a share is of a whole is the least one that reaches it.
        #[test]
        fn the_least_number_that_reaches_a_share(tenths in 0_u32..=1000, whole in 1_u32..100_000) {
            let share = Percent::new(f64::from(tenths) / 10.0).unwrap();
            let part = share.of(whole);
            prop_assert_ne!(share.compared(part.into(), whole.into()), Ordering::Less);
            prop_assert!(part == 0 || share.compared(u64::from(part) - 1, whole.into()) == Ordering::Less);
            prop_assert_eq!(u64::from(part), (u64::from(tenths) * u64::from(whole)).div_ceil(1000));
        }
    }
}
