//! What a certificate says, right or wrong.

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose, date_time_ymd};

/// What a certificate says, for [`Authority::issue`](crate::Authority::issue).
///
/// The dates are fixed, so that no clock decides a test: a good certificate is valid from 2000 to 2100.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Leaf {
    names: Vec<String>,
    purpose: Purpose,
    time: Time,
    pub(super) self_signed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Server,
    Client,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Time {
    Valid,
    Expired,
    NotYet,
}

impl Leaf {
    /// A server's certificate for these DNS names and IP addresses.
    pub fn server<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::new(names.into_iter().map(Into::into).collect(), Purpose::Server)
    }

    /// A client's certificate; the name is its subject.
    pub fn client(name: impl Into<String>) -> Self {
        Self::new(vec![name.into()], Purpose::Client)
    }

    /// Valid in the year 2000 alone.
    pub fn expired(mut self) -> Self {
        self.time = Time::Expired;
        self
    }

    /// Valid from 2100 on.
    pub fn not_yet_valid(mut self) -> Self {
        self.time = Time::NotYet;
        self
    }

    /// Signed by its own key, not by the authority.
    pub fn self_signed(mut self) -> Self {
        self.self_signed = true;
        self
    }

    fn new(names: Vec<String>, purpose: Purpose) -> Self {
        Self { names, purpose, time: Time::Valid, self_signed: false }
    }

    pub(super) fn params(&self) -> Result<CertificateParams, rcgen::Error> {
        let mut params = match self.purpose {
            Purpose::Server => CertificateParams::new(self.names.clone())?,
            Purpose::Client => CertificateParams::default(),
        };
        let subject = self.names.first().map_or("steadfast-testkit", String::as_str);
        params.distinguished_name = super::authority::named(DnType::CommonName, subject);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![match self.purpose {
            Purpose::Server => ExtendedKeyUsagePurpose::ServerAuth,
            Purpose::Client => ExtendedKeyUsagePurpose::ClientAuth,
        }];
        let (from, to) = match self.time {
            Time::Valid => (2000, 2100),
            Time::Expired => (2000, 2001),
            Time::NotYet => (2100, 2200),
        };
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        params.use_authority_key_identifier_extension = !self.self_signed;
        Ok(params)
    }
}
