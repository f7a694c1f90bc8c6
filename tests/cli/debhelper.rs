//! A declared package against the one that debhelper makes of the same files:
//! the same contents, byte for byte, and the same maintainer scripts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::world::{World, tool};

const CHANGELOG: &str = "tally (1.0) stable; urgency=medium\n\n  * First release.\n\n \
    -- Ada Example <ada@example.org>  Thu, 01 May 2025 10:00:00 +0000\n";

const CONFIGURATION: &str = r##"[[package]]
name = "tally"
build = "declared"
tag = "v{version}"

[package.declared]
maintainer = "Ada Example <ada@example.org>"
summary = "counts the lines on its standard input"
description = "Reads lines until there are no more."
section = "utils"
architecture = "any"
copyright = "copyright"
changelog = "changelog"
files = [
  { source = "tally", target = "/usr/bin/tally" },
  { source = "libtally.so.1.0", target = "/usr/lib/TRIPLET/" },
  { source = "libtally.a", target = "/usr/lib/TRIPLET/" },
  { source = "plugin.so", target = "/usr/lib/tally/" },
  { source = "tally.1", target = "/usr/share/man/man1/" },
  { source = "README", target = "/usr/share/doc/tally/" },
  { source = "NEWS", target = "/usr/share/doc/tally/" },
  { source = "tally.conf", target = "/etc/tally.conf" },
  { source = "tally.service", target = "/lib/systemd/system/" },
  { source = "tally.timer", target = "/lib/systemd/system/" },
  { source = "tally.socket", target = "/lib/systemd/system/" },
  { source = "tally@.service", target = "/lib/systemd/system/" },
  { source = "asked.service", target = "/lib/systemd/system/" },
  { source = "stays.service", target = "/lib/systemd/system/" },
  { source = "mine.service", target = "/usr/lib/systemd/user/" },
  { source = "tally.sysusers", target = "/usr/lib/sysusers.d/tally.conf" },
  { source = "tally.tmpfiles", target = "/usr/lib/tmpfiles.d/tally.conf" },
]
symlinks = [
  { target = "/usr/lib/TRIPLET/libtally.so.1", to = "libtally.so.1.0" },
  { target = "/usr/share/man/man1/count.1", to = "tally.1" },
]
units = [
  { name = "asked.service", enable = false, start = false },
  { name = "stays.service", on-upgrade = "keep" },
  { name = "mine.service", scope = "user" },
]
alternatives = [
  { name = "count", link = "/usr/bin/count", path = "/usr/bin/tally", priority = 50, dependents = [
    { name = "count.1.gz", link = "/usr/share/man/man1/count2.1.gz", path = "/usr/share/man/man1/tally.1.gz" },
  ] },
]
triggers = ["interest-noawait /usr/share/tally"]
scripts = { postinst = "tally.postinst", prerm = "tally.prerm" }
"##;

const CONTROL: &str = "Source: tally\nSection: utils\nPriority: optional\n\
    Maintainer: Ada Example <ada@example.org>\nBuild-Depends: debhelper-compat (= 13)\n\
    Standards-Version: 4.6.2\nRules-Requires-Root: no\n\nPackage: tally\nArchitecture: any\n\
    Depends: ${shlibs:Depends}, ${misc:Depends}\n\
    Description: counts the lines on its standard input\n Reads lines until there are no more.\n";

const RULES: &str = "#!/usr/bin/make -f\n%:\n\tdh $@ --with installsysusers\n\
    override_dh_auto_build override_dh_auto_test override_dh_auto_clean override_dh_auto_install:\n\
    override_dh_dwz:\n\
    override_dh_installsystemd:\n\
    \tdh_installsystemd --no-enable --no-start -R asked.service\n\
    \tdh_installsystemd tally.service tally.timer\n\
    \tdh_installsystemd --no-stop-on-upgrade --no-restart-after-upgrade stays.service\n";

const INSTALL: &str = "tally usr/bin\nlibtally.so.1.0 usr/lib/TRIPLET\nlibtally.a usr/lib/TRIPLET\n\
    plugin.so usr/lib/tally\ntally.1 usr/share/man/man1\nREADME usr/share/doc/tally\n\
    NEWS usr/share/doc/tally\ntally.conf etc\ntally.service lib/systemd/system\n\
    tally.timer lib/systemd/system\ntally.socket lib/systemd/system\n\
    tally@.service lib/systemd/system\nasked.service lib/systemd/system\n\
    stays.service lib/systemd/system\nmine.service usr/lib/systemd/user\n";

