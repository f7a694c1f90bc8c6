use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::format::changelog::Entry;
use crate::format::version::Version;
use crate::model::{PackageName, TagName};
use crate::release::notes::changes_file::ChangesFileError;
use crate::release::plan::{Decision, Next, PackagePlan};
use crate::release::policy::{Bump, DebianKind, Unit};
use crate::release::version_file::{VersionFile, VersionFileError};

/// Writers whose results can be told at a glance: they replace a first line, and
/// put a section in front.
const SIMPLE: Writers = Writers {
    version_file: |file, text, to| {
        let old = file.version_in(text)?;
        if old.starts_with("fixed") {
            return Err(VersionFileError::Malformed {
                path: file.path.clone(),
                line: 1,
                message: "it cannot be changed".into(),
            });
        }
        Ok(text.replacen(&old, to, 1))
    },
    changelog: |old, wanted, _| {
        let suite = wanted.distribution.map_or("unstable", AsRef::as_ref);
        let entry = format!(
            "{} ({}) {suite}; urgency=medium\n\n  * {}\n\n -- {} <{}>  {}\n\n",
            wanted.source,
            wanted.version,
            wanted.opening.unwrap_or("Release."),
            wanted.maintainer.name,
            wanted.maintainer.email,
            wanted.date.rfc2822(),
        );
        Ok([entry.as_bytes(), old].concat())
    },
    changes_file: |old, notes| {
        let version = notes.version.clone().unwrap_or_default();
        if old.contains(&version) {
            return Err(ChangesFileError::Taken { version, line: 1 });
        }
        Ok(format!("## {} {version}\n{old}", notes.package))
    },
};

struct World {
    policy: Policy,
    release: ReleasePlan,
    tree: Tree,
}

fn package(name: &str) -> PackageName {
    PackageName::new(name).expect("name")
}

impl World {
    fn new() -> Self {
        Self {
            policy: Policy::usual(Vec::new()),
            release: ReleasePlan {
                writing: crate::model::Sha256::of(b""),
                head: "1".repeat(40),
                branch: Some("main".into()),
                packages: Vec::new(),
                ignored: Vec::new(),
            },
            tree: Tree {
                target: Target::Head {
                    branch: Some("main".into()),
                },
                ..Tree::default()
            },
        }
    }

    fn file(mut self, path: &str, text: &str) -> Self {
        let file = (text.as_bytes().to_vec(), false);
        self.tree.files.insert(path.into(), file);
        self
    }

    /// Adds a package that is released, with these version files.
    fn releases(mut self, name: &str, version: &str, files: &[&str]) -> Self {
        self.release.packages.push(PackagePlan {
            unit: self.policy.units.len(),
            name: package(name),
            path: String::new(),
            current: None,
            since: None,
            decision: Decision::Release(Next {
                version: version.into(),
                number: Some(version.into()),
                debian_version: Version::new(format!("{version}-1")).expect("version"),
                tag: Some(TagName::new(format!("{name}/{version}")).expect("tag")),
                bump: Bump::Patch,
                reason: String::new(),
                binary_only: false,
                opening: None,
                distribution: None,
                again: None,
                requirements: Vec::new(),
            }),
            changes: Vec::new(),
            ignored: Vec::new(),
        });
        self.policy.units.push(Unit {
            name: package(name),
            path: String::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            former_paths: Vec::new(),
            tags: Vec::new(),
            upstream_tags: Vec::new(),
            version_files: files.iter().map(|path| VersionFile::new(*path)).collect(),
            debian: DebianKind::Declared {
                revision: Some("1".into()),
                changelog: None,
                distribution: "stable".into(),
                maintainer: "Una <una@example.org>".into(),
            },
            depends_on: Vec::new(),
            changes_file: None,
        });
        self
    }

    fn unit(mut self, change: impl FnOnce(&mut Unit)) -> Self {
        change(self.policy.units.last_mut().expect("a package"));
        self
    }

