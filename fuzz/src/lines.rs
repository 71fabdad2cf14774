//! Reading an input as lines of text, so that a corpus can be read and written by people.

/// The text of an input, or nothing when it is not UTF-8.
pub(crate) fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// The next line of `rest`, without its line feed.
pub(crate) fn next<'t>(rest: &mut &'t str) -> &'t str {
    let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
    *rest = after;
    line
}
