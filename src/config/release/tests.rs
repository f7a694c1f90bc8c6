use super::*;
use crate::config::Project;
use crate::format::changelog::Urgency;
use crate::release::policy::{DebianKind, Follow, GroupKind, When};

const THREE: &str = "\
[[package]]\nname = \"aa\"\npath = \"aa\"\n\
[[package]]\nname = \"bb\"\npath = \"bb\"\n\
[[package]]\nname = \"libcc\"\npath = \"cc\"\n";

fn read(text: &str) -> Policy {
    Project::parse("debcut.toml", text).expect(text).release
}

#[track_caller]
fn refused(text: &str, want: &str) {
    let error = Project::parse("debcut.toml", text)
        .expect_err(text)
        .to_string();
    let want = format!("debcut.toml:{want}");
    assert!(error.starts_with(&want), "{text}\n{error}\nwanted {want}");
}

fn settled(text: &str, files: &[&str], tags: &[&str], remote: Option<&str>) -> Policy {
    let tags: Vec<_> = tags
        .iter()
        .map(|tag| TagName::new(*tag).expect("tag"))
        .collect();
    let around = Surroundings {
        has_file: &|path| files.contains(&path),
        tags: &tags,
        remote,
    };
    Project::parse("debcut.toml", text)
        .expect(text)
        .policy(&around)
}

#[test]
fn nothing_written_is_the_usual_policy() {
    let policy = read("");
    let usual = Policy::usual(Vec::new());
    assert_eq!(format!("{policy:?}"), format!("{usual:?}"));
}

#[test]
fn every_key_is_read() {
    let policy = read(
        "[[package]]\nname = \"aa\"\npath = \"aa\"\ntag = \"aa-{version}\"\n\
         include = [\"./shared/**\"]\nexclude = [\"aa/docs/\"]\nformer-paths = [\"old/aa\"]\n\
         changes-file = \"aa/NEWS.md\"\n\
         version-files = [\"aa/Cargo.toml\", { path = \"aa/v.py\", pattern = \"v = '{version}'\", count = 2 }]\n\
         depends-on = [{ package = \"bb\", follow = \"same\", requirements = [\"aa/Cargo.toml\", \
         { path = \"aa/x\", pattern = \"bb={version}\" }, { path = \"aa/y.toml\", dependency = \"b_b\" }] }]\n\
         [[package]]\nname = \"bb\"\npath = \"bb\"\ntag = [\"bb-{version}\"]\nchanges-file = true\n\
         [release]\ntypes = { docs = \"none\", \"Feat(API)\" = \"major\" }\nother = \"none\"\n\
         unconventional = \"error\"\nbreaking-below-one = \"major\"\nfeature-below-one = \"patch\"\n\
         merges = \"first-parent\"\nmaintenance-branches = [\"stable/{version}\"]\n\
         message = \"release {{ packages | length }}\"\nremote = \"upstream\"\n\
         [release.notes]\nsections = [{ title = \"New\", types = [\"feat\", \"*\"] }]\n\
         pull-request = \"https://x.example/{number}\"\ncommit = \"https://x.example/c/{id}\"\n\
         compare = \"https://x.example/{from}..{to}\"\ncontributors = false\nscopes = true\n\
         templates = { md = \"notes.md.j2\", news = \"news.j2\" }\n\
         [release.debian]\ndistribution = \"unstable\"\nwidth = 72\nmulti-maintainer = false\n\
         urgency = { usual = \"low\", security = \"emergency\", exploited = \"critical\" }\n\
         [[release.group]]\nname = \"both\"\npackages = [\"bb\", \"aa\"]\nkind = \"together\"\n\
         [hooks]\nbefore-tag = [\"make check\", \"./ask\"]\nafter-publish = \"./tell\"\n",
    );
    let [aa, bb] = policy.units.as_slice() else {
        panic!("{policy:?}")
    };
    assert_eq!(
        (aa.include.as_slice(), aa.exclude.as_slice()),
        (
            ["shared/**".to_owned()].as_slice(),
            ["aa/docs".to_owned()].as_slice()
        )
    );
    assert_eq!(aa.former_paths, ["old/aa"]);
    assert_eq!(aa.changes_file.as_deref(), Some("aa/NEWS.md"));
    assert_eq!(bb.changes_file.as_deref(), Some("bb/CHANGELOG.md"));
    let paths: Vec<_> = aa
        .version_files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(paths, ["aa/Cargo.toml", "aa/v.py"]);
    let path = "aa/debian/changelog".to_owned();
    assert_eq!(aa.debian, DebianKind::Changelog { path });
    let edge = &aa.depends_on[0];
    assert_eq!(
        (edge.on, edge.follow, edge.requirements.len()),
        (1, Follow::Same, 3)
    );
    let types: Vec<_> = policy
        .bumps
        .types
        .iter()
        .map(|(t, b)| (t.as_str(), *b))
        .collect();
    assert_eq!(
        types,
        [
            ("docs", Bump::None),
            ("feat", Bump::Minor),
            ("feat(api)", Bump::Major)
        ]
    );
    let bumps = &policy.bumps;
    assert_eq!(
        (
            bumps.other,
            bumps.unconventional,
            bumps.breaking_below_one,
            bumps.feature_below_one
        ),
        (Bump::None, Unconventional::Error, Bump::Major, Bump::Patch)
    );
    assert_eq!(policy.merges, Merges::FirstParent);
    assert_eq!(policy.maintenance, ["stable/{version}"]);
    assert_eq!(policy.message, "release {{ packages | length }}");
    assert_eq!(policy.remote, "upstream");
    let notes = &policy.notes;
    assert_eq!((notes.sections.len(), notes.contributors), (1, false));
    assert!(notes.scopes);
    assert_eq!(notes.templates["md"], "notes.md.j2");
    assert_eq!(
        notes.compare.as_deref(),
        Some("https://x.example/{from}..{to}")
    );
    let debian = &policy.debian;
    assert_eq!(
        debian.distribution.as_ref().map(Suite::as_str),
        Some("unstable")
    );
    assert_eq!((debian.width, debian.multi_maintainer), (72, false));
    let rules = &debian.urgency;
    assert_eq!(
        (rules.usual, rules.security, rules.exploited),
        (Urgency::Low, Urgency::Emergency, Urgency::Critical)
    );
    let group = &policy.groups[0];
    assert_eq!(
        (group.units.as_slice(), group.kind),
        ([0, 1].as_slice(), GroupKind::Together)
    );
    let hooks: Vec<_> = policy
        .hooks
        .iter()
        .map(|hook| (hook.when, hook.step.as_str(), hook.command.as_str()))
        .collect();
    assert_eq!(
        hooks,
        [
            (When::Before, "tag", "make check"),
            (When::Before, "tag", "./ask"),
            (When::After, "publish", "./tell")
        ]
    );
}

