//! `verify --chain`: each link is looked for where it can be, and the whole
//! judged once.
//!
//! Reads an archive as its clients do, and nothing else: `InRelease`, the index
//! that it names, the pool's file, and the proofs that it lists.

mod archived;
mod installed;
mod tagged;
mod texts;

use std::fs::File;
use std::path::{Path, PathBuf};

use super::FlowError;
use super::verifying;
use crate::format::deb::Contents;
use crate::format::deb822::{self, Syntax};
use crate::model::{Architecture, FileDigests, Listener, Sha256, Suite, Timestamp};
use crate::sys::environment::Environment;
use crate::sys::files;
use crate::sys::store::Store;
use crate::verify::Reader;
use crate::verify::chain::{
    Cause, Chain, Control, Facts, Installed, LinkName, Look, Package, Policy, Sight, Text,
    compare_installed, judge, read_package,
};
use archived::{Opened, Published};

/// What to walk, and where the links may be.
pub struct Walk<'a> {
    /// Where paths start that are not absolute.
    pub directory: &'a Path,
    /// `.deb` files or directories of them, or packages by name (`hello`,
    /// `hello:amd64`).
    pub asked: &'a [String],
    /// Further keyrings.
    pub keyrings: &'a [PathBuf],
    /// Whom the verifier trusts with what.
    pub policy: Policy,
    /// The last link that is asked for.
    pub until: LinkName,
    /// Whether a name is that of an installed package, and below which root;
    /// otherwise it is the archive's.
    pub root: Option<&'a Path>,
    /// The archive.
    pub archive: Option<Box<dyn Store>>,
    /// Its suite; none: the only one.
    pub suite: Option<Suite>,
    /// Where texts are looked for first.
    pub artifacts: &'a [PathBuf],
    /// The project's clone; none: the one that the directory is in.
    pub repository: Option<&'a Path>,
}

/// Walks the chain of each package.
pub fn walk(
    walk: &Walk<'_>,
    environment: &Environment,
    now: Timestamp,
    listener: &dyn Listener,
) -> Result<Vec<Chain>, FlowError> {
    let keyring = verifying::keyring(walk.directory, walk.keyrings, environment)?;
    let reader = Reader {
        keyring: &keyring,
        now,
    };
    let opened = match &walk.archive {
        Some(store) => Some(Opened::open(store.as_ref(), walk.suite.as_ref(), &reader)?),
        None => None,
    };
    let walker = Walker {
        walk,
        reader,
        archive: opened.as_ref(),
        given: texts::in_directories(walk.directory, walk.artifacts, &reader)?,
    };
    let mut chains = Vec::new();
    for asked in &named(walk)? {
        listener.begin(format!("following {asked}"));
        let facts = walker.facts(asked)?;
        chains.push(judge(&facts, &walk.policy, walk.until));
    }
    Ok(chains)
}

struct Walker<'a> {
    walk: &'a Walk<'a>,
    reader: Reader<'a>,
    archive: Option<&'a Opened<'a>>,
    given: Vec<Text>,
}

/// Lists what was asked for, each directory as the packages in it.
fn named(walk: &Walk<'_>) -> Result<Vec<String>, FlowError> {
    let mut named = Vec::new();
    for asked in walk.asked {
        let path = PathBuf::from(asked);
        if !is_file(asked) || !walk.directory.join(&path).is_dir() {
            named.push(asked.clone());
            continue;
        }
        let inside = texts::files_in(walk.directory, &[path])?;
        let debs = inside.iter().map(|path| path.display().to_string());
        let before = named.len();
        named.extend(debs.filter(|path| path.ends_with(".deb")));
        if named.len() == before {
            return Err(FlowError::NoDebs {
                directory: asked.clone(),
            });
        }
    }
    Ok(named)
}

/// Tells whether a word is a file's path rather than a package's name.
fn is_file(word: &str) -> bool {
    word.contains('/') || word.ends_with(".deb")
}

