//! How devices are reached: paths, headers, TLS, retries. The same for one device and for many.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{HttpPush, Resumable};
use steadfast_pool::{Observer, PoolConfig, Tls};

use crate::exit::Failure;
use crate::headers;
use crate::say::Say;
use crate::when::Span;

/// How devices are reached. It is kept with a rollout, so that whoever goes on with it finds it again; of secrets only
/// the names are.
#[derive(clap::Args, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "How devices are reached")]
pub(crate) struct How {
    /// Where a device takes the artifact (POST) [default: /update].
    #[arg(long, value_name = "PATH")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) update_path: Option<String>,
    /// Where a device tells its version (GET) [default: /version].
    #[arg(long, value_name = "PATH")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verify_path: Option<String>,
    /// A header of every request, as `Name: value`; may be given several times. Not for secrets.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "written::<_, ':'>",
        deserialize_with = "read::<_, ':'>"
    )]
    pub(crate) headers: Vec<String>,
    /// A header whose value is in an environment variable, for secrets; may be given several times.
    #[arg(long = "header-env", value_name = "NAME=VARIABLE")]
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "written::<_, '='>",
        deserialize_with = "read::<_, '='>"
    )]
    pub(crate) headers_env: Vec<String>,
    /// Send secrets over plain http, too, to hosts other than loopback: whoever listens there reads them.
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) allow_plain_http: bool,
    /// Certificates (PEM) that are trusted besides those of the system: your own authority's.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca: Option<PathBuf>,
    /// The certificate (PEM, with its chain) that is shown to devices which ask for one.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_cert: Option<PathBuf>,
    /// The key of that certificate (PEM).
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_key: Option<PathBuf>,
    /// Take whatever certificate a device shows: anybody on the way can then read and change everything.
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) danger_accept_invalid_certs: bool,
    /// Where in a JSON answer the version stands, as a JSON pointer such as /firmware/version [default: the answer is the
    /// version, or an object with a `version`].
    #[arg(long, value_name = "POINTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version_pointer: Option<String>,
    /// Where in a JSON answer the SHA-256 of what the device runs stands; it is compared with the artifact's.
    #[arg(long, value_name = "POINTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest_pointer: Option<String>,
    /// For how long a device that restarts is asked again for its version [default: 5m]; 0s asks once.
    #[arg(long, value_name = "SPAN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verify_within: Option<Span>,
    /// Go on with uploads where they broke off, where a device can: as it says itself (probe), by tus 1.0, or by the IETF's
    /// draft.
    #[arg(long, value_enum, value_name = "PROTOCOL", num_args = 0..=1, require_equals = true, default_missing_value = "probe")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resumable: Option<Uploads>,
    /// How often a failed request to a device is repeated before the device has failed [default: 2].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=100))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retries: Option<u32>,
}

/// How uploads go on where they broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Uploads {
    /// As the device says, which is asked before each delivery.
    Probe,
    /// By tus 1.0.
    Tus,
    /// By the IETF's draft.
    Draft,
    /// Not at all.
    Never,
}

impl From<Uploads> for Resumable {
    fn from(uploads: Uploads) -> Self {
        match uploads {
            Uploads::Probe => Self::Probe,
            Uploads::Tus => Self::Tus,
            Uploads::Draft => Self::Draft,
            Uploads::Never => Self::Never,
        }
    }
}

/// The most that a device may answer.
const LARGEST_ANSWER: usize = 64 * 1024;

impl How {
    /// What is said here, and where nothing is, what is said there.
    pub(crate) fn over(self, there: Self) -> Self {
        let headers = |mut here: Vec<String>, there: Vec<String>| {
            here.extend(there);
            here
        };
        let Self {
            update_path,
            verify_path,
            headers: plain,
            headers_env: secret,
            allow_plain_http: plain_http,
            version_pointer,
            digest_pointer,
            verify_within,
            resumable,
            ca,
            client_cert,
            client_key,
            danger_accept_invalid_certs: danger,
            retries,
        } = self;
        Self {
            update_path: update_path.or(there.update_path),
            verify_path: verify_path.or(there.verify_path),
            headers: headers(plain, there.headers),
            headers_env: headers(secret, there.headers_env),
            allow_plain_http: plain_http || there.allow_plain_http,
            version_pointer: version_pointer.or(there.version_pointer),
            digest_pointer: digest_pointer.or(there.digest_pointer),
            verify_within: verify_within.or(there.verify_within),
            resumable: resumable.or(there.resumable),
            ca: ca.or(there.ca),
            client_cert: client_cert.or(there.client_cert),
            client_key: client_key.or(there.client_key),
            danger_accept_invalid_certs: danger || there.danger_accept_invalid_certs,
            retries: retries.or(there.retries),
        }
    }

