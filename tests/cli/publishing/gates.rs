//! What is asked of packages beyond their own consistency: fields, uploaders,
//! dependencies, files, sources, other suites. Each rule by a package that
//! breaks it, in a suite that refuses what it would otherwise only tell.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::apt::client::Client;
use crate::archive::packages::{changes, deb, source};
use crate::world::{Ran, World, tool};

/// Makes a package of `NAME VERSION ARCHITECTURE`, further lines of its control
/// file and empty files at these paths. dpkg-deb does not check the fields.
pub fn made(world: &World, head: &str, fields: &str, files: &[&str]) -> PathBuf {
    let [name, version, architecture] = head.split(' ').collect::<Vec<_>>()[..] else {
        panic!("NAME VERSION ARCHITECTURE expected: {head}");
    };
    let tree = world.path("tree");
    let _ = std::fs::remove_dir_all(&tree);
    std::fs::create_dir_all(tree.join("DEBIAN")).expect("a directory");
    let maintainer = match fields.contains("Maintainer:") {
        true => "",
        false => "Maintainer: Ada Example <ada@example.org>\n",
    };
    let description = match fields.contains("Description:") {
        true => "",
        false => "Description: a package\n",
    };
    let control = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n\
         {maintainer}{description}{fields}"
    );
    std::fs::write(tree.join("DEBIAN/control"), control).expect("a file");
    for file in files {
        let path = tree.join(file);
        std::fs::create_dir_all(path.parent().expect("below")).expect("a directory");
        std::fs::write(path, name).expect("a file");
    }
    let into = world.path("made");
    std::fs::create_dir_all(&into).expect("a directory");
    let mut dpkg = tool("dpkg-deb", "dpkg");
    dpkg.args(["--root-owner-group", "-Znone", "--nocheck", "--build"]);
    world.surround(&mut dpkg);
    dpkg.env("SOURCE_DATE_EPOCH", "1746093600");
    let path = into.join(format!("{name}_{version}_{architecture}.deb"));
    dpkg.arg(&tree).arg(&path);
    crate::world::finished(dpkg.output().expect("it is installed")).code(0);
    path
}

/// Returns the findings of an answer that has this code.
#[track_caller]
pub fn findings(ran: &Ran, code: i32) -> Vec<Value> {
    assert_eq!(ran.code, code, "{}\n{}", ran.stdout, ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).expect("one document");
    document["findings"].as_array().expect("a list").clone()
}

fn strict(world: &World) {
    world
        .archive([
            "init",
            "--suite",
            "stable",
            "--architecture",
            "amd64",
            "--dependencies",
            "refuse",
            "--file-conflicts",
            "refuse",
            "--built-using",
            "refuse",
        ])
        .code(0);
}

