//! Certificates of every kind, and what a client makes of them.

use rustls::{CertificateError, Error};
use sha2::{Digest, Sha256};
use steadfast_testkit::{Authority, Leaf, Reply, Script, Server, ServerTls, TlsIdentity};

use super::client::{ask, config, dial, refusal};

async fn server(identity: TlsIdentity) -> Server {
    let script = Script::new().always(Reply::status(200).body("hello"));
    Server::builder().script(script).tls(ServerTls::new(identity)).start().await.unwrap()
}

#[tokio::test]
async fn a_good_certificate_serves_all_its_names() {
    let authority = Authority::new().unwrap();
    let server = server(authority.issue(Leaf::server(["a.test", "localhost", "127.0.0.1", "::1"])).unwrap()).await;
    for name in ["a.test", "localhost", "127.0.0.1", "::1"] {
        let mut stream = dial(&config(&authority, &[], None), server.addr(), name).await.unwrap();
        assert!(ask(&mut stream).await.unwrap().ends_with("\r\n\r\nhello"), "{name}");
    }
    assert_eq!(server.url(), format!("https://{}", server.addr()));
    assert_eq!((server.handshakes().completed, server.handshakes().failed), (4, 0));
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn bad_certificates_are_bad_in_their_own_way() {
    let authority = Authority::new().unwrap();
    let check = async |leaf: Leaf, fits: fn(&CertificateError) -> bool| {
        let server = server(authority.issue(leaf.clone()).unwrap()).await;
        let error = refusal(dial(&config(&authority, &[], None), server.addr(), "localhost").await);
        let Error::InvalidCertificate(error) = error else { panic!("{leaf:?}: {error}") };
        assert!(fits(&error), "{leaf:?}: {error:?}");
    };
    let good = Leaf::server(["localhost"]);
    check(good.clone().expired(), |e| matches!(e, CertificateError::ExpiredContext { .. })).await;
    check(good.clone().not_yet_valid(), |e| matches!(e, CertificateError::NotValidYetContext { .. })).await;
    check(good.self_signed(), |e| matches!(e, CertificateError::UnknownIssuer)).await;
    check(Leaf::server(["elsewhere.test"]), |e| matches!(e, CertificateError::NotValidForNameContext { .. })).await;
    check(Leaf::client("someone"), |e| {
        matches!(e, CertificateError::NotValidForNameContext { .. } | CertificateError::InvalidPurposeContext { .. })
    })
    .await;
}

#[tokio::test]
async fn another_authority_is_not_trusted() {
    let (ours, theirs) = (Authority::new().unwrap(), Authority::new().unwrap());
    let server = server(theirs.localhost().unwrap()).await;
    let error = refusal(dial(&config(&ours, &[], None), server.addr(), "localhost").await);
    assert!(matches!(error, Error::InvalidCertificate(_)), "{error}");
    assert!(dial(&config(&theirs, &[], None), server.addr(), "localhost").await.is_ok());
}

#[tokio::test]
async fn clients_are_asked_for_a_certificate_of_the_authority() {
    let (authority, other) = (Authority::new().unwrap(), Authority::new().unwrap());
    let tls = ServerTls::new(authority.localhost().unwrap()).require_client(&authority);
    let server = Server::builder().tls(tls).start().await.unwrap();
    let attempt = async |identity: Option<TlsIdentity>| {
        let mut stream = dial(&config(&authority, &[], identity.as_ref()), server.addr(), "localhost").await?;
        ask(&mut stream).await
    };
    let client = Leaf::client("someone");
    assert!(attempt(Some(authority.issue(client.clone()).unwrap())).await.unwrap().starts_with("HTTP/1.1 404"));
    // In TLS 1.3 the client is done before the server has looked, so the refusal comes with the answer.
    assert!(attempt(None).await.is_err());
    assert!(attempt(Some(other.issue(client.clone()).unwrap())).await.is_err());
    assert!(attempt(Some(authority.issue(client.clone().expired()).unwrap())).await.is_err());
    assert!(attempt(Some(authority.issue(client.self_signed()).unwrap())).await.is_err());
    let handshakes = server.handshakes();
    assert_eq!((handshakes.completed, handshakes.failed, handshakes.with_client_certificate), (1, 4, 1));
}

#[test]
fn fingerprints_are_of_what_is_in_the_certificate() {
    let identity = Authority::new().unwrap().localhost().unwrap();
    let certificate = identity.certificate_der();
    assert_eq!(identity.certificate_sha256(), <[u8; 32]>::from(Sha256::digest(certificate)));
    // A P-256 key's SubjectPublicKeyInfo is 91 bytes with a fixed beginning (RFC 5480).
    let start = [0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    let at = certificate.windows(start.len()).position(|window| window == start).unwrap();
    assert_eq!(identity.public_key_sha256(), <[u8; 32]>::from(Sha256::digest(&certificate[at..at + 91])));
}

#[test]
fn keys_are_not_shown() {
    let authority = Authority::new().unwrap();
    let identity = authority.localhost().unwrap();
    assert!(identity.pem().contains("BEGIN CERTIFICATE") && identity.pem().contains("BEGIN PRIVATE KEY"));
    let shown = format!("{identity:?} {authority:?} {:?}", ServerTls::new(identity.clone()));
    let key = identity.key_pem().lines().nth(1).unwrap();
    assert!(!shown.contains(key) && !shown.contains(&format!("{:?}", identity.key_der())[1..40]), "{shown}");
}

#[test]
fn a_name_that_is_none_is_refused() {
    let error = Authority::new().unwrap().issue(Leaf::server(["größe.test"])).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}
