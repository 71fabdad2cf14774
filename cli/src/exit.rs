//! How the command ends: 0 done as asked, 1 the work failed, 2 bad usage or configuration, 130 interrupted.

/// Ended by Ctrl-C, as a shell tells it.
pub(crate) const INTERRUPTED: u8 = 130;

/// An end that is not success: a code, and the one line that says why.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    /// `None` when everything was said already.
    pub(crate) message: Option<String>,
}

impl Failure {
    /// The work failed.
    pub(crate) fn work(message: impl Into<String>) -> Self {
        Self { code: 1, message: Some(one_line(message.into())) }
    }

    /// The command was called or configured wrongly.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, message: Some(one_line(message.into())) }
    }

    /// Ctrl-C.
    pub(crate) fn interrupted() -> Self {
        Self { code: INTERRUPTED, message: None }
    }
}

/// The reader of our output went away (`steadfast chat … | head`): nothing is left to do, and nothing to complain of.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self { code: 0, message: None };
        }
        Self::work(format!("cannot write the output: {error}"))
    }
}

fn one_line(text: String) -> String {
    if text.contains(['\n', '\r']) { text.split_whitespace().collect::<Vec<_>>().join(" ") } else { text }
}

/// Work that ends at Ctrl-C.
pub(crate) async fn interruptible(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err(Failure::interrupted()),
    }
}