    fn next(mut self, change: impl FnOnce(&mut Next)) -> Self {
        match &mut self
            .release
            .packages
            .last_mut()
            .expect("a package")
            .decision
        {
            Decision::Release(next) => change(next),
            _ => unreachable!(),
        }
        self
    }

    fn planned(&self) -> Result<Option<PreparePlan>, Vec<Finding>> {
        let author = Person {
            name: "Rita".into(),
            email: "rita@example.org".into(),
        };
        let means = Means {
            author: &author,
            date: Timestamp::from_unix(1_700_000_000),
        };
        plan_by(&SIMPLE, &self.release, &self.policy, &self.tree, &means)
    }

    /// The files of the plan by path.
    fn files(&self) -> BTreeMap<String, String> {
        let planned = self.planned().expect("no findings").expect("a commit");
        let text = |file: FileEdit| String::from_utf8(file.after).expect("text");
        let files = planned.files.into_iter();
        files.map(|file| (file.path.clone(), text(file))).collect()
    }

    fn rules(&self) -> Vec<(&'static str, String)> {
        let findings = self.planned().expect_err("findings");
        let named = findings.into_iter().map(|finding| {
            assert!(!finding.message.is_empty() && finding.is_error());
            assert!(!finding.fix.is_empty(), "{finding:?}");
            (finding.rule, finding.subject)
        });
        named.collect()
    }
}

fn with_changelog(unit: &mut Unit) {
    unit.debian = DebianKind::Changelog {
        path: "debian/changelog".into(),
    };
}

#[test]
fn all_files_of_a_release_are_edited() {
    let world = World::new()
        .file("VERSION", "1.0\nrest\n")
        .file("debian/changelog", "old \u{fe}\n")
        .file("README", "1.0\n")
        .file("needs", "1.0\n")
        .releases("pp", "1.1", &["VERSION"])
        .unit(with_changelog)
        .unit(|unit| unit.changes_file = Some("CHANGELOG.md".into()))
        .next(|next| {
            next.requirements = vec![(VersionFile::new("needs"), "3.2".into())];
            next.distribution = Some("bookworm-backports".into());
            next.opening = Some("Rebuild for bookworm.".into());
        });
    let planned = world.planned().expect("no findings").expect("a commit");
    let what: Vec<_> = planned
        .files
        .iter()
        .map(|file| {
            (
                file.path.as_str(),
                file.what.as_str(),
                file.before.is_some(),
            )
        })
        .collect();
    assert_eq!(
        what,
        [
            ("CHANGELOG.md", "the notes of 1.1", false),
            ("VERSION", "1.0 → 1.1", true),
            ("debian/changelog", "the entry of 1.1-1", true),
            ("needs", "1.0 → 3.2", true),
        ]
    );
    let files = world.files();
    assert_eq!(files["VERSION"], "1.1\nrest\n");
    assert_eq!(files["CHANGELOG.md"], "## pp 1.1\n");
    let entry = Entry::newest(files["debian/changelog"].as_bytes()).expect("an entry");
    assert_eq!(entry.distributions[0].as_str(), "bookworm-backports");
    assert_eq!(entry.maintainer, "Rita <rita@example.org>");
    assert!(files["debian/changelog"].ends_with("old \u{fe}\n"));
    assert_eq!(
        planned.message,
        format!(
            "chore(release): pp 1.1\n\nDebcut-Release: pp 1.1\nDebcut-Plan: {}\n",
            world.release.digest()
        )
    );
    assert_eq!(planned.parent, "1".repeat(40));
    assert_eq!(planned.advance, Advance::Current);
    assert_eq!(planned.branch.as_deref(), Some("main"));
}

#[test]
fn old_entries_need_not_be_utf_8() {
    let mut world = World::new().releases("pp", "1.1", &[]).unit(with_changelog);
    let old = (b"caf\xe9\n".to_vec(), false);
    world.tree.files.insert("debian/changelog".into(), old);
    let planned = world.planned().expect("no findings").expect("a commit");
    assert!(planned.files[0].after.ends_with(b"caf\xe9\n"));
}

