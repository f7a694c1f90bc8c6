//! A package with the keys of an archive, `NAME-archive-keyring`: installed
//! once, it brings every key that comes later.
//!
//! Made of the archive's state alone: who runs it again gets the same bytes. Where
//! a suite has it with another content, it gets the next version.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use flate2::{Compression as Level, GzBuilder};

use super::FlowError;
use super::archiving::Desk;
use super::packing::{self, Outcome};
use crate::archive::{Manifest, query};
use crate::format::compress::{Compression, Settings};
use crate::format::deb::ControlMember;
use crate::format::index;
use crate::model::{FileDigests, Listener, PackageName, Sha256, Suite, Timestamp};
use crate::publish::client::ClientSources;
use crate::publish::{PublishError, Question, read_manifest};
use crate::sys::files;

/// What is to be packed.
#[derive(Debug)]
pub struct KeyringPackage<'a> {
    /// The archive's name, before `-archive-keyring`.
    pub name: &'a str,
    /// Since when the archive has these keys: the package's version and date.
    pub since: Timestamp,
    /// Who answers for it, as `Name <address>`.
    pub maintainer: &'a str,
    /// What clients need.
    pub sources: &'a ClientSources,
    /// Whether the `.sources` is in it too.
    pub brings: Brings,
    /// The file to make, or a directory to make it in.
    pub out: PathBuf,
    /// How many versions with these keys and another content are out already.
    pub revision: u32,
}

/// What is in the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brings {
    /// The keys.
    Keys,
    /// The keys, and the `.sources` that makes apt use the archive.
    KeysAndSources,
}

impl KeyringPackage<'_> {
    /// Returns the package's name.
    fn package(&self) -> String {
        format!("{}-archive-keyring", self.name)
    }

    /// Returns where the keys are on a client.
    pub fn key_file(&self) -> PathBuf {
        PathBuf::from(format!("/usr/share/keyrings/{}.pgp", self.name))
    }

    /// Returns the package's version: it grows whenever keys come or go, and
    /// with each revision.
    pub fn version(&self) -> String {
        let at = self.since.to_string();
        let digits: String = at.chars().filter(char::is_ascii_digit).collect();
        let version = format!("{}.{}", &digits[..8], &digits[8..14]);
        match self.revision {
            0 => version,
            revision => format!("{version}+{revision}"),
        }
    }

    /// Packs it.
    fn pack(
        &self,
        out: PathBuf,
        dry_run: bool,
        listener: &dyn Listener,
    ) -> Result<Outcome, FlowError> {
        let whole = tempfile::Builder::new().prefix("debcut-keyring-").tempdir();
        let whole = whole.map_err(files::failed("make", Path::new("a temporary directory")))?;
        let tree = whole.path().join("tree");
        for (path, bytes) in self.files() {
            put(&tree, &path, &bytes)?;
        }
        let request = packing::Request {
            tree,
            out,
            compress: Settings::new(Compression::Xz),
            control: ControlMember::Uniform,
            epoch: self.since,
            dry_run,
        };
        Ok(packing::pack(&request, listener)?)
    }

    /// Returns every file of it, by its path.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let package = self.package();
        let docs = format!("usr/share/doc/{package}");
        let mut data = vec![
            (
                format!("usr/share/keyrings/{}.pgp", self.name),
                self.sources.binary(),
            ),
            (
                format!("{docs}/changelog.gz"),
                gzip(&self.changelog(&package)),
            ),
            (format!("{docs}/copyright"), self.copyright().into_bytes()),
        ];
        let mut control = Vec::new();
        if self.brings == Brings::KeysAndSources {
            let path = format!("etc/apt/sources.list.d/{}.sources", self.name);
            control.push((
                "DEBIAN/conffiles".to_owned(),
                format!("/{path}\n").into_bytes(),
            ));
            data.push((path, self.sources.text().into_bytes()));
            let allowed = format!(
                "# To tell apt of its own archive is what this package is for.\n\
                 {package}: package-installs-apt-sources *\n"
            );
            let overrides = format!("usr/share/lintian/overrides/{package}");
            data.push((overrides, allowed.into_bytes()));
        }
        data.sort();
        let mut sums = String::new();
        let mut kibibytes = 0;
        for (path, bytes) in &data {
            kibibytes += bytes.len().div_ceil(1024);
            // As dpkg's own list, which leaves configuration files out.
            if !path.starts_with("etc/") {
                sums += &format!("{}  {path}\n", FileDigests::of(bytes).md5);
            }
        }
        control.push(("DEBIAN/md5sums".to_owned(), sums.into_bytes()));
        let text = self.control(&package, kibibytes);
        control.push(("DEBIAN/control".to_owned(), text.into_bytes()));
        [control, data].concat()
    }

    fn control(&self, package: &str, kibibytes: usize) -> String {
        let also = match self.brings {
            Brings::Keys => "",
            Brings::KeysAndSources => {
                " It also tells apt where the archive is, so that installing this package\n \
                 is all that a host needs.\n"
            }
        };
        format!(
            "Package: {package}\nVersion: {}\nArchitecture: all\nMaintainer: {}\n\
             Installed-Size: {kibibytes}\nSection: misc\nPriority: optional\n\
             Multi-Arch: foreign\n\
             Description: OpenPGP keys of the {} package archive\n \
             The indices of this archive are signed with the keys in this package,\n \
             with which apt verifies them. When the archive changes its keys, a newer\n \
             version of this package brings the new ones before the old ones go.\n{also}",
            self.version(),
            self.maintainer,
            self.name,
        )
    }

    fn changelog(&self, package: &str) -> String {
        let suites = self.sources.suites();
        let suite = suites.first().map_or("stable", Suite::as_str);
        let keys = self.sources.keys().into_iter();
        let keys: String = keys
            .map(|key| format!("    - {}\n", key.fingerprint()))
            .collect();
        format!(
            "{package} ({}) {suite}; urgency=medium\n\n  * The archive is signed with:\n{keys}\n -- {}  {}\n",
            self.version(),
            self.maintainer,
            self.since.rfc2822(),
        )
    }

    fn copyright(&self) -> String {
        format!(
            "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n\
             Files: *\nCopyright: {}\nLicense: public-domain\n \
             Public keys are facts about their owners, which nobody can own. Copy and\n \
             use them as you like.\n",
            self.maintainer
        )
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut to = GzBuilder::new().write(Vec::new(), Level::best());
    let done = to.write_all(text.as_bytes()).and_then(|()| to.finish());
    done.expect("memory takes every write")
}

