//! Words for failures, and pins against chains that no server of the kit sends.

use std::time::Duration;

use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved};
use steadfast_clock::{System, Wall};
use steadfast_testkit::{Authority, Leaf};

use super::failure::words;
use super::*;
use crate::tls::Pin;

#[test]
fn every_failure_has_words() {
    let at = |days: u64| UnixTime::since_unix_epoch(Duration::from_secs(days * 86_400));
    let time = at(10_000);
    for (error, expected) in [
        (CertificateError::ExpiredContext { time, not_after: at(9_997) }.into(), "the certificate expired 3 days ago"),
        (CertificateError::Expired.into(), "the certificate expired"),
        (
            CertificateError::NotValidYetContext { time, not_before: at(10_001) }.into(),
            "the certificate is not valid yet, only in 24 hours",
        ),
        (CertificateError::NotValidYet.into(), "the certificate is not valid yet"),
        (CertificateError::NotValidForName.into(), "the certificate is not valid for this host name"),
        (CertificateError::UnknownIssuer.into(), "the certificate is not signed by a trusted root"),
        (CertificateError::Revoked.into(), "the certificate is revoked"),
        (CertificateError::UnknownRevocationStatus.into(), "it cannot be told whether the certificate is revoked"),
        (CertificateError::InvalidPurpose.into(), "the certificate is not meant for servers"),
        (CertificateError::BadEncoding.into(), "the certificate is malformed"),
        (CertificateError::ApplicationVerificationFailure.into(), "the certificate is not acceptable"),
        (Error::NoCertificatesPresented, "the server shows no certificate"),
        (InvalidMessage::InvalidContentType.into(), "the server does not speak TLS"),
        (InvalidMessage::MessageTooLarge.into(), "the server does not speak TLS as it should"),
        (PeerIncompatible::ServerDoesNotSupportTls12Or13.into(), "the server speaks no TLS 1.2 or 1.3"),
        (
            PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into(),
            "the server speaks no TLS 1.3, which is demanded",
        ),
        (PeerIncompatible::NoCipherSuitesInCommon.into(), "the server speaks TLS in no way that is wanted"),
        (PeerMisbehaved::SelectedUnofferedCipherSuite.into(), "the server breaks the rules of TLS"),
        (Error::AlertReceived(AlertDescription::CertificateRequired), "the server demands a client certificate"),
        (Error::AlertReceived(AlertDescription::UnknownCA), "the server refuses the client certificate"),
        (Error::General("canary".into()), "the handshake failed"),
    ] {
        assert_eq!(words(&error), expected, "{error:?}");
    }
}

#[test]
fn times_are_told_in_the_largest_unit_of_which_there_are_two() {
    let time = UnixTime::since_unix_epoch(Duration::from_secs(1_000_000));
    for (seconds, expected) in
        [(0, "0 s"), (119, "119 s"), (120, "2 minutes"), (7_199, "119 minutes"), (7_200, "2 hours")]
    {
        let not_after = UnixTime::since_unix_epoch(Duration::from_secs(1_000_000 - seconds));
        let told = words(&CertificateError::ExpiredContext { time, not_after }.into());
        assert_eq!(told, format!("the certificate expired {expected} ago"));
    }
}

#[test]
fn a_pinned_certificate_counts_only_where_it_vouches() {
    let (trusted, stranger) = (Authority::new().unwrap(), Authority::new().unwrap());
    let leaf = trusted.issue(Leaf::server(["good.test"])).unwrap();
    let leaf = CertificateDer::from(leaf.certificate_der());
    let now = UnixTime::since_unix_epoch(Duration::from_secs(System::new().wall().as_secs()));
    let roots = |authority: &Authority| CertificateDer::from(authority.root_der().to_vec());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    for (pinned, sent, fits) in [
        (&trusted, vec![], true),
        (&trusted, vec![roots(&trusted)], true),
        (&trusted, vec![roots(&stranger), roots(&trusted)], true),
        (&stranger, vec![], false),
        // Sent along to please: it has signed nothing.
        (&stranger, vec![roots(&stranger)], false),
        (&stranger, vec![roots(&trusted), roots(&stranger)], false),
    ] {
        let pin = Pin::of_certificate(pinned.root_der()).unwrap();
        let tls = Tls::new().add_root_der(trusted.root_der()).unwrap().only_these_roots().pin("good.test", pin);
        let name = ServerName::try_from("good.test").unwrap();
        for tls in [tls.clone(), tls.danger_accept_invalid_certs(true)] {
            let verifier = Verifier::new(&tls, Arc::clone(&provider)).unwrap();
            assert_eq!(verifier.verify_server_cert(&leaf, &sent, &name, &[], now).is_ok(), fits);
        }
    }
}
