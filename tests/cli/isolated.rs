//! Builds in rooms of their own, builds that are remembered, and builds side
//! by side.

use std::path::Path;

use crate::world::World;

const COMMAND: &str = r#"
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

/// A declared package whose command writes down what it sees.
fn looking(script: &str) -> World {
    let world = World::new();
    world.write("debcut.toml", COMMAND);
    world.write("make.sh", format!("set -eu\nmkdir out\n{script}"));
    world.commit("feat: first");
    world.tag("v1.0.0");
    world
}

fn build(world: &World, arguments: &[&str]) -> crate::world::Ran {
    let words = ["build", "--no-sign", "--isolation", "namespace"];
    world.run(words.iter().chain(arguments))
}

fn packed(world: &World, directory: &str) -> String {
    let deb = world.project().join(directory).join("tally_1.0.0_all.deb");
    let mut unpack = crate::world::tool("dpkg-deb", "dpkg");
    unpack.arg("--fsys-tarfile").arg(&deb);
    let tar = world.path("data.tar");
    let output = unpack.output().expect("it runs");
    std::fs::write(&tar, output.stdout).expect("a file");
    let mut read = crate::world::tool("tar", "tar");
    read.arg("-xOf").arg(&tar).arg("./usr/share/tally/seen.txt");
    world.judge(read).code(0).stdout
}

#[test]
fn a_room_is_the_same_everywhere() {
    let world = looking(
        "exec > out/seen.txt\nid -un; id -u; hostname; pwd; umask; echo $HOME; \
         for at in /usr /etc /opt /var; do touch $at/x 2>/dev/null && echo wrote $at; done; true",
    );
    build(&world, &[]).code(0);
    let want = "build\n1000\ndebcut\n/build/reproducible-path/tally-1.0.0\n0022\n/build/home\n";
    let found = packed(&world, "dist/v1.0.0");
    assert!(found.starts_with(want), "{found}");
    assert!(!found.contains("wrote"), "{found}");
}

#[test]
fn ordinary_users_have_rooms_too() {
    let world = looking("id -un > out/seen.txt");
    let words = ["build", "--no-sign", "--isolation", "namespace"];
    let ran = world.debcut(words).by_nobody().umask("077").run();
    ran.code(0);
    assert_eq!(packed(&world, "dist/v1.0.0"), "build\n");
}

#[test]
fn what_is_said_of_a_build_names_its_surroundings() {
    let world = looking("echo > out/seen.txt");
    build(&world, &[]).code(0);
    let provenance = world.project().join("dist/v1.0.0/tally_1.0.0.intoto.jsonl");
    let envelope = std::fs::read_to_string(provenance).expect("it is there");
    let envelope: serde_json::Value = serde_json::from_str(&envelope).expect("JSON");
    let mut decode = crate::world::tool("base64", "coreutils");
    decode.arg("--decode").arg({
        let payload = world.path("payload");
        let text = envelope["payload"].as_str().expect("a payload");
        std::fs::write(&payload, text).expect("a file");
        payload
    });
    let said = world.judge(decode).code(0).stdout;
    let statement: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let builder = &statement["predicate"]["runDetails"]["builder"]["id"];
    assert_eq!(builder, "urn:debcut:builder:isolation-namespace");
    let plan = &statement["predicate"]["buildDefinition"]["internalParameters"]["plan"];
    let around = &plan["environment"];
    for (key, want) in [
        ("locale", "C.UTF-8"),
        ("zone", "UTC"),
        ("umask", "022"),
        ("host_name", "debcut"),
        ("build_path", "/build/reproducible-path"),
    ] {
        assert_eq!(around[key], want, "{key}: {around}");
    }
    assert_eq!(around["user"]["name"], "build");
    let shell = &around["tools"]["sh"];
    assert!(shell["package"].is_string(), "{around}");
    assert_eq!(shell["sha256"].as_str().map(str::len), Some(64));
}

#[test]
fn a_debian_package_is_built_in_a_room() {
    let world = World::native();
    build(&world, &[]).code(0);
    let dist = world.project().join("dist");
    let buildinfo = find(&dist, ".buildinfo");
    let text = std::fs::read_to_string(buildinfo).expect("text");
    assert!(
        text.contains("Build-Path: /build/reproducible-path/"),
        "{text}"
    );
}

