//! What a second build is compared with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::experiment::Made;
use crate::build::plan::BuildPlan;
use crate::build::product::SUMS;
use crate::flow::FlowError;
use crate::flow::earlier_build::{self, Earlier};
use crate::format::buildinfo::Buildinfo;
use crate::format::checksums::parse_sums;
use crate::model::{Listener, Sha256};
use crate::sys::files;
use crate::sys::openpgp::text_of;
use crate::verify::Kind;
use crate::verify::cause::Known;
use crate::verify::reproduction::Reference;
use crate::verify::variation::Conditions;

/// A first build: artifacts or their checksums, and what is known of it.
pub(super) struct First {
    /// What it is, for the report.
    pub(super) reference: Reference,
    /// The artifacts that count.
    pub(super) digests: BTreeMap<String, Sha256>,
    /// Its circumstances.
    pub(super) known: Known,
    /// Where those of its artifacts are that are there.
    pub(super) files: BTreeMap<String, PathBuf>,
    /// Whether binary packages alone count.
    pub(super) only_packages: bool,
}

impl First {
    /// Takes a build that was made just now.
    pub(super) fn of_build(made: Made, reference: Reference) -> Result<Self, FlowError> {
        let artifacts = made.built.artifacts.iter();
        let digests = artifacts.map(|artifact| (artifact.name.clone(), artifact.sha256));
        Ok(Self::new(
            &made.built.directory,
            digests.collect(),
            made.known,
            reference,
        ))
    }

    fn new(
        directory: &Path,
        mut digests: BTreeMap<String, Sha256>,
        known: Known,
        reference: Reference,
    ) -> Self {
        digests.retain(|name, _| is_compared(name));
        let files = digests.keys();
        let files = files.map(|name| (name.clone(), directory.join(name)));
        Self {
            files: files.collect(),
            reference,
            digests,
            known,
            only_packages: false,
        }
    }

    /// Returns where an artifact is, if it is there.
    pub(super) fn file(&self, name: &str) -> Option<PathBuf> {
        self.files.get(name).cloned()
    }

    /// Tells whether an artifact of the second build is compared.
    pub(super) fn counts(&self, name: &str) -> bool {
        match self.only_packages {
            true => kind(name) == Kind::Package,
            false => is_compared(name),
        }
    }

    /// Tells whether it is a source package without binaries.
    pub(super) fn is_source_only(&self) -> bool {
        let has = |wanted| self.digests.keys().any(|name| kind(name) == wanted);
        has(Kind::Dsc) && !has(Kind::Package)
    }
}

fn kind(name: &str) -> Kind {
    Kind::of(Path::new(name))
}

/// Provenance and list of digests record one build and are none of its results.
fn is_compared(name: &str) -> bool {
    !matches!(kind(name), Kind::Provenance | Kind::Sums)
}

/// Takes the build that a plan has left in its usual place, if it is whole.
pub(super) fn earlier(
    plan: &BuildPlan,
    directory: &Path,
    listener: &dyn Listener,
) -> Result<Option<First>, FlowError> {
    let built = match earlier_build::look(plan, directory).map(|found| found.earlier) {
        Ok(Earlier::Same(built) | Earlier::Unchecked(built)) => built,
        Ok(Earlier::Nothing) => return Ok(None),
        Ok(Earlier::Incomplete(why) | Earlier::Other(why)) => {
            listener.note(format!("{} is passed over: {why}", directory.display()));
            return Ok(None);
        }
        Err(FlowError::OutTaken { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let digests = built.artifacts.iter();
    let digests = digests.map(|artifact| (artifact.name.clone(), artifact.sha256));
    let own = Conditions::of(&plan.environment);
    // The plan is the one that it was built by; its time is its record's.
    let now = crate::model::Timestamp::from_unix(0);
    let known = Known {
        built: recorded(directory)?.and_then(|known| known.built),
        ..Known::of(&own, (now, now))
    };
    let reference = Reference::Artifacts {
        directory: directory.display().to_string(),
        checked: format!("as {SUMS} and its provenance say"),
    };
    Ok(Some(First::new(
        directory,
        digests.collect(),
        known,
        reference,
    )))
}

/// Takes the artifacts in a directory that somebody named.
pub(super) fn given(directory: &Path) -> Result<First, FlowError> {
    let refuse = |why: String| FlowError::NoReference {
        path: directory.to_owned(),
        why,
    };
    if !directory.is_dir() {
        return Err(refuse("it is no directory".to_owned()));
    }
    let mut digests = BTreeMap::new();
    for entry in std::fs::read_dir(directory).map_err(files::failed("list", directory))? {
        let path = entry.map_err(files::failed("list", directory))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !path.is_file() || kind(&name) == Kind::Other {
            continue;
        }
        let digest = Sha256::of_reader(files::open(&path)?);
        let digest = digest.map_err(files::failed("read", &path))?;
        digests.insert(name.into_owned(), digest);
    }
    let mut checked = "nothing says what they should be".to_owned();
    if let Some(sums) = files::read_if_there(&directory.join(SUMS))? {
        let listed = parse_sums(&String::from_utf8_lossy(&sums));
        let listed = listed.map_err(|error| refuse(format!("its {SUMS}: {error}")))?;
        for (name, digest) in listed {
            match digests.get(name.as_str()) {
                Some(found) if *found == digest => {}
                Some(_) => return Err(refuse(format!("its {name} is not what {SUMS} says"))),
                None => return Err(refuse(format!("its {name} is missing"))),
            }
        }
        checked = format!("as its {SUMS} says");
    }
    let known = recorded(directory)?.unwrap_or_default();
    let reference = Reference::Artifacts {
        directory: directory.display().to_string(),
        checked,
    };
    let first = First::new(directory, digests, known, reference);
    if first.digests.is_empty() {
        return Err(refuse("neither packages nor a source package".to_owned()));
    }
    Ok(first)
}

/// Reads what the one record in a directory says of its build.
fn recorded(directory: &Path) -> Result<Option<Known>, FlowError> {
    for entry in std::fs::read_dir(directory).map_err(files::failed("list", directory))? {
        let path = entry.map_err(files::failed("list", directory))?.path();
        if Kind::of(&path) == Kind::Buildinfo
            && let Some(record) = parsed(&files::read(&path)?)
        {
            return Ok(Some(Known::from_buildinfo(&record)));
        }
    }
    Ok(None)
}

fn parsed(bytes: &[u8]) -> Option<Buildinfo> {
    let text = String::from_utf8_lossy(bytes);
    let text = text_of(&text).unwrap_or_else(|_| text.into_owned());
    Buildinfo::parse(text.as_bytes()).ok()
}