#[test]
fn every_gate_refuses_what_breaks_it_and_lets_the_rest_in() {
    let world = World::with_archive();
    strict(&world);
    let base = [
        made(
            &world,
            "libone 1.0 amd64",
            "Multi-Arch: same\nProvides: virtual, exact (= 2)\n",
            &["usr/lib/one"],
        ),
        made(
            &world,
            "tool 1.0 amd64",
            "Multi-Arch: allowed\n",
            &["usr/bin/tool"],
        ),
    ];
    world.add(&base, &[]).code(0);
    // (control fields, file, the rule that breaks, what its finding says)
    type Case = (
        &'static str,
        &'static str,
        Option<&'static str>,
        &'static [&'static str],
    );
    let cases: &[Case] = &[
        (
            "Depends: libone (>= 1.0), virtual, exact (>= 2)\n",
            "x",
            None,
            &[],
        ),
        (
            "Depends: none | libone\nPre-Depends: tool:any\n",
            "x",
            None,
            &[],
        ),
        ("Recommends: none\n", "x", None, &[]),
        (
            "Depends: libone (>= 1.1)\n",
            "x",
            Some("dependency-not-satisfied"),
            &["libone (>= 1.1)", "new 1 on amd64", "there is libone 1.0"],
        ),
        (
            "Pre-Depends: none\n",
            "x",
            Some("dependency-not-satisfied"),
            &["none", "--base"],
        ),
        (
            "Depends: virtual (>= 1)\n",
            "x",
            Some("dependency-not-satisfied"),
            &["virtual of libone"],
        ),
        (
            "Depends: exact (>> 2)\n",
            "x",
            Some("dependency-not-satisfied"),
            &["exact"],
        ),
        (
            "Depends: libone:any\n",
            "x",
            Some("dependency-not-satisfied"),
            &["libone:any"],
        ),
        (
            "Depends: a b\n",
            "x",
            Some("invalid-relation"),
            &["Depends", "7.1"],
        ),
        (
            "Provides: xx (>= 1)\n",
            "x",
            Some("invalid-relation"),
            &["Provides", "7.5"],
        ),
        (
            "Built-Using: gcc\n",
            "x",
            Some("invalid-relation"),
            &["7.8"],
        ),
        (
            "Built-Using: gcc (= 1)\n",
            "x",
            Some("built-using-missing"),
            &["gcc 1", "new 1"],
        ),
        (
            "Static-Built-Using: gcc (= 1)\n",
            "x",
            Some("built-using-missing"),
            &["gcc 1"],
        ),
        (
            "",
            "usr/bin/tool",
            Some("file-conflict"),
            &["/usr/bin/tool", "tool 1.0"],
        ),
        ("Conflicts: tool\n", "usr/bin/tool", None, &[]),
        (
            "Breaks: tool (<< 2)\nReplaces: tool (<< 2)\n",
            "usr/bin/tool",
            None,
            &[],
        ),
        (
            "Replaces: tool (<< 1)\n",
            "usr/bin/tool",
            Some("file-conflict"),
            &["Replaces"],
        ),
        (
            "Maintainer: nobody\n",
            "x",
            Some("invalid-maintainer"),
            &["nobody", "5.6.2"],
        ),
        (
            "Multi-Arch: some\n",
            "x",
            Some("invalid-multi-arch"),
            &["some"],
        ),
        ("Description:\n more\n", "x", Some("no-synopsis"), &["3.4"]),
    ];
    let before = world.archive_listing();
    for (fields, file, rule, says) in cases {
        let package = made(&world, "new 1 amd64", fields, &[file]);
        let dry = ["--json", "--dry-run"];
        let found = findings(&world.add(&[package], &dry), i32::from(rule.is_some()));
        let rules: Vec<_> = found
            .iter()
            .map(|f| f["rule"].as_str().expect("text"))
            .collect();
        assert_eq!(
            rules,
            rule.iter().copied().collect::<Vec<_>>(),
            "{fields} {found:?}"
        );
        for part in *says {
            assert!(
                found[0].to_string().contains(part),
                "{fields}: {part:?} in {}",
                found[0]
            );
        }
    }
    // All at once, of a set: the packages satisfy each other, and one finding
    // names all that lack the same.
    let set = [
        made(
            &world,
            "aa 1 amd64",
            "Depends: bb (= 1), none\n",
            &["usr/bin/same"],
        ),
        made(&world, "bb 1 amd64", "Depends: none\n", &["usr/bin/same"]),
        made(
            &world,
            "cc 1 amd64",
            "Section: odd\nPriority: high\n",
            &["usr/bin/c"],
        ),
    ];
    let found = findings(&world.add(&set, &["--json"]), 1);
    let of = |rule: &str| {
        let own: Vec<_> = found.iter().filter(|f| f["rule"] == rule).collect();
        assert_eq!(own.len(), 1, "{rule}: {found:?}");
        own[0].to_string()
    };
    assert!(of("dependency-not-satisfied").contains("aa 1, bb 1 on amd64"));
    assert!(of("file-conflict").contains("/usr/bin/same"));
    assert!(of("unknown-section").contains("warning"));
    assert!(of("unknown-priority").contains("high"));
    assert_eq!(world.archive_listing(), before, "nothing was written");
}

