//! How devices are reached: paths, headers, TLS, retries. The same for one device and for many.

mod choice;
mod tls;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{Bandwidth, HttpPush};
use steadfast_pool::{Observer, PoolConfig};

use choice::{Compress, Uploads};

use crate::exit::Failure;
use crate::headers;
use crate::rate::{Rate, SiteRate};
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
    /// The most bytes a second that go to one device, such as 250K, 1M or 64Ki.
    #[arg(long, value_name = "RATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit_device: Option<Rate>,
    /// The most bytes a second that go to all devices with the same value of a tag, such as store=250K.
    #[arg(long, value_name = "TAG=RATE", conflicts_with = "limit_host")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit_site: Option<SiteRate>,
    /// The most bytes a second that go to all devices behind one host.
    #[arg(long, value_name = "RATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit_host: Option<Rate>,
    /// The most bytes a second that go out in all.
    #[arg(long, value_name = "RATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit_total: Option<Rate>,
    /// Ask a device before the artifact is sent (Expect: 100-continue); one that says nothing is sent it after this time.
    #[arg(long, value_name = "SPAN", num_args = 0..=1, require_equals = true, default_missing_value = "1s")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expect_continue: Option<Span>,
    /// Compress artifacts with zstd: to devices that offer to take them so, or to all [default: never].
    #[arg(long, value_enum, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "if-offered")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) zstd: Option<Compress>,
    /// How often a failed request to a device is repeated before the device has failed [default: 2].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=100))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retries: Option<u32>,
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
            limit_device,
            limit_site,
            limit_host,
            limit_total,
            expect_continue,
            zstd,
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
            limit_device: limit_device.or(there.limit_device),
            // One of the two, and the nearer one.
            limit_site: limit_site.clone().or(if limit_host.is_some() { None } else { there.limit_site }),
            limit_host: limit_host.or(if limit_site.is_some() { None } else { there.limit_host }),
            limit_total: limit_total.or(there.limit_total),
            expect_continue: expect_continue.or(there.expect_continue),
            zstd: zstd.or(there.zstd),
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

    /// The client that pushes, and tells what it does.
    pub(crate) fn client(&self, say: &Arc<Say>) -> Result<HttpPush, Failure> {
        if self.danger_accept_invalid_certs {
            say.note("warning: certificates are not checked: anybody on the way can read and change everything");
        }
        self.make(Some(Arc::clone(say) as Arc<dyn Observer>))
    }

    /// The same without a word.
    pub(crate) fn quiet_client(&self) -> Result<HttpPush, Failure> {
        self.make(None)
    }

    fn make(&self, observer: Option<Arc<dyn Observer>>) -> Result<HttpPush, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
        let mut policy = Policy::delivery();
        if let Some(retries) = self.retries {
            policy = policy.with_retries(retries);
        }
        let config = PoolConfig::new().max_body(LARGEST_ANSWER).tls(self.tls()?);
        let mut pool = HttpPush::pool_builder(&policy).config(config);
        if let Some(observer) = observer {
            pool = pool.observer(observer);
        }
        let pool = pool.build().map_err(|error| failed(&error))?;
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
        if let Some(patience) = self.expect_continue {
            builder = builder.expect_continue(patience.0);
        }
        if let Some(compress) = self.zstd {
            builder = builder.zstd(compress.into());
        }
        let mut limits = Bandwidth::new();
        if let Some(rate) = self.limit_device {
            limits = limits.per_device(rate.0);
        }
        match (&self.limit_site, self.limit_host) {
            (Some(_), Some(_)) => {
                return Err(Failure::usage("--limit-site and --limit-host: a site is either a tag or a host"));
            }
            (Some(site), None) => limits = limits.per_site(&*site.tag, site.rate.0),
            (None, Some(rate)) => limits = limits.per_host(rate.0),
            (None, None) => {}
        }
        if let Some(rate) = self.limit_total {
            limits = limits.total(rate.0);
        }
        builder = builder.bandwidth(limits);
        if self.allow_plain_http {
            builder = builder.allow_plain_http();
        }
        let headers = headers::read(&self.headers, &self.headers_env)?;
        let builder = headers.into_iter().fold(builder, |builder, (name, value)| builder.header(name, value));
        builder.build().map_err(|error| failed(&error))
    }
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
