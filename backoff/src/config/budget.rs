//! A retry budget as a table: `ratio`, `floor` and `reserve`.

use serde::{Deserialize, Serialize};

use super::Refused;
use crate::{RetryBudget, RetryBudgetBuilder};

#[derive(Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Budget {
    ratio: f64,
    floor: f64,
    reserve: u32,
}

impl Default for Budget {
    fn default() -> Self {
        RetryBudget::builder().into()
    }
}

impl TryFrom<Budget> for RetryBudgetBuilder {
    type Error = Refused;

    fn try_from(text: Budget) -> Result<Self, Refused> {
        let Budget { ratio, floor, reserve } = text;
        let builder = RetryBudget::builder().ratio(ratio).floor(floor).reserve(reserve);
        builder.credit()?;
        Ok(builder)
    }
}

impl From<RetryBudgetBuilder> for Budget {
    fn from(builder: RetryBudgetBuilder) -> Self {
        let RetryBudgetBuilder { ratio, floor, reserve } = builder;
        Self { ratio, floor, reserve }
    }
}
