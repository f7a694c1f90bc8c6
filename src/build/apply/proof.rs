//! What a build says of itself, held against its source.
//!
//! Names, versions, distribution and changes in the records come from the tag's
//! own `debian/changelog` and `debian/control`, never from what the build left
//! of them; what was built must be of that source, and what the records list
//! must be the files that are here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Bench, BuildError, listed, name_of};
use crate::format::checksums::ListedFile;
use crate::format::control::BinaryControl;
use crate::format::deb::{self, Limits};
use crate::format::deb822::Deb822Error;
use crate::format::dsc::Dsc;
use crate::format::version::Version;
use crate::model::finding::with_causes;
use crate::model::{Finding, PackageName};
use crate::sys::files::{self, Access};
use crate::sys::openpgp;

/// The directory of the build place with the tag's own papers.
const PAPERS: &str = "papers";

impl Bench<'_> {
    /// Reads the source package that was proven, signed or not.
    pub(super) fn proven(&self, dsc: &Path) -> Result<Dsc, BuildError> {
        let text = String::from_utf8_lossy(&files::read(dsc)?).into_owned();
        let text = openpgp::text_of(&text).unwrap_or(text);
        self.parsed(dsc, Dsc::parse(text.as_bytes()))
    }

    /// Takes what was read of a file, or says that it is none of its kind.
    pub(super) fn parsed<T>(
        &self,
        path: &Path,
        parsed: Result<T, Deb822Error>,
    ) -> Result<T, BuildError> {
        parsed.map_err(|source| BuildError::Product {
            file: name_of(path),
            source,
        })
    }

    /// Writes the changelog and the control file that the records are made of,
    /// where a build can only read them, and returns the options that name
    /// them. Where nothing isolates the build, this comes after it.
    pub(super) fn papers(&self) -> Result<[String; 2], BuildError> {
        let repository = self.workshop.repository;
        let tree = self.package_tree()?;
        let directory = self.work().join(PAPERS);
        files::create_dir(&directory)?;
        let mut options = [String::from("-l"), String::from("-c")];
        let made = self.plan.entry.as_ref().map(|made| made.text.as_bytes());
        let names = [("changelog", made), ("control", None)];
        for (option, (name, before)) in options.iter_mut().zip(names) {
            let own = repository.file(&tree, &format!("debian/{name}"))?;
            let own = own.expect("observe() read it");
            let text = [before.unwrap_or_default(), &own].concat();
            let path = directory.join(name);
            files::replace(&path, &text, Access::Public)?;
            option.push_str(&self.seen_on_floor(&path).display().to_string());
        }
        Ok(options)
    }

    /// Refuses results that would take the place of the source package, which
    /// is what the tag says it is.
    pub(super) fn check_names(
        &self,
        made: &BTreeSet<PathBuf>,
        sources: &[PathBuf],
    ) -> Result<(), BuildError> {
        let mut findings = Vec::new();
        for name in made {
            let text = name_of(name);
            let is_source = sources.iter().any(|source| name_of(source) == text);
            if is_source || text.ends_with(".dsc") || text.ends_with(".changes") {
                let what = "the build lists it in debian/files, and no build makes it";
                findings.push(Finding::error("replaces-source", text, what));
            }
        }
        refused(findings)
    }

    /// Refuses binary packages that are not of the source.
    pub(super) fn check_binaries(
        &self,
        dsc: &Dsc,
        made: &BTreeSet<PathBuf>,
    ) -> Result<(), BuildError> {
        let mut findings = Vec::new();
        for name in made {
            let text = name_of(name);
            let is_package = [".deb", ".udeb", ".ddeb"].iter().any(|e| text.ends_with(e));
            if !is_package {
                continue;
            }
            let path = self.work().join(name);
            let Some(file) = files::open_regular(&path)? else {
                findings.push(Finding::error("no-file", text, "it is no regular file"));
                continue;
            };
            let control = deb::control(std::io::BufReader::new(file), &Limits::default());
            let control = control
                .map_err(|error| with_causes(&error))
                .and_then(|found| {
                    BinaryControl::parse(found.bytes()).map_err(|error| with_causes(&error))
                });
            match control {
                Ok(control) => {
                    findings.extend(foreign(dsc, &control, &text));
                    if control.version != self.plan.version {
                        self.workshop.listener.warn(format!(
                            "{text} has a version of its own, {}, beside the source's {}",
                            control.version, self.plan.version
                        ));
                    }
                }
                Err(why) => findings.push(Finding::error("no-package", text, why)),
            }
        }
        refused(findings)
    }

    /// Refuses a record of something else than the source.
    pub(super) fn check_source(
        &self,
        record: &Path,
        dsc: &Dsc,
        (source, version): (&PackageName, &Version),
    ) -> Result<(), BuildError> {
        if (source, version) == (&dsc.source, &dsc.version) {
            return Ok(());
        }
        let what = format!(
            "it is of {source} {version}, and the tag of {} {}",
            dsc.source, dsc.version
        );
        refused(vec![Finding::error("other-source", name_of(record), what)])
    }

    /// Refuses a record that lists other files than those that are here.
    pub(super) fn check_listed<'a>(
        &self,
        record: &Path,
        named: impl IntoIterator<Item = &'a ListedFile>,
    ) -> Result<(), BuildError> {
        let mut findings = Vec::new();
        for wanted in named {
            let path = self.work().join(&wanted.name);
            let is_there = path.symlink_metadata().is_ok_and(|found| found.is_file());
            let found = if is_there { Some(listed(&path)?) } else { None };
            let what = match found {
                Some(found)
                    if (found.digests.size, found.digests.sha256)
                        == (wanted.digests.size, wanted.digests.sha256) =>
                {
                    continue;
                }
                Some(_) => format!(
                    "it lists another {} than the one that was made",
                    wanted.name
                ),
                None => format!("it lists {}, which is no file that was made", wanted.name),
            };
            findings.push(Finding::error("other-files", name_of(record), what));
        }
        refused(findings)
    }
}

