//! Uploads to Debian, of Debian's own packages: the next revision, a
//! non-maintainer's, a backport, an update of the stable release; judged by
//! dpkg-parsechangelog and lintian.

use std::path::Path;

use crate::debian::{fetch, import};
use crate::steps::text;
use crate::world::{World, tool};

/// A change that a bug report asked for.
const CHANGE: &str = "fix: correct a typo in the manual\n\nCloses: #424242";

/// Package, request, and the version and distribution that come of it.
type Case = (
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static str,
);

const CASES: &[Case] = &[
    ("hello", &[], "2.10-4", "unstable"),
    ("hello", &["--nmu"], "2.10-3.1", "unstable"),
    (
        "hello",
        &["--backport", "bookworm"],
        "2.10-3~bpo12+1",
        "bookworm-backports",
    ),
    (
        "hello",
        &["--stable-update", "bookworm"],
        "2.10-3+deb12u1",
        "bookworm",
    ),
    ("hello", &["--local", "+wmf"], "2.10-3+wmf1", "unstable"),
    (
        "hello",
        &["--really", "2.9"],
        "2.10+really2.9-1",
        "unstable",
    ),
    ("hostname", &["--nmu"], "3.23+nmu2", "unstable"),
    (
        "hostname",
        &["--backport", "bookworm"],
        "3.23+nmu1~bpo12+1",
        "bookworm-backports",
    ),
    (
        "hostname",
        &["--stable-update", "bookworm"],
        "3.23+nmu1+deb12u1",
        "bookworm",
    ),
    ("numad", &[], "0.5+20150602-9", "unstable"),
    ("numad", &["--nmu"], "0.5+20150602-8.1", "unstable"),
    ("libestr", &[], "0.1.11-2", "unstable"),
    (
        "libestr",
        &["--stable-update", "bookworm"],
        "0.1.11-1+deb12u1",
        "bookworm",
    ),
];

fn parsed(world: &World, options: &[&str]) -> String {
    let mut parse = tool("dpkg-parsechangelog", "dpkg-dev");
    parse
        .args(options)
        .arg("--file")
        .arg(world.project().join("debian/changelog"));
    let said = world.judge(parse).code(0);
    assert_eq!(said.stderr, "", "{}", said.stdout);
    said.stdout.trim_end().to_owned()
}

/// What lintian says of the changelog in an upload, as tags.
fn complaints(world: &World, changes: &Path) -> Vec<String> {
    let mut lintian = tool("lintian", "lintian");
    lintian.args([
        "--fail-on",
        "none",
        "--allow-root",
        "--tag-display-limit",
        "0",
    ]);
    let said = world
        .judge({
            lintian.arg(changes);
            lintian
        })
        .code(0)
        .stdout;
    let of_changelog = [
        "changelog",
        "nmu",
        "backport",
        "distribution",
        "debian-revision",
        "version",
    ];
    let concerns = |line: &&str| of_changelog.iter().any(|word| line.contains(word));
    said.lines().filter(concerns).map(str::to_owned).collect()
}

fn upload(package: &str, cases: &[&Case]) {
    let world = World::new();
    let first = import::import(&world, &fetch::source(package));
    let old = world.show("HEAD", "debian/changelog");
    for (_, request, version, distribution) in cases {
        world.git(&["checkout", "--quiet", "--force", "-B", "upload", &first]);
        world.change("debian/README.source", CHANGE);
        let label = format!("{package} {request:?}");
        let plan = world.planned(request);
        assert_eq!(plan["debian_version"], *version, "{label}: {plan}");
        assert_eq!(world.prepare(request)["changed"], true, "{label}");
        assert_eq!(world.prepare(request)["changed"], false, "{label}: again");
        assert_eq!(parsed(&world, &["--show-field", "Version"]), *version);
        assert_eq!(
            parsed(&world, &["--show-field", "Distribution"]),
            *distribution
        );
        assert_eq!(
            parsed(&world, &["--show-field", "Closes"]),
            "424242",
            "{label}"
        );
        parsed(&world, &["--all"]);
        let new = world.show("HEAD", "debian/changelog");
        assert!(new.ends_with(&old), "{label}: the old entries as they were");
        let entry = &new[..new.len() - old.len()];
        let opening = entry.contains("Non-maintainer upload.");
        assert_eq!(opening, request.contains(&"--nmu"), "{label}:\n{entry}");
        let tags = world.tags(request);
        let tag = text(&tags["tags"][0]["name"]);
        assert_eq!(
            tag,
            format!("debian/{}", version.replace('~', "_")),
            "{label}"
        );
        assert_eq!(world.tagged(&tag), world.head());
        // Done is done, however it is asked.
        assert_eq!(world.planned(&[])["skip"], true, "{label}");
        assert_eq!(world.prepare(request)["changed"], false, "{label}");
        assert_eq!(world.tags(request)["changed"], false, "{label}");
        let before = text(&plan["current"]);
        match request.first() {
            Some(&"--backport") => world.assert_higher(&before, version),
            _ => world.assert_higher(version, &before),
        }
    }
}

