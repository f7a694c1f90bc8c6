//! Names of places that are the same however they are written: two addresses
//! of one git repository, two paths to one archive.

use std::path::{Path, PathBuf};

/// Names a git repository by its address (git-fetch(1), GIT URLS): host and
/// path, whoever logs in and by which protocol, or `file:` and the real path.
/// `base` is where relative paths begin.
pub fn remote_place(url: &str, base: &Path) -> String {
    let url = url.trim();
    if let Some(path) = url.strip_prefix("file://") {
        return local_repository(path, base);
    }
    if let Some((scheme, rest)) = url.split_once("://") {
        let usual = match scheme {
            "https" => ":443",
            "http" => ":80",
            "ssh" | "git+ssh" => ":22",
            "git" => ":9418",
            _ => "",
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = authority.rsplit('@').next().unwrap_or_default();
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix(usual).unwrap_or(&host);
        return format!("{host}/{}", plain(path));
    }
    // A helper (`ext::…`) may do anything: only itself is the same.
    if url.contains("::") {
        return url.to_owned();
    }
    match url.split_once(':') {
        Some((authority, path)) if !authority.contains('/') => {
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{}/{}", host.to_ascii_lowercase(), plain(path))
        }
        _ => local_repository(url, base),
    }
}

/// Takes from a path what does not change where it leads.
fn plain(path: &str) -> &str {
    let path = path.trim_start_matches("~/").trim_matches('/');
    path.strip_suffix(".git").unwrap_or(path)
}

fn local_repository(path: &str, base: &Path) -> String {
    let whole = base.join(path);
    let mut found = whole.canonicalize().ok();
    if found.is_none() {
        // git looks there as well.
        let mut with_ending = whole.clone().into_os_string();
        with_ending.push(".git");
        found = PathBuf::from(with_ending).canonicalize().ok();
    }
    let found = found.unwrap_or(whole);
    // A work tree and its repository are one place.
    let inner = found.join(".git");
    let found = inner.canonicalize().unwrap_or(found);
    format!("file:{}", found.display())
}

/// Returns a repository's own name, without where it is, in lower case.
pub fn remote_name(place: &str) -> String {
    let place = place.trim_end_matches('/');
    let place = place.strip_suffix("/.git").unwrap_or(place);
    let name = place.rsplit(['/', ':']).next().unwrap_or_default();
    let name = name.strip_suffix(".git").unwrap_or(name);
    name.to_ascii_lowercase()
}

/// Tells whether two repositories are on one server that others run.
pub fn is_same_server(one: &str, other: &str) -> bool {
    let host = |place: &str| {
        (!place.starts_with("file:")).then(|| place.split('/').next().map(str::to_owned))
    };
    host(one).is_some() && host(one) == host(other)
}

/// Names an archive by its location: a real path, or an address without the
/// last slash. `base` is where relative paths begin.
pub fn archive_place(location: &str, base: &Path) -> String {
    let path = match location.strip_prefix("file:") {
        Some(path) => format!("/{}", path.trim_start_matches('/')),
        None if location.contains("://") || is_remote_path(location) => {
            return location.trim_end_matches('/').to_owned();
        }
        None => location.to_owned(),
    };
    real(&base.join(path)).display().to_string()
}

/// Tells whether a location is HOST:PATH, as rsync takes it.
fn is_remote_path(location: &str) -> bool {
    let host = location.split_once(':').map_or("", |(host, _)| host);
    !host.is_empty() && !host.contains('/')
}

/// Returns the real path of what is there, or will be.
fn real(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut there = path;
    loop {
        if let Ok(found) = there.canonicalize() {
            let parts = rest.iter().rev();
            return parts.fold(found, |whole, part| whole.join(part));
        }
        match (there.parent(), there.file_name()) {
            (Some(parent), Some(name)) => {
                rest.push(name.to_owned());
                there = parent;
            }
            _ => return path.to_owned(),
        }
    }
}

/// Tells whether a place is another one or below it.
pub fn is_inside(place: &str, other: &str) -> bool {
    let rest = place.strip_prefix(other.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Tells whether an address is another one or below it. One that goes back up
/// is not.
pub fn is_address_below(url: &str, other: &str) -> bool {
    let other = other.trim_end_matches('/');
    let rest = url.strip_prefix(other);
    let goes_on = |rest: &str| rest.is_empty() || rest.starts_with(['/', '?']);
    let climbs = url.contains("/../") || url.ends_with("/..") || url.contains('\\');
    rest.is_some_and(goes_on) && !climbs
}

/// Returns the host of an address: the rest may be a secret.
pub fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}
