//! A device that takes uploads by the IETF's draft.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};
use steadfast_clock::Nanos;

use crate::Reply;

use super::firmware::Firmware;
use super::request::{Append, Request};

#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) largest: Option<u64>,
    pub(super) most: Option<u64>,
    pub(super) keeps: Option<Duration>,
    pub(super) upload: Option<Upload>,
    opened: u64,
}

/// An upload under way, or complete.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    path: String,
    length: Option<u64>,
    offset: u64,
    complete: bool,
    hash: Sha256,
    digest: Option<String>,
    version: Option<String>,
    expires: Option<Nanos>,
}

impl Draft {
    pub(super) fn begin(&mut self, request: &mut Request) {
        if self.upload.as_ref().is_some_and(|upload| upload.expires.is_some_and(|expires| expires <= request.now)) {
            self.upload = None;
        }
        if request.header("upload-draft-interop-version") != Some("8") {
            return request.forbid(400, "Upload-Draft-Interop-Version is not 8");
        }
        match (&*request.method, &*request.path) {
            ("OPTIONS", "/update") => {
                let reply = Reply::status(204).header("accept-patch", "application/partial-upload");
                request.answer(self.limited(reply));
            }
            ("POST", "/update") => self.create(request),
            ("HEAD" | "PATCH" | "DELETE", path) => match self.upload.clone().filter(|upload| upload.path == path) {
                None => request.answer(Reply::status(404)),
                Some(upload) => match &*request.method {
                    "HEAD" => request.answer(self.stands(&upload)),
                    "PATCH" => self.append(request, &upload),
                    _ => {
                        self.upload = None;
                        request.answer(Reply::status(204));
                    }
                },
            },
            _ => request.forbid(405, "a device of the draft takes OPTIONS, POST, HEAD, PATCH and DELETE"),
        }
    }

    pub(super) fn end(&mut self, request: &mut Request, firmware: &mut Firmware) -> Reply {
        let (Some(append), Some(upload)) = (request.append.take(), &mut self.upload) else { return Reply::status(404) };
        let patch = request.method == "PATCH";
        if patch && (upload.path != request.path || upload.offset != append.from) {
            return mismatch(upload.offset, append.from);
        }
        upload.offset += request.came;
        upload.hash = append.whole;
        upload.expires = self.keeps.map(|keeps| request.now.saturating_add(keeps));
        if upload.length.is_some_and(|length| upload.offset > length) {
            self.upload = None;
            return problem(400, "inconsistent-upload-length", "more was sent than was announced");
        }
        let completes = request.header("upload-complete") == Some("?1") && request.complete;
        if !completes {
            let (offset, path) = (upload.offset, upload.path.clone());
            let reply = if patch { Reply::status(204) } else { Reply::status(201).header("location", path) };
            let reply = reply.header("upload-complete", "?0").header("upload-offset", offset.to_string());
            return self.limited(reply);
        }
        upload.complete = true;
        firmware.came();
        let image: [u8; 32] = upload.hash.clone().finalize().into();
        let announced = format!("sha-256=:{}:", STANDARD.encode(image));
        let right = upload.digest.as_deref().is_none_or(|digest| digest == announced);
        if right {
            firmware.install(upload.version.as_deref(), image);
        }
        Reply::status(if right { 200 } else { 400 })
            .header("upload-complete", "?1")
            .header("upload-offset", upload.offset.to_string())
    }

    fn create(&mut self, request: &mut Request) {
        let complete = match request.header("upload-complete") {
            Some("?0") => false,
            Some("?1") => true,
            _ => return request.forbid(400, "Upload-Complete is neither ?1 nor ?0"),
        };
        let mut length = request.number("upload-length");
        if complete {
            if length.is_some() && length != request.length {
                let reply = problem(400, "inconsistent-upload-length", "two lengths are announced");
                return request.answer(reply);
            }
            length = request.length;
        }
        let too_long =
            |most: Option<u64>, length: Option<u64>| matches!((most, length), (Some(most), Some(n)) if n > most);
        if too_long(self.largest, length) {
            return request.answer(self.limited(Reply::status(413)));
        }
        if too_long(self.most, request.length) {
            return request.forbid(413, "more is sent at a time than the limit allows");
        }
        self.opened += 1;
        let path = format!("/uploads/{:08x}", self.opened.wrapping_mul(0x9E37_79B9));
        self.upload = Some(Upload {
            path,
            length,
            offset: 0,
            complete: false,
            hash: Sha256::new(),
            digest: request.header("repr-digest").map(str::to_owned),
            version: request.header("x-update-version").map(str::to_owned),
            expires: self.keeps.map(|keeps| request.now.saturating_add(keeps)),
        });
        request.append = Some(Append { from: 0, whole: Sha256::new(), alone: Sha256::new() });
    }

    fn stands(&self, upload: &Upload) -> Reply {
        let reply = Reply::status(204)
            .header("upload-offset", upload.offset.to_string())
            .header("upload-complete", if upload.complete { "?1" } else { "?0" })
            .header("cache-control", "no-store");
        let reply = match upload.length {
            Some(length) => reply.header("upload-length", length.to_string()),
            None => reply,
        };
        self.limited(reply)
    }

    fn append(&mut self, request: &mut Request, upload: &Upload) {
        if request.kind() != "application/partial-upload" {
            return request.forbid(415, "the media type of an append is application/partial-upload");
        }
        let Some(from) = request.number("upload-offset") else {
            return request.forbid(400, "Upload-Offset is no whole number");
        };
        let completes = match request.header("upload-complete") {
            Some("?0") => false,
            Some("?1") => true,
            _ => return request.forbid(400, "Upload-Complete is neither ?1 nor ?0"),
        };
        if upload.complete {
            let reply = problem(400, "completed-upload", "upload is already completed");
            return request.answer(reply);
        }
        if from != upload.offset {
            return request.answer(mismatch(upload.offset, from));
        }
        if self.most.is_some_and(|most| request.length.is_some_and(|length| length > most)) {
            let reply = self.limited(Reply::status(413));
            return request.answer(reply);
        }
        let ends = request.length.map(|length| from + length);
        if completes && upload.length.is_some() && ends.is_some() && upload.length != ends {
            request.forbid(400, "the length of the upload is not what was announced");
        }
        request.append = Some(Append { from, whole: upload.hash.clone(), alone: Sha256::new() });
    }

    fn limited(&self, reply: Reply) -> Reply {
        let limits = [
            self.largest.map(|bytes| format!("max-size={bytes}")),
            self.most.map(|bytes| format!("max-append-size={bytes}")),
            self.keeps.map(|time| format!("max-age={}", time.as_secs())),
        ];
        let limits: Vec<String> = limits.into_iter().flatten().collect();
        if limits.is_empty() { reply } else { reply.header("upload-limit", limits.join(", ")) }
    }
}

/// An answer of RFC 9457.
fn problem(status: u16, kind: &str, title: &str) -> Reply {
    let kind = format!("https://iana.org/assignments/http-problem-types#{kind}");
    let body = json!({ "type": kind, "title": title });
    Reply::status(status).header("content-type", "application/problem+json").body(body.to_string())
}

fn mismatch(expected: u64, provided: u64) -> Reply {
    let kind = "https://iana.org/assignments/http-problem-types#mismatching-upload-offset";
    let title = "offset from request does not match offset of resource";
    let body = json!({ "type": kind, "title": title, "expected-offset": expected, "provided-offset": provided });
    Reply::status(409)
        .header("content-type", "application/problem+json")
        .header("upload-offset", expected.to_string())
        .header("upload-complete", "?0")
        .body(body.to_string())
}