/// Writes a file with the modes that a package needs, whatever the umask.
fn put(tree: &Path, path: &str, bytes: &[u8]) -> Result<(), FlowError> {
    let mut directory = tree.to_owned();
    let at = tree.join(path);
    let failed = |act| move |error, path: &Path| files::failed(act, path)(error);
    let open = |directory: &Path| {
        fs::create_dir_all(directory)
            .and_then(|()| fs::set_permissions(directory, Permissions::from_mode(0o755)))
            .map_err(|error| failed("make")(error, directory))
    };
    open(&directory)?;
    let parent = Path::new(path).parent().expect("it is in a directory");
    for part in parent {
        directory.push(part);
        open(&directory)?;
    }
    fs::write(&at, bytes)
        .and_then(|()| fs::set_permissions(&at, Permissions::from_mode(0o644)))
        .map_err(|error| failed("write")(error, &at))?;
    Ok(())
}

impl Desk<'_> {
    /// Packs the keys, in the version that no suite has with another content;
    /// returns that version.
    pub fn pack_keyring(
        &self,
        mut package: KeyringPackage<'_>,
        dry_run: bool,
    ) -> Result<(String, Outcome), FlowError> {
        let listed = self.listed(&package.package())?;
        loop {
            let version = package.version();
            let there: Vec<_> = listed.iter().filter(|(own, _)| *own == version).collect();
            let is_free = match there.is_empty() {
                true => true,
                false => {
                    let digest = self.digest(&package)?;
                    there.iter().all(|(_, sha256)| Some(*sha256) == digest)
                }
            };
            if is_free {
                let outcome = package.pack(package.out.clone(), dry_run, self.listener)?;
                return Ok((version, outcome));
            }
            package.revision += 1;
        }
    }

    /// Returns the versions and digests that suites have of a package.
    fn listed(&self, name: &str) -> Result<Vec<(String, Sha256)>, FlowError> {
        let name = PackageName::new(name).expect("a package's name and more letters");
        let mut found = Vec::new();
        for suite in self.suites()? {
            let names = std::slice::from_ref(&name);
            let current = self.look(&suite, None, Question::Packages(names))?;
            for (_, stanza) in query::show(&current, &name).map_err(PublishError::from)? {
                let files = index::files(stanza).unwrap_or_default().into_iter();
                let version = stanza.version().to_string();
                found.extend(files.map(|file| (version.clone(), file.sha256)));
            }
        }
        Ok(found)
    }

    /// Returns the digest that a package would have.
    fn digest(&self, package: &KeyringPackage<'_>) -> Result<Option<Sha256>, FlowError> {
        let aside = tempfile::Builder::new().prefix("debcut-keyring-").tempdir();
        let aside = aside.map_err(files::failed("make", Path::new("a temporary directory")))?;
        let outcome = package.pack(aside.path().to_owned(), false, self.listener)?;
        Ok(match outcome {
            Outcome::Packed { sha256, .. } => Some(sha256),
            Outcome::Planned { .. } => None,
        })
    }

    /// Returns since when suites are signed with the keys of today: the moment
    /// of the first generation that had them, or of the oldest that is kept.
    pub fn keys_since(&self, suites: &[Suite]) -> Result<Timestamp, FlowError> {
        let mut newest = Timestamp::from_unix(0);
        for suite in suites {
            let current = self.look(suite, None, Question::Manifest)?;
            let manifest = current.manifest().expect("a suite that is there has one");
            newest = newest.max(self.signed_so_since(manifest)?);
        }
        Ok(newest)
    }

    fn signed_so_since(&self, manifest: &Manifest) -> Result<Timestamp, FlowError> {
        let (signers, mut since) = (manifest.signers(), manifest.date);
        let mut parent = manifest.parent;
        while let Some(digest) = parent {
            let before = match read_manifest(self.store.as_ref(), &digest) {
                Ok(before) => before,
                // Old generations are collected.
                Err(PublishError::Missing { .. }) => break,
                Err(error) => return Err(error.into()),
            };
            if before.signers() != signers {
                break;
            }
            (since, parent) = (before.date, before.parent);
        }
        Ok(since)
    }
}
