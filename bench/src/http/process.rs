//! The processes of a program of this area: one that serves, one that is measured, and the one that starts both.

use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};

use serde::{Deserialize, Serialize};

use super::server;

/// Where the server is.
#[derive(Debug, Serialize, Deserialize)]
pub struct Served {
    /// HTTP/1.1, without TLS.
    pub plain: String,
    /// HTTP/1.1 over TLS.
    pub secret: String,
    /// HTTP/2 over TLS.
    pub streams: String,
    /// The file with the certificate that the latter two show.
    pub roots: PathBuf,
}

/// What the first argument says when it is no part of a row's name.
const SERVE: &str = "--serve";
const MEASURE: &str = "--measure";

/// The whole of a program: `measure` is given the server and what is to be in a row's name.
pub fn program(measure: impl FnOnce(&Served, &str)) -> ExitCode {
    // Thousands of connections are opened.
    rlimit::increase_nofile_limit(u64::MAX).expect("a limit that can be raised");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [SERVE] => {
            pin(0);
            server::run();
            ExitCode::SUCCESS
        }
        [MEASURE, served, wanted] => {
            pin(1);
            measure(&serde_json::from_str(served).expect("what the server said"), wanted);
            ExitCode::SUCCESS
        }
        [] => conduct("").expect("two processes more"),
        [wanted, ..] => conduct(wanted).expect("two processes more"),
    }
}

/// Puts the process on one core, if there are that many.
fn pin(at: usize) {
    if let Some(core) = core_affinity::get_core_ids().and_then(|cores| cores.get(at).copied()) {
        core_affinity::set_for_current(core);
    }
}

/// Starts the server, then what is measured, which trusts the server's certificate.
fn conduct(wanted: &str) -> io::Result<ExitCode> {
    let program = std::env::current_exe()?;
    let mut server = Command::new(&program).arg(SERVE).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let served = first_line(&mut server)?;
    let roots = serde_json::from_str::<Served>(&served)?.roots;
    let measured = Command::new(&program).args([MEASURE, served.trim(), wanted]).env("SSL_CERT_FILE", &roots).status();
    // The server ends with its standard input.
    drop(server.stdin.take());
    server.wait()?;
    std::fs::remove_file(roots)?;
    Ok(if measured?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn first_line(child: &mut Child) -> io::Result<String> {
    let mut line = String::new();
    let stdout = child.stdout.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
    BufReader::new(stdout).read_line(&mut line)?;
    Ok(line)
}

/// Says where the server is, and returns once nobody is there to ask it any more.
pub(super) fn announce(served: &Served) {
    println!("{}", serde_json::to_string(served).expect("plain data"));
    io::stdin().read_to_end(&mut Vec::new()).expect("a standard input");
}