#[test]
fn mistakes_name_their_line_and_what_was_meant() {
    let three = |rest: &str| format!("{THREE}{rest}");
    let one = |rest: &str| format!("[[package]]\nname = \"aa\"\n{rest}");
    let cases = [
        ("[release]\nmerge = 1\n".into(), "2: unknown key “merge”; known: types"),
        ("[release]\nmerges = \"squash\"\n".into(), "2: unknown value “squash”; known: all-commits, first-parent"),
        ("[release]\ntypes = { feat = \"huge\" }\n".into(), "2: unknown value “huge”; known: none, patch"),
        ("[release.types]\nfeat = \"minor\"\n\"fe at\" = \"minor\"\n".into(), "3: “fe at” is no type"),
        ("[release.types]\n\"feat(\" = \"minor\"\n".into(), "2: “feat(” is no type"),
        ("[release]\nmaintenance-branches = [\"a{version}\",\n\"release\"]\n".into(), "3: “release” must hold {version} exactly once"),
        ("[release]\nmessage = \"{{ x\"\n".into(), "2: this is no template: "),
        ("[release]\nmessage = \" \"\n".into(), "2: a release commit needs a message"),
        ("[release]\nremote = \"--all\"\n".into(), "2: “--all” names no remote"),
        ("[release.notes]\ncommit = \"https://x.example/\"\n".into(), "2: “https://x.example/” must hold {id} exactly once"),
        ("[release.notes]\ncompare = \"https://x.example/{from}\"\n".into(), "2: “https://x.example/{from}” must hold {to}"),
        ("[release.notes]\npull-request = \"x/{number}\"\n".into(), "2: “x/{number}” must be the URL"),
        ("[release.notes]\nsections = [\n{ title = \"A\", types = [\"feat\"] },\n{ title = \"B\", types = [\"Feat\"] }]\n".into(), "4: “feat” is already in the section A"),
        ("[release.notes]\nsections = [{ title = \"A\", types = [] }]\n".into(), "2: the section A needs types"),
        ("[release.notes.templates]\nmarkdown = \"x\"\n".into(), "2: unknown key “markdown”"),
        ("[release.debian]\nwidth = 10\n".into(), "2: width must be 40 or more"),
        ("[release.debian]\ndistribution = \"no such\"\n".into(), "2: “no such” is not"),
        ("[release.debian.urgency]\nusual = \"urgent\"\n".into(), "2: unknown value “urgent”"),
        ("[hooks]\nbefore-merge = \"x\"\n".into(), "2: unknown key “before-merge”"),
        ("[hooks]\nafter-tag = \"\"\n".into(), "2: a hook needs a command"),
        (one("include = [\"[\"]\n"), "3: “[” is no pattern"),
        (one("exclude = [\"../x\"]\n"), "3: “../x” must be a path inside"),
        (one("changes-file = 5\n"), "3: invalid type: integer `5`, expected a path, true"),
        (one("version-files = [{ path = \"x\", patern = \"y\" }]\n"), "3: unknown key “patern”"),
        (one("version-files = [{ path = \"x\", count = 2 }]\n"), "3: count says how often"),
        (one("version-files = [\n5]\n"), "4: invalid type: integer `5`, expected a path or a table"),
        (one("version-files = [{ path = \"x\", pattern = \"v\" }]\n"), "3: the pattern “v” must hold"),
        (one("depends-on = [{ package = \"bb\" }]\n"), "3: there is no package bb; did you mean aa?"),
        (three("depends-on = [{ package = \"libc\" }]\n"), "10: there is no package libc; did you mean libcc?"),
        (three("depends-on = [{ package = \"aa\" },\n{ package = \"aa\" }]\n"), "11: depends-on names aa twice"),
        (three("depends-on = [{ package = \"libcc\" }]\n"), "10: depends-on goes in a circle: libcc → libcc"),
        (three("[[release.group]]\nname = \"g\"\npackages = [\"aa\", \"zzzzzzz\"]\n"), "12: there is no package zzzzzzz; known: aa, bb, libcc"),
        (three("[[release.group]]\nname = \"g\"\npackages = [\"aa\"]\n"), "10: the group g needs two"),
        (three("[[release.group]]\nname = \"g\"\npackages = [\"aa\", \"aa\"]\n"), "12: aa is named twice"),
        (
            three("[[release.group]]\nname = \"g\"\npackages = [\"aa\", \"bb\"]\n[[release.group]]\nname = \"h\"\npackages = [\"libcc\", \"aa\"]\n"),
            "15: aa is already in the group g",
        ),
    ];
    for (text, want) in cases {
        refused(&text, want);
    }
}