fn upload_all(package: &str) {
    let own: Vec<_> = CASES.iter().filter(|case| case.0 == package).collect();
    assert!(!own.is_empty());
    upload(package, &own);
}

#[test]
fn hello_with_revisions() {
    upload_all("hello");
}

#[test]
fn hostname_native() {
    upload_all("hostname");
}

#[test]
fn numad_with_a_dated_upstream() {
    upload_all("numad");
}

#[test]
fn libestr_library() {
    upload_all("libestr");
}

#[test]
fn a_rebuild_is_planned_and_leaves_the_source_alone() {
    let world = World::new();
    import::import(&world, &fetch::source("hello"));
    let plan = world.planned(&["--rebuild"]);
    assert_eq!(
        (&plan["debian_version"], &plan["tag"]),
        (&"2.10-3+b1".into(), &serde_json::Value::Null)
    );
    let head = world.head();
    assert_eq!(world.wrong("prepare", &["--rebuild"]), "binary-only");
    assert_eq!(world.wrong("tag", &["--rebuild"]), "binary-only");
    assert_eq!(world.head(), head);
}

#[test]
fn a_suite_has_several_names() {
    let world = World::native();
    world.change("stamp.in", CHANGE);
    for (request, version, distribution) in [
        (
            ["--backport", "bookworm"],
            "1.0~bpo12+1",
            "bookworm-backports",
        ),
        (["--backport", "12"], "1.0~bpo12+1", "bookworm-backports"),
        (
            ["--backport", "bookworm-backports"],
            "1.0~bpo12+1",
            "bookworm-backports",
        ),
        (["--stable-update", "13"], "1.0+deb13u1", "trixie"),
        (
            ["--stable-update", "trixie-security"],
            "1.0+deb13u1",
            "trixie-security",
        ),
    ] {
        world.git(&["checkout", "--quiet", "-B", "upload", "main"]);
        world.prepare(&request);
        assert_eq!(
            parsed(&world, &["--show-field", "Version"]),
            version,
            "{request:?}"
        );
        assert_eq!(
            parsed(&world, &["--show-field", "Distribution"]),
            distribution,
            "{request:?}"
        );
    }
    for suite in ["bookwurm", "", "12x"] {
        world.git(&["checkout", "--quiet", "main"]);
        assert_eq!(
            world.refused("plan", &["--backport", suite]),
            ["unknown-suite"],
            "{suite}"
        );
    }
}

#[test]
fn lintian_finds_nothing_new_in_an_upload() {
    let source = fetch::source("hostname");
    let world = World::new();
    import::import(&world, &source);
    let build = |tag: &str| {
        world
            .run([
                "build",
                tag,
                "--no-sign",
                "--source-only",
                "--out",
                &format!("../out/{tag}"),
            ])
            .code(0);
        let out = world.path("out").join(tag);
        let files = std::fs::read_dir(out)
            .expect("built")
            .map(|entry| entry.expect("listed").path());
        let mut files = files.filter(|path| path.to_string_lossy().ends_with(".changes"));
        complaints(&world, &files.next().expect("one"))
    };
    world.change("debian/README.source", CHANGE);
    world.prepare(&["--nmu"]);
    let tag = text(&world.tags(&[])["tags"][0]["name"]);
    let found = build(&tag);
    assert!(found.is_empty(), "{found:#?}");
}
