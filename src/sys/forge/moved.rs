//! Where a forge sends on to: most often to the new name of a renamed project.

use super::percent::decoded;

/// What an address that a forge sends on to is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Moved {
    /// The same API, a project of this path.
    Named(String),
    /// The same API, and this path of it tells the project's name.
    Numbered(String),
    /// Something else: an address without user, query and fragment.
    Elsewhere(String),
}

/// Reads a `Location`. GitHub sends a renamed project's calls on to
/// `/repositories/NUMBER`, GitLab to `/projects/GROUP%2FNAME`, either may be
/// relative to the host (RFC 9110, 10.2.2).
pub(super) fn place(api: &str, location: &str) -> Moved {
    let host = api.find("://").map_or(0, |at| at + 3);
    let host = api[host..].find('/').map_or(api, |at| &api[..host + at]);
    let whole = match location.starts_with('/') && !location.starts_with("//") {
        true => format!("{host}{location}"),
        false => location.to_owned(),
    };
    let plain = without_user(whole.split(['?', '#']).next().unwrap_or_default());
    let rest = plain.strip_prefix(api);
    let Some(rest) = rest.and_then(|rest| rest.strip_prefix('/')) else {
        return Moved::Elsewhere(plain);
    };
    let parts: Vec<&str> = rest.split('/').collect();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match parts.as_slice() {
        [kind @ ("repositories" | "projects"), number, ..] if is_number(number) => {
            Moved::Numbered(format!("/{kind}/{number}"))
        }
        ["repos", owner, name, ..] => Moved::Named(format!("{}/{}", decoded(owner), decoded(name))),
        ["projects", path, ..] => Moved::Named(decoded(path)),
        _ => Moved::Elsewhere(plain),
    }
}

fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (place, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = place.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_apart() {
        let named = |text: &str| Moved::Named(text.to_owned());
        let numbered = |text: &str| Moved::Numbered(text.to_owned());
        let elsewhere = |text: &str| Moved::Elsewhere(text.to_owned());
        let hub = "https://h.example/api/v3";
        let lab = "https://h.example/git/api/v4";
        for (api, location, want) in [
            (
                hub,
                "https://h.example/api/v3/repositories/13/pulls/1",
                numbered("/repositories/13"),
            ),
            (hub, "/api/v3/repos/new/name/pulls?x=1", named("new/name")),
            (
                lab,
                "https://h.example/git/api/v4/projects/g%2Fs%2Fn/merge_requests/1",
                named("g/s/n"),
            ),
            (
                lab,
                "https://u:word@login.example/sign_in?token=t#f",
                elsewhere("https://login.example/sign_in"),
            ),
            (
                hub,
                "https://h.example/api/v30/repositories/13",
                elsewhere("https://h.example/api/v30/repositories/13"),
            ),
            (hub, "//login.example/x", elsewhere("//login.example/x")),
            (hub, "", elsewhere("")),
        ] {
            assert_eq!(place(api, location), want, "{location}");
        }
    }
}