const LINKS: &str = "usr/lib/TRIPLET/libtally.so.1.0 usr/lib/TRIPLET/libtally.so.1\n\
    usr/share/man/man1/tally.1 usr/share/man/man1/count.1\n";

const ALTERNATIVES: &str = "Name: count\nLink: /usr/bin/count\nAlternative: /usr/bin/tally\n\
    Dependents:\n  /usr/share/man/man1/count2.1.gz count.1.gz /usr/share/man/man1/tally.1.gz\n\
    Priority: 50\n";

fn unit(kind: &str, wanted_by: &str) -> String {
    let exec = match kind {
        "Service" => "ExecStart=/usr/bin/tally\n",
        "Timer" => "OnCalendar=daily\n",
        _ => "ListenStream=/run/tally\n",
    };
    format!("[Unit]\nDescription=Counts\n\n[{kind}]\n{exec}\n[Install]\nWantedBy={wanted_by}\n")
}

/// Writes what both packages are made of; programs are compiled once, because
/// their build ids depend on where that is done.
fn write_files(world: &World) {
    let sources = [
        (
            "lib.c",
            "#include <zlib.h>\nconst char *tally(void) { return zlibVersion(); }\n",
        ),
        (
            "tally.c",
            "#include <stdio.h>\n#include <math.h>\nconst char *tally(void);\n\
             int main(int c, char **v) { return printf(\"%s %f\", tally(), pow(c, 2.5)) < 0; }\n",
        ),
        ("plugin.c", "int plugged(void) { return 1; }\n"),
    ];
    for (name, text) in sources {
        world.write(name, text);
    }
    let compile = "gcc -g -O2 -fPIC -shared -Wl,-soname,libtally.so.1 -o libtally.so.1.0 lib.c -lz
        gcc -g -O2 -o tally tally.c ./libtally.so.1.0 -lm
        gcc -g -O2 -fPIC -shared -o plugin.so plugin.c
        gcc -g -O2 -c lib.c && ar rc libtally.a lib.o && rm lib.o *.c";
    let mut sh = tool("sh", "dash");
    sh.args(["-euc", compile]).current_dir(world.project());
    world.judge(sh).code(0);
    let long: String = (0..4000)
        .map(|n| format!("Line {n} of what is to be read, {}.\n", n * n))
        .collect();
    world.write("README", long);
    world.write("NEWS", "Nothing new.\n");
    world.write("tally.1", ".TH TALLY 1\n.SH NAME\ntally \\- counts\n");
    world.write("tally.conf", "# how to count\n");
    world.write("copyright", "Public domain.\n");
    world.write("changelog", CHANGELOG);
    world.write("tally.sysusers", "u _tally - \"Tally\" /var/lib/tally\n");
    world.write("tally.tmpfiles", "d /run/tally 0755 root root -\n");
    let service = unit("Service", "multi-user.target");
    let with_socket = service.clone() + "Also=tally.socket\n";
    world.write("tally.service", with_socket);
    world.write("tally.socket", unit("Socket", "sockets.target"));
    world.write("tally.timer", unit("Timer", "timers.target"));
    for name in ["tally@.service", "asked.service", "stays.service"] {
        world.write(name, &service);
    }
    world.write("mine.service", unit("Service", "default.target"));
    world.write(
        "tally.postinst",
        "#!/bin/sh\nset -e\necho before\n#DEBHELPER#\necho after\n",
    );
    world.write(
        "tally.prerm",
        "#!/bin/sh\nset -e\n\n#DEBHELPER#\n\nexit 0\n",
    );
}