fn find(below: &Path, ending: &str) -> std::path::PathBuf {
    let entries = walkdir::WalkDir::new(below).into_iter().flatten();
    let mut paths = entries.map(walkdir::DirEntry::into_path);
    let found = paths.find(|path| path.to_string_lossy().ends_with(ending));
    found.expect(ending)
}

#[test]
fn unchanged_inputs_are_not_built_twice() {
    let world = looking("date +%s%N > out/seen.txt");
    let cached = |arguments: &[&str]| {
        let words = ["build", "--no-sign", "--isolation", "namespace"];
        let words = words.iter().chain(arguments);
        world
            .debcut(words)
            .env("DEBCUT_NO_CACHE", "0")
            .run()
            .code(0)
    };
    cached(&["--out", "one"]);
    let again = cached(&["--out", "two"]);
    assert!(
        again.stderr.contains("taken from the cache"),
        "{}",
        again.stderr
    );
    assert_eq!(packed(&world, "one"), packed(&world, "two"));
    let anew = cached(&["--out", "three", "--no-cache"]);
    assert!(!anew.stderr.contains("cache"), "{}", anew.stderr);
    assert_ne!(packed(&world, "one"), packed(&world, "three"));
    // What was changed meanwhile is not taken.
    let deb = find(&world.path("home/.cache/debcut/builds"), ".deb");
    let mut bytes = std::fs::read(&deb).expect("it is there");
    bytes.push(0);
    std::fs::write(&deb, bytes).expect("written");
    let damaged = cached(&["--out", "four"]);
    assert!(!damaged.stderr.contains("cache"), "{}", damaged.stderr);
    assert_ne!(packed(&world, "one"), packed(&world, "four"));
    // Another signer's build is another build.
    world.key();
    let words = ["build", "--isolation", "namespace", "--out", "five"];
    let signed = world
        .debcut(words)
        .env("DEBCUT_NO_CACHE", "0")
        .run()
        .code(0);
    assert!(!signed.stderr.contains("cache"), "{}", signed.stderr);
}

#[test]
fn the_path_in_a_room_is_the_same_for_everybody() {
    let world = looking("echo $PATH > out/seen.txt; mine 2> /dev/null || true");
    let shims = world.path("home/shims");
    std::fs::create_dir_all(&shims).expect("a directory");
    let usual = std::env::var("PATH").expect("a path");
    let words = ["build", "--no-sign", "--isolation", "namespace"];
    let ran = world
        .debcut(words)
        .env("PATH", format!("{}:{usual}", shims.display()));
    ran.run().code(0);
    let found = packed(&world, "dist/v1.0.0");
    assert!(!found.contains("shims"), "{found}");
    assert!(found.contains("/usr/local/bin:/usr/bin:/bin"), "{found}");
    let planned = build(&world, &["--dry-run", "--json"]).code(0);
    let plan: serde_json::Value = serde_json::from_str(&planned.stdout).expect("JSON");
    let path = &plan["plan"]["environment"]["search_path"];
    assert_eq!(path.as_str(), Some(found.trim()));
}

#[test]
fn a_plan_says_what_stands_around_the_build() {
    let world = looking("echo > out/seen.txt");
    let shown = build(&world, &["--dry-run", "--jobs", "3", "--profile", "nodoc"]).code(0);
    for (name, value) in [
        ("isolation", "namespace"),
        ("jobs", "3"),
        ("profiles", "nodoc"),
    ] {
        let is_it = |line: &str| line.contains(name) && line.trim_end().ends_with(value);
        assert!(shown.stdout.lines().any(is_it), "{name}: {}", shown.stdout);
    }
    let words = ["build", "--no-sign", "--isolation", "none"];
    let bare = world.run(words).code(0);
    assert!(
        bare.stderr.contains("nothing isolates the build"),
        "{}",
        bare.stderr
    );
}

