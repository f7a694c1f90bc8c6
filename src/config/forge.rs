//! The pages of a forge, as a remote's URL tells them.
//!
//! Only for forges whose addresses are known: a guess would be a dead link in
//! every release's notes.

/// A project on a forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forge {
    /// What kind of forge it is.
    pub kind: ForgeKind,
    /// The project's page, without ending slash.
    pub page: String,
}

/// How a forge names its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForgeKind {
    /// GitHub.
    GitHub,
    /// GitLab, such as Debian's Salsa.
    GitLab,
    /// Forgejo and Gitea, such as Codeberg.
    Forgejo,
}

impl Forge {
    /// Reads a remote's URL (`https:`, `ssh:` or `user@host:path`). What it may
    /// hold of a user or a password is left out.
    pub fn of_remote(url: &str) -> Option<Self> {
        let (place, path) = match url.split_once("://") {
            Some(("https" | "http" | "ssh" | "git", rest)) => rest.split_once('/')?,
            Some(_) => return None,
            None => url.split_once(':')?,
        };
        let host = place.rsplit('@').next()?.split(':').next()?.to_lowercase();
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./~+".contains(c);
        if !path.contains('/') || !path.chars().all(plain) {
            return None;
        }
        let kind = match host.as_str() {
            "github.com" => ForgeKind::GitHub,
            "gitlab.com" | "salsa.debian.org" => ForgeKind::GitLab,
            "codeberg.org" => ForgeKind::Forgejo,
            host if host.starts_with("gitlab.") => ForgeKind::GitLab,
            _ => return None,
        };
        let page = format!("https://{host}/{path}");
        Some(Self { kind, page })
    }

    /// Returns the pattern of a pull request's page, with `{number}`.
    pub fn pull_request(&self) -> String {
        let part = match self.kind {
            ForgeKind::GitHub => "pull",
            ForgeKind::GitLab => "-/merge_requests",
            ForgeKind::Forgejo => "pulls",
        };
        format!("{}/{part}/{{number}}", self.page)
    }

    /// Returns the pattern of a commit's page, with `{id}`.
    pub fn commit(&self) -> String {
        format!("{}/{}commit/{{id}}", self.page, self.dash())
    }

    /// Returns the pattern of the page that compares two tags, with `{from}`
    /// and `{to}`.
    pub fn compare(&self) -> String {
        format!("{}/{}compare/{{from}}...{{to}}", self.page, self.dash())
    }

    fn dash(&self) -> &'static str {
        match self.kind {
            ForgeKind::GitLab => "-/",
            ForgeKind::GitHub | ForgeKind::Forgejo => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_of_known_forges_have_pages() {
        let cases = [
            (
                "https://github.com/o/r.git",
                Some("https://github.com/o/r/pull/{number}"),
            ),
            (
                "git@github.com:o/r.git",
                Some("https://github.com/o/r/pull/{number}"),
            ),
            (
                "ssh://git@github.com:22/o/r",
                Some("https://github.com/o/r/pull/{number}"),
            ),
            (
                "https://user:secret@github.com/o/r",
                Some("https://github.com/o/r/pull/{number}"),
            ),
            (
                "https://salsa.debian.org/debian/hello.git",
                Some("https://salsa.debian.org/debian/hello/-/merge_requests/{number}"),
            ),
            (
                "git@gitlab.example.org:a/b/c.git",
                Some("https://gitlab.example.org/a/b/c/-/merge_requests/{number}"),
            ),
            (
                "https://codeberg.org/o/r/",
                Some("https://codeberg.org/o/r/pulls/{number}"),
            ),
            ("https://git.example.org/o/r", None),
            ("/srv/git/r.git", None),
            ("file:///srv/git/r.git", None),
            ("https://github.com/o", None),
            ("https://github.com/o/r?x={y}", None),
            ("", None),
        ];
        for (url, want) in cases {
            let found = Forge::of_remote(url).map(|forge| forge.pull_request());
            assert_eq!(found.as_deref(), want, "{url}");
        }
        let lab = Forge::of_remote("https://gitlab.com/o/r").expect("known");
        assert_eq!(
            lab.compare(),
            "https://gitlab.com/o/r/-/compare/{from}...{to}"
        );
        assert_eq!(lab.commit(), "https://gitlab.com/o/r/-/commit/{id}");
    }

    proptest::proptest! {
        #[test]
        fn any_url_is_survived(url in "(https://|ssh://|git@|github.com|gitlab\\.|[/:@a-z.é{} ]){0,12}") {
            if let Some(forge) = Forge::of_remote(&url) {
                assert!(forge.page.starts_with("https://") && !forge.page.contains('@'), "{url}");
            }
        }
    }
}