    /// With paths of files that mean the same in another folder.
    pub(crate) fn below(mut self, folder: &Path) -> Self {
        for path in [&mut self.ca, &mut self.client_cert, &mut self.client_key].into_iter().flatten() {
            *path = folder.join(&*path);
        }
        self
    }

    /// The client that pushes.
    pub(crate) fn client(&self, say: &Arc<Say>) -> Result<HttpPush, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
        let mut policy = Policy::delivery();
        if let Some(retries) = self.retries {
            policy = policy.with_retries(retries);
        }
        let observer: Arc<dyn Observer> = Arc::clone(say) as Arc<dyn Observer>;
        let config = PoolConfig::new().max_body(LARGEST_ANSWER).tls(self.tls(say)?);
        let pool = HttpPush::pool_builder(&policy)
            .config(config)
            .observer(observer)
            .build()
            .map_err(|error| failed(&error))?;
        let mut builder = HttpPush::builder().pool(pool).retry(policy);
        if let Some(path) = &self.update_path {
            builder = builder.update_path(&**path);
        }
        if let Some(path) = &self.verify_path {
            builder = builder.verify_path(&**path);
        }
        if let Some(pointer) = &self.version_pointer {
            builder = builder.version_pointer(&**pointer);
        }
        if let Some(pointer) = &self.digest_pointer {
            builder = builder.digest_pointer(&**pointer);
        }
        if let Some(limit) = self.verify_within {
            builder = builder.verify_within(limit.0);
        }
        if let Some(uploads) = self.resumable {
            builder = builder.resumable(uploads.into());
        }
        if self.allow_plain_http {
            builder = builder.allow_plain_http();
        }
        let headers = headers::read(&self.headers, &self.headers_env)?;
        let builder = headers.into_iter().fold(builder, |builder, (name, value)| builder.header(name, value));
        builder.build().map_err(|error| failed(&error))
    }

    fn tls(&self, say: &Say) -> Result<Tls, Failure> {
        let mut tls = Tls::new();
        if let Some(path) = &self.ca {
            tls = tls.add_root_pem(&pem("--ca", path)?).map_err(|error| wrong("--ca", path, &error))?;
        }
        match (&self.client_cert, &self.client_key) {
            (Some(chain), Some(key)) => {
                let (chain_pem, key_pem) = (pem("--client-cert", chain)?, pem("--client-key", key)?);
                tls = tls
                    .client_certificate(&chain_pem, &key_pem)
                    .map_err(|error| wrong("--client-cert", chain, &error))?;
            }
            (None, None) => {}
            _ => return Err(Failure::usage("--client-cert and --client-key: each needs the other")),
        }
        if self.danger_accept_invalid_certs {
            say.note("warning: certificates are not checked: anybody on the way can read and change everything");
            tls = tls.danger_accept_invalid_certs(true);
        }
        Ok(tls)
    }
}

fn pem(option: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::usage(format!("{option}: cannot read {}: {error}", path.display())))
}

fn wrong(option: &str, path: &Path, error: &steadfast_pool::Error) -> Failure {
    Failure::usage(format!("{option}: {}: {error}", path.display()))
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// `Name: value` as an entry of a table.
fn written<S: Serializer, const SIGN: char>(lines: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(lines.iter().filter_map(|line| line.split_once(SIGN)).map(|(n, v)| (n.trim(), v.trim())))
}

fn read<'de, D: Deserializer<'de>, const SIGN: char>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let table = BTreeMap::<String, String>::deserialize(deserializer)?;
    Ok(table.into_iter().map(|(name, value)| format!("{name}{SIGN}{value}")).collect())
}