#[test]
fn circles_are_refused_by_name() {
    let text = "[[package]]\nname = \"aa\"\npath = \"aa\"\ndepends-on = [{ package = \"bb\" }]\n\
        [[package]]\nname = \"bb\"\npath = \"bb\"\ndepends-on = [{ package = \"cc\" }]\n\
        [[package]]\nname = \"cc\"\npath = \"cc\"\n";
    assert_eq!(read(text).units[1].depends_on[0].on, 2);
    let circle = format!("{text}depends-on = [{{ package = \"bb\" }}]\n");
    refused(&circle, "8: depends-on goes in a circle: bb → cc → bb");
}

proptest::proptest! {
    #[test]
    fn a_circle_is_found_where_there_is_one(
        edges in proptest::collection::vec((0..7_usize, 0..7_usize), 0..14),
    ) {
        let names = ["p0", "p1", "p2", "p3", "p4", "p5", "p6"];
        let text: String = names
            .iter()
            .map(|name| format!("[[package]]\nname = \"{name}\"\npath = \"{name}\"\n"))
            .collect();
        let mut units = read(&text).units;
        for (from, on) in &edges {
            units[*from].depends_on.push(crate::release::policy::Edge {
                on: *on,
                follow: Follow::Patch,
                requirements: Vec::new(),
            });
        }
        // Without a circle, taking away those that nobody is left to wait for
        // ends with none.
        let mut left: Vec<usize> = (0..units.len()).collect();
        while let Some(at) = left.iter().position(|unit| {
            units[*unit].depends_on.iter().all(|edge| !left.contains(&edge.on))
        }) {
            left.remove(at);
        }
        match edges::cycle(&units) {
            None => proptest::prop_assert!(left.is_empty(), "{edges:?}"),
            Some(path) => {
                proptest::prop_assert_eq!(path.first(), path.last());
                for step in path.windows(2) {
                    proptest::prop_assert!(edges.contains(&(step[0], step[1])), "{path:?}");
                }
            }
        }
    }
}

