//! Which other files hold a version file's version: lock files that repeat it,
//! and those that it takes it from.

use super::names::{below, directory, joined, last, upward};
use super::{Entries, Kind, VersionFile, VersionFileError, cargo, ini, json, meson, pyproject};

impl VersionFile {
    /// Names the files beside it that hold the same version by their format's
    /// rules, where they are there: lock files.
    ///
    /// A workspace has one lock file at its top, so directories above are named
    /// too, the nearest first. A lock file that does not know the package has
    /// nothing to edit and stays as it is. Packages of one workspace name the
    /// same file, each for its own entry: their edits follow one another.
    pub fn companions(&self, text: &str) -> Vec<Self> {
        let own = directory(&self.path);
        let above = |alone: bool| {
            let mut found = upward(own);
            found.truncate(if alone { 1 } else { found.len() });
            found
        };
        let text = text.trim_start_matches('\u{feff}');
        match &self.kind {
            Kind::Cargo => {
                let Some((entries, top)) = cargo::entries(text) else {
                    return Vec::new();
                };
                let kind = Kind::CargoLock(entries);
                let paths = above(top).into_iter().map(|at| below(at, "Cargo.lock"));
                paths
                    .map(|path| Self {
                        path,
                        kind: kind.clone(),
                    })
                    .collect()
            }
            Kind::Pyproject => {
                let Some(name) = pyproject::name(text) else {
                    return Vec::new();
                };
                let kind = Kind::UvLock(Entries::Named(vec![name]));
                let paths = above(false).into_iter().map(|at| below(at, "uv.lock"));
                paths
                    .map(|path| Self {
                        path,
                        kind: kind.clone(),
                    })
                    .collect()
            }
            Kind::PackageJson if last(&self.path) == "package.json" => {
                let mut found = Vec::new();
                for at in above(json::is_workspace(text)) {
                    let member = own.strip_prefix(at).unwrap_or(own).trim_start_matches('/');
                    for name in ["package-lock.json", "npm-shrinkwrap.json"] {
                        let member = Some(member.to_owned());
                        let kind = Kind::PackageLock { member };
                        let path = below(at, name);
                        found.push(Self { path, kind });
                    }
                }
                found
            }
            _ => Vec::new(),
        }
    }

    /// Tells whether it is a lock file whose entries are told by their version
    /// alone.
    pub fn is_told_by_version(&self) -> bool {
        matches!(self.kind, Kind::CargoLock(Entries::Saying(_)))
    }

    /// Names its companions as [`Self::companions`] does, where other manifests
    /// of the repository are known by path and text: of a Cargo workspace with a
    /// shared version, the entries of those members alone that take it. One with
    /// a version of its own may say the same by chance.
    pub fn companions_among(&self, text: &str, manifests: &[(&str, &str)]) -> Vec<Self> {
        let mut found = self.companions(text);
        let own = directory(&self.path);
        let is_in = |path: &str, top: &str| top.is_empty() || path.starts_with(&format!("{top}/"));
        for companion in &mut found {
            let Kind::CargoLock(entries @ Entries::Saying(_)) = &mut companion.kind else {
                continue;
            };
            let members = manifests
                .iter()
                .filter(|(path, text)| {
                    // The member of a workspace within is not this one's.
                    let within = manifests.iter().any(|(other, text)| {
                        let top = directory(other);
                        top != own
                            && is_in(top, own)
                            && is_in(path, top)
                            && cargo::is_workspace(text)
                    });
                    is_in(path, own) && !within && cargo::takes_shared(text)
                })
                .filter_map(|(_, text)| cargo::name(text));
            let members: Vec<_> = members.collect();
            if !members.is_empty() {
                *entries = Entries::Named(members);
            }
        }
        found
    }

    /// Names the files, one of which holds the version that this one takes from
    /// elsewhere: the first that is there and says one. Empty where the version
    /// is its own, or is computed.
    pub fn follows(&self, text: &str) -> Vec<Self> {
        let own = directory(&self.path);
        let text = text.trim_start_matches('\u{feff}');
        let paths = match &self.kind {
            Kind::Cargo if cargo::is_inherited(text) => match cargo::workspace(text) {
                Some(path) => vec![format!("{path}/Cargo.toml")],
                None => {
                    let above = upward(own).into_iter().skip(1);
                    return above.map(|at| Self::new(below(at, "Cargo.toml"))).collect();
                }
            },
            Kind::Pyproject => pyproject::sources(text),
            Kind::SetupCfg => match ini::source(text) {
                Ok(ini::Source::Attribute(name)) => pyproject::modules_of(name),
                Ok(ini::Source::File(path)) => vec![path.to_owned()],
                _ => Vec::new(),
            },
            Kind::Meson => match meson::source(text) {
                Ok(meson::Source::File(at)) => vec![text[at].to_owned()],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let paths = paths.iter().filter_map(|path| joined(own, path));
        paths.map(Self::new).collect()
    }

    /// Finds the file that the version is written in, following this one as
    /// often as it takes, with the version. `read` returns the text of a path
    /// from the repository's top, if it is there.
    pub fn resolved(
        &self,
        text: &str,
        read: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(Self, String), VersionFileError> {
        self.resolved_within(text, read, 4)
    }

    fn resolved_within(
        &self,
        text: &str,
        read: &dyn Fn(&str) -> Option<String>,
        steps: usize,
    ) -> Result<(Self, String), VersionFileError> {
        let error = match self.version_in(text) {
            Ok(version) => return Ok((self.clone(), version)),
            Err(error) => error,
        };
        let further = matches!(error, VersionFileError::Dynamic { .. }) && steps > 0;
        for next in further.then(|| self.follows(text)).into_iter().flatten() {
            let there = read(&next.path);
            let found = there.map(|text| next.resolved_within(&text, read, steps - 1));
            if let Some(Ok(found)) = found {
                return Ok(found);
            }
        }
        Err(error)
    }
}
