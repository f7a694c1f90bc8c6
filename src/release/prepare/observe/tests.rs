use super::*;
use crate::format::version::Version;
use crate::model::{PackageName, TagName};
use crate::release::plan::Decision;
use crate::release::policy::{Bump, DebianKind, Unit};
use crate::release::version_file::VersionFile;
use crate::sys::git::scratch::Scratch;

/// A project with one package, and a plan to release it.
fn project() -> (Scratch, Policy, ReleasePlan) {
    let scratch = Scratch::new();
    for path in ["VERSION", "tool", "other", "debian/changelog", "needs"] {
        scratch.write(path, &format!("{path} of HEAD\n"));
    }
    std::os::unix::fs::symlink("VERSION", scratch.top().join("link")).expect("links");
    let tool = scratch.top().join("tool");
    let program = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(tool, program).expect("mode");
    let head = scratch.commit("first");
    let name = PackageName::new("pp").expect("name");
    let files = ["VERSION", "tool", "link", "gone", "debian"];
    let policy = Policy::usual(vec![Unit {
        name: name.clone(),
        path: String::new(),
        include: Vec::new(),
        exclude: Vec::new(),
        former_paths: Vec::new(),
        tags: Vec::new(),
        upstream_tags: Vec::new(),
        version_files: files.map(VersionFile::new).into(),
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
                version: "1.1".into(),
                number: Some("1.1".into()),
                debian_version: Version::new("1.1-1").expect("version"),
                tag: Some(TagName::new("v1.1").expect("tag")),
                bump: Bump::Patch,
                reason: String::new(),
                binary_only: false,
                opening: None,
                distribution: None,
                again: None,
                requirements: vec![(VersionFile::new("needs"), "2".into())],
            }),
            changes: Vec::new(),
            ignored: Vec::new(),
        }],
        ignored: Vec::new(),
    };
    (scratch, policy, release)
}

#[test]
fn files_are_those_of_the_commit_not_of_the_work_tree() {
    let (scratch, mut policy, release) = project();
    scratch.write("VERSION", "changed\n");
    scratch.write("other", "changed\n");
    scratch.write("CHANGELOG.md", "untracked\n");
    scratch.write("needs", "staged\n");
    scratch.git("add needs");
    scratch.write("needs", "needs of HEAD\n");
    policy.notes.templates = BTreeMap::from([
        ("text".to_owned(), "other".to_owned()),
        ("html".to_owned(), "gone".to_owned()),
    ]);
    let tree = observe(&scratch.repository(), &release, &policy, None).expect("observes");
    let files: Vec<_> = tree
        .files
        .iter()
        .map(|(path, (content, program))| {
            assert_eq!(*content, format!("{path} of HEAD\n").as_bytes());
            (path.as_str(), *program)
        })
        .collect();
    assert_eq!(
        files,
        [
            ("VERSION", false),
            ("debian/changelog", false),
            ("needs", false),
            ("tool", true)
        ]
    );
    let others: Vec<_> = tree.no_files.into_iter().collect();
    let named = |path: &str, what| (path.to_owned(), what);
    assert_eq!(
        others,
        [
            named("debian", "a directory"),
            named("link", "a symbolic link")
        ]
    );
    let dirty: Vec<_> = tree.dirty.iter().map(String::as_str).collect();
    assert!(
        dirty.contains(&"VERSION") && dirty.contains(&"needs"),
        "{dirty:?}"
    );
    assert!(dirty.contains(&"CHANGELOG.md"), "{dirty:?}");
    assert!(
        !dirty.contains(&"tool") && !dirty.contains(&"gone"),
        "{dirty:?}"
    );
    assert_eq!(tree.templates["text"], "other of HEAD\n");
    assert_eq!(tree.templates.len(), 1);
}

#[test]
fn targets_are_told_apart() {
    let (scratch, policy, release) = project();
    let target = |branch: Option<&str>| {
        let tree = observe(&scratch.repository(), &release, &policy, branch);
        tree.expect("observes").target
    };
    let head = release.head.clone();
    let name = || "side".to_owned();
    let main = Target::Head {
        branch: Some("main".into()),
    };
    assert_eq!(target(None), main);
    assert_eq!(target(Some("main")), main);
    assert_eq!(target(Some("side")), Target::New { branch: name() });
    scratch.git("branch side");
    let behind = Target::Behind {
        branch: name(),
        at: head.clone(),
    };
    assert_eq!(target(Some("side")), behind);
    scratch.git("worktree add -q ../side side");
    let side = scratch.dir().join("side");
    match target(Some("side")) {
        Target::Elsewhere { work_tree, .. } => {
            assert_eq!(work_tree.canonicalize().ok(), side.canonicalize().ok());
        }
        other => panic!("{other:?}"),
    }
    // Seen from the other work tree, it is the main one that is elsewhere.
    let other = Repository::discover(&side).expect("a work tree");
    let seen = super::target(&other, &head, Some("main")).expect("observes");
    assert!(matches!(seen, Target::Elsewhere { .. }), "{seen:?}");
    scratch.at(&side, "commit -q --allow-empty -m one");
    scratch.git("worktree remove --force ../side");
    let at = scratch.git("rev-parse side");
    let message = "one\n".to_owned();
    let branch = name();
    let ahead = Target::Ahead {
        branch,
        at,
        message,
    };
    assert_eq!(target(Some("side")), ahead);
    scratch.git("checkout -q side");
    scratch.git("commit -q --allow-empty -m two");
    scratch.git("checkout -q --detach main");
    let at = scratch.git("rev-parse side");
    let branch = name();
    assert_eq!(target(Some("side")), Target::Diverged { branch, at });
    assert_eq!(target(None), Target::Head { branch: None });
}
