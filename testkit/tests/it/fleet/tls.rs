//! A fleet over TLS: every device with a certificate of its own.

use rustls::{CertificateError, Error};
use sha2::{Digest, Sha256};
use steadfast_testkit::{Authority, FleetSim, FleetTls, Layout, Leaf, SimDevice};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{base, digest};
use crate::client::addr_of;
use crate::tls::{config, dial, refusal};

fn host(device: &SimDevice) -> String {
    addr_of(&device.address).ip().to_string()
}

/// One request to a device by a client that trusts `authority`, and all that comes back.
async fn ask(device: &SimDevice, authority: &Authority, request: &str) -> String {
    let config = config(authority, &["http/1.1"], None);
    let mut stream = dial(&config, addr_of(&device.address), &host(device)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

fn post(device: &SimDevice) -> String {
    let digest = digest("x");
    let head = format!("POST {}/update HTTP/1.1\r\nhost: x\r\nconnection: close\r\n", base(device));
    format!("{head}x-update-version: 2\r\nrepr-digest: {digest}\r\ncontent-length: 1\r\n\r\nx")
}

#[tokio::test]
async fn every_device_has_a_certificate_for_its_own_address() {
    let authority = std::sync::Arc::new(Authority::new().unwrap());
    for layout in [Layout::Hosts, Layout::Paths] {
        let tls = FleetTls::new(std::sync::Arc::clone(&authority)).unwrap();
        let fleet = FleetSim::builder(300).layout(layout).tls(tls).start().await.unwrap();
        assert!(fleet.url().starts_with("https://127.0.0.1:"));
        let devices = fleet.addresses();
        for device in [&devices[0], &devices[299], &devices[0]] {
            assert!(device.address.starts_with("https://"), "{}", device.address);
            assert!(ask(device, &authority, &post(device)).await.contains(r#""digest_verified":true"#));
            assert_eq!(fleet.version(&device.id).as_deref(), Some("2"));
        }
        assert_eq!((fleet.handshakes().completed, fleet.handshakes().failed), (3, 0));
        let wrong = dial(&config(&authority, &[], None), addr_of(&devices[1].address), "127.9.9.9").await;
        assert!(matches!(refusal(wrong), Error::InvalidCertificate(_)));
    }
}

#[tokio::test]
async fn all_devices_have_the_key_that_a_pin_names() {
    let authority = Authority::new().unwrap();
    let config = config(&authority, &[], None);
    let tls = FleetTls::new(authority).unwrap();
    let pin = tls.public_key_sha256();
    let fleet = FleetSim::builder(2).layout(Layout::Hosts).tls(tls).start().await.unwrap();
    for device in fleet.addresses() {
        let stream = dial(&config, addr_of(&device.address), &host(&device)).await.unwrap();
        let certificate = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
        // A SubjectPublicKeyInfo of P-256 is 91 bytes long.
        assert!(certificate.windows(91).any(|part| <[u8; 32]>::from(Sha256::digest(part)) == pin));
    }
}

#[tokio::test]
async fn some_certificates_are_wrong() {
    let authority = Authority::new().unwrap();
    let config = config(&authority, &["http/1.1"], None);
    let tls = FleetTls::new(authority).unwrap();
    let tls = tls.expired("dev-000001").misnamed("dev-000002").untrusted("dev-000003");
    let fleet = FleetSim::builder(4).layout(Layout::Hosts).tls(tls).start().await.unwrap();
    let mut told = Vec::new();
    for device in fleet.addresses() {
        match dial(&config, addr_of(&device.address), &host(&device)).await {
            Ok(_) => told.push("good"),
            other => told.push(match refusal(other) {
                Error::InvalidCertificate(CertificateError::ExpiredContext { .. }) => "expired",
                Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. }) => "misnamed",
                Error::InvalidCertificate(CertificateError::UnknownIssuer) => "untrusted",
                other => panic!("{}: {other}", device.id),
            }),
        }
    }
    assert_eq!(told, ["expired", "misnamed", "untrusted", "good"]);
}

#[tokio::test]
async fn clients_with_a_certificate_are_let_in() {
    let authority = std::sync::Arc::new(Authority::new().unwrap());
    let me = authority.issue(Leaf::client("operator")).unwrap();
    let tls = FleetTls::new(std::sync::Arc::clone(&authority)).unwrap().require_client(&authority);
    let fleet = FleetSim::builder(1).layout(Layout::Hosts).tls(tls).start().await.unwrap();
    let device = fleet.addresses().remove(0);
    for (identity, expected) in [(None, false), (Some(&me), true)] {
        let config = config(&authority, &[], identity);
        let mut stream = dial(&config, addr_of(&device.address), &host(&device)).await.unwrap();
        let mut answer = Vec::new();
        let read = match stream.write_all(post(&device).as_bytes()).await {
            Ok(()) => stream.read_to_end(&mut answer).await,
            Err(error) => Err(error),
        };
        assert_eq!(read.is_ok() && answer.starts_with(b"HTTP/1.1 200"), expected);
    }
    assert_eq!(fleet.handshakes().with_client_certificate, 1);
}

#[tokio::test]
async fn devices_that_come_online_have_certificates_too() {
    let authority = std::sync::Arc::new(Authority::new().unwrap());
    let tls = FleetTls::new(std::sync::Arc::clone(&authority)).unwrap();
    let fleet = FleetSim::builder(1).layout(Layout::Hosts).offline(1.0).tls(tls).start().await.unwrap();
    let device = fleet.addresses().remove(0);
    fleet.bring_online(1.0).unwrap();
    assert!(ask(&device, &authority, &post(&device)).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn paths_of_one_host_share_a_certificate() {
    let tls = FleetTls::new(Authority::new().unwrap()).unwrap().expired(0.1);
    let error = FleetSim::builder(10).layout(Layout::Paths).tls(tls).start().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}
