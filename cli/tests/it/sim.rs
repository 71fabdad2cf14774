//! `sim fleet` and what its devices can be told to be.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::rig::{Sim, file, run};

/// One request, and the whole answer.
fn ask(address: &str, request: &str) -> std::io::Result<String> {
    let (host, path) = address.strip_prefix("http://").unwrap().split_once('/').map_or_else(
        || (address.strip_prefix("http://").unwrap(), String::new()),
        |(host, path)| (host, format!("/{path}")),
    );
    let (method, rest) = request.split_once(' ').unwrap();
    let mut stream = TcpStream::connect(host)?;
    write!(stream, "{method} {path}{rest} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn inventory(path: &str) -> Vec<serde_json::Value> {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn devices_are_as_they_are_told_to_be() {
    let (_folder, path) = file("fleet.json", "");
    let nature = ["--version", "1.4.0", "--json-version", "/fw/version", "--json-digest", "/fw/sha256"];
    let away = ["--bad", "0.5", "--reboot", "90s", "--offline", "dev-000002", "--zstd", "1"];
    let sim = ["sim", "fleet", "--devices", "3", "--one-host", "--inventory-out", &path];
    let sim = Sim::start(&[&sim[..], &nature, &away].concat(), 1);
    let devices = inventory(&path);
    assert_eq!(devices[0]["firmware_version"], "1.4.0");
    assert_eq!([&devices[0]["status"], &devices[1]["status"]], ["online", "offline"]);
    let there = devices[0]["address"].as_str().unwrap();
    let gone = devices[1]["address"].as_str().unwrap();
    let version = ask(there, "GET /version").unwrap();
    assert!(version.ends_with(r#"{"fw":{"sha256":null,"version":"1.4.0"}}"#), "{version}");
    assert!(ask(there, "OPTIONS /update").unwrap().contains("accept-encoding: zstd"));
    assert!(ask(gone, "GET /version").is_err());
    assert!(ask(&sim.lines[0], "POST /_sim/online/dev-000002").unwrap().ends_with(r#"{"changed":1}"#));
    assert!(ask(gone, "GET /version").unwrap().contains("1.4.0"));
}

#[test]
fn a_fleet_behind_tls_leaves_what_its_clients_need() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let (keys_text, path) = (keys.to_str().unwrap(), folder.path().join("fleet.json"));
    let args = ["sim", "fleet", "--devices", "1", "--tls", keys_text, "--client-certificate"];
    let sim = Sim::start(&[&args[..], &["--inventory-out", path.to_str().unwrap()]].concat(), 1);
    assert!(sim.lines[0].starts_with("https://127.0.0.1:"), "{}", sim.lines[0]);
    assert!(inventory(path.to_str().unwrap())[0]["address"].as_str().unwrap().starts_with("https://127.1.0.1:"));
    let read = |name| std::fs::read_to_string(keys.join(name)).unwrap();
    assert_eq!(read("ca.pem").matches("-----BEGIN CERTIFICATE-----").count(), 1);
    let client = read("client.pem");
    assert!(client.contains("-----BEGIN CERTIFICATE-----") && client.contains("-----BEGIN PRIVATE KEY-----"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let sim = ["sim", "fleet", "--devices", "1"];
    let check = |args: &[&str], expected: &str| run(&[&sim[..], args].concat()).refused(2, expected);
    check(&["--bad", "1.5"], "between 0 and 1");
    check(&["--reboot", "soon"], "--reboot");
    check(&["--json-version", "version"], "JSON pointer");
    check(&["--client-certificate"], "--tls");
    check(&["--tls", "/proc/none"], "/proc/none");
}