/// Builds the same files by debhelper, in a directory of its own.
fn by_debhelper(world: &World, triplet: &str) -> Vec<PathBuf> {
    let source = world.path("debhelper/tally-1.0");
    let mut copy = tool("cp", "coreutils");
    std::fs::create_dir(world.path("debhelper")).expect("a directory");
    copy.arg("-r").arg(world.project()).arg(&source);
    world.judge(copy).code(0);
    let debian = source.join("debian");
    std::fs::create_dir_all(debian.join("source")).expect("a directory");
    let write = |name: &str, text: &str| {
        let text = text.replace("TRIPLET", triplet);
        std::fs::write(debian.join(name), text).expect("a file");
    };
    for (name, text) in [
        ("changelog", CHANGELOG),
        ("control", CONTROL),
        ("rules", RULES),
        ("install", INSTALL),
        ("links", LINKS),
        ("tally.alternatives", ALTERNATIVES),
        ("tally.triggers", "interest-noawait /usr/share/tally\n"),
        ("source/format", "3.0 (native)\n"),
    ] {
        write(name, text);
    }
    for name in [
        "copyright",
        "tally.sysusers",
        "tally.tmpfiles",
        "tally.postinst",
        "tally.prerm",
    ] {
        std::fs::copy(source.join(name), debian.join(name)).expect("a file");
    }
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(debian.join("rules"), mode).expect("it was written");
    let mut build = tool("dpkg-buildpackage", "dpkg-dev");
    build.args(["--build=any", "--no-sign", "--no-check-builddeps"]);
    build.current_dir(&source);
    world.judge(build).code(0);
    debs(&world.path("debhelper"))
}

fn debs(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let paths = entries.map(|entry| entry.expect("listed").path());
    let mut found: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "deb"))
        .collect();
    found.sort();
    found
}

/// Everything in a package as text, without who says that he made it.
fn unpacked(world: &World, deb: &Path, into: &str) -> BTreeMap<PathBuf, String> {
    let into = world.path(into);
    let mut dpkg = tool("dpkg-deb", "dpkg");
    dpkg.arg("--raw-extract").arg(deb).arg(&into);
    world.judge(dpkg).code(0);
    let mut found = BTreeMap::new();
    for (path, shown) in crate::world::listing(&into) {
        let shown = match path.strip_prefix("DEBIAN") {
            Ok(name) if name.as_os_str() != "" => {
                let text = std::fs::read_to_string(into.join(&path)).expect("text");
                let made_by = |line: &str| {
                    if line.starts_with("# Triggers added by") {
                        return None;
                    }
                    let added = line.starts_with("# Automatically added by ");
                    Some(
                        if added {
                            "# Automatically added by"
                        } else {
                            line
                        }
                        .to_owned(),
                    )
                };
                let lines: Vec<_> = text.lines().filter_map(made_by).collect();
                let kind = shown.split(' ').next().unwrap_or_default();
                format!("{kind}\n{}", in_any_order(name, lines))
            }
            _ => match std::fs::read_link(into.join(&path)) {
                Ok(to) => format!("link to {}", to.display()),
                Err(_) => shown,
            },
        };
        found.insert(path, shown);
    }
    found
}

/// Sorts what has no order: relations, and triggers.
fn in_any_order(name: &Path, mut lines: Vec<String>) -> String {
    if name == Path::new("triggers") {
        lines.sort();
    }
    for line in &mut lines {
        if let Some(relations) = line.strip_prefix("Depends: ") {
            let mut relations: Vec<_> = relations.split(", ").collect();
            relations.sort();
            *line = format!("Depends: {}", relations.join(", "));
        }
    }
    lines.join("\n")
}

#[test]
fn a_declared_package_is_what_debhelper_makes() {
    let world = World::new();
    let mut gcc = tool("gcc", "build-essential");
    gcc.arg("-print-multiarch");
    let triplet = world.judge(gcc).code(0).stdout.trim().to_owned();
    write_files(&world);
    let theirs = by_debhelper(&world, &triplet);
    world.write("debcut.toml", CONFIGURATION.replace("TRIPLET", &triplet));
    world.commit("feat: count lines");
    world.tag("v1.0");
    world.run(["build", "--no-sign", "--out", "../out"]).code(0);
    let ours = debs(&world.path("out"));
    let names = |paths: &[PathBuf]| -> Vec<_> {
        paths
            .iter()
            .map(|path| path.file_name().expect("a name").to_owned())
            .collect()
    };
    assert_eq!(names(&ours), names(&theirs));
    assert_eq!(ours.len(), 2, "the package and its debug symbols");
    for (number, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        let found = unpacked(&world, ours, &format!("ours{number}"));
        let want = unpacked(&world, theirs, &format!("theirs{number}"));
        let paths = |of: &BTreeMap<PathBuf, String>| of.keys().cloned().collect::<Vec<_>>();
        assert_eq!(paths(&found), paths(&want), "{}", ours.display());
        for (path, found) in &found {
            assert_eq!(
                found,
                &want[path],
                "{} of {}",
                path.display(),
                ours.display()
            );
        }
    }
}
