//! What stands against a build, and what is worth a warning.

use super::{Choices, EntryWanted, Scope};
use crate::build::package::Declared;
use crate::build::source::{
    DebianSource, Recipe, Revision, TagSignature, TaggedSource, VersionFileProblem,
};
use crate::format::control::BinaryTemplate;
use crate::format::version::Version;
use crate::model::{Architecture, Finding};
use crate::release::upstream::is_release_of;
use crate::release::{TagPattern, tag_pattern};

/// Says what does not agree in a package with `debian/`.
pub(super) fn debian_findings(
    source: &TaggedSource,
    debian: &DebianSource,
    findings: &mut Vec<Finding>,
) {
    let (entry, control) = (&debian.changelog, &debian.control);
    let path = source.package.file("debian/changelog");
    if entry.source != control.source {
        let found = format!(
            "its newest entry is for {}, but debian/control describes {}",
            entry.source, control.source
        );
        findings.push(Finding::error("changelog-source", &path, found));
    }
    if control.source != source.package.name {
        let found = format!(
            "it describes {}, but debcut.toml calls the package {}",
            control.source, source.package.name
        );
        findings.push(Finding::error("package-name", "debian/control", found));
    }
    if entry.is_unreleased() {
        let found = format!("the entry of {} is UNRELEASED", entry.version);
        let finding = Finding::warning("unreleased", &path, found);
        findings.push(finding.fix("name a distribution before you tag"));
    }
    findings.extend(debian.findings.iter().cloned());
    let native = debian.format.is_native();
    if native != entry.version.is_native() {
        let (format, fix) = match native {
            true => ("3.0 (native)", "drop the revision, or use 3.0 (quilt)"),
            false => (
                "3.0 (quilt)",
                "add a revision such as -1, or use 3.0 (native)",
            ),
        };
        let found = format!("{} does not fit the source format {format}", entry.version);
        findings.push(Finding::error("version-format", &path, found).fix(fix));
    }
}

/// Says what a package does not have that is to be built of it.
pub(super) fn scope_findings(
    debian: &DebianSource,
    choices: &Choices,
    findings: &mut Vec<Finding>,
) {
    let is_all = |package: &BinaryTemplate| package.architectures.iter().all(Architecture::is_all);
    let binaries = &debian.control.binaries;
    let lacks = match choices.scope {
        Scope::Any => binaries.iter().all(is_all),
        Scope::All => !binaries.iter().any(is_all),
        Scope::Full | Scope::Source | Scope::Binary => false,
    };
    if !lacks {
        return;
    }
    let name = debian.control.source.as_str();
    let finding = match choices.scope {
        Scope::All => Finding::error(
            "nothing-to-build",
            name,
            "it has no package for all \
            architectures",
        )
        .fix("--only any builds those that it has"),
        _ => {
            let found = format!(
                "it has no package for {} alone: all of them are for every architecture",
                choices.target.architecture
            );
            Finding::error("nothing-to-build", name, found)
                .fix("they are built once, without --arch, --rebuild and --only any")
        }
    };
    findings.push(finding);
}

/// Says which of the wishes are none for a package without `debian/`.
pub(super) fn declared_findings(
    name: &str,
    declared: &Declared,
    choices: &Choices,
    findings: &mut Vec<Finding>,
) {
    let (built_for, target) = (&declared.architecture, &choices.target);
    let here = Architecture::of_this_machine();
    let another = declared.command.is_some() && *built_for != here
        || target.architecture != here && target.architecture != *built_for;
    if another && !built_for.is_all() {
        let found = format!(
            "its command runs on {here} and would build for {here}, not for {}",
            if *built_for == here {
                &target.architecture
            } else {
                built_for
            }
        );
        let finding = Finding::error("cross-build", name, found);
        findings.push(finding.fix(
            "build it on a machine of that architecture (debcut build --matrix lists the jobs), \
             or say architecture = \"any\"",
        ));
    }
    if let Some(EntryWanted::Rebuild { .. }) = &choices.entry {
        let found = "a declared package has no source package to build again";
        let finding = Finding::error("no-rebuild", name, found);
        findings.push(finding.fix("raise revision in [package.declared], commit and tag"));
    }
    let own_part = match choices.scope {
        Scope::Any => built_for.is_all(),
        Scope::All => !built_for.is_all(),
        Scope::Full | Scope::Source | Scope::Binary => false,
    };
    if own_part {
        let found = format!("it is one package, for {built_for}");
        findings.push(Finding::error("nothing-to-build", name, found));
    }
}

/// Says where the tag and files name another version.
pub(super) fn version_findings(
    source: &TaggedSource,
    version: &Version,
    findings: &mut Vec<Finding>,
) {
    if let (Revision::Tag { name, .. }, Recipe::Debian(debian)) = (&source.revision, &source.recipe)
    {
        let named = source
            .package
            .tags
            .iter()
            .filter_map(|pattern| Some((pattern, pattern.version_in(name.as_str())?)));
        let named: Vec<_> = named.collect();
        let agrees = |(pattern, tagged): &(&TagPattern, String)| {
            tag_pattern::names(tagged, version, pattern)
        };
        if !named.is_empty() && !named.iter().any(agrees) {
            let found = format!(
                "the tag says {}, but debian/changelog:{} says {version}",
                named[0].1, debian.changelog.line
            );
            let finding = Finding::error("tag-changelog-mismatch", name.as_str(), found);
            findings.push(finding.fix("tag the commit whose debian/changelog has that version"));
        }
    }
    for (file, found) in &source.version_files {
        let finding = match found {
            Ok(text) if is_release_of(text, version) => continue,
            Ok(text) => {
                let found = format!(
                    "it says {text}, but {} is {version}",
                    source.revision.shown()
                );
                Finding::error("version-file-mismatch", &file.path, found)
                    .fix("change the file, commit, and tag that commit")
            }
            Err(VersionFileProblem::NotThere) => {
                let found = format!("the tree of {} has no such file", source.revision.shown());
                Finding::error("version-file-missing", &file.path, found)
                    .fix("remove it from version-files in debcut.toml")
            }
            Err(VersionFileProblem::Unreadable(why)) => {
                Finding::error("version-file-unreadable", &file.path, why.to_string())
            }
        };
        findings.push(finding);
    }
}

/// Says what is amiss with the tag's signature.
pub(super) fn signature_findings(
    source: &TaggedSource,
    choices: &Choices,
    findings: &mut Vec<Finding>,
) {
    let Revision::Tag {
        name, signature, ..
    } = &source.revision
    else {
        return;
    };
    let subject = name.as_str();
    match signature {
        TagSignature::Good { .. } => {}
        TagSignature::Bad { why } => {
            let found = format!("its signature is not accepted: {why}");
            findings.push(Finding::error("tag-signature", subject, found));
        }
        TagSignature::Unsigned | TagSignature::Unchecked { .. } if choices.signed_tags_only => {
            let found = match signature {
                TagSignature::Unchecked { why } => format!("its signature was not checked: {why}"),
                _ => "it is not signed, and signing.tag-keys asks for it".to_owned(),
            };
            findings.push(Finding::error("tag-signature", subject, found));
        }
        // Most projects do not sign tags; the provenance records which.
        TagSignature::Unsigned => {}
        TagSignature::Unchecked { why } => {
            let found = format!("its signature was not checked: {why}");
            let finding = Finding::warning("tag-signature", subject, found);
            findings.push(finding.fix("debcut key import FILE makes its key known"));
        }
    }
}
