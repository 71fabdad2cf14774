//! A management controller that takes firmware by Redfish (DMTF DSP0266).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Reply;

use super::firmware::Firmware;
use super::form;
use super::request::Request;

const SERVICE: &str = "/redfish/v1/UpdateService";
const PUSH: &str = "/redfish/v1/UpdateService/update-multipart";
const INVENTORY: &str = "/redfish/v1/UpdateService/FirmwareInventory/BMC";
const SESSIONS: &str = "/redfish/v1/SessionService/Sessions";
const MONITOR: &str = "/redfish/v1/TaskService/TaskMonitors/1";
const TOKEN: &str = "token-of-the-session";

#[derive(Clone, Debug, Default)]
pub(super) struct Redfish {
    pub(super) largest: Option<u64>,
    /// How often the task is asked for before it ends.
    pub(super) busy: u32,
    pub(super) fails: bool,
    task: Option<Task>,
    session: bool,
}

/// An image that is being installed.
#[derive(Clone, Debug)]
struct Task {
    asked: u32,
    version: String,
    image: [u8; 32],
}

impl Redfish {
    pub(super) fn begin(&mut self, request: &mut Request) {
        if request.path == SESSIONS && request.method == "POST" {
            request.held = Some(Vec::new());
            return;
        }
        if !self.knows(request) {
            return request.answer(error(401, "Base.1.18.NoValidSession", "There is no valid session."));
        }
        match (&*request.method, &*request.path) {
            ("GET", SERVICE) => {
                let mut service = json!({
                    "@odata.id": SERVICE,
                    "@odata.type": "#UpdateService.v1_14_0.UpdateService",
                    "Id": "UpdateService",
                    "Name": "Update Service",
                    "ServiceEnabled": true,
                    "MultipartHttpPushUri": PUSH,
                    "FirmwareInventory": { "@odata.id": "/redfish/v1/UpdateService/FirmwareInventory" },
                });
                if let Some(largest) = self.largest {
                    service["MaxImageSizeBytes"] = largest.into();
                }
                request.answer(reply(200, &service));
            }
            ("POST", PUSH) => match self.largest {
                Some(largest) if request.length.is_some_and(|length| length > largest + 4096) => {
                    request.answer(error(413, "Base.1.18.PayloadTooLarge", "The image is too large."));
                }
                _ if self.task.is_some() => {
                    let busy = error(503, "Update.1.0.UpdateInProgress", "An update is in progress.");
                    request.answer(busy.header("retry-after", "30"));
                }
                _ => request.held = Some(Vec::new()),
            },
            ("GET", MONITOR | INVENTORY) => {}
            ("DELETE", path) if path.starts_with(SESSIONS) => {
                self.session = false;
                request.answer(Reply::status(204));
            }
            (_, SERVICE | PUSH | INVENTORY | MONITOR) => request.forbid(405, "this method is not for this resource"),
            _ => request.answer(error(404, "Base.1.18.ResourceMissingAtURI", "The resource is missing.")),
        }
    }

    pub(super) fn end(&mut self, request: &mut Request, firmware: &mut Firmware) -> Reply {
        match &*request.path {
            SESSIONS => self.log_in(request),
            PUSH => match self.push(request, firmware) {
                Ok(reply) => reply,
                Err(why) => {
                    request.violations.push(format!("POST {PUSH}: {why}"));
                    error(400, "Base.1.18.MalformedJSON", why)
                }
            },
            MONITOR => self.monitor(firmware),
            _ => reply(200, &json!({ "@odata.id": INVENTORY, "Id": "BMC", "Version": firmware.version() })),
        }
    }

    fn knows(&self, request: &Request) -> bool {
        let basic = format!("Basic {}", STANDARD.encode("admin:secret"));
        request.header("authorization") == Some(&basic) || self.session && request.header("x-auth-token") == Some(TOKEN)
    }

    fn log_in(&mut self, request: &Request) -> Reply {
        let body: Value = serde_json::from_slice(request.held.as_deref().unwrap_or_default()).unwrap_or_default();
        if (body["UserName"].as_str(), body["Password"].as_str()) != (Some("admin"), Some("secret")) {
            return error(401, "Base.1.18.InsufficientPrivilege", "The user or the password is wrong.");
        }
        self.session = true;
        reply(201, &json!({ "@odata.id": format!("{SESSIONS}/1"), "Id": "1" }))
            .header("x-auth-token", TOKEN)
            .header("location", format!("{SESSIONS}/1"))
    }

    fn push(&mut self, request: &Request, firmware: &mut Firmware) -> Result<Reply, &'static str> {
        if !request.complete {
            return Ok(Reply::status(400));
        }
        let kind = request.header("content-type").unwrap_or_default();
        let parts = form::read(kind, request.held.as_deref().unwrap_or_default())?;
        let [parameters, file] = &parts[..] else { return Err("the form does not have two parts") };
        if parameters.name != "UpdateParameters" || !parameters.kind.starts_with("application/json") {
            return Err("the first part is not UpdateParameters of application/json");
        }
        let parameters: Value = serde_json::from_slice(&parameters.body).map_err(|_| "UpdateParameters is no JSON")?;
        if !parameters.is_object() {
            return Err("UpdateParameters is no object");
        }
        if file.name != "UpdateFile" || file.kind != "application/octet-stream" || file.file_name.is_none() {
            return Err("the second part is not an UpdateFile of application/octet-stream with a file name");
        }
        firmware.came();
        let line = file.body.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let version = String::from_utf8_lossy(&line[..line.len().min(64)]).trim().to_owned();
        self.task = Some(Task { asked: 0, version, image: Sha256::digest(&file.body).into() });
        Ok(reply(202, &task("New", "OK", None)).header("location", MONITOR).header("retry-after", "1"))
    }

    /// The task monitor: 202 until the task has ended, then what the push itself would have been answered.
    fn monitor(&mut self, firmware: &mut Firmware) -> Reply {
        let Some(current) = &mut self.task else {
            return error(404, "Base.1.18.ResourceMissingAtURI", "The task is gone.");
        };
        current.asked += 1;
        if current.asked <= self.busy {
            return reply(202, &task("Running", "OK", None)).header("location", MONITOR).header("retry-after", "5");
        }
        let Some(done) = self.task.take() else { return Reply::status(404) };
        if self.fails {
            let message = json!([{ "MessageId": "Update.1.0.VerificationFailed", "Message": "Verification\nfailed." }]);
            return reply(200, &task("Exception", "Critical", Some(message)));
        }
        firmware.install(Some(&done.version), done.image);
        reply(200, &task("Completed", "OK", None))
    }
}

fn task(state: &str, status: &str, messages: Option<Value>) -> Value {
    json!({
        "@odata.id": "/redfish/v1/TaskService/Tasks/1",
        "@odata.type": "#Task.v1_7_0.Task",
        "Id": "1",
        "Name": "Update",
        "TaskMonitor": MONITOR,
        "TaskState": state,
        "TaskStatus": status,
        "Messages": messages.unwrap_or_else(|| json!([])),
    })
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply::json(status, body.clone()).header("odata-version", "4.0")
}

/// An answer with extended information (DSP0266, section "Error responses").
fn error(status: u16, id: &str, message: &str) -> Reply {
    let info = json!([{ "@odata.type": "#Message.v1_1_1.Message", "MessageId": id, "Message": message }]);
    let body = json!({ "error": { "code": id, "message": message, "@Message.ExtendedInfo": info } });
    reply(status, &body)
}
