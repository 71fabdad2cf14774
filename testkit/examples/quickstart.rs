//! A simulated provider that is down at first, asked twice over a real socket.

use std::io::{self, Write};

use steadfast_testkit::{LlmSim, Reply, Script, Vendor};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let sim = LlmSim::builder().faults(Script::new().then(Reply::status(503))).answer("Here I am.").start().await?;
    let question = r#"{"model":"sim","messages":[{"role":"user","content":"Are you there?"}]}"#;
    for _ in 0..2 {
        let mut socket = TcpStream::connect(sim.addr()).await?;
        let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: sim\r\nconnection: close\r\n";
        let request = format!("{head}content-length: {}\r\n\r\n{question}", question.len());
        socket.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await?;
        writeln!(io::stdout(), "{}", answer.lines().next().unwrap_or_default())?;
    }
    writeln!(io::stdout(), "requests seen: {}", sim.requests(Vendor::OpenAi))
}
