//! `cargo xtask interop`: our client beside the official SDKs on the same faults, against other people's servers, and its
//! requests against the SDKs' types.

mod aimock;
mod faults;
mod install;
mod outcome;
mod peer;
mod table;

use std::io;
use std::process::{Command, ExitCode};

use serde_json::json;

use crate::cargo::{root, succeeds};
use crate::{program, say};

use faults::Fault;
use install::Installed;
use outcome::{Api, Asked, Outcome};
use peer::Peer;
use table::{Row, Table};

/// What to do besides comparing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write the outcomes into the table; what is said about them stays. Look at what changed.
    #[arg(long)]
    write: bool,
    /// Write the schemas of requests that the tests of `providers` go by, and do nothing else.
    #[arg(long)]
    schema: bool,
    /// Only faults with this in their name.
    #[arg(long, value_name = "TEXT", conflicts_with = "write")]
    fault: Option<String>,
}

/// Outcomes as they are committed.
const TABLE: &str = "providers/docs/interop.md";

/// Where the schemas are committed.
const SCHEMAS: &str = "providers/tests/fixtures";

/// Installs what is needed, runs every check, and compares the outcomes with the table.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let installed = Installed::load()?;
    if args.schema {
        let written = succeeds(&mut installed.python("schema.py", [root().join(SCHEMAS).as_os_str()]))?;
        return Ok(if written { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let ours = Peer::start(&mut Command::new(program::example("steadfast-providers", "interop")?))?;
    let sdk = Peer::start(&mut installed.python("sdk.py", [""; 0]))?;
    let mut peers = Peers { ours, sdk };
    let path = root().join(TABLE);
    let mut table = Table::read(&std::fs::read_to_string(&path)?);
    let mut wrong = Vec::new();
    let mut checked = 0;

    let mut compare = |row: Row| {
        checked += 1;
        say::line(&row.to_string());
        if args.write {
            table.put(row);
        } else {
            wrong.extend(table.difference(&row));
        }
    };
    for fault in Fault::all()?.iter().filter(|fault| args.fault.as_ref().is_none_or(|part| fault.name.contains(part))) {
        for asked in fault.asked() {
            compare(peers.on_our_server(fault, asked)?);
        }
    }
    if args.fault.is_none() {
        for asked in aimock::asked() {
            compare(peers.on_aimock(&installed, asked)?);
        }
    }
    if args.write {
        wrong.extend(table.settle());
        std::fs::write(&path, table.to_string())?;
    } else if args.fault.is_none() {
        wrong.extend(table.left_over());
    }
    if args.fault.is_none() {
        for (name, found) in peers.typed(&installed)? {
            checked += 1;
            say::line(&format!("{name}: {}", if found.is_empty() { "ok" } else { "differs" }));
            wrong.extend(found.into_iter().map(|what| format!("{name}: {what}")));
        }
    }
    for what in &wrong {
        say::note(&format!("interop: {what}"));
    }
    say::line(&format!("interop: {checked} checks, {} differences", wrong.len()));
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Our client, and the official ones.
struct Peers {
    ours: Peer,
    sdk: Peer,
}

impl Peers {
    /// What both make of a fault of our own simulated providers.
    fn on_our_server(&mut self, fault: &Fault, asked: Asked) -> io::Result<Row> {
        let mut outcome = |ours: bool| {
            let served = self.ours.order(&json!({ "serve": { "faults": fault.script } }))?;
            let order = asked.order(&peer::text(&served, "url")?, "hello", fault.times());
            let told = if ours { &mut self.ours } else { &mut self.sdk }.order(&order)?;
            let requests = peer::number(&self.ours.order(&json!("count"))?, "requests")?;
            io::Result::Ok(Outcome { what: peer::text(&told, "outcome")?, requests })
        };
        Ok(Row::new(&fault.title, asked, &outcome(false)?, &outcome(true)?))
    }

    /// What both make of an aimock, which is started anew for each: it counts.
    fn on_aimock(&mut self, installed: &Installed, (prompt, asked): (&str, Asked)) -> io::Result<Row> {
        let mut outcome = |ours: bool| {
            let server = aimock::Server::start(installed)?;
            let order = asked.order(server.url(), prompt, 1);
            let told = if ours { &mut self.ours } else { &mut self.sdk }.order(&order)?;
            let requests = peer::number(&self.sdk.order(&json!({ "journal": server.url() }))?, "requests")?;
            io::Result::Ok(Outcome { what: peer::text(&told, "outcome")?, requests })
        };
        Ok(Row::new(&format!("aimock: {prompt}"), asked, &outcome(false)?, &outcome(true)?))
    }

    /// Requests of ours and answers of our simulated providers, against the SDKs' types; and the committed schemas against
    /// those that these SDKs give.
    fn typed(&mut self, installed: &Installed) -> io::Result<Vec<(String, Vec<String>)>> {
        let mut found = Vec::new();
        for api in Api::ALL {
            let requests = self.ours.order(&json!({ "write": { "api": api.as_str() } }))?;
            let count = requests.as_array().map_or(0, Vec::len);
            let told = self.sdk.order(&json!({ "check": { "api": api.as_str(), "requests": requests } }))?;
            found.push((format!("{count} requests to {api}, as the SDK types them"), peer::texts(&told, "wrong")?));
        }
        let served = self.ours.order(&json!({ "serve": { "faults": "" } }))?;
        let url = peer::text(&served, "url")?;
        for asked in Asked::all() {
            let read = json!({ "api": asked.api.as_str(), "stream": asked.stream, "url": url });
            let told = self.sdk.order(&json!({ "read": read }))?;
            found.push((
                format!("a simulated answer to {asked}, read strictly by the SDK"),
                peer::texts(&told, "wrong")?,
            ));
        }
        found.push(("the schemas that the tests go by".into(), installed.stale_schemas(SCHEMAS)?));
        Ok(found)
    }
}
