//! Whether the process may hold as many connections as it is asked to.

use crate::say::Say;

/// Files that the process needs besides its connections: the artifact, the runtime, libraries.
const OTHERS: u64 = 64;

/// Raises the process's limit of open files as far as it can; tells how much of the wished concurrency fits, and says
/// so in one line when it is not all. `each` is how many files one unit of concurrency needs.
pub(crate) fn fit(wished: usize, each: u64, say: &Say) -> usize {
    let needed = (wished as u64).saturating_mul(each).saturating_add(OTHERS);
    // On systems without such a limit there is nothing to raise.
    let Ok(limit) = rlimit::increase_nofile_limit(u64::MAX) else { return wished };
    if limit >= needed {
        return wished;
    }
    let fits = usize::try_from((limit.saturating_sub(OTHERS) / each).max(1)).unwrap_or(usize::MAX);
    say.note(&format!(
        "the limit of {limit} open files does not fit a concurrency of {wished}: going on with {fits} (raise it with `ulimit -n {needed}`)"
    ));
    fits
}
