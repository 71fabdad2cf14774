//! CopilotKit's aimock, a server of other people's.

use std::io::{self, BufRead, BufReader};
use std::process::{Child, Stdio};

use super::install::Installed;
use super::outcome::Asked;

/// What it is asked: words that `xtask/interop/aimock.json` has an answer to, and whether that is about streams alone.
const PROMPTS: [(&str, bool); 5] =
    [("answer", false), ("limited once", false), ("overloaded once", false), ("refused", false), ("cut", true)];

/// Every prompt, at every API that it can be asked at.
pub(super) fn asked() -> impl Iterator<Item = (&'static str, Asked)> {
    PROMPTS.into_iter().flat_map(|(prompt, streamed_alone)| {
        Asked::all().filter(move |asked| asked.stream || !streamed_alone).map(move |asked| (prompt, asked))
    })
}

/// One that runs. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    url: String,
}

impl Server {
    pub(super) fn start(installed: &Installed) -> io::Result<Self> {
        let mut child = installed.aimock().stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let Some(stdout) = child.stdout.take() else { return Err(io::Error::other("aimock has no stdout")) };
        let mut server = Self { child, url: String::new() };
        for line in BufReader::new(stdout).lines() {
            if let Some(url) = address(&line?) {
                server.url = url;
                return Ok(server);
            }
        }
        Err(io::Error::other("aimock does not say where it listens"))
    }

    /// Where it is, without a path.
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address that a line of its log names.
fn address(line: &str) -> Option<String> {
    let at = line.find("http://")?;
    Some(line[at..].split_whitespace().next()?.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_the_log() {
        let line = "[aimock] aimock server listening on http://127.0.0.1:4010";
        assert_eq!(address(line).as_deref(), Some("http://127.0.0.1:4010"));
        assert_eq!(address("[aimock] Loaded 7 fixture(s)"), None);
    }

    #[test]
    fn what_can_only_be_cut_is_asked_for_as_a_stream() {
        assert!(asked().filter(|(prompt, _)| *prompt == "cut").all(|(_, asked)| asked.stream));
        assert_eq!(asked().filter(|(prompt, _)| *prompt == "answer").count(), 6);
    }
}