impl Walker<'_> {
    fn facts(&self, asked: &str) -> Result<Facts, FlowError> {
        let mut facts = Facts {
            asked: asked.to_owned(),
            installed: Look::NotAsked,
            package: Look::NotAsked,
            others: Vec::new(),
            archive: Look::NotAsked,
            changes: Look::NotAsked,
            buildinfo: Look::NotAsked,
            provenance: Look::NotAsked,
            tag: Look::NotAsked,
        };
        let (package, beside) = if is_file(asked) {
            self.of_file(asked, &mut facts)?
        } else {
            self.of_name(asked, &mut facts)?
        };
        let Some(package) = package else {
            let (why, cause) = (
                "the package was not found",
                Cause::Follows(LinkName::Package),
            );
            facts.changes = Look::Missing(why.to_owned(), cause.clone());
            facts.buildinfo = Look::Missing(why.to_owned(), cause.clone());
            facts.provenance = Look::Missing(why.to_owned(), cause.clone());
            facts.tag = Look::Missing(why.to_owned(), cause);
            return Ok(facts);
        };
        let published = match (self.archive, &package.control) {
            (Some(archive), Ok(control)) => archive.proofs(control, &self.reader)?,
            _ => Published::NotAsked,
        };
        let places = texts::Places {
            given: &self.given,
            beside: &beside,
            published: &published,
        };
        facts.changes = places.changes(&package);
        facts.buildinfo = places.buildinfo(&package, &facts.changes);
        facts.provenance = places.provenance(&package);
        let start = self.walk.repository.unwrap_or(self.walk.directory);
        let start = self.walk.directory.join(start);
        facts.tag = tagged::find(&start, &facts.provenance, &self.reader)?;
        facts.others = self.others(&package)?;
        facts.package = Look::Found(package);
        Ok(facts)
    }

    /// Begins at a file.
    fn of_file(&self, asked: &str, facts: &mut Facts) -> Result<Begun, FlowError> {
        let path = self.walk.directory.join(asked);
        let (package, _) = read_file(&path)?;
        if let (Some(archive), Ok(control)) = (self.archive, &package.control) {
            let version = Some(control.version.as_str());
            let found = archive.find(&control.name, version, Some(&control.architecture))?;
            facts.archive = Look::Found(archive.archived(&found));
        }
        let directory = path.parent().unwrap_or(Path::new("/")).to_owned();
        let beside = texts::in_directories(&directory, &[PathBuf::new()], &self.reader)?;
        Ok((Some(package), beside))
    }

    /// Begins at an installed package, or at the archive's.
    fn of_name(&self, asked: &str, facts: &mut Facts) -> Result<Begun, FlowError> {
        let (name, architecture) = match asked.split_once(':') {
            Some((name, architecture)) => (name, Some(architecture.to_owned())),
            None => (asked, None),
        };
        let row = match self.walk.root {
            Some(root) => {
                let row = installed::find(root, name, architecture.as_deref())?;
                Some(row.ok_or_else(|| FlowError::NotInstalled {
                    name: asked.to_owned(),
                    root: root.to_owned(),
                })?)
            }
            None => None,
        };
        let version = row.as_ref().map(|row| row.version.clone());
        let architecture = row
            .as_ref()
            .map(|row| row.architecture.clone())
            .or(architecture);
        let (package, contents) = match self.archive {
            Some(archive) => {
                let usual = architecture
                    .clone()
                    .unwrap_or_else(|| Architecture::of_this_machine().to_string());
                let found = archive.find(name, version.as_deref(), Some(&usual))?;
                facts.archive = Look::Found(archive.archived(&found));
                match found {
                    Ok(found) => match archive.package(&found)? {
                        Some((package, contents)) => (Some(package), contents),
                        None => {
                            let why = format!("{} is not in the pool", found.path);
                            let fix = "debcut archive check tells what the archive lost";
                            facts.package = Look::Missing(why, Cause::Remedy(fix.to_owned()));
                            (None, None)
                        }
                    },
                    Err(_) => {
                        let why = "the archive does not lead to it";
                        let cause = Cause::Follows(LinkName::Archive);
                        facts.package = Look::Missing(why.to_owned(), cause);
                        (None, None)
                    }
                }
            }
            None => {
                facts.archive = Look::Missing("no archive is named".to_owned(), Cause::Unnamed);
                match self.given_package(name, version.as_deref())? {
                    Some((package, contents)) => (Some(package), contents),
                    None => {
                        let why = "no archive is named, and no .deb of it is among the artifacts";
                        let cause = Cause::Follows(LinkName::Archive);
                        facts.package = Look::Missing(why.to_owned(), cause);
                        (None, None)
                    }
                }
            }
        };
        if let (Some(row), Some(root)) = (row, self.walk.root) {
            facts.installed = match contents {
                Some(contents) => Look::Found(compared(root, name, row, &contents)?),
                None => Look::Missing(
                    "there is no sound package to compare with".to_owned(),
                    Cause::Follows(LinkName::Package),
                ),
            };
        }
        Ok((package, Vec::new()))
    }

    /// Finds files among the artifacts that have a package's name and are not
    /// the package.
    fn others(&self, package: &Package) -> Result<Vec<String>, FlowError> {
        let mut others = Vec::new();
        for path in texts::files_in(self.walk.directory, self.walk.artifacts)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name != package.file_name.as_str() {
                continue;
            }
            let digest = Sha256::of_reader(files::open(&path)?);
            if digest.map_err(files::failed("read", &path))? != package.digests.sha256 {
                others.push(path.display().to_string());
            }
        }
        Ok(others)
    }

    /// Finds the `.deb` of an installed package among the artifacts. One that
    /// cannot be read is told to be unsound, rather than passed over, where no
    /// other is there.
    fn given_package(
        &self,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<(Package, Option<Contents>)>, FlowError> {
        let mut unsound = None;
        for path in texts::files_in(self.walk.directory, self.walk.artifacts)? {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            if !file.ends_with(".deb") || !file.starts_with(&format!("{name}_")) {
                continue;
            }
            let (package, contents) = read_file(&path)?;
            let is = |control: &Control| {
                control.name == name && version.is_none_or(|v| v == control.version)
            };
            if package.control.as_ref().is_ok_and(is) {
                return Ok(Some((package, contents)));
            }
            // A file's name has no epoch.
            let plain = version.map(|v| v.split_once(':').map_or(v, |(_, rest)| rest));
            let named = plain.is_none_or(|v| file.starts_with(&format!("{name}_{v}_")));
            if package.control.is_err() && named {
                unsound = Some((package, contents));
            }
        }
        Ok(unsound)
    }
}

