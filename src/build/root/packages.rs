//! dpkg's status file → the packages that are installed, and the digest of
//! their list, which is a system's identity.

use super::debs::Debs;
use crate::format::buildinfo::Installed;
use crate::format::deb822::{Deb822Error, Syntax, paragraphs};
use crate::model::{Architecture, Sha256};

/// Reads dpkg's status file: the packages whose files are there, by name.
/// Those of `native` and of every architecture carry none, as in a `.buildinfo`.
pub fn installed(status: &[u8], native: &Architecture) -> Result<Vec<Installed>, Deb822Error> {
    let mut found = Vec::new();
    for package in paragraphs(status, Syntax::Generated)? {
        let state = package.get("Status").unwrap_or_default();
        if !state.ends_with(" installed") {
            continue;
        }
        let architecture: Architecture = package.parse("Architecture")?;
        let foreign = !architecture.is_all() && architecture != *native;
        found.push(Installed {
            package: package.parse("Package")?,
            architecture: foreign.then_some(architecture),
            version: package.parse("Version")?,
        });
    }
    found.sort();
    Ok(found)
}

/// Returns the digest of a list of packages, whatever its order, and of what
/// they came in: two packages of one version need not be the same.
pub fn identity(packages: &[Installed], debs: &Debs) -> Sha256 {
    let mut lines: Vec<String> = packages.iter().map(|p| format!("{p}\n")).collect();
    lines.sort();
    lines.extend(
        debs.iter()
            .map(|(name, digest)| format!("{digest} {name}\n")),
    );
    Sha256::of(lines.concat().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &[u8] = b"Package: zz\nStatus: install ok installed\nArchitecture: amd64\n\
        Version: 1:2-3\n\nPackage: aa\nStatus: hold ok installed\nArchitecture: all\nVersion: 1\n\n\
        Package: libc6\nStatus: install ok installed\nArchitecture: arm64\nVersion: 2.36\n\n\
        Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n";

    #[test]
    fn what_is_installed_is_listed_by_name() {
        let native = Architecture::new("amd64").expect("one");
        let found = installed(STATUS, &native).expect("a status file");
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["aa (= 1)", "libc6:arm64 (= 2.36)", "zz (= 1:2-3)"]);
        let mut turned = found.clone();
        turned.reverse();
        let mut debs = Debs::from([("aa_1_all.deb".to_owned(), Sha256::of(b"aa"))]);
        let first = identity(&found, &debs);
        assert_eq!(identity(&turned, &debs), first);
        assert_ne!(identity(&turned[1..], &debs), first);
        debs.insert("aa_1_all.deb".to_owned(), Sha256::of(b"built again"));
        assert_ne!(identity(&found, &debs), first);
    }
}