#[test]
fn whoever_runs_on_when_the_command_ends_is_named() {
    let world = looking("echo > out/seen.txt; sleep 300 &");
    let ran = build(&world, &[]).code(0);
    assert!(
        ran.stdout.contains("left programs running"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("sleep"), "{}", ran.stdout);
}

#[test]
fn what_is_built_does_not_get_into_the_next_commit() {
    let world = looking("echo > out/seen.txt");
    build(&world, &[]).code(0);
    let exclude = std::fs::read_to_string(world.project().join(".git/info/exclude"));
    let exclude = exclude.expect("it is there");
    assert!(exclude.lines().any(|line| line == "/dist/"), "{exclude}");
}

#[test]
fn a_licence_that_is_missing_is_missed_before_the_build() {
    let world = looking("echo > out/seen.txt");
    world.write(
        "debcut.toml",
        COMMAND.replace("license = \"MIT\"", "copyright = \"MIT\""),
    );
    world.commit("fix: the licence");
    world.tag("v1.0.1");
    let ran = build(&world, &["v1.0.1"]).code(2);
    assert!(
        ran.stderr.contains("write license = \"MIT\""),
        "{}",
        ran.stderr
    );
}

#[test]
fn another_build_in_the_way_is_told_by_what_differs() {
    let world = looking("echo > out/seen.txt");
    build(&world, &["--out", "one"]).code(0);
    let ran = build(&world, &["--out", "one", "--build-option", "nocheck"]).code(2);
    assert!(
        ran.stderr.contains("environment.options was []"),
        "{}",
        ran.stderr
    );
    let two = build(&world, &["--build-option", "a b"]).code(2);
    assert!(
        two.stderr.contains("one word is expected"),
        "{}",
        two.stderr
    );
}

#[test]
fn a_candidate_has_the_version_that_is_planned() {
    let world = looking("echo > out/seen.txt");
    world.write("more.txt", "more");
    world.commit("feat: more");
    let ran = build(&world, &["--commit", "HEAD"]).code(0);
    assert!(ran.stdout.contains("1.1.0"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("a candidate, not a release"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_builds_papers_say_how_the_machine_is_tainted() {
    let world = looking("echo > out/seen.txt");
    build(&world, &[]).code(0);
    let buildinfo = find(&world.project().join("dist"), ".buildinfo");
    let text = std::fs::read_to_string(buildinfo).expect("text");
    let lines = text
        .lines()
        .skip_while(|line| !line.starts_with("Build-Tainted-By:"));
    let found: Vec<&str> = lines
        .skip(1)
        .take_while(|line| line.starts_with(' '))
        .collect();
    let mut perl = crate::world::tool("perl", "perl");
    perl.arg("-e").arg(
        "require Dpkg::Vendor::Debian; \
         print \" $_\\n\" for Dpkg::Vendor::Debian::_build_tainted_by(undef)",
    );
    let want = world.judge(perl).code(0).stdout;
    assert_eq!(found, want.lines().collect::<Vec<_>>(), "{text}");
}

#[test]
fn a_compiler_is_told_by_its_toolchain() {
    let world = looking("echo > out/seen.txt");
    let arch = std::env::consts::ARCH;
    let toolchain = format!("rustup/toolchains/1.99.0-{arch}-unknown-linux-gnu/bin/rustc");
    for (name, text) in [("bin/rustup", "a stand-in"), (&toolchain, "a compiler")] {
        let path = world.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }
    std::os::unix::fs::symlink("rustup", world.path("bin/rustc")).expect("a link");
    let told = |tag: &str| {
        let path = format!("{}:/usr/bin:/bin", world.path("bin").display());
        let words = ["build", "--dry-run", "--json", "--no-sign", tag];
        let call = world.debcut(words).env("PATH", path);
        let ran = call.env("RUSTUP_HOME", world.path("rustup")).run();
        let said: serde_json::Value = serde_json::from_str(&ran.code(0).stdout).expect("JSON");
        said.to_string()
    };
    let digest = |name: &str| {
        let mut sum = crate::world::tool("sha256sum", "coreutils");
        sum.arg(world.path(name));
        world.judge(sum).code(0).stdout[..64].to_owned()
    };
    let stand_in = digest("bin/rustup");
    assert!(!told("v1.0.0").contains(&stand_in));
    world.write("rust-toolchain.toml", "[toolchain]\nchannel = \"1.99.0\"\n");
    world.commit("build: choose a compiler");
    world.tag("v1.1.0");
    let chosen = told("v1.1.0");
    assert!(chosen.contains(&digest(&toolchain)), "{chosen}");
    assert!(!chosen.contains(&stand_in), "{chosen}");
}
