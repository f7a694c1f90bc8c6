//! Packages as they came, and their digests: those of the archives' signed
//! indices, which apt has checked. A package is kept for the next system under
//! the name that apt gives its file, and taken again only with that digest.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{RootError, beneath};
use crate::format::deb822::{Deb822Error, Syntax, paragraphs};
use crate::model::{PackageName, Sha256};
use crate::sys::files::{self, FileError};

/// Packages by the names of their files (`NAME_VERSION_ARCHITECTURE.deb`).
pub type Debs = BTreeMap<String, Sha256>;

/// Where apt puts what it has fetched, in a system.
pub(super) const FETCHED: &str = "var/cache/apt/archives";

/// How long a package is kept that no system has asked for, and how much they
/// may take together: some systems of a few suites.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const KEPT_BYTES: u64 = 2 << 30;

/// Reads what `apt-get --print-uris` would fetch.
///
/// ```text
/// 'http://deb.debian.org/debian/pool/main/e/ed/ed_1.19-1_amd64.deb' ed_1.19-1_amd64.deb 58056 SHA256:eb00…
/// ```
pub(super) fn asked(said: &str) -> Result<Debs, RootError> {
    let mut found = Debs::new();
    for line in said.lines().filter_map(|line| line.strip_prefix('\'')) {
        let Some((uri, rest)) = line.split_once("' ") else {
            continue;
        };
        let mut words = rest.split(' ');
        let (name, digest) = (words.next().unwrap_or_default(), words.nth(1));
        let digest = digest.and_then(|word| word.strip_prefix("SHA256:")?.parse().ok());
        let (true, Some(digest)) = (is_plain(name), digest) else {
            return Err(RootError::Archive {
                name: uri.to_owned(),
                why: "its index does not give the package's SHA-256".to_owned(),
            });
        };
        found.insert(name.to_owned(), digest);
    }
    Ok(found)
}

fn is_plain(name: &str) -> bool {
    !name.starts_with('.') && !name.contains('/') && name.ends_with(".deb")
}

/// Reads the records that `apt-cache show` gives; a package that is in no index
/// has no digest.
pub(super) fn recorded(text: &[u8]) -> Result<Debs, Deb822Error> {
    let mut found = Debs::new();
    for record in paragraphs(text, Syntax::Generated)? {
        if record.get("SHA256").is_some() {
            let package: PackageName = record.parse("Package")?;
            let version = record.get("Version").unwrap_or_default();
            let version = version.replace(':', "%3a");
            let architecture = record.get("Architecture").unwrap_or_default();
            let name = format!("{package}_{version}_{architecture}.deb");
            found.insert(name, record.parse("SHA256")?);
        }
    }
    Ok(found)
}

/// Keeps what was fetched into a system. Nobody but apt has written there yet,
/// and still nothing is taken that is not what the indices name.
pub(super) fn keep(debs: &Debs, tree: &Path, directory: &Path) -> Result<(), FileError> {
    files::create_dir(directory)?;
    for (name, digest) in debs {
        if let Some(kept) = beneath::regular(directory, name).ok().flatten() {
            // Its time says when it was wanted last.
            if Sha256::of_reader(&kept).is_ok_and(|found| found == *digest) {
                let _ = kept.set_modified(SystemTime::now());
                continue;
            }
        }
        let Some(fetched) = beneath::regular(tree, &format!("{FETCHED}/{name}"))? else {
            // From a directory of this machine.
            continue;
        };
        // Whatever a crash leaves of it is not taken: its digest is another.
        let new = directory.join(format!(".new-{name}"));
        let _ = fs::remove_file(&new);
        files::copy_to_new(fetched, &new)?;
        let found = Sha256::of_reader(files::open(&new)?);
        let whole = found.is_ok_and(|found| found == *digest);
        let put = match whole {
            true => fs::rename(&new, directory.join(name)),
            false => fs::remove_file(&new),
        };
        put.map_err(files::failed("keep", &directory.join(name)))?;
    }
    Ok(())
}

/// Removes what nobody has wanted for long, and the oldest beyond the limit.
pub(super) fn prune(directory: &Path) {
    prune_to(directory, SystemTime::now(), KEPT_BYTES);
}