fn refused(findings: Vec<Finding>) -> Result<(), BuildError> {
    match findings.is_empty() {
        true => Ok(()),
        false => Err(BuildError::Refused { findings }),
    }
}

/// Says why a binary package is none of the source's. Its own version may
/// differ (dpkg-gencontrol -v; util-linux makes bsdutils 1:…), that of the source
/// it names may not.
fn foreign(dsc: &Dsc, control: &BinaryControl, file: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let package = control.package.as_str();
    // debhelper's automatic ones are in no control file.
    let of = package.strip_suffix("-dbgsym").unwrap_or(package);
    let known = |name: &str| dsc.binaries.iter().any(|binary| binary.as_str() == name);
    if !known(package) && !known(of) {
        let what = format!("debian/control of the tag has no package {package}");
        let finding = Finding::error("other-package", file, what);
        findings.push(finding.fix("add it to debian/control, commit, and tag that commit"));
    }
    if (&control.source, &control.source_version) != (&dsc.source, &dsc.version) {
        let what = format!(
            "it says that it was built of {} {}, and it was of {} {}",
            control.source, control.source_version, dsc.source, dsc.version
        );
        findings.push(Finding::error("other-source", file, what));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_another_source_are_told() {
        let dsc = "Format: 3.0 (native)\nSource: tally\nBinary: tally, libtally\n\
                   Architecture: any\nVersion: 1:1.0\nMaintainer: A <a@example.org>\n\
                   Checksums-Sha1:\n 0000000000000000000000000000000000000000 1 a.tar.xz\n\
                   Checksums-Sha256:\n \
                   0000000000000000000000000000000000000000000000000000000000000000 1 a.tar.xz\n\
                   Files:\n 00000000000000000000000000000000 1 a.tar.xz\n";
        let dsc = Dsc::parse(dsc.as_bytes()).expect("a source package");
        let cases: [(&str, &str, &[&str]); 8] = [
            ("tally", "Version: 1:1.0", &[]),
            ("libtally", "Source: tally\nVersion: 1:1.0", &[]),
            ("libtally-dbgsym", "Source: tally\nVersion: 1:1.0", &[]),
            ("libtally", "Source: tally (1:1.0)\nVersion: 1:1.0+b1", &[]),
            (
                "libtally",
                "Source: openssl\nVersion: 1:1.0",
                &["other-source"],
            ),
            ("tally", "Version: 99:9", &["other-source"]),
            (
                "openssl",
                "Source: tally\nVersion: 1:1.0",
                &["other-package"],
            ),
            (
                "openssl",
                "Version: 99:9",
                &["other-package", "other-source"],
            ),
        ];
        for (package, fields, want) in cases {
            let text = format!(
                "Package: {package}\n{fields}\nArchitecture: all\n\
                 Maintainer: A <a@example.org>\nDescription: d\n"
            );
            let control = BinaryControl::parse(text.as_bytes()).expect("a control file");
            let found = foreign(&dsc, &control, "a.deb");
            let rules: Vec<_> = found
                .iter()
                .map(|finding| finding.rule.to_string())
                .collect();
            assert_eq!(rules, want, "{package} {fields}");
        }
    }
}