#[test]
fn packages_that_share_files_compose() {
    let world = World::new()
        .file("VERSION", "1.0\n")
        .releases("aa", "1.1", &["VERSION"])
        .unit(|unit| unit.changes_file = Some("CHANGELOG.md".into()))
        .releases("bb", "1.1", &["VERSION"])
        .releases("cc", "2.0", &[])
        .unit(|unit| unit.changes_file = Some("CHANGELOG.md".into()));
    let files = world.files();
    assert_eq!(files["VERSION"], "1.1\n");
    assert_eq!(files["CHANGELOG.md"], "## cc 2.0\n## aa 1.1\n");
    let message = world.planned().expect("plans").expect("a commit").message;
    let want = "chore(release): aa 1.1, bb 1.1, cc 2.0\n\n\
         Debcut-Release: aa 1.1\nDebcut-Release: bb 1.1\nDebcut-Release: cc 2.0\nDebcut-Plan: ";
    assert!(message.starts_with(want), "{message}");
    let world = World::new()
        .file("VERSION", "1.0\n")
        .releases("aa", "1.1", &["VERSION"])
        .releases("bb", "1.2", &["VERSION"]);
    let mismatch = ("version-file-mismatch", "VERSION".to_owned());
    assert_eq!(world.rules(), [mismatch]);
}

#[test]
fn all_that_stands_against_it_is_said_at_once() {
    let mut world = World::new()
        .file("fixed", "fixed\n")
        .file("VERSION", "1.0\n")
        .file("CHANGELOG.md", "1.1 is there\n")
        .releases("pp", "1.1", &["VERSION", "gone", "fixed", "link", "latin"])
        .unit(|unit| unit.changes_file = Some("CHANGELOG.md".into()))
        .unit(with_changelog)
        .next(|next| next.distribution = Some("not a suite".into()));
    world.tree.no_files.insert("link".into(), "a symbolic link");
    let latin = (b"1.0\n\xe9".to_vec(), false);
    world.tree.files.insert("latin".into(), latin);
    world.tree.dirty = vec!["VERSION".into(), "fixed".into()];
    world.policy.message = "{{ nothing.at.all }}".into();
    let template = ("html".to_owned(), "notes.html".to_owned());
    world.policy.notes.templates.extend([template]);
    world.tree.target = Target::Elsewhere {
        branch: "side".into(),
        work_tree: PathBuf::from("/else"),
    };
    let rules: Vec<_> = world.rules();
    let rules: Vec<(&str, &str)> = rules
        .iter()
        .map(|(rule, of)| (*rule, of.as_str()))
        .collect();
    assert_eq!(
        rules,
        [
            ("version-file-missing", "gone"),
            ("version-file-unreadable", "fixed"),
            ("release-file-kind", "link"),
            ("release-file-encoding", "latin"),
            ("changelog-entry", "debian/changelog"),
            ("changes-file", "CHANGELOG.md"),
            ("message-template", "debcut.toml"),
            ("template-missing", "notes.html"),
            ("dirty-release-file", "VERSION"),
            ("branch-checked-out", "side"),
        ]
    );
}

#[test]
fn what_is_true_already_is_not_planned() {
    let nothing = |world: World| assert_eq!(world.planned(), Ok(None));
    nothing(World::new());
    nothing(
        World::new()
            .file("VERSION", "1.1\n")
            .releases("pp", "1.1", &["VERSION"]),
    );
    // A dirty file that the release does not change is no problem.
    let mut world = World::new()
        .file("VERSION", "1.1\n")
        .releases("pp", "1.1", &["VERSION"]);
    world.tree.dirty = vec!["VERSION".into()];
    nothing(world);
    // A binary-only rebuild is not committed.
    nothing(
        World::new()
            .file("VERSION", "1.0\n")
            .releases("pp", "1.0", &["VERSION"])
            .unit(with_changelog)
            .next(|next| next.binary_only = true),
    );
    // The branch has the commit already.
    let mut world = World::new()
        .file("VERSION", "1.0\n")
        .releases("pp", "1.1", &["VERSION"]);
    let ahead = |message: &str| Target::Ahead {
        branch: "release/1.1".into(),
        at: "2".repeat(40),
        message: message.into(),
    };
    world.tree.target = ahead("any\n\nDebcut-Release: pp 1.1\n");
    assert_eq!(world.planned(), Ok(None));
    world.tree.target = ahead("any\n\nDebcut-Release: pp 1.0\n");
    assert_eq!(
        world.rules(),
        [("branch-diverged", "release/1.1".to_owned())]
    );
}

