//! A candidate by itself, and with the files of the others: which stanza it would be, in which indices, with
//! which files, or why it cannot be in this suite whatever else is there.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::admission::{Incoming, Listed, PoolCopy};
use crate::archive::candidate::{Binary, Candidate, Source, SourceFile};
use crate::archive::current::Current;
use crate::archive::descriptions::formed;
use crate::archive::gate::fields;
use crate::archive::layout::{self, IndexName, Pool};
use crate::archive::settings::Settings;
use crate::format::checksums::ListedFile;
use crate::format::index::contents::FileList;
use crate::format::index::translation::Translation;
use crate::format::index::{PoolFile, Stanza};
use crate::model::{ArchivePath, Component, Finding, Sha256, Suite};

/// What a candidate comes to in a suite.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    /// How findings name it.
    pub(super) subject: String,
    /// Where it goes.
    pub(super) component: Component,
    /// The indices that list it.
    pub(super) indices: Vec<IndexName>,
    /// What they say of it.
    pub(super) stanza: Stanza,
    /// Its files.
    pub(super) incoming: Vec<Incoming>,
    /// Its files that another pool of the archive has.
    pub(super) copies: Vec<PoolCopy>,
    /// The list of its files, where it is a binary package that was read.
    pub(super) list: Option<(Sha256, FileList)>,
    /// Its description, where the suite has those apart.
    pub(super) translation: Option<Translation>,
    /// What is worth knowing and stops nothing.
    pub(super) notes: Vec<Finding>,
}

impl Proposal {
    /// Returns how the suite would list it.
    pub(super) fn listed(&self) -> Listed {
        Listed::of(&self.stanza, &self.component)
    }
}

/// The files that came with any source package of a request: an upstream
/// tarball often lies beside one revision alone.
pub(super) struct Brought<'a>(BTreeMap<(ArchivePath, Sha256), &'a SourceFile>);

impl<'a> Brought<'a> {
    /// Finds what these candidates brought.
    pub(super) fn by(candidates: &'a [Candidate], suite: &Suite, settings: &Settings) -> Self {
        let pool = settings.pool_of(suite);
        let mut files = BTreeMap::new();
        for candidate in candidates {
            let (Candidate::Source(source), Some(component)) =
                (candidate, candidate.component(settings))
            else {
                continue;
            };
            let directory = source.directory(pool, component);
            for file in &source.files {
                let path = layout::pool_file(&directory, &file.name);
                files.entry((path, file.sha256)).or_insert(file);
            }
        }
        Self(files)
    }

    fn find(&self, wanted: &PoolFile) -> Option<&'a SourceFile> {
        self.0.get(&(wanted.path.clone(), wanted.sha256)).copied()
    }
}

/// Looks at one candidate by itself, and at the files of all others.
pub(super) fn propose(
    current: &Current,
    settings: &Settings,
    brought: &Brought<'_>,
    candidate: &Candidate,
) -> Result<Proposal, Vec<Finding>> {
    let subject = candidate.subject();
    let Some(component) = candidate.component(settings) else {
        let suite = &current.suite;
        let has = words(&settings.components);
        let message = format!("the component it is meant for is not in {suite}, which has {has}");
        let fix = "name one of these, or add the component to the suite";
        return Err(vec![
            Finding::error("unknown-component", subject, message).fix(fix),
        ]);
    };
    let indices = candidate.indices(settings, component);
    if let (Candidate::Binary(binary), true) = (candidate, indices.is_empty()) {
        let message = format!(
            "its architecture {} is not in {}, which has {}",
            binary.control.architecture,
            current.suite,
            words(&settings.architectures)
        );
        let fix = "leave it out, or add the architecture to the suite";
        return Err(vec![
            Finding::error("unknown-architecture", subject, message).fix(fix),
        ]);
    }
    let (broken, mut notes): (Vec<_>, Vec<_>) =
        (fields::findings(candidate).into_iter()).partition(Finding::is_error);
    let pool = settings.pool_of(&current.suite);
    let made = match candidate {
        Candidate::Binary(binary) => of_binary(binary, pool, component),
        Candidate::Source(source) => of_source(current, brought, source, pool, component),
    };
    let (stanza, incoming) = match made {
        Ok(made) if broken.is_empty() => made,
        Ok(_) => return Err(broken),
        Err(reasons) => return Err([broken, reasons].concat()),
    };
    notes.extend(elsewhere_meant(current, settings, candidate, component));
    let (stanza, translation) = formed(settings, stanza, &BTreeSet::new());
    Ok(Proposal {
        subject,
        component: component.clone(),
        indices,
        stanza,
        incoming,
        copies: Vec::new(),
        translation,
        list: match candidate {
            Candidate::Binary(binary) => Some((binary.sha256, binary.files.clone())),
            Candidate::Source(_) => None,
        },
        notes,
    })
}