#[test]
fn dependencies_in_a_base_are_there_and_an_unknown_signer_is_not_believed() {
    let world = World::with_archive();
    let other = world.path("other");
    let other = other.to_str().expect("text");
    let own = [
        "archive",
        "init",
        other,
        "--suite",
        "trixie",
        "--architecture",
        "amd64",
    ];
    world.run(own).code(0);
    let gcc = made(
        &world,
        "libgcc 14 amd64",
        "Provides: gcc-base\n",
        &["usr/lib/gcc"],
    );
    let gcc = gcc.to_str().expect("text");
    world
        .run(["archive", "add", gcc, "--to", "trixie", "--archive", other])
        .code(0);

    let package = made(
        &world,
        "new 1 amd64",
        "Depends: libgcc (>= 14), gcc-base\n",
        &["usr/x"],
    );
    // Without a base it is one remark, whatever is missing.
    let found = findings(&world.add(&[&package], &["--json", "--dry-run"]), 0);
    assert_eq!(found.len(), 1, "{found:?}");
    let text = found[0].to_string();
    assert!(
        text.contains("gcc-base for new 1") && text.contains("libgcc (>= 14)"),
        "{text}"
    );
    let base = format!("file:{other} trixie main");
    strict(&world);
    world
        .archive(["init", "--suite", "stable", "--base", &base])
        .code(0);
    assert_eq!(
        findings(&world.add(&[&package], &["--json"]), 0),
        [] as [Value; 0]
    );
    let newer = made(
        &world,
        "new 2 amd64",
        "Depends: libgcc (>= 15)\n",
        &["usr/x"],
    );
    let found = findings(&world.add(&[newer], &["--json"]), 1);
    assert!(
        found[0]["message"]
            .as_str()
            .expect("text")
            .contains("there is libgcc 14")
    );

    // The catalogue is kept; the signature is asked each time.
    let third = made(
        &world,
        "new 3 amd64",
        "Depends: libgcc (>= 14)\n",
        &["usr/x"],
    );
    let release = Path::new(other).join("dists/trixie/InRelease");
    let text = std::fs::read_to_string(&release).expect("it is there");
    std::fs::write(&release, text.replace("Suite: trixie", "Suite: forged")).expect("a file");
    let found = findings(&world.add(&[third], &["--json"]), 1);
    assert_eq!(found[0]["rule"], "base-not-readable", "{found:?}");
    assert!(found[0].to_string().contains("does not match"), "{found:?}");
    world
        .archive(["init", "--suite", "stable", "--base", "nonsense"])
        .code(1);
}

#[test]
fn removing_what_others_need_is_told() {
    let world = World::with_archive();
    let set = [
        made(&world, "aa 1 all", "Depends: bb | cc\n", &["a"]),
        made(&world, "bb 1 all", "", &["b"]),
        made(&world, "cc 1 all", "", &["c"]),
        made(&world, "dd 1 all", "Depends: ee\n", &["d"]),
        made(&world, "ff 1 all", "Provides: ee\n", &["f"]),
    ];
    world.add(&set, &[]).code(0);
    let remove = |words: &[&str]| {
        let call = ["remove", "--from", "stable", "--dry-run", "--json"].into_iter();
        findings(&world.archive(call.chain(words.iter().copied())), 0)
    };
    assert_eq!(remove(&["bb"]), [] as [Value; 0], "cc is left");
    let both = remove(&["bb", "cc"]);
    assert_eq!(both.len(), 1, "{both:?}");
    assert_eq!(both[0]["rule"], "breaks-dependency");
    assert!(
        both[0]
            .to_string()
            .contains("aa 1 would have nobody left for bb | cc")
    );
    assert_eq!(remove(&["aa", "bb", "cc"]), [] as [Value; 0]);
    assert!(remove(&["ff"])[0].to_string().contains("dd 1"));
}

