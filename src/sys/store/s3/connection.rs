//! How requests reach the server: connections that are used again.

use std::time::Duration;

use ureq::Agent;
use ureq::tls::TlsConfig;

use super::S3Error;
use crate::sys::environment::Environment;
use crate::sys::web::{authorities, proxy};

/// How many requests are worth being under way at once. Each waits 20 to 100 ms
/// for its answer and moves little; a store takes hundreds a second.
pub(super) const CONNECTIONS: usize = 32;

/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a server may keep silent while it has something to do. Amazon's
/// clients wait a minute.
const SILENCE: Duration = Duration::from_secs(60);

/// Makes an agent for requests to `url`'s server.
pub(super) fn agent(url: &str, environment: &Environment) -> Result<Agent, S3Error> {
    let tls = TlsConfig::builder().root_certs(authorities(environment)?);
    let config = Agent::config_builder()
        .http_status_as_error(false)
        // A redirect is another region; what is signed is signed for this host.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(CONNECT))
        .timeout_per_read(Some(SILENCE))
        .timeout_per_write(Some(SILENCE))
        .timeout_recv_response(Some(SILENCE))
        .max_idle_connections(CONNECTIONS)
        .max_idle_connections_per_host(CONNECTIONS)
        .user_agent(concat!("debcut/", env!("CARGO_PKG_VERSION")))
        .proxy(proxy(url, environment)?)
        .tls_config(tls.build());
    Ok(config.build().new_agent())
}
