//! A device that takes uploads by tus 1.0.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use steadfast_clock::Nanos;

use crate::Reply;

use super::firmware::Firmware;
use super::request::{Append, Request};

#[derive(Clone, Debug, Default)]
pub(super) struct Tus {
    pub(super) checks: bool,
    pub(super) largest: Option<u64>,
    pub(super) keeps: Option<Duration>,
    pub(super) upload: Option<Upload>,
    opened: u64,
}

/// An upload under way.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    path: String,
    length: u64,
    offset: u64,
    hash: Sha256,
    metadata: Option<String>,
    sha256: Option<String>,
    version: Option<String>,
    expires: Option<Nanos>,
}

impl Tus {
    pub(super) fn begin(&mut self, request: &mut Request) {
        if self.upload.as_ref().is_some_and(|upload| upload.expires.is_some_and(|expires| expires <= request.now)) {
            self.upload = None;
        }
        if request.method != "OPTIONS" && request.header("tus-resumable") != Some("1.0.0") {
            return request.forbid(412, "Tus-Resumable is not 1.0.0");
        }
        match (&*request.method, &*request.path) {
            ("OPTIONS", "/update") => request.answer(self.offer()),
            ("POST", "/update") => self.create(request),
            ("HEAD" | "PATCH", path) => match self.upload.clone().filter(|upload| upload.path == path) {
                None => request.answer(said(404)),
                Some(upload) if request.method == "HEAD" => request.answer(self.stands(&upload)),
                Some(upload) => self.append(request, &upload),
            },
            _ => request.forbid(405, "a tus device takes OPTIONS, POST, HEAD and PATCH"),
        }
    }

    pub(super) fn end(&mut self, request: &mut Request, firmware: &mut Firmware) -> Reply {
        let (Some(append), Some(upload)) = (request.append.take(), &mut self.upload) else { return said(404) };
        if request.method == "POST" {
            if upload.length == 0 {
                upload.install(firmware);
            }
            let reply = said(201).header("location", upload.path.clone());
            return self.expiry(reply);
        }
        if upload.path != request.path || upload.offset != append.from {
            return said(409);
        }
        if let Some(checksum) = request.header("upload-checksum") {
            let digest = STANDARD.encode(append.alone.finalize());
            if !request.complete || checksum.split_once(' ') != Some(("sha256", &digest)) {
                return said(460);
            }
        }
        upload.offset += request.came;
        upload.hash = append.whole;
        upload.expires = self.keeps.map(|keeps| request.now.saturating_add(keeps));
        if upload.offset == upload.length {
            upload.install(firmware);
        }
        let reply = said(204).header("upload-offset", upload.offset.to_string());
        self.expiry(reply)
    }

    fn offer(&self) -> Reply {
        let checksum = if self.checks { ",checksum" } else { "" };
        let expiration = if self.keeps.is_some() { ",expiration" } else { "" };
        let mut reply = said(204)
            .header("tus-version", "1.0.0,0.2.2")
            .header("tus-extension", format!("creation{expiration}{checksum}"));
        if self.checks {
            reply = reply.header("tus-checksum-algorithm", "sha256");
        }
        match self.largest {
            Some(largest) => reply.header("tus-max-size", largest.to_string()),
            None => reply,
        }
    }

    fn create(&mut self, request: &mut Request) {
        let Some(length) = request.number("upload-length") else {
            return request.forbid(400, "Upload-Length is no whole number");
        };
        if request.length != Some(0) {
            return request.forbid(400, "creation has no body without creation-with-upload");
        }
        let metadata = request.header("upload-metadata").map(str::to_owned);
        let Some(pairs) = metadata.as_deref().map_or(Some(Vec::new()), read_metadata) else {
            return request.forbid(400, "Upload-Metadata is not a list of keys and base64");
        };
        if self.largest.is_some_and(|largest| length > largest) {
            return request.answer(said(413));
        }
        self.opened += 1;
        let path = format!("/files/{:08x}", self.opened.wrapping_mul(0x9E37_79B9));
        let sha256 = pairs.iter().find(|(key, _)| key == "sha256").map(|(_, value)| value.clone());
        self.upload = Some(Upload {
            path,
            length,
            offset: 0,
            hash: Sha256::new(),
            metadata,
            sha256,
            version: request.header("x-update-version").map(str::to_owned),
            expires: self.keeps.map(|keeps| request.now.saturating_add(keeps)),
        });
        request.append = Some(Append { from: 0, whole: Sha256::new(), alone: Sha256::new() });
    }

    fn stands(&self, upload: &Upload) -> Reply {
        let mut reply = said(200)
            .header("upload-offset", upload.offset.to_string())
            .header("upload-length", upload.length.to_string())
            .header("cache-control", "no-store");
        if let Some(metadata) = &upload.metadata {
            reply = reply.header("upload-metadata", metadata.clone());
        }
        self.expiry(reply)
    }

    fn append(&self, request: &mut Request, upload: &Upload) {
        if request.kind() != "application/offset+octet-stream" {
            return request.forbid(415, "the media type of a PATCH is application/offset+octet-stream");
        }
        let Some(from) = request.number("upload-offset") else {
            return request.forbid(400, "Upload-Offset is no whole number");
        };
        if let Some(checksum) = request.header("upload-checksum") {
            if !self.checks || !checksum.starts_with("sha256 ") {
                return request.forbid(400, "the checksum algorithm is not supported");
            }
        }
        if from != upload.offset {
            return request.answer(said(409));
        }
        if request.length.is_some_and(|length| from + length > upload.length) {
            return request.forbid(413, "more is sent than was announced");
        }
        request.append = Some(Append { from, whole: upload.hash.clone(), alone: Sha256::new() });
    }

    fn expiry(&self, reply: Reply) -> Reply {
        // Relative to the answer's own date, so that no calendar is needed.
        match self.keeps {
            Some(keeps) => {
                reply.header("date", "Thu, 01 Jan 1970 00:00:00 GMT").header("upload-expires", date(keeps.as_secs()))
            }
            None => reply,
        }
    }
}

impl Upload {
    fn install(&self, firmware: &mut Firmware) {
        firmware.came();
        let image: [u8; 32] = self.hash.clone().finalize().into();
        let hex = image.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        if self.sha256.as_deref().is_none_or(|announced| announced == hex) {
            firmware.install(self.version.as_deref(), image);
        }
    }
}

/// An answer with what each must have.
fn said(status: u16) -> Reply {
    let reply = Reply::status(status).header("tus-resumable", "1.0.0");
    if status == 412 { reply.header("tus-version", "1.0.0,0.2.2") } else { reply }
}

/// Keys, each once, and their values.
fn read_metadata(text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in text.split(',') {
        let (key, value) = pair.trim().split_once(' ').unwrap_or((pair.trim(), ""));
        let value = STANDARD.decode(value).ok()?;
        if key.is_empty() || pairs.iter().any(|(known, _)| known == key) {
            return None;
        }
        pairs.push((key.to_owned(), String::from_utf8_lossy(&value).into_owned()));
    }
    Some(pairs)
}

/// So many seconds after the epoch, within its first month, as an HTTP date.
fn date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let (days, rest) = ((seconds / 86_400).min(30), seconds % 86_400);
    let name = usize::try_from(days % 7).map_or("Thu", |day| DAYS[day]);
    format!("{name}, {:02} Jan 1970 {:02}:{:02}:{:02} GMT", days + 1, rest / 3600, rest / 60 % 60, rest % 60)
}
