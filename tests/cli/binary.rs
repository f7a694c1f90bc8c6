//! Binary packages of one release: debug symbols, other architectures, parts,
//! rebuilds; side by side in one directory and in one archive.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::world::{World, tool};

const CONTROL: &str = "Source: tick\nSection: utils\nPriority: optional\n\
    Maintainer: Ada Example <ada@example.org>\nBuild-Depends: debhelper-compat (= 13)\n\
    Build-Depends-Indep: absent-package-of-documentation <!nodoc>\n\
    Standards-Version: 4.6.2\nRules-Requires-Root: no\n\nPackage: tick\nArchitecture: any\n\
    Depends: ${misc:Depends}, ${shlibs:Depends}\nDescription: says how it was built\n It is \
    compiled, so it is another package on every\n architecture.\n\nPackage: tick-data\n\
    Architecture: all\nDepends: ${misc:Depends}\nDescription: data of tick\n It is the same \
    everywhere.\n";
/// Static: a foreign libc6 is no package of every test machine.
const RULES: &str = "#!/usr/bin/make -f\ninclude /usr/share/dpkg/buildtools.mk\n%:\n\tdh $@\n\n\
    override_dh_auto_build:\n\t$(CC) -g -O2 -static -o tick tick.c\n\n\
    override_dh_auto_test:\n\ttest ! -e refuse-tests\n\t@echo THE TESTS RAN\n\n\
    override_dh_auto_install:\n\tinstall -D tick debian/tick/usr/bin/tick\n\
    \tinstall -D -m644 tick.c debian/tick-data/usr/share/tick/tick.c\n";

impl World {
    /// Makes a native package with a program and data, with the tag debian/1.0.
    fn tick(control: &str) -> Self {
        let world = Self::new();
        world.write("debian/control", control);
        let entry = |version: &str| {
            format!(
                "tick ({version}) unstable; urgency=medium\n\n  * Release {version}.\n\n \
                 -- Ada Example <ada@example.org>  Thu, 01 May 2025 10:00:00 +0000\n"
            )
        };
        world.write("debian/changelog", entry("1.0") + "\n" + &entry("0.9"));
        world.write("debian/source/format", "3.0 (native)\n");
        world.write(
            "debian/copyright",
            "Copyright 2025 Ada Example\nLicense: CC0-1.0\n",
        );
        world.write("debian/rules", RULES);
        let rules = world.project().join("debian/rules");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(rules, mode).expect("it was written");
        world.write(
            "tick.c",
            "#include <stdio.h>\nint main(void) { return puts(\"tick\") < 0; }\n",
        );
        world.commit("feat: tick");
        world.tag("debian/1.0");
        world
    }

    fn built(&self, words: &[&str]) -> Value {
        let all = [&["build", "--json"], words].concat();
        self.run(all).code(0).document("debcut/build/1")
    }

    fn dist(&self) -> PathBuf {
        self.project().join("dist/debian/1.0")
    }

    fn field(&self, deb: &Path, field: &str) -> String {
        let mut ask = tool("dpkg-deb", "dpkg");
        ask.arg("--field").arg(deb).arg(field);
        self.judge(ask).code(0).stdout.trim_end().to_owned()
    }
}

/// One without the dependency that nothing has.
fn control() -> String {
    CONTROL.replace(
        "Build-Depends-Indep: absent-package-of-documentation <!nodoc>\n",
        "",
    )
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).expect("it was built");
    let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    entries.map(|entry| name(entry.expect("listed"))).collect()
}

fn here() -> String {
    debcut::model::Architecture::of_this_machine().to_string()
}

