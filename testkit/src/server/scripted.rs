//! The behaviour of the plain server: the script, and nothing behind it.

use std::sync::{Mutex, PoisonError};

use crate::script::{Facts, Target};
use crate::{Reply, Script};

use super::{App, Exchange, Head, Log, Pace, Peer, Recording};

/// How much of a body is held.
const KEEP: usize = 1024 * 1024;

pub(super) struct Scripted {
    script: Script,
    used: Mutex<Vec<u64>>,
    log: Log,
}

impl Scripted {
    pub(super) fn new(script: Script, log: Log) -> Self {
        Self { script, used: Mutex::default(), log }
    }
}

impl App for Scripted {
    type Exchange = Scene;

    fn begin(&self, head: &Head, peer: &Peer) -> Scene {
        let facts = Facts { method: &head.method, path: head.path(), headers: &head.headers, target: Target::Server };
        let picked = {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            self.script.pick(&facts, &mut used).cloned()
        };
        let reply = picked.unwrap_or_else(|| {
            let why = format!("no step of the script answers {} {}\n", head.method, head.path());
            Reply::status(404).header("content-type", "text/plain").body(why)
        });
        Scene { reply, recording: self.log.begin(head, peer, KEEP) }
    }
}

/// One request of a plain server.
pub(super) struct Scene {
    reply: Reply,
    recording: Recording,
}

impl Exchange for Scene {
    fn pace(&self) -> Pace {
        Pace::of(Some(&self.reply))
    }

    fn feed(&mut self, piece: &[u8]) {
        self.recording.feed(piece);
    }

    fn finish(&mut self, complete: bool) {
        self.recording.finish(complete);
    }

    fn reply(&mut self) -> Reply {
        self.recording.count();
        self.reply.clone()
    }
}