#[test]
fn only_uploaders_may_upload_where_the_suite_names_them() {
    let world = World::with_archive();
    let uploader = world.key();
    let signer = {
        let list = world.run(["key", "list", "--json"]).code(0).stdout;
        let list: Value = serde_json::from_str(&list).expect("a document");
        let keys = list["keys"].as_array().expect("a list").clone();
        let other = keys
            .iter()
            .map(|key| key["fingerprint"].as_str().expect("text"));
        other
            .filter(|key| *key != uploader)
            .map(str::to_owned)
            .next()
            .expect("two keys")
    };
    let init = [
        "init",
        "--suite",
        "stable",
        "--uploader",
        &uploader,
        "--key",
        &signer,
    ];
    world.archive(init).code(0);
    let upload = |name: &str, key: Option<&str>| {
        let package = deb(name, "1.0").make(&world, name);
        let path = changes("stable", &[&package]);
        if let Some(key) = key {
            sign(&world, &path, key);
        }
        (package, path)
    };
    let add = |path: &Path| world.add(&[path], &["--json", "--key", &signer]);
    let before = world.archive_listing();
    let (bare, unsigned) = upload("apple", None);
    for (path, says) in [(&bare, "no signed .changes"), (&unsigned, "not signed")] {
        let found = findings(&add(path), 1);
        assert_eq!(found[0]["rule"], "upload-not-signed", "{found:?}");
        let text = found[0].to_string();
        assert!(text.contains(says) && text.contains("debsign"), "{text}");
    }
    let (_, by_other) = upload("banana", Some(&signer));
    assert_eq!(
        findings(&add(&by_other), 1)[0]["rule"],
        "uploader-not-allowed"
    );
    assert_eq!(world.archive_listing(), before);
    let (_, good) = upload("cherry", Some(&uploader));
    assert_eq!(findings(&add(&good), 0), [] as [Value; 0]);
    // A changed upload is no upload.
    let (_, broken) = upload("damson", Some(&uploader));
    let text = std::fs::read_to_string(&broken).expect("it is there");
    std::fs::write(&broken, text.replace("urgency=medium", "urgency=low")).expect("a file");
    assert_eq!(findings(&add(&broken), 1)[0]["rule"], "bad-signature");
    // An old .dsc is no word for this suite; offered by itself it counts.
    let dsc = source(&world);
    sign(&world, &dsc, &uploader);
    let made = std::fs::read_dir(dsc.parent().expect("below")).expect("listed");
    let made: Vec<_> = made.map(|entry| entry.expect("listed").path()).collect();
    let made: Vec<&Path> = made
        .iter()
        .filter(|path| path.is_file())
        .map(PathBuf::as_path)
        .collect();
    let wrapped = changes("stable", &made);
    let found = findings(&add(&wrapped), 1);
    assert_eq!(found[0]["rule"], "upload-not-signed", "{found:?}");
    assert_eq!(findings(&add(&dsc), 0), [] as [Value; 0]);
}

/// Signs a text in place with gpg, as debsign does.
pub fn sign(world: &World, path: &Path, key: &str) {
    let secret = std::fs::read_dir(world.path("data/debcut/keys")).expect("keys");
    let home = world.path("gnupg");
    std::fs::create_dir_all(&home).expect("a directory");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&home, mode).expect("it is ours");
    let gpg = |words: &[&std::ffi::OsStr]| {
        let mut gpg = tool("gpg", "gnupg");
        gpg.arg("--homedir")
            .arg(&home)
            .args(["--batch", "--yes", "--pinentry-mode", "loopback"]);
        // The world's clock stands still, and so must this one.
        gpg.args(["--faked-system-time", "20250601T120000!"])
            .args(words);
        world.judge(gpg)
    };
    for file in secret {
        let file = file.expect("listed").path();
        gpg(&["--import".as_ref(), file.as_os_str()]);
    }
    let out = path.with_extension("signed");
    let words = [
        "--local-user".as_ref(),
        key.as_ref(),
        "--clear-sign".as_ref(),
        "--output".as_ref(),
        out.as_os_str(),
        path.as_os_str(),
    ];
    gpg(&words).code(0);
    std::fs::rename(out, path).expect("it was made");
    let mut stop = tool("gpgconf", "gnupg");
    stop.arg("--homedir").arg(&home).args(["--kill", "all"]);
    world.judge(stop);
}

