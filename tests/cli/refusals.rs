//! Wrong requests and wrong trees: the exit code, a sentence that says what,
//! where, found and expected, and nothing written.

use crate::world::World;

/// One wrong thing.
struct Case {
    name: &'static str,
    world: fn() -> World,
    spoil: fn(&World),
    arguments: &'static [&'static str],
    code: i32,
    says: &'static [&'static str],
}

fn retag(world: &World, tag: &str) {
    world.commit("wip: spoil");
    world.git(&["tag", "--force", "--annotate", "--message", tag, tag]);
}

const REQUESTS: &[Case] = &[
    Case {
        name: "HEAD without a tag",
        world: World::declared,
        spoil: |world| {
            world.write("new", "file");
            world.commit("feat: more");
        },
        arguments: &[],
        code: 2,
        says: &["HEAD has no tag", "debcut build TAG", "--commit HEAD"],
    },
    Case {
        name: "HEAD with two tags",
        world: World::declared,
        spoil: |world| world.tag("v1.2.1"),
        arguments: &[],
        code: 2,
        says: &["HEAD has 2 tags", "v1.2.0", "v1.2.1", "debcut build v1.2"],
    },
    Case {
        name: "unknown tag near a known one",
        world: World::declared,
        spoil: |_| {},
        arguments: &["v1.2"],
        code: 2,
        says: &["no tag “v1.2”", "nearest is “v1.2.0”"],
    },
    Case {
        name: "unknown tag near nothing",
        world: World::declared,
        spoil: |_| {},
        arguments: &["release/candidate"],
        code: 2,
        says: &["release/candidate", "git tag --list"],
    },
    Case {
        name: "tag of no known style",
        world: World::declared,
        spoil: |world| world.tag("nightly"),
        arguments: &["nightly"],
        code: 2,
        says: &["nightly", "v{version}"],
    },
    Case {
        name: "unknown revision",
        world: World::declared,
        spoil: |_| {},
        arguments: &["--commit", "no-such-branch"],
        code: 2,
        says: &["no-such-branch"],
    },
    Case {
        name: "no commit at all",
        world: World::new,
        spoil: |_| {},
        arguments: &[],
        code: 2,
        says: &["error:"],
    },
    Case {
        name: "outside of a repository",
        world: World::new,
        spoil: |_| {},
        arguments: &["-C", "../home"],
        code: 2,
        says: &["home", "-C DIR"],
    },
    Case {
        name: "unknown flag",
        world: World::declared,
        spoil: |_| {},
        arguments: &["--no-sing"],
        code: 2,
        says: &["--no-sing", "--no-sign"],
    },
    Case {
        name: "unknown key in debcut.toml",
        world: World::declared,
        spoil: |world| {
            world.edit("debcut.toml", "section =", "secton =");
            retag(world, "v1.2.0");
        },
        arguments: &[],
        code: 2,
        says: &["debcut.toml:14", "secton", "did you mean", "section"],
    },
    Case {
        name: "broken debcut.toml of the tag alone",
        world: World::declared,
        spoil: |world| {
            world.edit("debcut.toml", "build = \"declared\"", "build = \"declard\"");
            retag(world, "v1.2.0");
            world.edit("debcut.toml", "build = \"declard\"", "build = \"declared\"");
        },
        arguments: &["v1.2.0"],
        code: 2,
        says: &["debcut.toml of v1.2.0:3", "declard", "declared"],
    },
    Case {
        name: "file to install that is not there",
        world: World::declared,
        spoil: |world| {
            world.edit("debcut.toml", "\"tally.conf\"", "\"tally.cnf\"");
            retag(world, "v1.2.0");
        },
        arguments: &["--no-sign"],
        code: 2,
        says: &["tally", "tally.cnf", "debcut.toml"],
    },
    Case {
        name: "missing build dependency",
        world: World::native,
        spoil: |world| {
            let more = "(= 13), libnever-dev (>= 2), other-never | never";
            world.edit("debian/control", "(= 13)", more);
            retag(world, "debian/1.0");
        },
        arguments: &["--no-sign"],
        code: 2,
        says: &[
            "build dependencies of stamp",
            "libnever-dev (>= 2)",
            "apt-get install libnever-dev other-never",
        ],
    },
    Case {
        name: "broken debian/control",
        world: World::native,
        spoil: |world| {
            world.edit("debian/control", "Priority: optional", "Priority optional");
            retag(world, "debian/1.0");
        },
        arguments: &["--no-sign"],
        code: 2,
        says: &["debian/control of debian/1.0", "line 3", "correct the line"],
    },
    Case {
        name: "broken debian/changelog",
        world: World::native,
        spoil: |world| {
            world.edit("debian/changelog", "Thu, 01 May", "Thursday 1 May");
            retag(world, "debian/1.0");
        },
        arguments: &["--no-sign"],
        code: 2,
        says: &["debian/changelog of debian/1.0", "line 5"],
    },
    Case {
        name: "unknown source format",
        world: World::native,
        spoil: |world| {
            world.write("debian/source/format", "3.0 (git)\n");
            retag(world, "debian/1.0");
        },
        arguments: &["--no-sign"],
        code: 2,
        says: &["debian/source/format", "3.0 (git)", "3.0 (quilt)"],
    },
    Case {
        name: "orig tarball is nowhere",
        world: World::quilt,
        spoil: |world| {
            world.git(&["tag", "--delete", "upstream/1.0"]);
            std::fs::write(world.path("stamp_1.0.orig.tar.gz"), "x").expect("a file");
        },
        arguments: &["--no-sign"],
        code: 2,
        says: &[
            "stamp 1.0",
            "upstream/1.0",
            "stamp_1.0.orig.tar",
            "--orig",
            "/stamp_1.0.orig.tar.gz",
            "git fetch",
        ],
    },
    Case {
        name: "named orig tarball is not there",
        world: World::quilt,
        spoil: |_| {},
        arguments: &["--no-sign", "--orig", "../nowhere"],
        code: 2,
        says: &["stamp_1.0.orig.tar", "nowhere"],
    },
];

