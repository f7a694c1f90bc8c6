//! Where a forge's API is, and which project is meant.

use std::fmt;
use std::str::FromStr;

use crate::sys::git::host_and_path;

/// Which forge's API is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// GitHub, or GitHub Enterprise Server.
    GitHub,
    /// GitLab, such as Debian's Salsa.
    GitLab,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
        })
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "github" => Ok(Self::GitHub),
            "gitlab" => Ok(Self::GitLab),
            _ => Err(()),
        }
    }
}

/// A project on a forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Which API is spoken.
    pub kind: Kind,
    /// The API's address, without ending slash: `https://api.github.com`,
    /// `https://HOST/api/v3`, `https://HOST/api/v4`.
    pub api: String,
    /// The project's path: `owner/name`, `group/subgroup/name`.
    pub project: String,
}

/// Says what is missing to find a project on a forge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// Which API is spoken.
    #[error("nothing says which forge it is")]
    Kind,
    /// Where the API is.
    #[error("nothing says where its API is")]
    Url,
    /// Which project is meant.
    #[error("nothing says which of its projects is meant")]
    Project,
}

impl Site {
    /// Finds a project by what is configured, and where that says nothing by
    /// the address of the git repository (`https:`, `ssh:`, `user@host:path`).
    pub fn find(
        kind: Option<Kind>,
        api: Option<&str>,
        project: Option<&str>,
        remote: Option<&str>,
    ) -> Result<Self, SiteError> {
        let remote = remote.and_then(host_and_path);
        let host = remote.map(|(host, _)| host.to_ascii_lowercase());
        let of_api = || Self::kind_of(without_port(host_of(api?)));
        let of_host = || Self::kind_of(host.as_deref()?);
        let kind = kind.or_else(of_api).or_else(of_host);
        let kind = kind.ok_or(SiteError::Kind)?;
        let usual = || Some(Self::usual_api(kind, host.as_deref()?));
        let api = api.map(str::to_owned).or_else(usual);
        let path = || remote.map(|(_, path)| path);
        Ok(Self {
            kind,
            api: api.ok_or(SiteError::Url)?,
            project: project.or_else(path).ok_or(SiteError::Project)?.to_owned(),
        })
    }

    /// Returns the usual address of a host's API.
    pub fn usual_api(kind: Kind, host: &str) -> String {
        match kind {
            Kind::GitHub if host == "github.com" => "https://api.github.com".to_owned(),
            Kind::GitHub => format!("https://{host}/api/v3"),
            Kind::GitLab => format!("https://{host}/api/v4"),
        }
    }

    /// Tells which forge a host is, as far as its name says it.
    pub fn kind_of(host: &str) -> Option<Kind> {
        let is = |name: &str| host.split('.').any(|label| label == name);
        if is("github") {
            Some(Kind::GitHub)
        } else if is("gitlab") || host == "salsa.debian.org" {
            Some(Kind::GitLab)
        } else {
            None
        }
    }

    /// Returns the API's host, with its port where it names one.
    pub fn host(&self) -> &str {
        host_of(&self.api)
    }
}

/// Returns the host of an address, with its port where it names one.
pub(super) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

/// Takes the port off a host.
pub(super) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_say_which_forge_they_are() {
        for (host, want) in [
            ("github.com", Some("github https://api.github.com")),
            (
                "github.example.org",
                Some("github https://github.example.org/api/v3"),
            ),
            ("gitlab.com", Some("gitlab https://gitlab.com/api/v4")),
            (
                "salsa.debian.org",
                Some("gitlab https://salsa.debian.org/api/v4"),
            ),
            ("notgithub.com", None),
            ("codeberg.org", None),
        ] {
            let found = Site::kind_of(host);
            let found = found.map(|kind| format!("{kind} {}", Site::usual_api(kind, host)));
            assert_eq!(found.as_deref(), want, "{host}");
        }
        let found = |kind, api, project, remote| {
            Site::find(kind, api, project, remote)
                .map(|site| format!("{} {} {}", site.kind, site.api, site.project))
        };
        let scp = Some("git@github.com:o/r.git");
        let hub = "github https://api.github.com o/r".to_owned();
        assert_eq!(found(None, None, None, scp), Ok(hub.clone()));
        let salsa = Some("https://me:word@salsa.debian.org/a/b/c.git");
        let lab = "gitlab https://salsa.debian.org/api/v4 a/b/c".to_owned();
        assert_eq!(found(None, None, None, salsa), Ok(lab));
        let house = Some("ssh://git@code.example.org:22/o/r");
        let own = "github https://code.example.org/api/v3 o/r".to_owned();
        let kind = Some(Kind::GitHub);
        assert_eq!(found(kind, None, None, house), Ok(own));
        assert_eq!(found(None, None, None, house), Err(SiteError::Kind));
        assert_eq!(found(kind, None, Some("o/r"), None), Err(SiteError::Url));
        let api = Some("https://api.github.com");
        let path = Some("/srv/r.git");
        assert_eq!(found(None, api, None, path), Err(SiteError::Project));
        assert_eq!(found(None, api, Some("o/r"), house), Ok(hub));
        assert_eq!(
            host_of("https://u:p@h.example:8443/api/v4?x"),
            "h.example:8443"
        );
        assert_eq!(without_port("[::1]:80"), "[::1]");
        assert_eq!(without_port("h"), "h");
    }
}