fn prune_to(directory: &Path, now: SystemTime, limit_bytes: u64) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let there = entry.metadata().ok()?;
            Some((there.modified().ok()?, there.len(), entry.path()))
        })
        .collect();
    found.sort_by_key(|(modified, ..)| std::cmp::Reverse(*modified));
    let mut sum = 0;
    for (modified, size, path) in found {
        sum += size;
        let is_old = now.duration_since(modified).is_ok_and(|age| age > KEPT);
        if is_old || sum > limit_bytes {
            // What cannot be removed now is removed another time.
            let _ = fs::remove_file(path);
        }
    }
}

/// Returns how many packages are kept, and what they take.
pub fn kept(directory: &Path) -> io::Result<(usize, u64)> {
    let sizes = fs::read_dir(directory)?.map(|entry| Ok(entry?.metadata()?.len()));
    let sizes: Vec<u64> = sizes.collect::<io::Result<_>>()?;
    Ok((sizes.len(), sizes.iter().sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_fetched_is_read_with_its_digests() {
        let digest = Sha256::of(b"ed").hex();
        let said = format!(
            "Need to get 1 B of archives.\n\
             'http://a.example/ed_1%3a1_amd64.deb' ed_1%3a1_amd64.deb 2 SHA256:{digest}\n"
        );
        let found = asked(&said).expect("whole");
        assert_eq!(found["ed_1%3a1_amd64.deb"], Sha256::of(b"ed"));
        for broken in [
            "'http://a.example/ed.deb' ed.deb 2 MD5Sum:00".to_owned(),
            "'http://a.example/ed.deb' ed.deb 2 ".to_owned(),
            format!("'http://a.example/ed.deb' ../ed.deb 2 SHA256:{digest}"),
        ] {
            asked(&broken).expect_err(&broken);
        }
        let record = format!(
            "Package: ed\nVersion: 1:1\nArchitecture: amd64\nSHA256: {digest}\n\n\
             Package: own\nVersion: 1\nArchitecture: all\n"
        );
        assert_eq!(recorded(record.as_bytes()).expect("whole"), found);
    }

    #[test]
    fn only_what_the_indices_name_is_kept() {
        let home = tempfile::tempdir().expect("a directory");
        let (tree, kept) = (home.path().join("tree"), home.path().join("debs"));
        let fetched = tree.join(FETCHED);
        fs::create_dir_all(&fetched).expect("made");
        fs::create_dir_all(&kept).expect("made");
        for (name, text) in [("a", "a"), ("bad", "planted"), ("other", "other")] {
            fs::write(fetched.join(format!("{name}.deb")), text).expect("written");
        }
        fs::write(home.path().join("secret"), "link").expect("written");
        std::os::unix::fs::symlink(home.path().join("secret"), fetched.join("link.deb"))
            .expect("linked");
        // One that was planted before goes.
        fs::write(kept.join("a.deb"), "x").expect("written");
        let wanted = |names: &[&str]| -> Debs {
            let each = names.iter();
            each.map(|name| (format!("{name}.deb"), Sha256::of(name.as_bytes())))
                .collect()
        };
        keep(&wanted(&["a", "bad", "elsewhere"]), &tree, &kept).expect("kept");
        keep(&wanted(&["link"]), &tree, &kept).expect_err("a link");
        let names = || -> Vec<_> {
            let entries = fs::read_dir(&kept).expect("there").flatten();
            let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(names(), ["a.deb"]);
        assert_eq!(fs::read(kept.join("a.deb")).expect("there"), b"a");
        fs::write(fetched.join("a.deb"), "later").expect("written");
        assert_eq!(fs::read(kept.join("a.deb")).expect("there"), b"a");
    }

    #[test]
    fn what_is_old_or_too_much_goes() {
        let directory = tempfile::tempdir().expect("a directory");
        let now = SystemTime::now();
        for (name, days) in [("a", 1), ("b", 2), ("c", 31)] {
            let path = directory.path().join(name);
            fs::write(&path, "four").expect("written");
            let file = fs::File::options().write(true).open(&path).expect("there");
            let age = Duration::from_secs(days * 24 * 60 * 60);
            file.set_modified(now - age).expect("set");
        }
        let left = |limit| {
            prune_to(directory.path(), now, limit);
            kept(directory.path()).expect("there")
        };
        assert_eq!(left(1000), (2, 8));
        assert_eq!(left(4), (1, 4));
        assert!(directory.path().join("a").is_file());
    }
}
