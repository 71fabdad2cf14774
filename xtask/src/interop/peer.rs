//! A program that takes orders in JSON, line by line, and answers each with a line.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// Such a program. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Peer {
    name: String,
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other(format!("{name} has no stdin or stdout")));
        };
        Ok(Self { name, child, orders, answers: BufReader::new(answers) })
    }

    /// Gives an order, and waits for the answer.
    pub(super) fn order(&mut self, order: &Value) -> io::Result<Value> {
        writeln!(self.orders, "{order}")?;
        self.orders.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line)
            .map_err(|error| io::Error::other(format!("{} answered {line:?}: {error}", self.name)))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A text of an answer.
pub(super) fn text(answer: &Value, name: &str) -> io::Result<String> {
    answer[name].as_str().map(str::to_owned).ok_or_else(|| missing(answer, name))
}

/// A number of an answer.
pub(super) fn number(answer: &Value, name: &str) -> io::Result<u64> {
    answer[name].as_u64().ok_or_else(|| missing(answer, name))
}

/// A list of texts of an answer.
pub(super) fn texts(answer: &Value, name: &str) -> io::Result<Vec<String>> {
    let list = answer[name].as_array().ok_or_else(|| missing(answer, name))?;
    Ok(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn missing(answer: &Value, name: &str) -> io::Error {
    io::Error::other(format!("no {name} in {answer}"))
}
