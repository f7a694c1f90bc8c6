//! `verify`: what a build or a suite left, whole, and with everything that can
//! happen to it on the way.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::world::{NOW, Ran, World, tool};

const SCHEMA: &str = "debcut/verify/1";

/// A build of a project, signed by a key of the world's.
struct Build {
    world: World,
    key: String,
    tag: String,
}

impl Build {
    /// Builds the tag of HEAD.
    fn of(world: World) -> Self {
        let key = world.key();
        let tag = world.git(&["describe", "--exact-match"]);
        world.run(["build", &tag]).code(0);
        Self { world, key, tag }
    }

    fn declared() -> Self {
        Self::of(World::declared())
    }

    fn out(&self) -> PathBuf {
        self.world.project().join("dist").join(&self.tag)
    }

    fn files(&self) -> Vec<PathBuf> {
        files(&self.out())
    }

    /// Copies the build, to do something to the copy.
    fn copy(&self) -> PathBuf {
        let copy = self.world.path("copy");
        if copy.exists() {
            fs::remove_dir_all(&copy).expect("removes");
        }
        fs::create_dir(&copy).expect("a directory");
        for file in self.files() {
            fs::copy(&file, copy.join(file.file_name().expect("a name"))).expect("copies");
        }
        copy
    }

    fn verify(&self, path: &Path) -> Ran {
        verify(&self.world, &[path])
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("is there");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("listed").path()).collect();
    files.sort();
    files
}

fn verify(world: &World, paths: &[&Path]) -> Ran {
    let json = [Path::new("verify"), Path::new("--json")];
    world.run(json.iter().chain(paths))
}

fn name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .expect("a name")
}

/// Returns the rules that an answer found broken, each with its subject.
#[track_caller]
fn found(ran: &Ran) -> Vec<(String, String)> {
    let document = ran.document(SCHEMA);
    let findings = document["findings"].as_array().expect("findings");
    let text = |finding: &Value, field: &str| finding[field].as_str().expect("text").to_owned();
    let pair = |finding| (text(finding, "rule"), text(finding, "subject"));
    findings.iter().map(pair).collect()
}

#[track_caller]
fn rules(ran: &Ran) -> Vec<String> {
    let mut rules: Vec<_> = found(ran).into_iter().map(|(rule, _)| rule).collect();
    rules.dedup();
    rules
}

/// Changes one bit in the middle of a file.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).expect("writes");
}

#[test]
fn every_file_of_a_build_says_who_signed_it_and_from_which_commit() {
    for build in [Build::declared(), Build::of(World::quilt())] {
        let commit = build.world.git(&["rev-parse", "HEAD"]);
        let whole = build.verify(&build.out()).code(0);
        let document = whole.document(SCHEMA);
        let rows = document["files"].as_array().expect("files");
        assert_eq!(rows.len(), build.files().len());
        assert_eq!(document["findings"], serde_json::json!([]));
        for (row, path) in rows.iter().zip(build.files()) {
            assert_eq!(row["verified"], true, "{row}");
            assert_eq!(row["commit"], commit.as_str(), "{row}");
            assert_eq!(row["tag"], build.tag.as_str(), "{row}");
            let signer = &row["signed_by"];
            match name(&path) {
                "SHA256SUMS" => assert!(signer.is_null(), "{row}"),
                _ => assert_eq!(signer["fingerprint"], build.key.as_str(), "{row}"),
            }
            // Alone, by what lies beside it, each says the same.
            let alone = build.verify(&path).code(0).document(SCHEMA);
            let mut row = row.clone();
            row["file"] = path.to_str().expect("text").into();
            assert_eq!(alone["files"], serde_json::json!([row]));
        }
        let out = build.out();
        let text = build.world.run([Path::new("verify"), &out]).code(0).stdout;
        assert_eq!(text.lines().last(), Some("verified"), "{text}");
    }
}

#[test]
fn one_changed_bit_is_found_by_us_and_by_everybody() {
    let build = Build::of(World::quilt());
    let keyring = build.world.keyring();
    for original in build.files() {
        let copy = build.copy();
        let changed = copy.join(name(&original));
        flip(&changed);
        for path in [&copy, &changed] {
            let ran = build.verify(path).code(1);
            let named = |(_, subject): &(String, String)| subject.ends_with(name(&original));
            assert!(found(&ran).iter().any(named), "{}", ran.stdout);
        }
        let text = build.world.run([Path::new("verify"), &copy]).code(1).stdout;
        let last = text.lines().last().unwrap_or_default();
        assert!(last.starts_with("NOT verified: "), "{text}");
        let signed = ["dsc", "changes", "buildinfo"];
        if changed
            .extension()
            .is_some_and(|end| signed.iter().any(|known| end == *known))
        {
            let mut gpgv = tool("gpgv", "gpgv");
            gpgv.arg("--keyring").arg(&keyring).arg(&changed);
            assert_ne!(build.world.judge(gpgv).code, 0, "{}", changed.display());
        }
        let mut sums = tool("sha256sum", "coreutils");
        sums.args(["--check", "--strict", "SHA256SUMS"])
            .current_dir(&copy);
        assert_ne!(build.world.judge(sums).code, 0, "{}", changed.display());
    }
}

#[test]
fn a_removed_file_is_missed() {
    let build = Build::declared();
    for original in build.files() {
        let copy = build.copy();
        fs::remove_file(copy.join(name(&original))).expect("removes");
        let ran = build.verify(&copy);
        // Nobody lists the list.
        if name(&original) == "SHA256SUMS" {
            ran.code(0);
            continue;
        }
        let found = found(&ran.code(1));
        let [(rule, subject)] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(rule, "missing-file");
        assert!(subject.ends_with(name(&original)), "{subject}");
    }
}