#[test]
fn one_version_built_for_two_distributions_is_never_mixed_up() {
    let world = World::with_archive();
    let init = |words: &[&str]| {
        let call = ["init", "--suite"].into_iter().chain(words.iter().copied());
        world
            .archive(call.chain(["--component", "main,contrib"]))
            .code(0);
    };
    init(&["bookworm"]);
    init(&["trixie", "--own-pool"]);
    let one = made(&world, "tool 1.0-1 amd64", "", &["usr/bin/one"]);
    let add = |package: &Path, to: &str, more: &[&str]| {
        let words = ["add", package.to_str().expect("text"), "--to", to, "--json"];
        world.archive(words.into_iter().chain(more.iter().copied()))
    };
    add(&one, "bookworm", &[]).code(0);
    let keep = world.path("one.deb");
    std::fs::copy(&one, &keep).expect("a file");
    let two = made(&world, "tool 1.0-1 amd64", "", &["usr/bin/two"]);
    // The same pool path, and another one: both ways out are told.
    for (more, rule) in [
        (&[][..], "pool-path-taken"),
        (&["--component", "contrib"], "same-version-other-content"),
    ] {
        let found = findings(&add(&two, "stable", more), 1);
        assert_eq!(found[0]["rule"], rule, "{found:?}");
        let fix = found[0]["fix"].as_str().expect("text");
        assert!(
            fix.contains("+deb12u1") && fix.contains("--own-pool"),
            "{fix}"
        );
    }
    add(&two, "trixie", &[]).code(0);
    let place = world
        .archive_at()
        .join("pool/trixie/main/t/tool/tool_1.0-1_amd64.deb");
    assert_eq!(
        std::fs::read(place).expect("its own"),
        std::fs::read(&two).expect("made")
    );
    assert!(world.deep_check(0).is_empty());
    for (suite, file) in [("bookworm", &keep), ("trixie", &two)] {
        let sources = world.archive(["sources", suite]).code(0).stdout;
        let client = Client::new(&world, suite, ("a.sources", &sources));
        client.update().code(0);
        let said = client.apt("apt-cache", &["show", "tool"]).code(0);
        let digest = debcut::model::Sha256::of(&std::fs::read(file).expect("made")).hex();
        assert!(
            said.stdout.contains(&format!("SHA256: {digest}")),
            "{suite}: {}",
            said.stdout
        );
    }
}

#[test]
fn promotion_between_pools_copies_the_files() {
    let world = World::with_archive();
    world
        .archive(["init", "--suite", "own", "--own-pool"])
        .code(0);
    let source = crate::archive::packages::source(&world);
    let tool = made(&world, "tool 1.0 all", "", &["usr/bin/tool"]);
    world.add(&[&source, &tool], &[]).code(0);
    let promote = |from: &str, to: &str| {
        world.archive(["promote", "--all", "--from", from, "--to", to, "--json"])
    };
    promote("stable", "own").code(0);
    for below in [
        "t/tool/tool_1.0_all.deb",
        "p/plum/plum_1.0-1.dsc",
        "p/plum/plum_1.0.orig.tar.gz",
    ] {
        assert!(
            world
                .archive_at()
                .join("pool/own/main")
                .join(below)
                .is_file(),
            "{below}"
        );
    }
    assert!(world.deep_check(0).is_empty());
    let again = promote("stable", "own")
        .code(0)
        .document("debcut/archive-promote/1");
    assert_eq!(again["changed"], false);
    let sources = world.archive(["sources", "own"]).code(0).stdout;
    let client = Client::new(&world, "client", ("a.sources", &sources));
    let fetched = client
        .everything(&["tool"], &["plum"])
        .expect("all is there");
    assert_eq!(
        fetched.len(),
        3,
        "apt takes packages from file: where they are"
    );
}