const FINDINGS: &[Case] = &[
    Case {
        name: "tag and changelog disagree",
        world: World::native,
        spoil: |world| {
            world.edit("debian/changelog", "(1.0)", "(1.1)");
            retag(world, "debian/1.0");
        },
        arguments: &["--no-sign"],
        code: 1,
        says: &[
            "tag-changelog-mismatch",
            "debian/1.0",
            "1.1",
            "debian/changelog:1",
        ],
    },
    Case {
        name: "version file disagrees with the tag",
        world: World::declared,
        spoil: |world| {
            world.write("VERSION", "1.1.9\n");
            retag(world, "v1.2.0");
        },
        arguments: &["--no-sign"],
        code: 1,
        says: &["version-file-mismatch", "VERSION", "1.1.9", "v1.2.0"],
    },
    Case {
        name: "version file is missing",
        world: World::declared,
        spoil: |world| {
            world.git(&["rm", "--quiet", "VERSION"]);
            retag(world, "v1.2.0");
        },
        arguments: &["--no-sign"],
        code: 1,
        says: &["version-file-missing", "VERSION", "version-files"],
    },
    Case {
        name: "native version in a quilt package",
        world: World::native,
        spoil: |world| {
            world.edit("debian/changelog", "(1.0)", "(1.0-1)");
            world.commit("wip: spoil");
            world.tag("debian/1.0-1");
        },
        arguments: &["debian/1.0-1", "--no-sign"],
        code: 1,
        says: &["version-format", "1.0-1", "3.0 (native)"],
    },
    Case {
        name: "unsigned tag where signed ones are asked for",
        world: World::declared,
        spoil: |world| {
            let key = "0123456789ABCDEF0123456789ABCDEF01234567";
            let table = format!("[signing]\ntag-keys = [\"{key}\"]\n\n[[package]]");
            world.edit("debcut.toml", "[[package]]", &table);
            retag(world, "v1.2.0");
        },
        arguments: &["--no-sign"],
        code: 1,
        says: &["tag-signature", "v1.2.0", "not signed"],
    },
    Case {
        name: "source package of a declared one",
        world: World::declared,
        spoil: |_| {},
        arguments: &["--no-sign", "--source-only"],
        code: 1,
        says: &["no-source-package", "tally"],
    },
];

#[test]
fn wrong_requests_are_told_and_nothing_is_written() {
    for case in REQUESTS {
        let world = (case.world)();
        (case.spoil)(&world);
        let before = world.listing();
        let arguments = ["build", "--json"].iter().chain(case.arguments);
        let ran = world.run(arguments);
        assert_eq!(ran.code, case.code, "{}: {}", case.name, ran.stderr);
        for part in case.says {
            assert!(
                ran.stderr.contains(part),
                "{}: {part:?} in\n{}",
                case.name,
                ran.stderr
            );
        }
        let document = ran.document("debcut/error/1");
        for field in ["kind", "message"] {
            assert!(
                document[field]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{document}"
            );
        }
        for field in ["causes", "hints"] {
            assert!(document[field].is_array(), "{document}");
        }
        // A build's log may stay; artifacts may not.
        let mut after = world.listing();
        let left = |path: &std::path::PathBuf| {
            path.starts_with("project/.git/debcut") || path.as_path() == "project/dist"
        };
        after.retain(|path, _| !left(path));
        assert_eq!(after, before, "{}", case.name);
    }
}

#[test]
fn what_stands_against_a_build_is_a_no() {
    for case in FINDINGS {
        let world = (case.world)();
        (case.spoil)(&world);
        let before = world.listing();
        let arguments = ["build"].iter().chain(case.arguments);
        let ran = world.run(arguments);
        assert_eq!(
            ran.code, case.code,
            "{}: {}{}",
            case.name, ran.stdout, ran.stderr
        );
        for part in case.says {
            assert!(
                ran.stdout.contains(part),
                "{}: {part:?} in\n{}",
                case.name,
                ran.stdout
            );
        }
        let ran = world
            .run(["build", "--json"].iter().chain(case.arguments))
            .code(case.code);
        let document = ran.document("debcut/build/1");
        let finding = &document["findings"][0];
        assert_eq!(finding["rule"], case.says[0], "{document}");
        for field in ["severity", "subject", "message", "fix"] {
            assert!(finding[field].is_string(), "{field}: {document}");
        }
        assert_eq!(world.listing(), before, "{}", case.name);
    }
}

#[test]
fn configuration_of_the_work_tree_alone_is_pointed_out() {
    let world = World::new();
    world.write("file", "1");
    world.commit("feat: begin");
    world.tag("v1.0");
    world.write("debcut.toml", "[[package]]\nname = \"xy\"\n");
    let ran = world.run(["build", "--no-sign"]).code(2);
    ran.says(&[
        "v1.0 holds no package",
        "commit debcut.toml",
        "--config debcut.toml",
    ]);
}

#[test]
fn broken_command_line_says_where_its_help_is() {
    let world = World::declared();
    let ran = world.run(["bulid"]).code(2);
    ran.says(&["bulid", "build"]);
}