#[test]
fn packages_with_one_tag_are_one_group() {
    let two = |rest: &str| {
        format!(
            "[[package]]\nname = \"aa\"\npath = \"aa\"\ntag = \"v{{version}}\"\n\
             [[package]]\nname = \"bb\"\npath = \"bb\"\ntag = \"v{{version}}\"\n{rest}"
        )
    };
    let derived = read(&two("")).groups;
    assert_eq!(derived.len(), 1);
    assert_eq!(
        (
            derived[0].name.as_str(),
            derived[0].units.as_slice(),
            derived[0].kind
        ),
        ("the tag v{version}", [0, 1].as_slice(), GroupKind::Together)
    );
    let group = "[[release.group]]\nname = \"all\"\npackages = [\"aa\", \"bb\"]\n";
    let together = read(&two(&format!("{group}kind = \"together\"\n"))).groups;
    assert_eq!((together.len(), together[0].name.as_str()), (1, "all"));
    refused(&two(group), "6: the group all shares the tag v{version}");
    let third = "[[package]]\nname = \"cc\"\npath = \"cc\"\n";
    let apart =
        "[[release.group]]\nname = \"x\"\npackages = [\"aa\", \"cc\"]\nkind = \"together\"\n";
    refused(
        &two(&format!("{third}{apart}")),
        "6: aa and bb share the tag v{version}",
    );
    // Without patterns of their own, several packages' tags carry their names.
    assert!(read(THREE).groups.is_empty());
}

#[test]
fn the_tag_pattern_in_use_goes_first() {
    let declared = "[[package]]\nname = \"aa\"\n[package.declared]\n\
        maintainer = \"A <a@b.example>\"\nsummary = \"s\"\nlicense = \"MIT\"\n";
    let debian = "[[package]]\nname = \"aa\"\n";
    let written = "[[package]]\nname = \"aa\"\ntag = [\"r{version}\", \"v{version}\"]\n";
    let cases: &[(&str, &[&str], &str)] = &[
        (declared, &[], "v{version}"),
        (declared, &["1.0", "1.1", "v0.9"], "{version}"),
        (declared, &["aa-1.0"], "aa-{version}"),
        (debian, &[], "debian/{version}"),
        (
            debian,
            &["v1.0", "v1.1", "debian/1.0-1"],
            "debian/{version}",
        ),
        (debian, &["v1.0"], "v{version}"),
        (written, &["v1.0"], "r{version}"),
        (THREE, &["v1.0"], "aa-v{version}"),
        (THREE, &["v1.0", "aa/1.0"], "aa/{version}"),
    ];
    for (text, tags, want) in cases {
        let policy = settled(text, &[], tags, None);
        assert_eq!(policy.units[0].tags[0].to_string(), *want, "{text}{tags:?}");
    }
    // Tags of the upstream are no releases of a package that has its own.
    let policy = settled(debian, &[], &["v1.0", "debian/1.0-1"], None);
    assert_eq!(policy.units[0].tags.len(), 1);
}

#[test]
fn the_tree_and_the_remote_settle_the_rest() {
    let text = "[[package]]\nname = \"aa\"\npath = \"a\"\n";
    let none = settled(text, &["CHANGELOG.md"], &[], None);
    assert_eq!(
        (&none.units[0].changes_file, &none.notes.commit),
        (&None, &None)
    );
    let files = ["a/CHANGELOG.md"];
    let remote = Some("git@github.com:o/r.git");
    let found = settled(text, &files, &[], remote);
    assert_eq!(
        found.units[0].changes_file.as_deref(),
        Some("a/CHANGELOG.md")
    );
    assert_eq!(
        found.notes.commit.as_deref(),
        Some("https://github.com/o/r/commit/{id}")
    );
    let said = format!(
        "{text}changes-file = false\n[release.notes]\ncommit = \"https://x.example/{{id}}\"\n"
    );
    let kept = settled(&said, &files, &[], remote);
    assert_eq!(kept.units[0].changes_file, None);
    assert_eq!(kept.notes.commit.as_deref(), Some("https://x.example/{id}"));
}

#[test]
fn a_declared_package_brings_its_version_along() {
    let policy = read(
        "[[package]]\nname = \"aa\"\npath = \"a\"\n[package.declared]\nrevision = \"2\"\n\
         maintainer = \"A <a@b.example>\"\nsummary = \"s\"\nlicense = \"MIT\"\n\
         changelog = \"changelog\"\ndistribution = \"bookworm\"\n",
    );
    assert_eq!(
        policy.units[0].debian,
        DebianKind::Declared {
            revision: Some("2".into()),
            changelog: Some("a/changelog".into()),
            distribution: "bookworm".into(),
            maintainer: "A <a@b.example>".into(),
        }
    );
    assert!(policy.units[0].upstream_tags.is_empty());
}
