//! Whom to trust, and who we are.

use std::path::Path;

use steadfast_pool::Tls;

use super::How;
use crate::exit::Failure;

impl How {
    /// The settings of TLS.
    pub(super) fn tls(&self) -> Result<Tls, Failure> {
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
