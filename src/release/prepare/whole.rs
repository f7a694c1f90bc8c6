//! From a plan to tags in a real repository, with the real writers.

use super::observe::{Target, observe};
use super::plan::{Means, plan};
use crate::format::version::Version;
use crate::model::{PackageName, TagName, Timestamp};
use crate::release::TagPattern;
use crate::release::commit::Person;
use crate::release::plan::{Decision, Next, PackagePlan, ReleasePlan};
use crate::release::policy::{Bump, DebianKind, Policy, Unit};
use crate::release::prepare::apply::apply;
use crate::release::tag;
use crate::release::version_file::VersionFile;
use crate::sys::git::scratch::Scratch;

const CHANGELOG: &str = "pp (1.0.0-1) unstable; urgency=medium\n\n  * Release.\n\n -- Una <una@example.org>  Tue, 14 Nov 2023 22:13:20 +0000\n";
const LOCK: &str = "version = 3\n\n[[package]]\nname = \"other\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"pp\"\nversion = \"1.0.0\"\n";

#[test]
fn a_release_is_prepared_and_tagged_once() {
    let scratch = Scratch::new();
    scratch.write(
        "Cargo.toml",
        "[package]\nname = \"pp\"\nversion = \"1.0.0\"\n",
    );
    scratch.write("Cargo.lock", LOCK);
    scratch.write("debian/changelog", CHANGELOG);
    scratch.write(
        "CHANGELOG.md",
        "# Changelog\n\n## [1.0.0] - 2023-11-14\n\n- First.\n",
    );
    let head = scratch.commit("first");
    let name = PackageName::new("pp").expect("name");
    let policy = Policy::usual(vec![Unit {
        name: name.clone(),
        path: String::new(),
        include: Vec::new(),
        exclude: Vec::new(),
        former_paths: Vec::new(),
        tags: vec![TagPattern::new("v{version}").expect("pattern")],
        upstream_tags: Vec::new(),
        version_files: vec![VersionFile::new("Cargo.toml")],
        debian: DebianKind::Changelog {
            path: "debian/changelog".into(),
        },
        depends_on: Vec::new(),
        changes_file: Some("CHANGELOG.md".into()),
    }]);
    let mut release = ReleasePlan {
        head,
        branch: Some("main".into()),
        packages: vec![PackagePlan {
            unit: 0,
            name,
            path: String::new(),
            current: None,
            since: None,
            decision: Decision::Release(Next {
                version: "1.1.0".into(),
                number: Some("1.1.0".into()),
                debian_version: Version::new("1.1.0-1").expect("version"),
                tag: Some(TagName::new("v1.1.0").expect("tag")),
                bump: Bump::Minor,
                reason: String::new(),
                binary_only: false,
                opening: Some("New upstream release.".into()),
                distribution: None,
                again: None,
                requirements: Vec::new(),
            }),
            changes: Vec::new(),
            ignored: Vec::new(),
        }],
        ignored: Vec::new(),
    };
    let author = Person {
        name: "Rita".into(),
        email: "rita@example.org".into(),
    };
    let date = Timestamp::from_unix(1_700_000_100);
    let means = Means {
        author: &author,
        date,
    };
    let environment = scratch.environment();
    let repository = scratch.repository();
    let tree = observe(&repository, &release, &policy, None).expect("observes");
    assert!(matches!(tree.target, Target::Head { .. }));
    let planned = plan(&release, &policy, &tree, &means).expect("no findings");
    let planned = planned.expect("a commit");
    let paths: Vec<_> = planned
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            "CHANGELOG.md",
            "Cargo.lock",
            "Cargo.toml",
            "debian/changelog"
        ]
    );
    // Not prepared yet: the tree does not agree with the tag.
    let facts = tag::observe::observe(&repository, &release, &policy, None).expect("observes");
    let findings = tag::plan::plan(&release, &policy, &facts, date).expect_err("disagrees");
    let rules: Vec<_> = findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(
        rules,
        [
            "version-file-mismatch",
            "version-file-mismatch",
            "changelog-version"
        ]
    );

    let prepared = apply(&planned, &repository, &environment).expect("applies");
    assert_eq!(scratch.git("status --porcelain"), "");
    let lock = LOCK.replace(
        "name = \"pp\"\nversion = \"1.0.0\"",
        "name = \"pp\"\nversion = \"1.1.0\"",
    );
    assert_eq!(scratch.read("Cargo.lock"), lock);
    assert!(scratch.read("debian/changelog").ends_with(CHANGELOG));
    release.head = prepared.commit.clone();
    let tree = observe(&repository, &release, &policy, None).expect("observes");
    assert_eq!(plan(&release, &policy, &tree, &means), Ok(None));

    let facts = tag::observe::observe(&repository, &release, &policy, None).expect("observes");
    let tags = tag::plan::plan(&release, &policy, &facts, date).expect("agrees");
    let signing = tag::apply::Signing::None;
    tag::apply::apply(
        &tags.new,
        &repository,
        &environment,
        &signing,
        &author,
        date,
    )
    .expect("tags");
    assert_eq!(scratch.git("rev-parse v1.1.0^{commit}"), prepared.commit);
    let facts = tag::observe::observe(&repository, &release, &policy, None).expect("observes");
    let tags = tag::plan::plan(&release, &policy, &facts, date).expect("agrees");
    assert_eq!((tags.new.len(), tags.there.len()), (0, 1));
    scratch.git("fsck --strict --no-dangling");
}