fn text(path: PathBuf) -> String {
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a program of a package is compiled for, as readelf says.
fn machine_of(world: &World, deb: &Path) -> String {
    let to = world.path("unpacked");
    let mut unpack = tool("dpkg-deb", "dpkg");
    unpack.arg("--extract").arg(deb).arg(&to);
    world.judge(unpack).code(0);
    let mut read = tool("readelf", "binutils");
    read.arg("--file-header").arg(to.join("usr/bin/tick"));
    let said = world.judge(read).code(0).stdout;
    let line = said.lines().find(|line| line.contains("Machine:"));
    line.expect("a machine").trim().to_owned()
}

#[test]
fn architectures_and_rebuilds_lie_side_by_side() {
    let here = here();
    let other = if here == "arm64" { "amd64" } else { "arm64" };
    let world = World::tick(&control());
    world.key();
    let native = world.built(&["debian/1.0"]);
    assert_eq!(
        (&native["scope"], &native["changed"]),
        (&"full".into(), &true.into())
    );
    let full = names(&world.dist());
    for name in [
        format!("tick-dbgsym_1.0_{here}.deb"),
        format!("tick_1.0_{here}.deb"),
        "tick-data_1.0_all.deb".to_owned(),
    ] {
        assert!(full.contains(&name), "{name} in {full:?}");
    }
    let changes = text(world.dist().join(format!("tick_1.0_{here}.changes")));
    assert!(
        changes.contains("debug optional tick-dbgsym_1.0_"),
        "{changes}"
    );

    // By a cross compiler, without tests; the source stays as it is.
    let cross = world.built(&["debian/1.0", "--arch", other]);
    assert_eq!(
        (&cross["scope"], &cross["changed"]),
        (&"any".into(), &true.into())
    );
    let deb = world.dist().join(format!("tick_1.0_{other}.deb"));
    assert_eq!(world.field(&deb, "Architecture"), other);
    let want = if other == "arm64" {
        "AArch64"
    } else {
        "X86-64"
    };
    let machine = machine_of(&world, &deb);
    assert!(machine.contains(want), "{machine}");
    let record = text(world.dist().join(format!("tick_1.0_{other}.buildinfo")));
    for line in [
        "DEB_BUILD_PROFILES=\"cross nocheck\"",
        &format!("Build-Architecture: {here}"),
        &format!("Architecture: {other}"),
    ] {
        assert!(record.contains(line), "{line} in {record}");
    }

    // A rebuild has its version from what is there.
    let again = ["debian/1.0", "--rebuild", "Rebuild against libx2."];
    assert_eq!(world.built(&again)["version"], "1.0+b1");
    assert_eq!(world.built(&again)["changed"], false);
    let second = ["debian/1.0", "--rebuild", "Rebuild against libx3."];
    assert_eq!(world.built(&second)["version"], "1.0+b2");
    let deb = world.dist().join(format!("tick_1.0+b1_{here}.deb"));
    assert_eq!(world.field(&deb, "Source"), "tick (1.0)");
    let changes = text(world.dist().join(format!("tick_1.0+b1_{here}.changes")));
    for line in ["Binary-Only: yes", "Source: tick (1.0)", "libx2"] {
        assert!(changes.contains(line), "{line} in {changes}");
    }
    let record = text(world.dist().join(format!("tick_1.0+b1_{here}.buildinfo")));
    assert!(record.contains("Binary-Only-Changes:"), "{record}");

    // Each is there, each is found again, all are published together.
    let all = names(&world.dist());
    assert!(full.is_subset(&all), "{all:?}");
    assert!(!all.contains("tick-data_1.0+b1_all.deb"));
    let before = world.listing();
    assert_eq!(world.built(&["debian/1.0"])["changed"], false);
    assert_eq!(
        world.built(&["debian/1.0", "--arch", other])["changed"],
        false
    );
    let mut after = world.listing();
    let mut before = before;
    for listing in [&mut before, &mut after] {
        listing.retain(|path, _| path.starts_with("project/dist"));
    }
    assert_eq!(before, after);
    let mut sums = tool("sha256sum", "coreutils");
    sums.current_dir(world.dist())
        .args(["--check", "--strict", "SHA256SUMS"]);
    let said = world.judge(sums).code(0).stdout;
    assert_eq!(said.lines().count() + 1, all.len());
    world.run(["verify", "dist/debian/1.0"]).code(0);
    let archive = world.path("archive").display().to_string();
    let both = format!("{here},{other}");
    world
        .run([
            "archive",
            "init",
            &archive,
            "--suite",
            "stable",
            "--architecture",
            &both,
        ])
        .code(0);
    world
        .run([
            "publish",
            "dist/debian/1.0",
            "--to",
            "stable",
            "--archive",
            &archive,
        ])
        .code(0);
    let listed = world
        .run(["archive", "list", "stable", "--archive", &archive])
        .code(0)
        .stdout;
    for name in ["tick-dbgsym", "tick-data", "1.0+b2", other] {
        assert!(listed.contains(name), "{name} in\n{listed}");
    }

    // What is published counts, wherever it was built.
    std::fs::remove_dir_all(world.dist()).expect("it was there");
    let third = [
        "debian/1.0",
        "--rebuild",
        "Rebuild once more.",
        "--archive",
        &archive,
        "--dry-run",
    ];
    assert_eq!(world.built(&third)["version"], "1.0+b3");
}

#[test]
fn parts_are_named_as_dpkg_names_them() {
    let world = World::tick(&control());
    let document = world.built(&["debian/1.0", "--arch", "all", "--no-sign"]);
    assert_eq!(document["scope"], "all");
    let own = [
        "SHA256SUMS",
        "tick-data_1.0_all.deb",
        "tick_1.0_all.buildinfo",
        "tick_1.0_all.changes",
        "tick_1.0_all.intoto.jsonl",
    ];
    assert_eq!(names(&world.dist()), own.map(str::to_owned).into());
    world.built(&[
        "debian/1.0",
        "--only",
        "any",
        "--no-sign",
        "--build-option",
        "noautodbgsym",
    ]);
    let here = here();
    let any: BTreeSet<_> = names(&world.dist())
        .difference(&own.map(str::to_owned).into())
        .cloned()
        .collect();
    let want = ["deb", "buildinfo", "changes", "intoto.jsonl"];
    assert_eq!(any, want.map(|end| format!("tick_1.0_{here}.{end}")).into());
    let record = text(world.dist().join(format!("tick_1.0_{here}.buildinfo")));
    assert!(
        record.contains("DEB_BUILD_OPTIONS=\"noautodbgsym"),
        "{record}"
    );
    // The whole of it would make the same files.
    world
        .run(["build", "debian/1.0", "--no-sign"])
        .code(2)
        .says(&[
            "holds another build",
            "files that this build makes, too",
            "--force",
        ]);
    world.built(&["debian/1.0", "--no-sign", "--force"]);
    assert!(!names(&world.dist()).contains("tick_1.0_all.changes"));
}

#[test]
fn dependencies_are_those_of_the_part_and_its_profiles() {
    let world = World::tick(CONTROL);
    let lacking = ["absent-package-of-documentation"];
    world
        .run(["build", "debian/1.0", "--no-sign"])
        .code(2)
        .says(&lacking);
    world
        .run(["build", "debian/1.0", "--no-sign", "--only", "all"])
        .code(2)
        .says(&lacking);
    let planned = world.built(&["debian/1.0", "--dry-run", "--no-sign", "--only", "any"]);
    assert_eq!(planned["scope"], "any");
    let words = [
        "debian/1.0",
        "--no-sign",
        "--profile",
        "nodoc",
        "--profile",
        "nocheck",
        "--build-option",
        "nocheck",
    ];
    world.built(&words);
    let record = text(world.dist().join(format!("tick_1.0_{}.buildinfo", here())));
    assert!(
        record.contains("DEB_BUILD_PROFILES=\"nodoc nocheck\""),
        "{record}"
    );
    let log = std::fs::read_dir(world.project().join(".git/debcut/logs")).expect("logs");
    let log = log.map(|entry| text(entry.expect("listed").path()));
    assert!(!log.collect::<String>().contains("THE TESTS RAN"));
}

#[test]
fn what_cannot_be_built_is_said_first() {
    let world = World::tick(&control());
    let none = world
        .run(["build", "debian/1.0", "--no-sign", "--arch", "sparc64"])
        .code(2);
    none.says(&[
        "sparc64",
        "crossbuild-essential-sparc64",
        "qemu-user-static",
    ]);
    let world = World::native();
    let none = world
        .run([
            "build",
            "debian/1.0",
            "--no-sign",
            "--only",
            "any",
            "--json",
        ])
        .code(1);
    assert_eq!(
        none.document("debcut/build/1")["findings"][0]["rule"],
        "nothing-to-build"
    );
    let none = world
        .run([
            "build",
            "debian/1.0",
            "--no-sign",
            "--rebuild",
            "x",
            "--json",
        ])
        .code(1);
    assert_eq!(
        none.document("debcut/build/1")["findings"][0]["rule"],
        "nothing-to-build"
    );
    let words = [
        "build",
        "debian/1.0",
        "--rebuild",
        "x",
        "--no-sign",
        "--binary-version",
        "2.0",
        "--json",
    ];
    let none = world.run(words).code(1).document("debcut/build/1");
    let rules: Vec<_> = none["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .collect();
    assert!(
        rules.iter().any(|f| f["rule"] == "binary-version"),
        "{rules:?}"
    );
}
