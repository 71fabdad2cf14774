//! The command as a program uses it: a simulated provider on loopback, a question, the answer as JSON.
//!
//! It goes through `cargo run`, so that it works before anything is installed.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

fn steadfast() -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--quiet", "--package", "steadfast-cli", "--bin", "steadfast", "--"]);
    command
}

/// Ends the simulator with the program.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut sim = Running(steadfast().args(["sim", "llm"]).stdout(Stdio::piped()).spawn()?);
    let stdout = sim.0.stdout.take().ok_or("the simulator has no stdout")?;
    let first = BufReader::new(stdout).lines().next().ok_or("the simulator did not start")??;
    let base_url = first.strip_prefix("openai ").ok_or("the first line is the OpenAI-shaped base URL")?;

    let chat = steadfast().args(["chat", "--base-url", base_url, "--json", "Who is there?"]).output()?;
    let reply: serde_json::Value = serde_json::from_slice(&chat.stdout)?;
    writeln!(std::io::stdout(), "{} says: {}", reply["provider"], reply["answer"])?;
    Ok(())
}
