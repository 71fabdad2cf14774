//! Where a key comes from, and how it is read.

use std::ffi::OsString;
use std::fmt;
use std::future::{Future, poll_fn};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use steadfast_clock::SharedTimer;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::runtime::Handle;

use crate::{ApiKey, BoxFuture, Error, ErrorKind};

/// Where a key comes from. It is read when the client is built, or before its first call, and again when the provider does
/// not accept it: a key that was exchanged where it is kept is exchanged in the program, which goes on.
///
/// ```
/// use std::time::Duration;
/// use steadfast_providers::KeySource;
///
/// let mounted = KeySource::file("/run/secrets/openai").every(Duration::from_secs(300));
/// let vault = KeySource::command(["op", "read", "op://work/openai/key"]);
/// assert_eq!(format!("{vault:?}"), "KeySource(command op)");
/// ```
#[derive(Clone)]
#[must_use]
pub struct KeySource {
    pub(super) from: From,
    pub(super) every: Option<Duration>,
}

/// What gives a key when it is asked for.
pub(super) type Resolve = Arc<dyn Fn() -> BoxFuture<'static, Result<ApiKey, Error>> + Send + Sync>;

#[derive(Clone)]
pub(super) enum From {
    Given(ApiKey),
    Env(Arc<str>),
    File(Arc<Path>),
    Command(Arc<[OsString]>),
    Resolver(Resolve),
}

/// The most bytes of a key.
const LONGEST: usize = 64 * 1024;
/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(30);

impl KeySource {
    fn new(from: From) -> Self {
        Self { from, every: None }
    }

    /// This key.
    pub fn given(key: ApiKey) -> Self {
        Self::new(From::Given(key))
    }

    /// An environment variable.
    pub fn env(variable: impl Into<Arc<str>>) -> Self {
        Self::new(From::Env(variable.into()))
    }

    /// A file that holds the key and nothing else but white space around it: what a container or a service manager mounts.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::new(From::File(Arc::from(path.into())))
    }

    /// What a program prints: its name, and its arguments. No shell is between. It may take 30 s, and print 64 KiB.
    pub fn command<T: Into<OsString>>(words: impl IntoIterator<Item = T>) -> Self {
        Self::new(From::Command(words.into_iter().map(Into::into).collect()))
    }

    /// Whatever you say.
    pub fn resolver<F, R>(resolve: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<ApiKey, Error>> + Send + 'static,
    {
        Self::new(From::Resolver(Arc::new(move || Box::pin(resolve()))))
    }

    /// Has the key read again when it is older than this, besides when it is not accepted.
    pub fn every(mut self, age: Duration) -> Self {
        self.every = Some(age);
        self
    }

    /// The key, where it can be had at once; `None` where it takes a while.
    pub(super) fn at_once(&self, provider: &str) -> Option<Result<ApiKey, Error>> {
        match &self.from {
            From::Given(key) => Some(Ok(key.clone())),
            From::Env(variable) => Some(ApiKey::from_env(variable)),
            From::File(path) => Some(from_file(path, provider)),
            From::Command(_) | From::Resolver(_) => None,
        }
    }

    pub(super) async fn read(&self, provider: &str, timer: &SharedTimer) -> Result<ApiKey, Error> {
        if let Some(read) = self.at_once(provider) {
            return read;
        }
        let key = match &self.from {
            From::Command(words) => from_command(words, provider, timer).await?,
            From::Resolver(resolve) => resolve().await?,
            From::Given(key) => key.clone(),
            From::Env(variable) => ApiKey::from_env(variable)?,
            From::File(path) => from_file(path, provider)?,
        };
        if key.is_empty() { Err(missing(provider, format!("{self} gives no key"))) } else { Ok(key) }
    }
}

fn missing(provider: &str, what: impl Into<String>) -> Error {
    Error::new(ErrorKind::MissingKey, provider, what)
}

fn from_file(path: &Path, provider: &str) -> Result<ApiKey, Error> {
    let shown = path.display();
    let bytes = std::fs::read(path)
        .map_err(|error| missing(provider, format!("the key file {shown} cannot be read: {}", error.kind())))?;
    let text = String::from_utf8(bytes).ok().filter(|text| text.len() <= LONGEST && !text.trim().is_empty());
    match text {
        Some(text) => Ok(ApiKey::new(text).told_by(&shown.to_string())),
        None => Err(missing(provider, format!("the key file {shown} holds no key"))),
    }
}

async fn from_command(words: &[OsString], provider: &str, timer: &SharedTimer) -> Result<ApiKey, Error> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(missing(provider, "the key command is empty"));
    };
    let shown = program.to_string_lossy();
    let failed = |how: String| missing(provider, format!("the key command {shown} {how}"));
    if Handle::try_current().is_err() {
        return Err(failed(String::from("needs a runtime of tokio to run in")));
    }
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("cannot be run: {}", error.kind())))?;
    let stdout = child.stdout.take();
    let ended = async {
        let text = match stdout {
            Some(stdout) => read(stdout).await,
            None => Some(String::new()),
        };
        (text, child.wait().await)
    };
    let (mut ended, mut patience) = (pin!(ended), timer.sleep_until(timer.now().saturating_add(PATIENCE)));
    let ended = poll_fn(|cx| match ended.as_mut().poll(cx) {
        Poll::Ready(ended) => Poll::Ready(Some(ended)),
        Poll::Pending => patience.as_mut().poll(cx).map(|()| None),
    });
    let Some((text, status)) = ended.await else { return Err(failed(format!("did not end within {PATIENCE:?}"))) };
    let Some(text) = text else { return Err(failed(String::from("printed what is no key"))) };
    match status {
        Ok(status) if status.success() && !text.trim().is_empty() => Ok(ApiKey::new(text).told_by(&shown)),
        Ok(status) if status.success() => Err(failed(String::from("printed no key"))),
        Ok(status) => Err(failed(match status.code() {
            Some(code) => format!("ended with exit code {code}"),
            None => String::from("was killed"),
        })),
        Err(error) => Err(failed(format!("is lost: {}", error.kind()))),
    }
}

/// What a program prints, if that is a text that may be a key.
async fn read(stdout: impl AsyncRead + Unpin) -> Option<String> {
    let mut text = String::new();
    stdout.take(LONGEST as u64 + 1).read_to_string(&mut text).await.ok()?;
    Some(text).filter(|text| text.len() <= LONGEST)
}

impl fmt::Display for KeySource {
    /// What to look at when a key is wrong; never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.from {
            From::Given(_) => f.write_str("the key"),
            From::Env(variable) => f.write_str(variable),
            From::File(path) => write!(f, "file {}", path.display()),
            // Its arguments may hold a secret.
            From::Command(words) => {
                write!(f, "command {}", words.first().map(|word| word.to_string_lossy()).unwrap_or_default())
            }
            From::Resolver(_) => f.write_str("the resolver"),
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySource({self})")
    }
}
