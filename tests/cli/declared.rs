//! Declared packages of several kinds: what Debian's tools say of them, and
//! what they do on a system that they come to, change and leave.

use std::path::{Path, PathBuf};

use crate::world::{Ran, World, tool};

const HEAD: &str = r#"
[[package]]
name = "NAME"
path = "NAME"
build = "declared"
tag = "NAME/v{version}"

[package.declared]
maintainer = "Ada Example <ada@example.org>"
summary = "SUMMARY"
description = """
Is one of several packages of a project that counts lines.

It exists to be released."""
license = "MIT"
"#;

/// A kind of package: its name, what it is, and the rest of its table.
type Kind = (&'static str, &'static str, &'static str);

const KINDS: [Kind; 6] = [
    (
        "tally-shell",
        "counts lines by a shell script",
        "files = [{ source = \"tally-shell\", target = \"/usr/bin/\" },\n\
         { source = \"tally-shell.1\", target = \"/usr/share/man/man1/\" }]\n",
    ),
    (
        "tally-c",
        "counts lines by a program in C",
        "architecture = \"any\"\nsection = \"utils\"\n\
         command = \"gcc -g -O2 -fPIE -pie -fstack-protector-strong -D_FORTIFY_SOURCE=2 \
         -Wformat -Werror=format-security -Wl,-z,relro,-z,now -o tally-c tally.c -lz\"\n\
         files = [{ source = \"tally-c\", target = \"/usr/bin/\" },\n\
         { source = \"tally-c.1\", target = \"/usr/share/man/man1/\" }]\n",
    ),
    (
        "tally-rust",
        "counts lines by a program in Rust",
        "architecture = \"any\"\nsection = \"utils\"\n\
         files = [{ source = \"tally-rust\", target = \"/usr/bin/\" },\n\
         { source = \"tally-rust.1\", target = \"/usr/share/man/man1/\" }]\n",
    ),
    (
        "libtally1",
        "counts lines for other programs",
        "architecture = \"any\"\nsection = \"libs\"\nmulti-arch = \"same\"\n\
         command = \"gcc -g -O2 -fPIC -fstack-protector-strong -D_FORTIFY_SOURCE=2 -shared \
         -Wl,-z,relro,-z,now -Wl,-soname,libtally.so.1 -o libtally.so.1.0 tally.c -lz\"\n\
         files = [{ source = \"libtally.so.1.0\", target = \"/usr/lib/TRIPLET/\" }]\n\
         symlinks = [{ target = \"/usr/lib/TRIPLET/libtally.so.1\", to = \"libtally.so.1.0\" }]\n",
    ),
    (
        "tally-data",
        "holds numbers that programs count with",
        "multi-arch = \"foreign\"\nfiles = [{ source = \"numbers\", target = \"/usr/share/tally/\" }]\n",
    ),
    (
        "tallyd",
        "counts lines whenever it is asked",
        "files = [{ source = \"tallyd\", target = \"/usr/sbin/\" },\n\
         { source = \"tallyd.8\", target = \"/usr/share/man/man8/\" },\n\
         { source = \"tally.conf\", target = \"/etc/tally.conf\" },\n\
         { source = \"tallyd.sysusers\", target = \"/usr/lib/sysusers.d/tallyd.conf\" },\n\
         { source = \"tallyd.tmpfiles\", target = \"/usr/lib/tmpfiles.d/tallyd.conf\" },\n\
         { source = \"tallyd.timer\", target = \"/usr/lib/systemd/system/\" }]\n\
         units = [{ source = \"tallyd.service\" }]\n\
         alternatives = [{ link = \"/usr/sbin/counter\", path = \"/usr/sbin/tallyd\", priority = 10 }]\n",
    ),
];

const C: &str = "#include <stdio.h>\n#include <zlib.h>\nint counted(int n);\n\
    int counted(int n) { char b[64]; snprintf(b, sizeof b, \"%d %s\", n, zlibVersion()); \
    return puts(b); }\nMAIN";

fn manual(name: &str, section: u8) -> String {
    format!(
        ".TH {} {section} 2025-05-01 tally\n.SH NAME\n{name} \\- counts lines\n.SH SYNOPSIS\n\
         .B {name}\n.SH DESCRIPTION\nCounts lines.\n",
        name.to_uppercase()
    )
}

/// Makes a project of all kinds, each with its tag.
fn kinds() -> World {
    let world = World::new();
    let mut gcc = tool("gcc", "build-essential");
    gcc.arg("-print-multiarch");
    let triplet = world.judge(gcc).code(0).stdout.trim().to_owned();
    let table = |(name, summary, rest): &Kind| {
        let head = HEAD.replace("NAME", name).replace("SUMMARY", summary);
        head + &rest.replace("TRIPLET", &triplet)
    };
    world.write("debcut.toml", KINDS.iter().map(table).collect::<String>());
    world.write("tally-shell/tally-shell", "#!/bin/sh\nset -e\nwc -l\n");
    world.write(
        "tally-c/tally.c",
        C.replace("MAIN", "int main(void) { return counted(1) < 0; }\n"),
    );
    world.write("libtally1/tally.c", C.replace("MAIN", ""));
    world.write("tally-data/numbers", "1 2 3\n");
    world.write("tallyd/tallyd", "#!/bin/sh\nset -e\nwc -l\n");
    for (name, section) in [
        ("tally-shell", 1),
        ("tally-c", 1),
        ("tally-rust", 1),
        ("tallyd", 8),
    ] {
        world.write(&format!("{name}/{name}.{section}"), manual(name, section));
    }
    world.write("tallyd/tally.conf", "# how to count\n");
    world.write(
        "tallyd/tallyd.sysusers",
        "u _tallyd - \"Tally\" /var/lib/tallyd\n",
    );
    world.write("tallyd/tallyd.tmpfiles", "d /run/tallyd 0755 root root -\n");
    let unit = "[Unit]\nDescription=Counts lines\nDocumentation=man:tallyd(8)\n\n";
    let service = "[Service]\nExecStart=/usr/sbin/tallyd\nUser=_tallyd\n\n";
    let timer = "[Timer]\nOnCalendar=daily\n\n[Install]\nWantedBy=timers.target\n";
    let wanted = "[Install]\nWantedBy=multi-user.target\n";
    world.write("tallyd/tallyd.service", format!("{unit}{service}{wanted}"));
    world.write("tallyd/tallyd.timer", format!("{unit}{timer}"));
    rust_program(&world);
    world.commit("feat: count lines");
    for (name, ..) in KINDS {
        world.tag(&format!("{name}/v1.0"));
    }
    world
}

/// Compiles a program outside of any world: the compiler is in a home.
fn rust_program(world: &World) {
    world.write(
        "tally-rust/tally.rs",
        "fn main() { println!(\"{}\", std::env::args().count()); }\n",
    );
    let mut rustc = tool("rustc", "rustc");
    rustc.args([
        "-g",
        "-O",
        "--edition",
        "2021",
        "-o",
        "tally-rust",
        "tally.rs",
    ]);
    let ran = rustc
        .current_dir(world.project().join("tally-rust"))
        .output();
    assert!(ran.expect("it starts").status.success(), "rustc");
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

fn field(world: &World, deb: &Path, name: &str) -> String {
    let mut dpkg = tool("dpkg-deb", "dpkg");
    dpkg.arg("--field").arg(deb).arg(name);
    world.judge(dpkg).code(0).stdout.trim().to_owned()
}

#[test]
fn lintian_has_nothing_to_say_of_any_kind() {
    let world = kinds();
    let mut all = Vec::new();
    for (name, ..) in KINDS {
        let (tag, out) = (format!("{name}/v1.0"), format!("../out/{name}"));
        world
            .run(["build", &tag, "--no-sign", "--out", &out])
            .code(0);
        all.extend(debs(&world.path(&format!("out/{name}"))));
    }
    let names: Vec<_> = all
        .iter()
        .map(|deb| field(&world, deb, "Package"))
        .collect();
    let want = [
        "tally-shell",
        "tally-c-dbgsym",
        "tally-c",
        "tally-rust-dbgsym",
        "tally-rust",
        "libtally1-dbgsym",
        "libtally1",
        "tally-data",
        "tallyd",
    ];
    assert_eq!(names, want);
    let depends = |package: &str| {
        let at = names
            .iter()
            .position(|name| name == package)
            .expect(package);
        field(&world, &all[at], "Depends")
    };
    assert!(
        depends("tally-c").contains("libc6 (>= 2."),
        "{}",
        depends("tally-c")
    );
    assert!(
        depends("libtally1").contains("zlib1g (>= "),
        "{}",
        depends("libtally1")
    );
    assert!(
        depends("tally-rust").contains("libgcc-s1 (>= "),
        "{}",
        depends("tally-rust")
    );
    assert_eq!(depends("tally-c-dbgsym"), "tally-c (= 1.0)");
    let mut lintian = tool("lintian", "lintian");
    lintian.args([
        "--fail-on",
        "error,warning",
        "--allow-root",
        "--tag-display-limit",
        "0",
    ]);
    lintian.args(&all);
    let ran = world.judge(lintian).code(0);
    assert_eq!(ran.stdout, "", "{}", ran.stderr);
    // The same bytes again, in a build that knows nothing of the first.
    for name in ["tally-c", "libtally1"] {
        let (tag, out) = (format!("{name}/v1.0"), format!("../again/{name}"));
        world
            .run(["build", &tag, "--no-sign", "--out", &out])
            .code(0);
        for deb in debs(&world.path(&format!("again/{name}"))) {
            let first = world
                .path("out")
                .join(name)
                .join(deb.file_name().expect("a name"));
            let read = |path: &Path| std::fs::read(path).expect("a package");
            assert!(read(&first) == read(&deb), "{} differs", deb.display());
        }
    }
}

fn dpkg(world: &World, arguments: &[&str]) -> Ran {
    let root = world.path("root");
    let mut dpkg = match crate::world::is_root() {
        true => tool("dpkg", "dpkg"),
        false => {
            let mut fakeroot = tool("fakeroot", "fakeroot");
            fakeroot.args(["--", "dpkg"]);
            fakeroot
        }
    };
    dpkg.arg(format!("--root={}", root.display()));
    dpkg.args([
        "--force-script-chrootless",
        "--force-not-root",
        "--force-depends",
    ]);
    dpkg.args(["--force-confdef", "--force-bad-path", "--log=/dev/null"]);
    dpkg.args(arguments);
    world.judge(dpkg)
}

#[test]
fn a_service_comes_changes_and_leaves() {
    let world = kinds();
    world
        .run(["build", "tallyd/v1.0", "--no-sign", "--out", "../1"])
        .code(0);
    world.write("tallyd/tally.conf", "# how to count better\n");
    world.commit("feat: count better");
    world.tag("tallyd/v1.1");
    world
        .run(["build", "tallyd/v1.1", "--no-sign", "--out", "../2"])
        .code(0);
    for directory in [
        "var/lib/dpkg/info",
        "var/lib/dpkg/updates",
        "var/lib/dpkg/alternatives",
        "etc",
        "run",
    ] {
        std::fs::create_dir_all(world.path("root").join(directory)).expect("a directory");
    }
    for file in ["var/lib/dpkg/status", "var/lib/dpkg/available"] {
        std::fs::write(world.path("root").join(file), "").expect("a file");
    }
    let deb = |at: &str| debs(&world.path(at))[0].to_str().expect("text").to_owned();
    let root = world.path("root");
    let there = |path: &str| root.join(path).symlink_metadata().is_ok();
    let wants = "etc/systemd/system/multi-user.target.wants/tallyd.service";
    let timer = "etc/systemd/system/timers.target.wants/tallyd.timer";
    dpkg(&world, &["--install", &deb("1")]).code(0);
    for path in [
        wants,
        timer,
        "usr/sbin/counter",
        "etc/alternatives/counter",
        "etc/tally.conf",
    ] {
        assert!(there(path), "{path} after the installation");
    }
    let accounts = std::fs::read_to_string(root.join("etc/passwd")).expect("sysusers made it");
    assert!(accounts.contains("_tallyd:"), "{accounts}");
    // The administrator's decisions outlast an upgrade.
    std::fs::remove_file(root.join(timer)).expect("it is there");
    std::fs::write(root.join("etc/tally.conf"), "# mine\n").expect("a file");
    dpkg(&world, &["--install", &deb("2")]).code(0);
    assert!(there(wants) && !there(timer), "after the upgrade");
    let kept = std::fs::read_to_string(root.join("etc/tally.conf")).expect("a conffile");
    assert_eq!(kept, "# mine\n");
    dpkg(&world, &["--remove", "tallyd"]).code(0);
    for path in [
        "usr/sbin/counter",
        "etc/alternatives/counter",
        "usr/sbin/tallyd",
    ] {
        assert!(!there(path), "{path} after the removal");
    }
    assert!(there("etc/tally.conf"), "conffiles stay until the purge");
    dpkg(&world, &["--purge", "tallyd"]).code(0);
    for path in [
        wants,
        timer,
        "etc/tally.conf",
        "var/lib/systemd/deb-systemd-helper-enabled/tallyd.service.dsh-also",
    ] {
        assert!(!there(path), "{path} after the purge");
    }
}

#[test]
fn what_could_not_run_is_refused_with_the_way_out() {
    let world = World::new();
    let (name, summary, _) = KINDS[1];
    let head = HEAD
        .replace("path = \"NAME\"\n", "")
        .replace("NAME", name)
        .replace("SUMMARY", summary);
    let command = "gcc -shared -fPIC -Wl,-soname,libown.so.3 -o libown.so.3 own.c; \
                   gcc -o tally-c main.c ./libown.so.3";
    let start = format!("{head}command = \"{command}\"\n");
    let program = "{ source = \"tally-c\", target = \"/usr/bin/\" }";
    let library = "{ source = \"libown.so.3\", target = \"/usr/lib/tally/\" }";
    world.write("own.c", "int own(void) { return 0; }\n");
    world.write(
        "main.c",
        "int own(void);\nint main(void) { return own(); }\n",
    );
    world.write("x.service", "[Service]\nExecStart=/usr/bin/taly-c\n");
    let mut number = 0;
    let mut build = |rest: &str| {
        number += 1;
        world.write("debcut.toml", format!("{start}{rest}"));
        world.commit("build: describe it otherwise");
        let tag = format!("tally-c/v{number}");
        world.tag(&tag);
        world.run([
            "build",
            &tag,
            "--no-sign",
            "--json",
            "--out",
            &format!("../{number}"),
        ])
    };
    let ran = build(&format!("files = [{program}]\n")).code(1);
    let finding = &ran.document("debcut/build/1")["findings"][0];
    assert_eq!(finding["rule"], "program-architecture");
    assert_eq!(finding["subject"], "/usr/bin/tally-c");
    let any = "architecture = \"any\"\n";
    let ran = build(&format!("{any}files = [{program}]\n")).code(1);
    let document = ran.document("debcut/build/1");
    let finding = &document["findings"][0];
    assert_eq!(finding["rule"], "missing-library");
    assert_eq!(finding["subject"], "/usr/bin/tally-c");
    let message = finding["message"].as_str().expect("text");
    assert!(message.contains("libown.so.3"), "{message}");
    assert_eq!(document["findings"].as_array().map(Vec::len), Some(1));
    assert!(!world.path("2").exists(), "nothing half-made is left");
    let both = format!("{any}files = [{program}, {library}]\n");
    build(&both).code(0);
    let deb = debs(&world.path("3")).pop().expect("a package");
    assert!(field(&world, &deb, "Depends").starts_with("libc6 (>= "));
    // Without an eye on programs, whatever is listed is shipped.
    build(&format!(
        "strip = false\ndetect-depends = false\nfiles = [{program}]\n"
    ))
    .code(0);
    let odd = format!("{both}units = [{{ source = \"x.service\" }}]\n");
    build(&odd)
        .code(0)
        .says(&["x.service runs /usr/bin/taly-c, which the package does not install"]);
    let absent = format!("{both}units = [{{ name = \"y.service\" }}]\n");
    build(&absent)
        .code(2)
        .says(&["installs no y.service below /usr/lib/systemd/system"]);
    let absent = format!(
        "{both}alternatives = [{{ link = \"/usr/bin/a\", path = \"/usr/bin/b\", priority = 1 }}]\n"
    );
    build(&absent)
        .code(2)
        .says(&["a is to be /usr/bin/b, which the package does not install"]);
}

#[test]
fn what_is_misspelt_is_refused_before_anything_is_built() {
    let world = World::new();
    let (name, summary, _) = KINDS[4];
    let head = HEAD
        .replace("path = \"NAME\"\n", "")
        .replace("NAME", name)
        .replace("SUMMARY", summary);
    world.write("numbers", "1\n");
    for (written, want) in [
        (
            "units = [{ source = \"numbers\" }]",
            "“numbers” is no unit's name",
        ),
        ("units = [{ enable = true }]", "a unit needs source"),
        (
            "units = [{ name = \"a.timer\", scope = \"user\", start = true }]",
            "a user's unit is only enabled",
        ),
        (
            "units = [{ name = \"a.timer\" }, { name = \"a.timer\" }]",
            "the unit a.timer comes twice",
        ),
        (
            "units = [{ name = \"a.timer\", on-upgrade = \"maybe\" }]",
            "unknown value “maybe”; known: restart, stop, keep",
        ),
        (
            "triggers = [\"interested /usr\"]",
            "“interested /usr” is no trigger",
        ),
        ("multi-arch = \"no\"", "expected same, foreign or allowed"),
        (
            "alternatives = [{ link = \"/usr/bin/a\", path = \"/usr/bin/a b\", priority = 1 }]",
            "letters that an alternative cannot have",
        ),
        (
            "alternatives = [{ link = \"/usr/bin/a\", path = \"/usr/bin/a\", priority = 1 }]",
            "link and path of an alternative are both /usr/bin/a",
        ),
    ] {
        world.write("debcut.toml", format!("{head}{written}\n"));
        world.run(["status"]).code(2).says(&[want, "debcut.toml:"]);
    }
}
