//! A device with SWUpdate's web server.

use sha2::{Digest, Sha256};

use crate::Reply;

use super::firmware::Firmware;
use super::form;
use super::request::Request;

#[derive(Clone, Debug, Default)]
pub(super) struct Swupdate {
    pub(super) fails: bool,
}

impl Swupdate {
    #[expect(clippy::unused_self, reason = "every model is told of a request in the same way")]
    pub(super) fn begin(&mut self, request: &mut Request) {
        match (&*request.method, &*request.path) {
            ("POST", "/upload") if request.length.is_none() => request.forbid(411, "the form has no Content-Length"),
            ("POST", "/upload") => request.held = Some(Vec::new()),
            ("POST", "/restart") => {
                request.answer(text(201, "Device will reboot now.\n"));
            }
            (_, "/upload" | "/restart") => request.forbid(405, "Method Not Allowed"),
            _ => request.answer(Reply::status(404)),
        }
    }

    pub(super) fn end(&mut self, request: &mut Request, firmware: &mut Firmware) -> Reply {
        if !request.complete {
            return Reply::status(400);
        }
        let kind = request.header("content-type").unwrap_or_default();
        let file = match form::read(kind, request.held.as_deref().unwrap_or_default()) {
            Ok(parts) if parts.len() == 1 && parts[0].file_name.is_some() => parts.into_iter().next(),
            Ok(_) => None,
            Err(why) => {
                request.violations.push(format!("POST /upload: {why}"));
                return text(400, "Bad Request\n");
            }
        };
        let Some(file) = file else {
            request.violations.push(String::from("POST /upload: the form is not one file"));
            return text(400, "Bad Request\n");
        };
        firmware.came();
        if self.fails {
            return text(500, "Failed to queue command\n");
        }
        let line = file.body.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let version = String::from_utf8_lossy(&line[..line.len().min(64)]).trim().to_owned();
        firmware.install(Some(&version), Sha256::digest(&file.body).into());
        let name = file.file_name.unwrap_or_default();
        text(200, format!("Ok, {name} - {} bytes.\r\n", file.body.len())).header("connection", "close")
    }
}

fn text(status: u16, body: impl Into<String>) -> Reply {
    Reply::status(status).header("content-type", "text/plain").body(body.into())
}
