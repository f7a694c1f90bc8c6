//! What a hostile build sends across the border of its room: each crossing is
//! refused, with exit code 1 and a rule that names it.

use crate::world::{Ran, World, is_root};

const DECLARED: &str = r#"
[build]
space = "64M"
[[package]]
name = "tally"
tag = "v{version}"
[package.declared]
maintainer = "Ada Example <ada@example.org>"
summary = "count things"
license = "MIT"
architecture = "all"
command = "sh make.sh"
files = [{ source = "out/seen.txt", target = "/usr/share/tally/seen.txt" }]
"#;

/// A declared package with this build command.
fn declared(script: &str) -> World {
    let world = World::new();
    world.write("debcut.toml", DECLARED);
    world.write("make.sh", format!("set -eu\nmkdir out\n{script}"));
    world.commit("feat: first");
    world.tag("v1.0.0");
    world
}

/// A package with `debian/` whose build does this before anything else is
/// packed.
fn debian(script: &str) -> World {
    let world = World::new();
    world.write("debian/changelog", CHANGELOG);
    world.write("debian/control", CONTROL);
    world.write("debian/source/format", "3.0 (native)\n");
    world.write("debian/hostile", format!("set -eu\n{script}"));
    world.write("debian/rules", RULES);
    let mut chmod = crate::world::tool("chmod", "coreutils");
    chmod.arg("755").arg(world.project().join("debian/rules"));
    world.judge(chmod).code(0);
    world.commit("feat: first");
    world.tag("v1.0.0");
    world
}

const CHANGELOG: &str = "tally (1.0.0) unstable; urgency=medium\n\n  * First.\n\n \
     -- Ada Example <ada@example.org>  Thu, 01 May 2025 12:00:00 +0000\n";
const CONTROL: &str = "Source: tally\nSection: misc\nPriority: optional\n\
     Maintainer: Ada Example <ada@example.org>\nStandards-Version: 4.6.2\n\n\
     Package: tally\nArchitecture: all\nDescription: count things\n It counts.\n";
const RULES: &str = "#!/usr/bin/make -f\nclean build build-arch build-indep binary-arch:\n\
     binary binary-indep:\n\tmkdir -p debian/tally/DEBIAN\n\tdpkg-gencontrol -ptally -Pdebian/tally\n\
     \tdpkg-deb --root-owner-group --build debian/tally ..\n\tsh debian/hostile\n";

fn build(world: &World) -> Ran {
    world.run(["build", "--no-sign", "--isolation", "namespace"])
}

/// Runs a build that is refused by this rule.
fn refused(world: &World, rule: &str) -> Ran {
    let words = ["build", "--no-sign", "--isolation", "namespace", "--json"];
    let ran = world.run(words).code(1);
    let rule = format!("\"rule\": \"{rule}\"");
    let plain = ran.stdout.replace("\":\"", "\": \"");
    assert!(
        plain.contains(&rule),
        "{rule}: {}{}",
        ran.stdout,
        ran.stderr
    );
    assert!(!world.project().join("dist/v1.0.0").exists());
    ran
}

#[test]
fn hard_links_to_links_show_no_file_of_the_machine() {
    let secret = "/etc/machine-id";
    let world = declared(&format!("ln -s {secret} a; ln -P a out/seen.txt"));
    let ran = build(&world);
    // The link is packed as it is; what it leads to never is.
    if ran.code(0).stderr.is_empty() {
        return;
    }
    let deb = world.project().join("dist/v1.0.0/tally_1.0.0_all.deb");
    let mut list = crate::world::tool("dpkg-deb", "dpkg");
    list.arg("--contents").arg(deb);
    let list = world.judge(list).code(0).stdout;
    assert!(list.contains(&format!("seen.txt -> {secret}")), "{list}");
}

#[test]
fn links_among_the_results_are_refused() {
    let world = debian(
        "ln -s /proc/self/environ ../loot_1_all.deb; echo 'loot_1_all.deb misc optional' >> debian/files",
    );
    refused(&world, "unfit-result");
}

#[test]
fn holes_count_for_the_space() {
    let world = declared("truncate -s 600M out/seen.txt");
    refused(&world, "limit");
}

#[test]
fn endless_listings_are_refused() {
    let world = debian("rm debian/files; ln -sf /dev/zero debian/files");
    // dpkg's own tools read it first, until there is no memory left.
    world.write("debcut.toml", "[build]\nmemory = \"300M\"\n");
    refused(&world, "build-failed");
}

#[test]
fn the_source_package_is_nobodys_to_replace() {
    let world =
        debian("echo x > ../tally_1.0.0.dsc; echo 'tally_1.0.0.dsc misc optional' >> debian/files");
    refused(&world, "replaces-source");
    // dpkg-genchanges compares it with the signed .dsc.
    let world = debian("echo x >> ../tally_1.0.0.tar.xz");
    let ran = refused(&world, "build-failed");
    assert!(ran.stdout.contains("tally_1.0.0.tar.xz"), "{}", ran.stdout);
}

#[test]
fn records_say_what_the_tag_says() {
    let world = debian(
        "sed -i 's/1.0.0/6.6.6/; s/unstable/stable/; s/Ada Example/Mallory/' debian/changelog debian/control",
    );
    build(&world).code(0);
    let dist = world.project().join("dist/v1.0.0");
    let read = |name: &str| {
        let entries = std::fs::read_dir(&dist).expect("it is there").flatten();
        let mut found = entries.filter(|e| e.file_name().to_string_lossy().ends_with(name));
        let found = found.next().expect("one of each");
        std::fs::read_to_string(found.path()).expect("text")
    };
    for name in [".changes", ".buildinfo"] {
        let text = read(name);
        assert!(text.contains("\nVersion: 1.0.0\n"), "{text}");
        assert!(!text.contains("Mallory"), "{text}");
        assert!(!text.contains("6.6.6"), "{text}");
    }
    assert!(read(".changes").contains("\nDistribution: unstable\n"));
}

#[test]
fn packages_of_another_source_are_refused() {
    let world = debian(
        "mkdir -p x/DEBIAN; printf 'Package: tally\\nSource: openssl\\nVersion: 99:9\\n\
         Architecture: all\\nMaintainer: Ada Example <ada@example.org>\\nDescription: d\\n' \
         > x/DEBIAN/control; dpkg-deb --root-owner-group --build x ../tally_1.0.0_all.deb",
    );
    refused(&world, "other-source");
}

#[test]
fn whoever_blinds_the_rooms_first_process_is_refused() {
    let world = declared(
        "echo > out/seen.txt; prlimit --pid 1 --nofile=0:0 || true; setsid sleep 1000 & sleep 1",
    );
    let words = ["build", "--no-sign", "--isolation", "namespace", "--json"];
    let mut call = world.debcut(words);
    if is_root() {
        call = call.by_nobody();
    }
    let ran = call.run();
    // Where the user has numbers for more accounts, the build has another than
    // the first process and reaches nothing.
    if ran.stdout.contains("unwatched") {
        ran.code(1);
    } else {
        assert!(ran.code(0).stdout.contains("left-behind"));
    }
}
