//! A second builder's word: that their own build gave the same digests.
//!
//! Two builds never have the same `.changes`, `.buildinfo` or signed `.dsc`,
//! which carry dates and signatures; what they must have in common are the
//! packages and the tarballs.

use std::path::Path;

use super::kind::Kind;
use crate::format::statement::{
    BuildDefinition, Builder, Provenance, Resource, RunDetails, RunMetadata, Statement, Subject,
};
use crate::model::{Finding, Timestamp};

/// How such a statement's parameters are to be read: the external ones are
/// those of the build that is attested, and `finishedOn` is the moment at which
/// the digests were compared.
pub const BUILD_TYPE: &str = "urn:debcut:attest:1";

/// Tells whether two builders can come to the same file of this name.
pub fn is_reproducible(name: &str) -> bool {
    matches!(Kind::of(Path::new(name)), Kind::Package | Kind::Tarball)
}

/// Compares a rebuild with what was published, and states that it is the same:
/// every package and tarball of the provenance. `own` is the rebuild's own
/// provenance, where there is one; it must be of the same commit.
pub fn statement(
    published: &Statement,
    rebuilt: &[Subject],
    own: Option<&Statement>,
    debcut: &str,
    now: Timestamp,
) -> Result<Statement, Vec<Finding>> {
    let mut findings = Vec::new();
    let wanted = published.subjects.iter();
    let wanted: Vec<_> = wanted.filter(|s| is_reproducible(&s.name)).collect();
    if wanted.is_empty() {
        let message = "its provenance lists neither packages nor tarballs";
        findings.push(Finding::error("nothing-to-attest", "provenance", message));
    }
    for subject in &wanted {
        let name = &subject.name;
        let found = rebuilt.iter().find(|found| found.name == *name);
        match found {
            Some(found) if found.sha256 == subject.sha256 => {}
            Some(found) => {
                let message = format!(
                    "the rebuild has SHA-256 {}, the provenance says {}",
                    found.sha256, subject.sha256
                );
                findings.push(
                    Finding::error("rebuild-differs", name.as_str(), message)
                        .fix("debcut deb diff shows what differs; nothing was attested"),
                );
            }
            None => {
                let message = "it is not among the rebuilt artifacts";
                findings.push(
                    Finding::error("rebuild-incomplete", name.as_str(), message)
                        .fix("name the directory of the whole rebuild"),
                );
            }
        }
    }
    let definition = &published.provenance.build_definition;
    let sources = |statement: &Statement| -> Vec<Resource> {
        let all = &statement.provenance.build_definition.resolved_dependencies;
        let is_git = |r: &&Resource| r.digest.keys().any(|kind| kind.starts_with("git"));
        all.iter().filter(is_git).cloned().collect()
    };
    let commit = |statement: &Statement| {
        let found = sources(statement).into_iter();
        let mut commits = found.filter(|r| r.name.as_deref() == Some("commit"));
        commits
            .next()
            .and_then(|r| r.digest.get("gitCommit").cloned())
    };
    if let Some(own) = own
        && commit(own) != commit(published)
    {
        let shown = |id: Option<String>| id.unwrap_or_else(|| "no commit".to_owned());
        let message = format!(
            "the rebuild is of {}, the provenance of {}",
            shown(commit(own)),
            shown(commit(published))
        );
        findings.push(
            Finding::error("other-commit", "rebuild", message)
                .fix("build the tag that the provenance names"),
        );
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    // Who has no provenance of their own cannot tell what they built from.
    let mut dependencies = own.map(sources).unwrap_or_default();
    // What the first build was made with is what this one was made after.
    let buildinfo = published.subjects.iter();
    let mut buildinfo = buildinfo.filter(|s| Kind::of(Path::new(&s.name)) == Kind::Buildinfo);
    dependencies.extend(buildinfo.next().map(|subject| Resource {
        uri: None,
        name: Some(subject.name.clone()),
        digest: [("sha256".to_owned(), subject.sha256.hex())].into(),
    }));
    let builder = own.map(|own| own.provenance.run_details.builder.clone());
    Ok(Statement {
        subjects: wanted.into_iter().cloned().collect(),
        provenance: Provenance {
            build_definition: BuildDefinition {
                build_type: BUILD_TYPE.to_owned(),
                external_parameters: definition.external_parameters.clone(),
                internal_parameters: Default::default(),
                resolved_dependencies: dependencies,
            },
            run_details: RunDetails {
                builder: builder.unwrap_or_else(|| Builder {
                    id: "urn:debcut:builder:unstated".to_owned(),
                    version: [("debcut".to_owned(), debcut.to_owned())].into(),
                }),
                metadata: RunMetadata {
                    finished_on: Some(now),
                    ..RunMetadata::default()
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sha256;

    fn subject(name: &str, content: &str) -> Subject {
        Subject {
            name: name.to_owned(),
            sha256: Sha256::of(content.as_bytes()),
        }
    }

    fn provenance(commit: &str, subjects: Vec<Subject>) -> Statement {
        Statement {
            subjects,
            provenance: Provenance {
                build_definition: BuildDefinition {
                    build_type: "urn:debcut:build:1".to_owned(),
                    external_parameters: [("package".to_owned(), "a".into())].into(),
                    internal_parameters: Default::default(),
                    resolved_dependencies: vec![Resource {
                        name: Some("commit".to_owned()),
                        digest: [("gitCommit".to_owned(), commit.to_owned())].into(),
                        uri: None,
                    }],
                },
                run_details: RunDetails {
                    builder: Builder {
                        id: "urn:x".to_owned(),
                        version: Default::default(),
                    },
                    metadata: RunMetadata::default(),
                },
            },
        }
    }

    #[test]
    fn only_the_same_digests_are_attested() {
        let now = Timestamp::from_unix(0);
        let deb = || subject("a_1_all.deb", "deb");
        let changes = |content| subject("a_1_all.changes", content);
        let published = provenance("1", vec![deb(), changes("first")]);
        let own = |commit| provenance(commit, vec![deb(), changes("second")]);
        // (the rebuild, its own provenance's commit, the rules that break)
        let cases: [(Vec<Subject>, Option<&str>, &[&str]); 5] = [
            (vec![deb(), changes("second")], None, &[]),
            (vec![deb()], Some("1"), &[]),
            (vec![deb()], Some("2"), &["other-commit"]),
            (
                vec![subject("a_1_all.deb", "x")],
                None,
                &["rebuild-differs"],
            ),
            (vec![changes("first")], None, &["rebuild-incomplete"]),
        ];
        for (rebuilt, commit, want) in cases {
            let own = commit.map(&own);
            match statement(&published, &rebuilt, own.as_ref(), "1", now) {
                Ok(stated) => {
                    assert!(want.is_empty(), "{rebuilt:?}");
                    assert_eq!(stated.subjects, [deb()]);
                    let definition = &stated.provenance.build_definition;
                    let built_from = definition.resolved_dependencies.iter();
                    let mut built_from = built_from.filter_map(|r| r.name.as_deref());
                    let want = commit.map(|_| "commit");
                    assert_eq!(built_from.next(), want, "nobody states it unseen");
                    let read = Statement::parse(stated.to_json().as_bytes());
                    assert_eq!(read.expect("one of ours"), stated);
                }
                Err(findings) => {
                    let rules: Vec<_> = findings.iter().map(|f| f.rule).collect();
                    assert_eq!(rules, want, "{rebuilt:?}");
                }
            }
        }
        let nothing = provenance("1", vec![changes("first")]);
        assert!(statement(&nothing, &[deb()], None, "1", now).is_err());
    }
}
