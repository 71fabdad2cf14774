//! The line at the terminal: editing, completion, and the history that is kept for the next time.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Context, Editor, Helper};

use super::order::NAMES;
use crate::exit::Failure;
use crate::say::Say;

/// The variable that says where the history of lines is kept.
const FOLDER: &str = "STEADFAST_STATE_DIR";

/// The name of the file in the folder.
const FILE: &str = "chat_history";

/// The most lines that are kept.
const MOST: usize = 1_000;

/// What came from the terminal.
pub(super) enum Line {
    Said(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D.
    End,
}

/// The line at the terminal.
pub(super) struct Terminal {
    editor: Editor<Orders, FileHistory>,
    kept: Option<PathBuf>,
}

impl Terminal {
    /// A terminal, with the lines of the last time when they are kept.
    pub(super) fn open(keeps: bool, say: &Say) -> Result<Self, Failure> {
        let failed = |error: ReadlineError| Failure::work(format!("cannot use the terminal: {error}"));
        let config = Config::builder().max_history_size(MOST).map_err(failed)?.history_ignore_space(true).build();
        let mut editor = Editor::with_config(config).map_err(failed)?;
        editor.set_helper(Some(Orders));
        let kept = if keeps { file(say) } else { None };
        if let Some(file) = &kept {
            if let Err(error) = editor.load_history(file) {
                say.note(&format!("warning: the history {} cannot be read: {error}", file.display()));
            }
        }
        Ok(Self { editor, kept })
    }

    /// The next line. Blocks.
    pub(super) fn read(&mut self, prompt: &str) -> Result<Line, Failure> {
        match self.editor.readline(prompt) {
            Ok(line) => {
                // A line that cannot be remembered was said all the same.
                let _remembered = self.editor.add_history_entry(&line);
                Ok(Line::Said(joined(&line).into_owned()))
            }
            Err(ReadlineError::Interrupted) => Ok(Line::Interrupted),
            Err(ReadlineError::Eof) => Ok(Line::End),
            Err(error) => Err(Failure::work(format!("cannot read from the terminal: {error}"))),
        }
    }

    /// Keeps the lines for the next time.
    pub(super) fn keep(&mut self, say: &Say) {
        let Some(file) = &self.kept else { return };
        if let Err(error) = self.editor.append_history(file) {
            say.note(&format!("warning: the history {} cannot be kept: {error}", file.display()));
        }
    }
}

/// A text without the ends of lines that go on.
fn joined(line: &str) -> Cow<'_, str> {
    if line.contains("\\\n") { Cow::Owned(line.replace("\\\n", "\n")) } else { Cow::Borrowed(line) }
}

/// The file of the history, for its owner alone.
fn file(say: &Say) -> Option<PathBuf> {
    let told = |folder: &Path, error: std::io::Error| {
        say.note(&format!("warning: no history is kept in {}: {error}", folder.display()));
    };
    let folder = match std::env::var_os(FOLDER).filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => {
            let strategy = choose_native_strategy().ok()?;
            strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("steadfast")
        }
    };
    match prepare(&folder) {
        Ok(file) => Some(file),
        Err(error) => {
            told(&folder, error);
            None
        }
    }
}

fn prepare(folder: &Path) -> std::io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let file = folder.join(FILE);
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let open = options.open(&file)?;
    #[cfg(unix)]
    open.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    drop(open);
    Ok(file)
}

/// Completes orders, and lets lines that end in `\` go on.
struct Orders;

impl Helper for Orders {}
impl Highlighter for Orders {}

impl Hinter for Orders {
    type Hint = String;
}

impl Completer for Orders {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let begun = line.get(..at).filter(|begun| begun.starts_with('/'));
        let fitting =
            |begun: &str| NAMES.iter().filter(|name| name.starts_with(begun)).map(|name| (*name).to_owned()).collect();
        Ok((0, begun.map(fitting).unwrap_or_default()))
    }
}

impl Validator for Orders {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let goes_on = context.input().ends_with('\\');
        Ok(if goes_on { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}