type Begun = (Option<Package>, Vec<Text>);

fn read_file(path: &Path) -> Result<(Package, Option<Contents>), FlowError> {
    let digests = FileDigests::of_reader(files::open(path)?);
    let digests = digests.map_err(files::failed("read", path))?;
    let place = path.display().to_string();
    let file: File = files::open(path)?;
    Ok(read_package(place, digests, std::io::BufReader::new(file)))
}

fn compared(
    root: &Path,
    name: &str,
    row: installed::Row,
    contents: &Contents,
) -> Result<Installed, FlowError> {
    let view = installed::View::of(root, name)?;
    let paragraph = contents.deb.control.paragraph();
    let fields = deb822::paragraph(paragraph, Syntax::Generated).ok();
    let several = fields.is_some_and(|fields| fields.get("Multi-Arch") == Some("same"));
    let kept = view.kept(name, several.then_some(row.architecture.as_str()))?;
    let sight = Sight {
        look: &|path| view.look(path),
        left_out: &|path| view.is_left_out(path),
        wanted: &|path, entry| view.wanted(path, entry),
        kept: &kept,
    };
    let found = compare_installed(contents, &sight)
        .map_err(files::failed("read the installed files below", root))?;
    Ok(Installed {
        version: row.version,
        architecture: row.architecture,
        compared: found.count,
        differing: found.differing,
        scripts: found.scripts,
        allowed: found.allowed,
    })
}
