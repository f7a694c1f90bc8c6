//! From a plan to tags in a real repository, with the real writers.

use super::observe::{Target, observe};
use super::plan::{Means, plan};
use crate::format::version::Version;
use crate::model::{PackageName, TagName, Timestamp};
use crate::release::TagPattern;
use crate::release::commit::Person;
use crate::release::plan::{Decision, Next, PackagePlan, ReleasePlan};
use crate::release::policy::{Bump, DebianKind, Policy, Unit};
use crate::release::prepare::apply::{apply, write_files};
use crate::release::tag;
use crate::release::version_file::VersionFile;
use crate::sys::git::scratch::Scratch;

const CHANGELOG: &str = "pp (1.0.0-1) unstable; urgency=medium\n\n  * Release.\n\n -- Una <una@example.org>  Tue, 14 Nov 2023 22:13:20 +0000\n";
const LOCK: &str = "version = 3\n\n[[package]]\nname = \"other\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"pp\"\nversion = \"1.0.0\"\n";

/// A project with every kind of file that a release changes, and its plan.
fn project() -> (Scratch, Policy, ReleasePlan) {
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
    let release = ReleasePlan {
        writing: crate::model::Sha256::of(b""),
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
    (scratch, policy, release)
}

fn rita() -> Person {
    Person {
        name: "Rita".into(),
        email: "rita@example.org".into(),
    }
}

#[test]
fn a_release_is_prepared_and_tagged_once() {
    let (scratch, policy, mut release) = project();
    let author = rita();
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

#[test]
fn written_files_are_taken_for_what_they_are() {
    let (scratch, policy, release) = project();
    let author = rita();
    let environment = scratch.environment();
    let repository = scratch.repository();
    let plan_at = |seconds: i64| {
        let tree = observe(&repository, &release, &policy, None).expect("observes");
        let means = Means {
            author: &author,
            date: Timestamp::from_unix(1_700_000_100 + seconds),
        };
        let planned = plan(&release, &policy, &tree, &means).map_err(|findings| {
            let paths = findings.into_iter().map(|finding| finding.subject);
            paths.collect::<Vec<_>>()
        });
        planned.map(|planned| {
            let planned = planned.expect("a commit");
            let there = planned.files.iter().filter(|file| tree.has(file)).count();
            (planned, there)
        })
    };
    let (first, there) = plan_at(0).expect("no findings");
    assert_eq!((first.files.len(), there), (4, 0));
    write_files(&first, &repository, &environment).expect("writes");
    // A day later, as after a night that was slept over it.
    let (second, there) = plan_at(86_400).expect("no findings");
    assert_eq!((&second.files, there), (&first.files, 4));
    write_files(&second, &repository, &environment).expect("writes nothing");
    // Killed half-way, the rest is written.
    let files = ["CHANGELOG.md", "Cargo.lock", "Cargo.toml"];
    let written = files.map(|path| scratch.read(path));
    scratch.git("checkout -- CHANGELOG.md Cargo.lock Cargo.toml");
    let (third, there) = plan_at(86_400).expect("no findings");
    assert_eq!(there, 1);
    write_files(&third, &repository, &environment).expect("writes the rest");
    assert_eq!(files.map(|path| scratch.read(path)), written);
    // Somebody else's changes are refused, and kept.
    scratch.write("Cargo.toml", "[package]\nname = \"mine\"\n");
    assert_eq!(plan_at(0).err(), Some(vec!["Cargo.toml".to_owned()]));
    write_files(&third, &repository, &environment).expect_err("it is changed");
    scratch.write("Cargo.toml", &written[2]);
    // The release commit takes them in, staged or not.
    scratch.git("add Cargo.toml");
    let (fourth, _) = plan_at(90_000).expect("no findings");
    apply(&fourth, &repository, &environment).expect("applies");
    assert_eq!(scratch.git("status --porcelain"), "");
    assert_eq!(fourth.date, Timestamp::from_unix(1_700_090_100));
}

#[test]
fn a_workspace_stays_one_that_cargo_takes() {
    let scratch = Scratch::new();
    let member = |name: &str, version: &str| {
        scratch.write(
            &format!("crates/{name}/Cargo.toml"),
            &format!("[package]\nname = \"{name}\"\n{version}\nedition = \"2021\"\n"),
        );
        scratch.write(&format!("crates/{name}/src/lib.rs"), "");
    };
    scratch.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"crates/*\"]\nresolver = \"2\"\n\n[workspace.package]\nversion = \"1.0.0\"\n",
    );
    member("pp", "version.workspace = true");
    member("side", "version.workspace = true");
    // It says the same by chance.
    member("own", "version = \"1.0.0\"");
    scratch.write(".gitignore", "target\n");
    let cargo = |words: &[&str]| {
        let output = std::process::Command::new(env!("CARGO"))
            .args(words)
            .current_dir(scratch.top())
            .output()
            .expect("cargo runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{words:?}: {said}");
    };
    cargo(&["generate-lockfile", "--offline"]);
    let (_, mut policy, mut release) = project();
    let unit = &mut policy.units[0];
    unit.version_files = vec![VersionFile::new("crates/pp/Cargo.toml")];
    unit.changes_file = None;
    scratch.write("debian/changelog", CHANGELOG);
    release.head = scratch.commit("first");
    let environment = scratch.environment();
    let repository = scratch.repository();
    let author = rita();
    let date = Timestamp::from_unix(1_700_000_100);
    let means = Means {
        author: &author,
        date,
    };
    let tree = observe(&repository, &release, &policy, None).expect("observes");
    let planned = plan(&release, &policy, &tree, &means).expect("no findings");
    let planned = planned.expect("a commit");
    let paths: Vec<_> = planned
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(paths, ["Cargo.lock", "Cargo.toml", "debian/changelog"]);
    release.head = apply(&planned, &repository, &environment)
        .expect("applies")
        .commit;
    cargo(&["metadata", "--locked", "--offline", "--format-version=1"]);
    let lock = scratch.read("Cargo.lock");
    assert!(
        lock.contains("name = \"own\"\nversion = \"1.0.0\""),
        "{lock}"
    );
    assert!(
        lock.contains("name = \"side\"\nversion = \"1.1.0\""),
        "{lock}"
    );
    let facts = tag::observe::observe(&repository, &release, &policy, None).expect("observes");
    tag::plan::plan(&release, &policy, &facts, date).expect("agrees");
}
