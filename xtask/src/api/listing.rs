//! One line per public item, from what rustdoc tells.

use std::path::Path;

use public_api::{Builder, Error};

/// The listing of the crate that `json` describes: sorted, without what the compiler or a blanket implementation adds.
pub(crate) fn read(json: &Path) -> Result<String, Error> {
    let api = Builder::from_rustdoc_json(json).omit_blanket_impls(true).omit_auto_trait_impls(true).build()?;
    Ok(api.to_string())
}
