//! What sbuild gets of its user.

use std::collections::BTreeMap;

use super::BuilderWanted;
use crate::build::plan::Builder;
use crate::sys::environment::Environment;

/// sbuild with the variables that it finds its configuration and chroots by.
pub(super) fn builder(wanted: BuilderWanted, environment: &Environment) -> Builder {
    const VARIABLES: [&str; 11] = [
        "HOME",
        "USER",
        "LOGNAME",
        "PATH",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "SBUILD_CONFIG",
        "TMPDIR",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    ];
    match wanted {
        BuilderWanted::Debcut => Builder::Debcut,
        BuilderWanted::Sbuild => {
            let variable = |name: &&str| {
                let value = environment.var(name)?;
                Some(((*name).to_owned(), value.to_owned()))
            };
            let mut variables: BTreeMap<String, String> =
                VARIABLES.iter().filter_map(variable).collect();
            // It lies in sbin for some of its helpers.
            variables.insert("PATH".to_owned(), environment.search_path());
            Builder::Sbuild {
                environment: variables,
            }
        }
    }
}