#[test]
fn messages_keep_trailers_where_git_finds_them() {
    let subject = "chore(release): pp 1.1 (1.1-1, pp/1.1) on main";
    let trailer = "Debcut-Release: pp 1.1\n";
    let known = "chore(release): {% for p in packages %}{{ p.name }} {{ p.version }} \
                 ({{ p.debian_version }}, {{ p.tag }}){% endfor %} on {{ branch }}";
    let cases = [
        (known.to_owned(), format!("{subject}\n\n{trailer}")),
        (
            format!("{known}\n\nText: of\nsome kind\n\n"),
            format!("{subject}\n\nText: of\nsome kind\n\n{trailer}"),
        ),
        (
            format!("{known}\n\nSigned-off-by: Rita <r@x.org>"),
            format!("{subject}\n\nSigned-off-by: Rita <r@x.org>\n{trailer}"),
        ),
        ("fix: it".to_owned(), format!("fix: it\n\n{trailer}")),
    ];
    for (template, want) in cases {
        let mut world = World::new()
            .file("VERSION", "1.0\n")
            .releases("pp", "1.1", &["VERSION"]);
        world.policy.message = template.clone();
        let planned = world.planned().expect("plans").expect("a commit");
        let trailer = format!("{trailer}Debcut-Plan: {}\n", world.release.digest());
        let want = want.replace("Debcut-Release: pp 1.1\n", &trailer);
        assert_eq!(planned.message, want, "{template}");
        let git = crate::sys::git::scratch::Scratch::new();
        git.write("message", &planned.message);
        let found = git.git("interpret-trailers --parse message");
        assert!(found.ends_with(trailer.trim_end()), "{found}");
    }
}

proptest! {
    #[test]
    fn planning_after_applying_yields_nothing(
        released in prop::collection::vec((0u8..4, 0u8..3, any::<bool>(), any::<bool>()), 1..6),
        start in prop::collection::vec(0u8..3, 4),
    ) {
        let mut world = World::new();
        for (at, version) in start.iter().enumerate() {
            world = world.file(&format!("f{at}"), &format!("0.{version}\n"));
        }
        for (at, (file, version, changelog, changes)) in released.iter().enumerate() {
            let name = format!("pp{at}");
            world = world
                .releases(&name, &format!("1.{version}"), &[&format!("f{file}")])
                .unit(|unit| if *changelog {
                    unit.debian = DebianKind::Changelog { path: format!("{name}/changelog") };
                })
                .unit(|unit| unit.changes_file = changes.then(|| format!("{name}/CHANGES")));
        }
        if let Ok(planned) = world.planned() {
            let planned = planned.expect("every version is new");
            for file in &planned.files {
                let before = world.tree.files.get(&file.path).map(|(bytes, _)| bytes);
                prop_assert_eq!(before, file.before.as_ref());
                prop_assert_ne!(before, Some(&file.after));
                world.tree.files.insert(file.path.clone(), (file.after.clone(), false));
            }
            // A section that is there is refused by these writers, not repeated.
            for unit in &mut world.policy.units {
                unit.changes_file = None;
            }
            prop_assert_eq!(world.planned(), Ok(None));
        } else {
            let versions: std::collections::BTreeSet<_> =
                released.iter().map(|(file, version, ..)| (file, version)).collect();
            let files: std::collections::BTreeSet<_> =
                released.iter().map(|(file, ..)| file).collect();
            prop_assert!(versions.len() > files.len(), "refused without a conflict");
        }
    }
}
