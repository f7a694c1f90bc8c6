//! The way to a web server: whom to trust, through which proxy, and that
//! nobody is followed elsewhere.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};

use super::environment::Environment;

/// What Debian's ca-certificates maintains: also the authorities of a house.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Why there is no way to a web server.
#[derive(Debug, thiserror::Error)]
pub enum WayError {
    /// No certificates are where the environment says.
    #[error("{} holds no certificates of authorities", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
    },
    /// The proxy that the environment names is none.
    #[error("{variable} names no proxy")]
    Proxy {
        /// The variable.
        variable: &'static str,
    },
}

/// Makes an agent for calls of `url`'s server, each of which ends within
/// `limit`. Statuses are answers, and redirects are not followed: what is sent,
/// a token or a message, may be nobody else's business.
pub(super) fn agent(
    url: &str,
    environment: &Environment,
    limit: Duration,
) -> Result<Agent, WayError> {
    let roots = authorities(environment)?;
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(limit))
        .user_agent(concat!("debcut/", env!("CARGO_PKG_VERSION")))
        .proxy(proxy(url, environment)?)
        .tls_config(TlsConfig::builder().root_certs(roots).build());
    Ok(config.build().new_agent())
}

/// The authorities of `AWS_CA_BUNDLE`, else of `SSL_CERT_FILE`, else the
/// system's, else Mozilla's as this program was built with them.
pub(super) fn authorities(environment: &Environment) -> Result<RootCerts, WayError> {
    let named = ["AWS_CA_BUNDLE", "SSL_CERT_FILE"].map(|name| environment.path(name));
    if let Some(path) = named.into_iter().flatten().next() {
        return read(&path).ok_or(WayError::Authorities { path });
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
pub(super) fn proxy(url: &str, environment: &Environment) -> Result<Option<Proxy>, WayError> {
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
        .map(|(variable, url)| Proxy::new(url).map_err(|_| WayError::Proxy { variable }))
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
        assert!(matches!(error, WayError::Authorities { .. }), "{error}");
    }
}
