//! Which file a target names: RFC 3986, section 3.3, and nothing outside of the
//! directory that is served.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::sys::files;

/// What is at a target.
#[derive(Debug)]
pub enum Place {
    /// A file.
    File {
        /// Where it is, below the directory that is served.
        below: PathBuf,
        /// It, opened.
        file: File,
    },
    /// A directory, named with a slash at its end.
    Directory(PathBuf),
    /// A directory, named without.
    WithoutSlash,
}

/// Finds what a target names: nothing outside `root`, nothing whose name begins
/// with a dot (the archive's own state), nothing but files and directories.
pub fn place_of(target: &str, root: &Path) -> Option<Place> {
    let path = path_of(target)?;
    let mut found = root.to_owned();
    let mut parts = path.split('/').peekable();
    let mut slash = false;
    while let Some(part) = parts.next() {
        let part = decoded(part)?;
        if part.is_empty() && parts.peek().is_none() {
            slash = true;
            break;
        }
        if !is_served(&part) {
            return None;
        }
        found.push(OsString::from_vec(part));
    }
    let below = resolved(&found, root)?;
    let found = root.join(&below);
    match (found.is_dir(), slash) {
        (true, true) => Some(Place::Directory(found)),
        (true, false) => Some(Place::WithoutSlash),
        // A pipe must not be waited for.
        (false, false) => Some(Place::File {
            file: files::open_regular(&found).ok()??,
            below,
        }),
        (false, true) => None,
    }
}

/// Follows links, and returns where a file is below `root`; none when a link
/// leads out of it, or to what is hidden in it.
pub fn resolved(path: &Path, root: &Path) -> Option<PathBuf> {
    let found = path.canonicalize().ok()?;
    let below = found.strip_prefix(root).ok()?;
    let is_served = below.iter().all(|part| is_served(part.as_bytes()));
    is_served.then(|| below.to_owned())
}

/// Returns the path of a target, without the slash it begins with.
fn path_of(target: &str) -> Option<&str> {
    let origin = match target.strip_prefix("http://") {
        Some(absolute) => &absolute[absolute.find('/')?..],
        None => target,
    };
    origin.split(['?', '#']).next()?.strip_prefix('/')
}

/// Writes a target's path with a slash at its end, for whoever forgot it.
pub fn with_slash(target: &str) -> Option<String> {
    path_of(target).map(|path| format!("/{path}/"))
}

/// Tells whether a part of a path may be asked for.
pub fn is_served(part: &[u8]) -> bool {
    !part.is_empty() && part[0] != b'.' && !part.contains(&b'/') && !part.contains(&0)
}

fn decoded(part: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            bytes.push((digit(rest.next())? * 16 + digit(rest.next())?) as u8);
        } else {
            bytes.push(byte);
        }
    }
    Some(bytes)
}

/// Writes a name as a part of a path in a URI.
pub fn encoded(name: &OsStr) -> String {
    let mut text = String::new();
    for byte in name.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~+".contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