#[test]
fn only_the_newest_versions_are_kept_and_symbols_go_to_their_component() {
    let world = World::with_archive();
    let init = [
        "init",
        "--suite",
        "stable",
        "--keep-versions",
        "2",
        "--debug-component",
        "debug",
    ];
    world.archive(init).code(0);
    let add = |versions: &[&str], more: &[&str]| {
        let files: Vec<_> = versions
            .iter()
            .map(|v| deb("apple", v).make(&world, "debs"))
            .collect();
        world.add(&files, &[&["--json"], more].concat())
    };
    add(&["1.0"], &[]).code(0);
    add(&["1.1"], &[]).code(0);
    let removed = |ran: &Ran| {
        let document: Value = serde_json::from_str(&ran.stdout).expect("one document");
        let rows = document["removed"].as_array().expect("a list").clone();
        rows.iter()
            .map(|row| row["version"].as_str().expect("text").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(removed(&add(&["1.2"], &["--dry-run"]).code(0)), ["1.0"]);
    assert_eq!(removed(&add(&["1.2"], &[]).code(0)), ["1.0"]);
    assert_eq!(world.packages_of("stable"), ["apple 1.1", "apple 1.2"]);
    let late = add(&["0.9"], &["--allow-older"]);
    assert_eq!(findings(&late, 0)[0]["rule"], "older-than-kept");
    let four = add(&["2.0", "2.1", "2.2"], &[]);
    assert_eq!(removed(&four.code(0)), ["1.1", "1.2"]);
    assert_eq!(world.packages_of("stable"), ["apple 2.1", "apple 2.2"]);
    assert!(
        !world
            .archive_at()
            .join("pool/main/a/apple/apple_2.0_all.deb")
            .exists()
    );
    world
        .archive(["init", "--suite", "stable", "--keep-versions", "1"])
        .code(0);
    assert_eq!(world.packages_of("stable"), ["apple 2.2"]);

    let symbols = made(
        &world,
        "apple-dbgsym 2.2 amd64",
        "Auto-Built-Package: debug-symbols\nSection: debug\n",
        &["usr/lib/debug/x"],
    );
    world.add(&[symbols], &[]).code(0);
    let list = world
        .archive(["list", "stable", "--json"])
        .code(0)
        .document("debcut/archive-list/1");
    let rows = list["suites"][0]["packages"].as_array().expect("a list");
    let components: Vec<_> = rows
        .iter()
        .map(|row| row["component"].as_str().expect("text"))
        .collect();
    assert_eq!(components, ["main", "debug"]);
    let sources = world.archive(["sources"]).code(0).stdout;
    let plain = sources.replace(" debug", "");
    for (name, text, want) in [("with", &sources, 1), ("without", &plain, 0)] {
        let client = Client::new(&world, name, ("a.sources", text));
        client.update().code(0);
        assert_eq!(client.versions("apple-dbgsym").len(), want, "{name}");
    }
    assert!(world.deep_check(0).is_empty());
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }

    fn relation(&mut self) -> String {
        let name = ["na", "nb", "nc", "nd", "ne", "nf", "va", "vb", "vc"][self.roll(9) as usize];
        let any = if self.roll(5) == 0 { ":any" } else { "" };
        let bound = match self.roll(3) {
            0 => {
                let operator = ["<<", "<=", "=", ">=", ">>"][self.roll(5) as usize];
                format!(" ({operator} {})", self.roll(4))
            }
            _ => String::new(),
        };
        format!("{name}{any}{bound}")
    }

    fn package(&mut self, name: &str) -> (String, String) {
        let mut fields = String::new();
        for field in ["Depends", "Pre-Depends"] {
            let clauses: Vec<_> = (0..self.roll(3))
                .map(|_| match self.roll(4) {
                    0 => format!("{} | {}", self.relation(), self.relation()),
                    _ => self.relation(),
                })
                .collect();
            if !clauses.is_empty() {
                fields += &format!("{field}: {}\n", clauses.join(", "));
            }
        }
        if self.roll(3) == 0 {
            let version = ["", " (= 1)", " (= 2)"][self.roll(3) as usize];
            fields += &format!(
                "Provides: v{}{version}\n",
                ["a", "b"][self.roll(2) as usize]
            );
        }
        let multi = ["", "Multi-Arch: allowed\n", "Multi-Arch: foreign\n"][self.roll(3) as usize];
        fields += multi;
        (format!("{name} {} amd64", self.roll(3) + 1), fields)
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "whoever reads the run must see it")]
fn what_is_missing_is_what_apt_finds_unmet() {
    if debcut::model::Architecture::of_this_machine().as_str() != "amd64" {
        eprintln!(
            "SKIPPED, not passed: the packages are for amd64, and apt reads those of this machine"
        );
        return;
    }
    let world = World::with_archive();
    let mut missing = 0;
    for round in 0..5 {
        let suite = format!("round{round}");
        let init = [
            "init",
            "--suite",
            &suite,
            "--architecture",
            "amd64",
            "--dependencies",
            "off",
            "--own-pool",
        ];
        world.archive(init).code(0);
        let mut dice = Dice(1000 + round);
        let mut files = Vec::new();
        let mut shown = String::new();
        for name in ["na", "nb", "nc", "nd", "ne", "nf"] {
            let (head, fields) = dice.package(name);
            shown += &format!("{head}\n{fields}\n");
            let made = made(&world, &head, &fields, &[&format!("usr/share/{name}")]);
            files.push(made.to_str().expect("text").to_owned());
        }
        let add = |more: &[&str]| {
            let words = ["add", "--to", &suite, "--json"]
                .into_iter()
                .chain(more.iter().copied());
            world.archive(words.chain(files.iter().map(String::as_str)))
        };
        add(&[]).code(0);
        let sources = world.archive(["sources", &suite]).code(0).stdout;
        // The same set into a suite that is empty and strict.
        let strict = format!("strict{round}");
        let init = [
            "init",
            "--suite",
            &strict,
            "--architecture",
            "amd64",
            "--dependencies",
            "refuse",
            "--own-pool",
        ];
        world.archive(init).code(0);
        let words = ["add", "--to", &strict, "--json"].into_iter();
        let ran = world.archive(words.chain(files.iter().map(String::as_str)));
        let document: Value = serde_json::from_str(&ran.stdout).expect("one document");
        let mut ours = std::collections::BTreeSet::new();
        for finding in document["findings"].as_array().expect("a list") {
            assert_eq!(finding["rule"], "dependency-not-satisfied", "{finding}");
            let text = finding["message"].as_str().expect("text");
            let by = text
                .split_once(" for ")
                .expect("who")
                .1
                .split_once(" on ")
                .expect("where")
                .0;
            ours.extend(
                by.split(", ")
                    .map(|p| p.split(' ').next().expect("a name").to_owned()),
            );
        }
        let client = Client::new(&world, "client", ("a.sources", &sources));
        client.update().code(0);
        let said = client
            .apt("apt-cache", &["unmet", "--important"])
            .code(0)
            .stdout;
        let name = |line: &str| Some(line.strip_prefix("Package ")?.split(' ').next()?.to_owned());
        let theirs: std::collections::BTreeSet<_> = said.lines().filter_map(name).collect();
        assert_eq!(ours, theirs, "{shown}\n{said}");
        missing += ours.len();
    }
    assert!(missing > 5, "the dice must ask for something: {missing}");
}
