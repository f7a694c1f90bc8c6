//! The token that a forge knows its user by: from the environment alone, and
//! only for the host that it is for.

use super::site::{Kind, Site, host_of, without_port};
use crate::sys::environment::Environment;

/// A token. It is never shown: this type has no `Debug`.
#[derive(Clone)]
pub(super) struct Token {
    /// The variable it is from.
    pub variable: &'static str,
    /// The header that carries it.
    pub header: &'static str,
    /// The header's value.
    pub value: String,
    /// The token itself: what no text may repeat.
    pub secret: String,
}

/// Finds the token for a site. `DEBCUT_FORGE_TOKEN` is for whatever site is
/// configured. What else is set may be for another one, and goes only to the
/// host that it is known to be for: `GITHUB_TOKEN` and `GH_TOKEN` to that of
/// `GITHUB_API_URL` (which GitHub's runners set), else to api.github.com;
/// `GITLAB_TOKEN` to that of `CI_API_V4_URL`, else of `GITLAB_HOST`, else to
/// gitlab.com; `CI_JOB_TOKEN` to that of `CI_API_V4_URL`.
pub(super) fn token(site: &Site, environment: &Environment) -> Option<Token> {
    let host = site.host();
    let host_in = |name: &str| environment.var(name).map(host_of);
    let found = |variable: &'static str| Some((variable, environment.var(variable)?.trim()));
    let mut candidates = vec![found("DEBCUT_FORGE_TOKEN")];
    match site.kind {
        Kind::GitHub => {
            if host_in("GITHUB_API_URL").unwrap_or("api.github.com") == host {
                candidates.extend([found("GITHUB_TOKEN"), found("GH_TOKEN")]);
            }
        }
        Kind::GitLab => {
            let own = host_in("CI_API_V4_URL");
            let named = own.or_else(|| host_in("GITLAB_HOST"));
            if named.unwrap_or("gitlab.com") == host {
                candidates.push(found("GITLAB_TOKEN"));
            }
            if own == Some(host) {
                candidates.push(found("CI_JOB_TOKEN"));
            }
        }
    }
    let (variable, secret) = candidates.into_iter().flatten().next()?;
    let (header, value) = match site.kind {
        Kind::GitHub => ("Authorization", format!("Bearer {secret}")),
        Kind::GitLab if variable == "CI_JOB_TOKEN" => ("JOB-TOKEN", secret.to_owned()),
        Kind::GitLab => ("PRIVATE-TOKEN", secret.to_owned()),
    };
    Some(Token {
        variable,
        header,
        value,
        secret: secret.to_owned(),
    })
}

/// Tells whether a token may be sent to an address: only this machine is
/// reached without TLS.
pub(super) fn may_carry(api: &str) -> bool {
    let host = without_port(host_of(api));
    let loopback = host == "localhost"
        || (host.trim_matches(['[', ']']).parse::<std::net::IpAddr>())
            .is_ok_and(|address| address.is_loopback());
    api.starts_with("https://") || (api.starts_with("http://") && loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_its_own_host_alone() {
        let site = |kind, api: &str| Site {
            kind,
            api: api.to_owned(),
            project: "o/r".to_owned(),
        };
        let hub = site(Kind::GitHub, "https://api.github.com");
        let house = site(Kind::GitHub, "https://git.example.org/api/v3");
        let lab = site(Kind::GitLab, "https://gitlab.com/api/v4");
        let salsa = site(Kind::GitLab, "https://salsa.debian.org/api/v4");
        type Case<'a> = (&'a Site, &'a [(&'a str, &'a str)], Option<&'a str>);
        let cases: &[Case<'_>] = &[
            (&hub, &[], None),
            (
                &hub,
                &[("GITHUB_TOKEN", "t")],
                Some("Authorization: Bearer t"),
            ),
            (&hub, &[("GH_TOKEN", "t")], Some("Authorization: Bearer t")),
            (&hub, &[("GITLAB_TOKEN", "t")], None),
            (&house, &[("GITHUB_TOKEN", "t")], None),
            (
                &house,
                &[
                    ("GITHUB_TOKEN", "t"),
                    ("GITHUB_API_URL", "https://git.example.org/api/v3"),
                ],
                Some("Authorization: Bearer t"),
            ),
            (
                &hub,
                &[
                    ("GITHUB_TOKEN", "t"),
                    ("GITHUB_API_URL", "https://git.example.org/api/v3"),
                ],
                None,
            ),
            (
                &house,
                &[("DEBCUT_FORGE_TOKEN", "d"), ("GITHUB_TOKEN", "t")],
                Some("Authorization: Bearer d"),
            ),
            (&lab, &[("GITLAB_TOKEN", "t\n")], Some("PRIVATE-TOKEN: t")),
            (&salsa, &[("GITLAB_TOKEN", "t")], None),
            (
                &salsa,
                &[
                    ("GITLAB_TOKEN", "t"),
                    ("GITLAB_HOST", "https://salsa.debian.org"),
                ],
                Some("PRIVATE-TOKEN: t"),
            ),
            (
                &salsa,
                &[
                    ("CI_JOB_TOKEN", "j"),
                    ("CI_API_V4_URL", "https://salsa.debian.org/api/v4"),
                ],
                Some("JOB-TOKEN: j"),
            ),
            (&lab, &[("CI_JOB_TOKEN", "j")], None),
        ];
        for (site, variables, want) in cases {
            let environment = Environment::new("/", variables.iter().copied());
            let found = token(site, &environment);
            let found = found.map(|token| format!("{}: {}", token.header, token.value));
            assert_eq!(found.as_deref(), *want, "{site:?} {variables:?}");
        }
    }

    #[test]
    fn only_this_machine_is_reached_in_clear() {
        for (api, want) in [
            ("https://h/api/v4", true),
            ("http://127.0.0.1:80/api/v4", true),
            ("http://[::1]:80", true),
            ("http://localhost:3000", true),
            ("http://h/api/v4", false),
            ("http://localhost.example.org", false),
            ("ftp://127.0.0.1", false),
        ] {
            assert_eq!(may_carry(api), want, "{api}");
        }
    }
}
