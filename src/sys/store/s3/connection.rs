//! How requests reach the server: connections that are used again, the
//! authorities to trust, the proxy.

use std::path::Path;
use std::time::Duration;

use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};

use super::S3Error;
use crate::sys::environment::Environment;

/// How many requests are worth being under way at once. Each waits 20 to 100 ms
/// for its answer and moves little; a store takes hundreds a second.
pub(super) const CONNECTIONS: usize = 32;

/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a server may keep silent while it has something to do. Amazon's
/// clients wait a minute.
const SILENCE: Duration = Duration::from_secs(60);

/// What Debian's ca-certificates maintains: also the authorities of a house.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

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

/// The authorities of `AWS_CA_BUNDLE`, else of `SSL_CERT_FILE`, else the
/// system's, else Mozilla's as this program was built with them.
pub(in crate::sys) fn authorities(environment: &Environment) -> Result<RootCerts, S3Error> {
    let named = ["AWS_CA_BUNDLE", "SSL_CERT_FILE"].map(|name| environment.path(name));
    if let Some(path) = named.into_iter().flatten().next() {
        return read(&path).ok_or(S3Error::Authorities { path });
    }
    Ok(read(Path::new(SYSTEM)).unwrap_or(RootCerts::WebPki))
}

fn read(path: &Path) -> Option<RootCerts> {
    let text = std::fs::read(path).ok()?;
    let items = parse_pem(&text).filter_map(Result::ok);
    let certificates: Vec<_> = items
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    (!certificates.is_empty()).then(|| RootCerts::new_with_certs(&certificates))
}

/// The proxy of the usual variables; `http_proxy` in lower case alone, because
/// a web server sets `HTTP_PROXY` from a visitor's header.
pub(in crate::sys) fn proxy(
    url: &str,
    environment: &Environment,
) -> Result<Option<Proxy>, S3Error> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let excepted = ["no_proxy", "NO_PROXY"].map(|name| environment.var(name));
    if is_excepted(
        host,
        excepted.into_iter().flatten().next().unwrap_or_default(),
    ) {
        return Ok(None);
    }
    let names: &[&'static str] = match scheme {
        "http" => &["http_proxy", "all_proxy", "ALL_PROXY"],
        _ => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
    };
    let found = names
        .iter()
        .find_map(|name| Some((*name, environment.var(name)?)));
    // The proxy's URL may hold a password, so it is not repeated.
    found
        .map(|(variable, url)| Proxy::new(url).map_err(|_| S3Error::Proxy { variable }))
        .transpose()
}

fn is_excepted(host: &str, list: &str) -> bool {
    list.split(',').map(str::trim).any(|entry| {
        let entry = entry.trim_start_matches("*.").trim_start_matches('.');
        let below = |host: &str| host.strip_suffix(entry).is_some_and(|h| h.ends_with('.'));
        entry == "*" || (!entry.is_empty() && (host == entry || below(host)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_the_environments() {
        type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], bool);
        let cases: &[Case<'_>] = &[
            ("https://h/", &[], false),
            ("https://h/", &[("https_proxy", "http://p:3128")], true),
            ("https://h/", &[("http_proxy", "http://p:3128")], false),
            ("http://h/", &[("http_proxy", "http://p:3128")], true),
            ("http://h/", &[("HTTP_PROXY", "http://p:3128")], false),
            (
                "http://h:1/",
                &[("ALL_PROXY", "http://p"), ("no_proxy", "x, h")],
                false,
            ),
            (
                "http://a.h/",
                &[("ALL_PROXY", "http://p"), ("NO_PROXY", ".h")],
                false,
            ),
            (
                "http://ah/",
                &[("ALL_PROXY", "http://p"), ("NO_PROXY", "h")],
                true,
            ),
            (
                "http://ah/",
                &[("ALL_PROXY", "http://p"), ("NO_PROXY", "*")],
                false,
            ),
        ];
        for (url, variables, want) in cases {
            let environment = Environment::new("/", variables.iter().copied());
            let found = proxy(url, &environment).expect("a proxy");
            assert_eq!(found.is_some(), *want, "{url} {variables:?}");
        }
        let secret = Environment::new("/", [("https_proxy", "nope://u:hush@p")]);
        let error = proxy("https://h", &secret).expect_err("no proxy");
        assert!(!error.to_string().contains("hush"), "{error}");
    }

    #[test]
    fn authorities_that_are_named_must_be_there() {
        let named = Environment::new("/", [("AWS_CA_BUNDLE", "/nowhere/ca.pem")]);
        let error = authorities(&named).expect_err("not there");
        assert!(matches!(error, S3Error::Authorities { .. }), "{error}");
    }
}
