//! Fault scripts: any text as TOML.

use steadfast_testkit::Script;

use crate::lines;

/// Reads a script.
///
/// An error names a line that there is, in one line itself; what is accepted has uses, and reads the same with a comment at
/// its end.
///
/// # Panics
///
/// When that does not hold.
pub fn check(data: &[u8]) {
    let Some(text) = lines::text(data) else { return };
    let script = match Script::from_toml(text) {
        Ok(script) => script,
        Err(error) => {
            let last = text.matches('\n').count() + 1;
            assert!((1..=last).contains(&error.line), "line {} of {last}: {error}", error.line);
            assert!(!error.message.is_empty() && !error.message.contains('\n'), "{:?}", error.message);
            return;
        }
    };
    for step in script.steps() {
        assert_ne!(step.times, Some(0), "a step that answers nothing");
    }
    let commented = format!("{text}\n# the end");
    assert_eq!(Script::from_toml(&commented).as_ref(), Ok(&script), "the same with a comment");
}
