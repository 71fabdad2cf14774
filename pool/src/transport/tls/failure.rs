//! What a failed handshake means, in one line.

use std::borrow::Cow;
use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

use super::verify::Distrust;

/// What went wrong, in words without names, URLs or contents.
pub(crate) fn words(error: &Error) -> Cow<'static, str> {
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::AlertReceived(alert) => alerted(*alert),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => "the server does not speak TLS".into(),
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "the server does not speak TLS as it should".into()
        }
        Error::PeerIncompatible(reason) => incompatible(reason).into(),
        Error::PeerMisbehaved(_) | Error::DecryptError | Error::PeerSentOversizedRecord => {
            "the server breaks the rules of TLS".into()
        }
        Error::NoCertificatesPresented => "the server shows no certificate".into(),
        Error::NoApplicationProtocol => "the server speaks no HTTP that is wanted".into(),
        Error::UnsupportedNameType => "the host name cannot be in a certificate".into(),
        _ => "the handshake failed".into(),
    }
}

/// The same of an error that sockets or handshakes bring.
#[cfg(feature = "hyper")]
pub(crate) fn of_io(error: &io::Error) -> Cow<'static, str> {
    match (error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()), error.kind()) {
        (Some(error), _) => words(error),
        (None, io::ErrorKind::UnexpectedEof) => "the server closed the connection during the handshake".into(),
        (None, io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe) => {
            "the server reset the connection during the handshake".into()
        }
        _ => "the handshake failed".into(),
    }
}

/// What to say if the server ended the handshake over who we are. In TLS 1.3 it tells so only when we think that the
/// handshake is over: in place of the answer to the first request, which it has not read then (RFC 8446, section 4.4.2.4).
///
/// Of errors that went through `h2` only their text is left.
pub(crate) fn refusal_of_us(error: &io::Error) -> Option<Cow<'static, str>> {
    let inner = error.get_ref()?;
    let alert = match inner.downcast_ref::<Error>() {
        Some(Error::AlertReceived(alert)) => *alert,
        Some(_) => return None,
        None => {
            let text = inner.to_string();
            *OVER_US.iter().find(|alert| Error::AlertReceived(**alert).to_string() == text)?
        }
    };
    OVER_US.contains(&alert).then(|| alerted(alert))
}

/// The alerts by which a server refuses a client's certificate, or the want of one.
const OVER_US: [AlertDescription; 10] = [
    AlertDescription::CertificateRequired,
    AlertDescription::NoCertificate,
    AlertDescription::BadCertificate,
    AlertDescription::UnsupportedCertificate,
    AlertDescription::CertificateRevoked,
    AlertDescription::CertificateExpired,
    AlertDescription::CertificateUnknown,
    AlertDescription::UnknownCA,
    AlertDescription::AccessDenied,
    AlertDescription::DecryptError,
];

fn certificate(error: &CertificateError) -> Cow<'static, str> {
    match error {
        CertificateError::ExpiredContext { time, not_after } => {
            format!("the certificate expired {} ago", span(time.as_secs().saturating_sub(not_after.as_secs()))).into()
        }
        CertificateError::Expired => "the certificate expired".into(),
        CertificateError::NotValidYetContext { time, not_before } => {
            let wait = span(not_before.as_secs().saturating_sub(time.as_secs()));
            format!("the certificate is not valid yet, only in {wait}").into()
        }
        CertificateError::NotValidYet => "the certificate is not valid yet".into(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate is not valid for this host name".into()
        }
        CertificateError::UnknownIssuer => "the certificate is not signed by a trusted root".into(),
        CertificateError::Revoked => "the certificate is revoked".into(),
        CertificateError::UnknownRevocationStatus
        | CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. }
        | CertificateError::InvalidOcspResponse => "it cannot be told whether the certificate is revoked".into(),
        CertificateError::BadSignature => {
            "the handshake has a wrong signature: the server does not own the certificate".into()
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "the certificate is signed in a way that is not supported".into()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the certificate is not meant for servers".into()
        }
        CertificateError::BadEncoding => "the certificate is malformed".into(),
        CertificateError::Other(other) => match other.0.downcast_ref::<Distrust>() {
            Some(distrust) => distrust.to_string().into(),
            None => "the certificate is not acceptable".into(),
        },
        _ => "the certificate is not acceptable".into(),
    }
}

/// What the server has to say of us (RFC 8446, section 6.2).
fn alerted(alert: AlertDescription) -> Cow<'static, str> {
    match alert {
        AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
            "the server demands a client certificate".into()
        }
        alert if OVER_US.contains(&alert) => "the server refuses the client certificate".into(),
        AlertDescription::ProtocolVersion => "the server speaks no version of TLS that is wanted".into(),
        AlertDescription::UnrecognisedName => "the server does not know this host name".into(),
        AlertDescription::NoApplicationProtocol => "the server speaks no HTTP that is wanted".into(),
        // TLS 1.2 has no other word for it.
        AlertDescription::HandshakeFailure => {
            "the server refuses the handshake: it may demand a client certificate or other ciphers".into()
        }
        AlertDescription::InsufficientSecurity => "the server demands other ciphers".into(),
        alert => format!("the server ended the handshake with the alert {:?}", u8::from(alert)).into(),
    }
}

fn incompatible(reason: &PeerIncompatible) -> &'static str {
    match reason {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::SupportedVersionsExtensionRequired => "the server speaks no TLS 1.2 or 1.3",
        PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig | PeerIncompatible::Tls12NotOfferedOrEnabled => {
            "the server speaks no TLS 1.3, which is demanded"
        }
        _ => "the server speaks TLS in no way that is wanted",
    }
}

/// A time in the largest unit of which there are two.
fn span(seconds: u64) -> String {
    let units = [("days", 86_400), ("hours", 3_600), ("minutes", 60)];
    match units.iter().find(|(_, length)| seconds >= 2 * length) {
        Some((unit, length)) => format!("{} {unit}", seconds / length),
        None => format!("{seconds} s"),
    }
}