/// Notes that a section names a component that the suite lacks.
fn elsewhere_meant(
    current: &Current,
    settings: &Settings,
    candidate: &Candidate,
    component: &Component,
) -> Option<Finding> {
    let meant = candidate.lacking(settings)?;
    let message = format!(
        "its section is for the component {meant}, which is not in {}: it goes to {component}",
        current.suite
    );
    let fix = format!("name the component, or add {meant} to the suite first");
    Some(Finding::warning("component-not-in-suite", candidate.subject(), message).fix(fix))
}

fn of_binary(
    binary: &Binary,
    pool: Pool<'_>,
    component: &Component,
) -> Result<(Stanza, Vec<Incoming>), Vec<Finding>> {
    let incoming = binary.incoming(pool, component);
    match Stanza::of_binary(binary.control.text(), &incoming.file) {
        Ok(stanza) => Ok((stanza, vec![incoming])),
        Err(error) => Err(vec![
            Finding::error(
                "invalid-control",
                binary.control.file_name(),
                format!("its control file cannot be listed: {error}"),
            )
            .fix("build the package again without that"),
        ]),
    }
}

fn of_source(
    current: &Current,
    brought: &Brought<'_>,
    source: &Source,
    pool: Pool<'_>,
    component: &Component,
) -> Result<(Stanza, Vec<Incoming>), Vec<Finding>> {
    let directory = source.directory(pool, component);
    let mut findings = Vec::new();
    let mut incoming = vec![source.incoming_dsc(pool, component)];
    let subject = || source.dsc_name().to_string();
    for listed in &source.dsc.files {
        let wanted = PoolFile {
            path: layout::pool_file(&directory, &listed.name),
            size: listed.digests.size,
            sha256: listed.digests.sha256,
        };
        let own = source.file(listed);
        let there = current.pool.get(&wanted.path);
        match (own.or_else(|| brought.find(&wanted)), there) {
            (Some(file), _) if (file.size, file.sha256) != (wanted.size, wanted.sha256) => {
                let message = format!(
                    "{} beside it has sha256 {}, the .dsc says {}",
                    listed.name, file.sha256, wanted.sha256
                );
                findings.push(
                    Finding::error("source-file-differs", subject(), message)
                        .fix("use the file that the source package was built with"),
                );
            }
            (Some(file), _) => incoming.push(Incoming {
                origin: file.origin.clone(),
                file: wanted,
            }),
            // The upstream tarball of an earlier revision.
            (None, Some(there)) if *there == wanted => {}
            (None, there) => {
                let where_else = match there {
                    Some(_) => "the one in the pool has other content",
                    None => "it is not in the pool either",
                };
                let message = format!(
                    "it lists {}, which did not come with it; {where_else}",
                    listed.name
                );
                findings.push(
                    Finding::error("source-file-missing", subject(), message)
                        .fix("put the file beside the .dsc"),
                );
            }
        }
    }
    let dsc = ListedFile {
        name: source.dsc_name(),
        digests: source.digests.clone(),
    };
    let section = source.section.as_deref().unwrap_or("misc");
    let priority = source.priority.as_deref().unwrap_or("optional");
    let text = source
        .dsc
        .sources_stanza(&dsc, directory.as_str(), section, priority);
    let stanza = match text {
        Ok(text) => Stanza::of_source(&text).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match stanza {
        Ok(stanza) if findings.is_empty() => return Ok((stanza, incoming)),
        Ok(_) => {}
        Err(error) => {
            let message = format!("it cannot be listed in Sources: {error}");
            findings.push(Finding::error("invalid-source", subject(), message));
        }
    }
    Err(findings)
}

fn words<T: ToString>(names: &[T]) -> String {
    let names: Vec<_> = names.iter().map(T::to_string).collect();
    names.join(", ")
}
