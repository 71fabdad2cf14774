//! Which configuration is a host's: the one of its name, else the one of the longest domain that it is below.

use std::collections::HashMap;
use std::sync::Arc;

use super::name::{Pattern, join, parts};
use crate::config::HostConfig;

/// The configurations, by what they are for.
#[derive(Default)]
pub(super) struct Rules {
    exact: HashMap<String, Arc<HostConfig>>,
    below: HashMap<String, Arc<HostConfig>>,
}

impl Rules {
    pub(super) fn set(&mut self, pattern: Pattern, config: HostConfig) {
        let config = Arc::new(config);
        match pattern {
            Pattern::Exact(name) => self.exact.insert(name, config),
            Pattern::Suffix(domain) => self.below.insert(domain, config),
        };
    }

    pub(super) fn remove(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::Exact(name) => self.exact.remove(name),
            Pattern::Suffix(domain) => self.below.remove(domain),
        };
    }

    /// What was set for exactly this.
    pub(super) fn set_for(&self, pattern: &Pattern) -> Option<&Arc<HostConfig>> {
        match pattern {
            Pattern::Exact(name) => self.exact.get(name),
            Pattern::Suffix(domain) => self.below.get(domain),
        }
    }

    /// The configuration of a host, and whether it was named itself. One with the port goes before one without.
    pub(super) fn of(&self, host: &str) -> Option<(&Arc<HostConfig>, bool)> {
        let (name, port) = parts(host);
        if let Some(config) = self.exact.get(host).or_else(|| self.exact.get(name)) {
            return Some((config, true));
        }
        if self.below.is_empty() || name.starts_with('[') {
            return None;
        }
        let below = name.match_indices('.').find_map(|(at, _)| {
            let domain = &name[at..];
            let with_port = port.and_then(|port| self.below.get(&join(domain, Some(port))));
            with_port.or_else(|| self.below.get(domain))
        });
        below.map(|config| (config, false))
    }
}
