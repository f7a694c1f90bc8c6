use super::*;
use crate::format::version::Version;
use crate::release::TagPattern;
use crate::release::plan::{Decision, ReleasePlan};
use crate::release::policy::{DebianKind, Policy};
use crate::release::tag::observe::observe;
use crate::release::version_file::VersionFile;
use crate::sys::git::scratch::Scratch;

struct World {
    scratch: Scratch,
    policy: Policy,
    release: ReleasePlan,
}

const CHANGELOG: &str = "pp (1.0-1) unstable; urgency=medium\n\n  * Release.\n\n -- Una <una@example.org>  Tue, 14 Nov 2023 22:13:20 +0000\n";

impl World {
    /// A package `pp` 1.0-1 whose release commit is HEAD.
    fn new(changelog: &str, version_file: &str) -> Self {
        let scratch = Scratch::new();
        scratch.write("debian/changelog", changelog);
        scratch.write("VERSION", version_file);
        let commit = scratch.commit("release");
        let mut world = Self {
            scratch,
            policy: Policy::usual(Vec::new()),
            release: ReleasePlan {
                writing: crate::model::Sha256::of(b""),
                head: commit.clone(),
                branch: None,
                packages: Vec::new(),
                ignored: Vec::new(),
            },
        };
        world.package("pp", "v1.0", "v{version}", commit);
        world
    }

    fn package(&mut self, name: &str, tag: &str, pattern: &str, commit: String) {
        let name = PackageName::new(name).expect("name");
        self.release.packages.push(PackagePlan {
            unit: self.policy.units.len(),
            name: name.clone(),
            path: String::new(),
            current: None,
            since: None,
            decision: Decision::Prepared {
                version: "1.0".into(),
                debian_version: Version::new("1.0-1").expect("version"),
                tag: TagName::new(tag).expect("tag"),
                commit,
                later: 0,
            },
            changes: Vec::new(),
            ignored: Vec::new(),
        });
        self.policy.units.push(Unit {
            name,
            path: String::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            former_paths: Vec::new(),
            tags: vec![TagPattern::new(pattern).expect("pattern")],
            upstream_tags: Vec::new(),
            version_files: vec![VersionFile::new("VERSION")],
            debian: DebianKind::Changelog {
                path: "debian/changelog".into(),
            },
            depends_on: Vec::new(),
            changes_file: None,
        });
    }

    fn planned(&self) -> Result<TagPlan, Vec<Finding>> {
        let repository = self.scratch.repository();
        let facts = observe(&repository, &self.release, &self.policy, None).expect("observes");
        let date = Timestamp::from_unix(1_700_000_000);
        plan(&self.release, &self.policy, &facts, date)
    }

    fn rules(&self) -> Vec<&'static str> {
        let findings = self.planned().expect_err("findings");
        findings.into_iter().map(|finding| finding.rule).collect()
    }
}

#[test]
fn the_tag_goes_on_the_release_commit_even_when_the_branch_has_moved() {
    let world = World::new(CHANGELOG, "1.0\n");
    let release = world.scratch.head();
    world.scratch.write("VERSION", "2.0-dev\n");
    world.scratch.commit("next");
    let planned = world.planned().expect("agrees");
    assert_eq!(planned.new.len(), 1);
    assert_eq!(planned.new[0].commit, release);
    assert_eq!(planned.new[0].name.as_str(), "v1.0");
    assert!(planned.new[0].message.starts_with("pp 1.0\n"));
}

#[test]
fn tree_changelog_and_tag_must_agree() {
    let other = CHANGELOG.replace("1.0-1", "1.1-1");
    let source = CHANGELOG.replace("pp (", "qq (");
    let unreleased = CHANGELOG.replace("unstable", "UNRELEASED");
    let cases: [(&str, &str, &str, &[&str]); 7] = [
        (CHANGELOG, "1.1\n", "v1.0", &["version-file-mismatch"]),
        (
            CHANGELOG,
            "none at all\n",
            "v1.0",
            &["version-file-unreadable"],
        ),
        (&other, "1.0\n", "v1.0", &["changelog-version"]),
        (&source, "1.0\n", "v1.0", &["changelog-version"]),
        (&unreleased, "1.0\n", "v1.0", &["unreleased"]),
        ("nothing\n", "1.0\n", "v1.0", &["changelog-unreadable"]),
        (
            &other,
            "1.1\n",
            "v2.0",
            &[
                "version-file-mismatch",
                "changelog-version",
                "tag-changelog-mismatch",
            ],
        ),
    ];
    for (changelog, version, tag, want) in cases {
        let mut world = World::new(changelog, version);
        if let Decision::Prepared { tag: wanted, .. } = &mut world.release.packages[0].decision {
            *wanted = TagName::new(tag).expect("tag");
        }
        assert_eq!(world.rules(), want, "{changelog} {version} {tag}");
    }
    let mut world = World::new(CHANGELOG, "1.0\n");
    world.policy.units[0].version_files = vec![VersionFile::new("gone")];
    world.policy.units[0].debian = DebianKind::Changelog {
        path: "gone".into(),
    };
    assert_eq!(world.rules(), ["version-file-missing", "changelog-missing"]);
}

#[test]
fn a_tag_that_is_there_is_fine_on_the_same_commit_only() {
    let world = World::new(CHANGELOG, "1.0\n");
    world.scratch.git("tag -a -m x v1.0");
    let planned = world.planned().expect("nothing to do");
    assert!(planned.new.is_empty());
    assert_eq!(planned.there[0].name.as_str(), "v1.0");

    let release = world.scratch.head();
    world.scratch.git("commit -q --allow-empty -m next");
    world.scratch.git("tag -f -a -m x v1.0");
    let findings = world.planned().expect_err("taken");
    assert_eq!(findings[0].rule, "tag-taken");
    for commit in [release, world.scratch.head()] {
        assert!(
            findings[0].message.contains(&commit),
            "{}",
            findings[0].message
        );
    }
}

#[test]
fn packages_of_one_version_share_a_tag_and_others_do_not() {
    let mut world = World::new(CHANGELOG, "1.0\n");
    let commit = world.scratch.head();
    world.package("qq", "v1.0", "v{version}", commit);
    world.policy.units[1].debian = DebianKind::Declared {
        revision: Some("1".into()),
        changelog: None,
        distribution: "stable".into(),
        maintainer: "Una <una@example.org>".into(),
    };
    let planned = world.planned().expect("agrees");
    assert_eq!(planned.new.len(), 1);
    let message = &planned.new[0].message;
    assert!(
        message.contains("pp 1.0") && message.contains("qq 1.0"),
        "{message}"
    );
    // The same name on another commit is another tag.
    world.scratch.write("other", "x\n");
    world.scratch.commit("next");
    let other = world.scratch.head();
    let Decision::Prepared { commit, .. } = &mut world.release.packages[1].decision else {
        panic!("it is prepared");
    };
    *commit = other;
    assert_eq!(world.rules(), ["tag-shared"]);
}

#[test]
fn notes_cannot_begin_a_signature() {
    let text = "notes\n-----BEGIN PGP SIGNATURE-----  \nx";
    assert_eq!(harmless(text), "notes\n -----BEGIN PGP SIGNATURE-----  \nx");
}