#[test]
fn a_key_that_nobody_knows_is_named_and_can_be_given() {
    let build = Build::declared();
    let binary = build.world.keyring();
    let armoured = build.world.path("keyring.asc");
    let out = build.out();
    let elsewhere = build.world.path("elsewhere");
    let run = |arguments: &[&Path]| {
        let call = build.world.debcut(arguments);
        call.env("XDG_DATA_HOME", &elsewhere).run()
    };
    let verify = [Path::new("verify"), Path::new("--json")];
    let deb = build
        .files()
        .into_iter()
        .find(|path| name(path).ends_with(".deb"));
    let deb = deb.expect("a package");
    for path in [&out, &deb] {
        let ran = run(&[verify[0], verify[1], path]).code(1);
        assert_eq!(rules(&ran), ["unknown-signer"], "{}", ran.stdout);
        let finding = &ran.document(SCHEMA)["findings"][0];
        let fix = finding["fix"].as_str().expect("a fix");
        assert!(fix.contains("debcut key import FILE"), "{fix}");
        assert!(fix.contains("--keyring FILE"), "{fix}");
        assert!(ran.document(SCHEMA)["files"][0]["signed_by"].is_null());
        for keyring in [&binary, &armoured] {
            let option = Path::new("--keyring");
            run(&[verify[0], verify[1], option, keyring, path]).code(0);
        }
    }
    run(&[Path::new("key"), Path::new("import"), &armoured]).code(0);
    run(&[verify[0], verify[1], &out]).code(0);
}

#[test]
fn a_key_must_have_been_valid_and_better_still_is() {
    let world = World::declared();
    let new = ["key", "new", "--no-passphrase", "--expire", "30d"];
    world.run(new).code(0);
    world.run(["build", "v1.2.0"]).code(0);
    let at = |now: &str| {
        let call = world.debcut(["verify", "--json", "dist/v1.2.0"]);
        call.env("DEBCUT_NOW", now).run()
    };
    assert_eq!(rules(&at(NOW).code(0)), [""; 0]);
    let later = at("2025-08-01T00:00:00Z").code(0);
    assert_eq!(rules(&later), ["key-expired"]);
    let earlier = at("2025-05-31T00:00:00Z").code(1);
    assert_eq!(rules(&earlier), ["signature-not-accepted"]);
}

#[test]
fn an_unsigned_build_is_not_verified() {
    let world = World::declared();
    world.run(["build", "v1.2.0", "--no-sign"]).code(0);
    for path in files(&world.project().join("dist/v1.2.0")) {
        let ran = verify(&world, &[&path]).code(1);
        assert_eq!(rules(&ran), ["unsigned"], "{}", path.display());
        assert!(ran.document(SCHEMA)["files"][0]["commit"].is_null());
    }
}

#[test]
fn what_cannot_be_verified_is_told_apart() {
    let world = World::declared();
    world.write("notes.txt", "notes");
    world.write("x.deb", "no package");
    world.write("x.changes", "no upload");
    fs::create_dir(world.project().join("empty")).expect("a directory");
    let cases: [(&str, &[&str]); 4] = [
        ("notes.txt", &["not-an-artifact"]),
        ("x.deb", &["unattested", "unsound-package"]),
        ("x.changes", &["invalid-artifact"]),
        ("empty", &["nothing-to-verify"]),
    ];
    for (path, want) in cases {
        let ran = verify(&world, &[Path::new(path)]).code(1);
        assert_eq!(rules(&ran), want, "{path}");
    }
    let cases: [(&[&str], &str); 4] = [
        (&["gone.deb"], "no-file"),
        (&["/dev/null"], "no-file"),
        (&["x.deb", "--keyring", "gone.asc"], "no-file"),
        (&["x.deb", "--keyring", "notes.txt"], "keyring"),
    ];
    for (arguments, kind) in cases {
        let words = ["verify", "--json"].iter().chain(arguments);
        let document = world.run(words).code(2).document("debcut/error/1");
        assert_eq!(document["kind"], kind, "{arguments:?}");
    }
    world.run(["verify"]).code(2);
}

#[test]
fn a_published_suite_is_verified_with_its_indices() {
    let build = Build::declared();
    let archive = build.world.path("archive");
    let place = archive.to_str().expect("text");
    let init = ["archive", "init", place, "--suite", "stable"];
    build.world.run(init).code(0);
    let publish = ["publish", "--archive", place, "--to", "stable"];
    build.world.run(publish).code(0);
    let suite = archive.join("dists/stable");
    let ran = build.verify(&suite).code(0);
    assert_eq!(rules(&ran), [""; 0], "{}", ran.stdout);
    let document = ran.document(SCHEMA);
    let rows = document["files"].as_array().expect("files");
    let kinds: Vec<_> = rows.iter().map(|row| row["kind"].as_str()).collect();
    let want = ["in-release", "release", "release-signature"].map(Some);
    assert_eq!(kinds, want);
    for (file, rule) in [
        ("main/binary-amd64/Packages.xz", "digest-mismatch"),
        ("Release", "bad-signature"),
        ("InRelease", "bad-signature"),
    ] {
        flip(&suite.join(file));
        let ran = build.verify(&suite).code(1);
        assert!(
            rules(&ran).iter().any(|found| found == rule),
            "{}",
            ran.stdout
        );
    }
}
