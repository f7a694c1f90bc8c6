//! `verify --chain` and `attest`: from what is installed back to the commit, and
//! each link broken in turn.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use debcut::format::statement::Envelope;
use debcut::keys::{KeyStore, attestation};
use debcut::model::{TagName, Timestamp};
use debcut::sys::git::tag_object;
use debcut::sys::openpgp::Signer;
use serde_json::Value;

use crate::world::{NOW, Ran, World, tool};

const SCHEMA: &str = "debcut/verify/1";
const DEB: &str = "tally_1.2.0_all.deb";
const PROVENANCE: &str = "tally_1.2.0.intoto.jsonl";

fn now() -> Timestamp {
    Timestamp::parse_rfc3339(NOW).expect("a moment")
}

/// The one secret key of a world.
fn signer(world: &World) -> Signer {
    let keys = KeyStore::new(world.path("data/debcut/keys")).secret_keys();
    let key = keys.expect("readable").pop().expect("a key");
    Signer::Key(key.unlock(None).expect("no passphrase"))
}

/// Stores a git object of a kind; returns its id.
fn store(world: &World, kind: &str, object: &str) -> String {
    let path = world.path("object");
    fs::write(&path, object).expect("written");
    let path = path.to_str().expect("text");
    world.git(&["hash-object", "-t", kind, "-w", path])
}

/// Puts a signed tag on HEAD.
fn sign_tag(world: &World, name: &str, message: &str) {
    let commit = world.git(&["rev-parse", "HEAD"]);
    let tag = TagName::new(name).expect("a name");
    let tagger = "Ada Example <ada@example.org>";
    let text = tag_object(&tag, &commit, tagger, now(), message);
    let signature = signer(world).detach_sign(text.as_bytes(), now());
    let id = store(world, "tag", &(text + &signature.expect("signs")));
    world.git(&["update-ref", &format!("refs/tags/{name}"), &id]);
}

/// Signs the commit at HEAD, as git would have.
fn sign_commit(world: &World) {
    let text = world.git(&["cat-file", "commit", "HEAD"]) + "\n";
    let signature = signer(world).detach_sign(text.as_bytes(), now());
    let signature = signature.expect("signs");
    let folded = signature.trim_end().replace('\n', "\n ");
    let signed = text.replacen("\n\n", &format!("\ngpgsig {folded}\n\n"), 1);
    let id = store(world, "commit", &signed);
    world.git(&["update-ref", "refs/heads/main", &id]);
}

/// A project with a signed tag of a signed commit, built.
fn built() -> (World, String) {
    let world = World::declared();
    let key = world.key();
    sign_commit(&world);
    sign_tag(&world, "v1.2.0", "tally 1.2.0");
    world.run(["build", "v1.2.0"]).code(0);
    (world, key)
}

fn dist(world: &World) -> PathBuf {
    world.project().join("dist/v1.2.0")
}

fn copy(world: &World, from: &Path, name: &str) -> PathBuf {
    let to = world.path(name);
    if to.exists() {
        fs::remove_dir_all(&to).expect("removes");
    }
    fs::create_dir(&to).expect("a directory");
    for entry in fs::read_dir(from).expect("is there") {
        let path = entry.expect("listed").path();
        fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("copies");
    }
    to
}

/// Changes one bit in the middle of a file.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).expect("writes");
}

fn chain(world: &World, words: &[&str]) -> Ran {
    let start = ["verify", "--chain", "--json"];
    world.run(start.iter().chain(words))
}

/// Returns the first broken link, and the first finding's rule.
#[track_caller]
fn broken(ran: &Ran) -> (String, String) {
    let document = ran.document(SCHEMA);
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    let rule = text(&document["findings"][0]["rule"]);
    (text(&document["chains"][0]["broken"]), rule)
}

/// Publishes to a new archive; returns its place.
fn published(world: &World) -> String {
    let archive = world.path("archive");
    let place = archive.to_str().expect("text").to_owned();
    let init = ["archive", "init", &place, "--suite", "stable"];
    world.run(init).code(0);
    let publish = ["publish", "--archive", &place, "--to", "stable"];
    world.run(publish).code(0);
    place
}

/// Installs the package into a root of its own, by dpkg itself.
fn installed(world: &World, deb: &Path) -> PathBuf {
    let root = world.path("root");
    fs::create_dir_all(root.join("var/lib/dpkg/info")).expect("a directory");
    fs::create_dir_all(root.join("var/lib/dpkg/updates")).expect("a directory");
    fs::write(root.join("var/lib/dpkg/status"), "").expect("written");
    let mut dpkg = tool("dpkg", "dpkg");
    dpkg.arg(format!("--root={}", root.display()));
    dpkg.args(["--force-not-root", "--force-bad-path", "--force-depends"]);
    dpkg.arg(format!("--log={}", world.path("dpkg.log").display()));
    dpkg.arg("--install").arg(deb);
    world.judge(dpkg).code(0);
    root
}

#[test]
fn what_is_installed_leads_back_to_the_commit() {
    let (world, key) = built();
    let place = published(&world);
    let root = installed(&world, &dist(&world).join(DEB));
    let root_text = root.to_str().expect("text");
    // Nothing but the archive and the clone is needed.
    fs::remove_dir_all(world.project().join("dist")).expect("removes");
    let words = ["tally", "--archive", &place, "--root", root_text];
    let ran = chain(&world, &words).code(0);
    let document = ran.document(SCHEMA);
    let row = &document["chains"][0];
    assert_eq!(row["verified"], true);
    let links = row["links"].as_array().expect("links");
    let want = [
        "installed",
        "package",
        "archive",
        "changes",
        "buildinfo",
        "provenance",
        "tag",
        "commit",
    ];
    assert_eq!(links.len(), want.len());
    for (link, name) in links.iter().zip(want) {
        assert_eq!(
            (&link["link"], &link["state"]),
            (&name.into(), &"holds".into())
        );
        let signer = &link["signed_by"][0]["fingerprint"];
        match name {
            "installed" | "package" => assert!(signer.is_null()),
            _ => assert_eq!(signer, key.as_str(), "{name}"),
        }
    }
    let uninstalled = ["tally", "--archive", &place, "--uninstalled"];
    chain(&world, &uninstalled).code(0);
    let serve = [
        "archive",
        "serve",
        "--archive",
        &place,
        "--listen",
        "127.0.0.1:0",
        "--quiet",
    ];
    let mut server = world.debcut(serve).start();
    let mut url = String::new();
    let stdout = server.stdout.as_mut().expect("it is a pipe");
    BufReader::new(stdout).read_line(&mut url).expect("the URL");
    let from_web = ["tally", "--archive", url.trim_end(), "--uninstalled"];
    chain(&world, &from_web).code(2);
    let ran = chain(&world, &[&from_web[..], &["--suite", "stable"]].concat());
    server.kill().expect("it runs");
    server.wait().expect("it ends");
    assert_eq!(ran.code(0).document(SCHEMA)["chains"][0]["verified"], true);
    // A policy that names the key, and one that names another.
    let policy = world.path("policy.toml");
    let policy_text = policy.to_str().expect("text");
    let lists = ["tag-keys", "build-keys", "publish-keys"];
    let all: String = lists.map(|list| format!("{list} = ['{key}']\n")).concat();
    fs::write(&policy, format!("{all}signed-commits = true\n")).expect("written");
    let with = |words: &[&str]| chain(&world, &[words, &["--policy", policy_text]].concat());
    with(&uninstalled).code(0);
    let links = ["tag", "changes", "archive"];
    let rules = [
        "tagger-not-allowed",
        "builder-not-allowed",
        "publisher-not-allowed",
    ];
    for ((list, link), rule) in lists.iter().zip(links).zip(rules) {
        fs::write(&policy, format!("{list} = ['{}']\n", "0".repeat(40))).expect("written");
        let found = broken(&with(&uninstalled).code(1));
        assert_eq!(found, (link.to_owned(), rule.to_owned()));
    }
    // What the administrator may change, and what not.
    fs::write(root.join("etc/tally.conf"), "# mine\n").expect("written");
    chain(&world, &words).code(0);
    let program = root.join("usr/bin/tally");
    let info = root.join("var/lib/dpkg/info");
    let run = |mode: u32| {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(&program, mode).expect("set");
        chain(&world, &words)
    };
    assert_eq!(broken(&run(0o4777).code(1)).1, "installed-files-differ");
    let statoverride = root.join("var/lib/dpkg/statoverride");
    fs::write(&statoverride, "root root 4777 /usr/bin/tally\n").expect("written");
    run(0o4777).code(0);
    fs::remove_file(&statoverride).expect("removed");
    run(0o755).code(0);
    let added = info.join("tally.postrm");
    fs::write(&added, "#!/bin/sh\nid\n").expect("written");
    assert_eq!(broken(&run(0o755).code(1)).1, "maintainer-scripts-differ");
    fs::remove_file(&added).expect("removed");
    let conffiles = info.join("tally.conffiles");
    let before = fs::read(&conffiles).expect("it has a conffile");
    fs::write(&conffiles, "/usr/bin/tally\n").expect("written");
    assert_eq!(broken(&run(0o755).code(1)).1, "maintainer-scripts-differ");
    fs::write(&conffiles, before).expect("written");
    run(0o755).code(0);
    flip(&program);
    let found = broken(&chain(&world, &words).code(1));
    assert_eq!(found.0, "installed");
    // The archive's own links.
    let archive = Path::new(&place);
    let pool = archive.join("pool/main/t/tally").join(DEB);
    let index = archive.join("dists/stable/main/binary-amd64/Packages.xz");
    for (path, link) in [
        (pool, "package"),
        (index, "archive"),
        (archive.join("dists/stable/InRelease"), "archive"),
    ] {
        let before = fs::read(&path).expect("is there");
        flip(&path);
        let found = broken(&chain(&world, &uninstalled).code(1));
        assert_eq!(found.0, link, "{}", path.display());
        fs::write(&path, before).expect("written");
    }
    // What the archive keeps is checked with the archive.
    let check = ["archive", "check", "--deep", "--archive", &place];
    world.run(check).code(0);
    let kept = archive.join("dists/stable/proofs/by-hash/SHA256");
    let entries = fs::read_dir(kept).expect("proofs are kept");
    let mut kept: Vec<_> = entries.map(|entry| entry.expect("listed").path()).collect();
    assert_eq!(
        kept.len(),
        4,
        ".changes, .buildinfo, attestations, and their list"
    );
    flip(&kept.remove(0));
    world.run(check).code(1);
}

#[test]
fn the_first_broken_link_of_a_build_is_named() {
    let (world, _) = built();
    // The same version once more, of another tree, by the same key.
    world.edit("tally.in", "wc -l", "wc --lines");
    world.commit("fix: count otherwise");
    let original = world.git(&["rev-parse", "v1.2.0"]);
    sign_tag(&world, "v1.2.0", "tally 1.2.0");
    let moved = world.git(&["rev-parse", "v1.2.0"]);
    let other = world.path("other");
    let out = other.to_str().expect("text");
    world.run(["build", "v1.2.0", "--out", out]).code(0);
    let tag = |id: &str| world.git(&["update-ref", "refs/tags/v1.2.0", id]);
    tag(&original);

    let take = |name: &'static str| {
        let other = other.clone();
        move |copy: &Path| {
            fs::copy(other.join(name), copy.join(name)).expect("copies");
        }
    };
    let lie = |copy: &Path| {
        let path = copy.join(PROVENANCE);
        let text = fs::read_to_string(&path).expect("is there");
        let envelope = Envelope::parse(&text).expect("ours");
        let mut statement = envelope.statement().expect("ours");
        let definition = &mut statement.provenance.build_definition;
        for resource in &mut definition.resolved_dependencies {
            if let Some(commit) = resource.digest.get_mut("gitCommit") {
                *commit = world.git(&["rev-parse", "HEAD"]);
            }
        }
        let line = attestation::attest(&signer(&world), &statement, now());
        fs::write(path, line.expect("signs")).expect("written");
    };
    type Damage<'a> = Box<dyn Fn(&Path) + 'a>;
    let cases: Vec<(&str, Damage<'_>, &str)> = vec![
        ("nothing", Box::new(|_| {}), "none"),
        ("a bit", Box::new(|copy| flip(&copy.join(DEB))), "package"),
        (
            "upload",
            Box::new(take("tally_1.2.0_all.changes")),
            "changes",
        ),
        (
            "buildinfo",
            Box::new(take("tally_1.2.0_all.buildinfo")),
            "buildinfo",
        ),
        ("provenance", Box::new(take(PROVENANCE)), "provenance"),
        ("another commit", Box::new(lie), "provenance"),
        ("a moved tag", Box::new(|_| drop(tag(&moved))), "tag"),
        ("no tag's object", Box::new(|_| drop(tag("HEAD"))), "tag"),
    ];
    for (case, damage, link) in &cases {
        let copy = copy(&world, &dist(&world), "copy");
        tag(&original);
        damage(&copy);
        let deb = copy.join(DEB);
        let ran = chain(&world, &[deb.to_str().expect("text")]);
        let ran = ran.code(i32::from(*link != "none"));
        assert_eq!(broken(&ran).0, *link, "{case}: {}", ran.stdout);
    }
    tag(&original);
    // A directory is the packages in it.
    let ran = chain(&world, &["dist/v1.2.0/"]).code(0);
    let row = &ran.document(SCHEMA)["chains"][0];
    let shown = row["package"].as_str().unwrap_or_default();
    assert!(shown.ends_with(&format!("dist/v1.2.0/{DEB}")), "{shown}");
    chain(&world, &["./"]).code(2);
    let policy = world.path("isolation.toml");
    fs::write(&policy, "isolation = ['chroot']\n").expect("written");
    let words = ["dist/v1.2.0/", "--policy", policy.to_str().expect("text")];
    let found = broken(&chain(&world, &words).code(1));
    assert_eq!(
        found,
        ("provenance".to_owned(), "isolation-not-allowed".to_owned())
    );
    let deb = dist(&world).join(DEB);
    let deb = deb.to_str().expect("text");
    // A clone without the tag has to fetch it, and nothing else.
    world.git(&["update-ref", "-d", "refs/tags/v1.2.0"]);
    let ran = chain(&world, &[deb]).code(1);
    let findings = &ran.document(SCHEMA)["findings"];
    assert_eq!(findings.as_array().map(Vec::len), Some(1), "{findings:#}");
    let fix = findings[0]["fix"].as_str().expect("a remedy");
    assert!(fix.contains(" fetch --tags"), "{fix}");
    tag(&original);
    // A damaged .deb where one was told to look is not passed over.
    let copy = copy(&world, &dist(&world), "copy");
    flip(&copy.join(DEB));
    let root = installed(&world, Path::new(deb));
    let words = ["tally", "--root", root.to_str().expect("text")];
    let ran = chain(
        &world,
        &[&words[..], &["--artifacts", copy.to_str().expect("text")]].concat(),
    );
    assert_eq!(broken(&ran.code(1)).0, "package");
    // Nobody who knows no key passes.
    let call = world.debcut(["verify", "--chain", "--json", deb]);
    let ran = call
        .env("XDG_DATA_HOME", world.path("nobody"))
        .run()
        .code(1);
    assert_eq!(
        broken(&ran),
        ("changes".to_owned(), "unknown-signer".to_owned())
    );
    // Without the clone, what could not be checked is told.
    let elsewhere = world.path("tmp");
    let elsewhere = elsewhere.to_str().expect("text");
    let words = ["-C", elsewhere, "verify", "--chain", "--json", deb];
    let ran = world.run(words).code(1);
    let document = ran.document(SCHEMA);
    assert_eq!(
        document["chains"][0]["unchecked"],
        serde_json::json!(["tag", "commit"])
    );
    assert_eq!(broken(&ran), ("none".to_owned(), "not-checked".to_owned()));
    world
        .run(words.iter().chain(&["--until", "provenance"]))
        .code(0);
}

#[test]
fn an_unsigned_tag_breaks_and_an_old_archive_says_what_lacks() {
    let world = World::declared();
    world.key();
    world.run(["build", "v1.2.0"]).code(0);
    let deb = dist(&world).join(DEB);
    let ran = chain(&world, &[deb.to_str().expect("text")]).code(1);
    assert_eq!(broken(&ran), ("tag".to_owned(), "unsigned".to_owned()));
    // A package that came alone.
    let alone = world.path("alone");
    fs::create_dir(&alone).expect("a directory");
    fs::copy(&deb, alone.join(DEB)).expect("copies");
    let archive = world.path("archive");
    let place = archive.to_str().expect("text");
    world
        .run(["archive", "init", place, "--suite", "stable"])
        .code(0);
    let file = alone.join(DEB);
    let add = [
        "archive",
        "add",
        file.to_str().expect("text"),
        "--to",
        "stable",
    ];
    world.run(add.iter().chain(&["--archive", place])).code(0);
    let words = ["tally", "--uninstalled", "--archive", place];
    let ran = chain(&world, &words).code(1);
    assert!(
        ran.stdout.contains("none was published with it"),
        "{}",
        ran.stdout
    );
    assert_eq!(broken(&ran).0, "none");
}

#[test]
fn a_second_builder_attests_and_a_suite_demands_it() {
    let (world, first) = built();
    let joe = |words: &[&str]| {
        world
            .debcut(words)
            .env("XDG_DATA_HOME", world.path("joe"))
            .run()
    };
    joe(&[
        "key",
        "new",
        "--no-passphrase",
        "--expire",
        "never",
        "--name",
        "Joe",
    ])
    .code(0);
    let rebuilt = world.path("rebuilt");
    let rebuilt_text = rebuilt.to_str().expect("text");
    joe(&["build", "v1.2.0", "--out", rebuilt_text]).code(0);

    let archive = world.path("archive");
    let place = archive.to_str().expect("text");
    let init = ["archive", "init", place, "--suite", "stable,canary"];
    world.run(init).code(0);
    let demand = [
        "archive",
        "init",
        place,
        "--suite",
        "stable",
        "--attestations",
        "2",
    ];
    world.run(demand).code(0);
    let out = dist(&world);
    let out = out.to_str().expect("text");
    let to = |suite: &'static str| {
        world.run(["publish", out, "--json", "--archive", place, "--to", suite])
    };
    let rule = |ran: &Ran| {
        let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        document["findings"][0]["rule"]
            .as_str()
            .unwrap_or("none")
            .to_owned()
    };
    assert_eq!(rule(&to("stable").code(1)), "too-few-attestations");
    to("canary").code(0);
    let promote = [
        "archive", "promote", "tally", "--from", "canary", "--to", "stable",
    ];
    let promote = || world.run(promote.iter().chain(&["--archive", place, "--json"]));
    assert_eq!(rule(&promote().code(1)), "too-few-attestations");

    // Nor is what somebody unknown built.
    let unknown = ["attest", rebuilt_text, "--json", "--to"];
    let unknown: Vec<_> = unknown
        .into_iter()
        .chain([dist(&world).join(PROVENANCE).to_str().expect("text")])
        .map(str::to_owned)
        .collect();
    let unknown: Vec<_> = unknown.iter().map(String::as_str).collect();
    assert_eq!(rule(&joe(&unknown).code(1)), "unproven-provenance");
    let firsts = world.path("first.asc");
    let firsts = firsts.to_str().expect("text");
    world.run(["key", "export", "--out", firsts]).code(0);
    joe(&["key", "import", firsts]).code(0);

    // Another package is not attested, nor a part of the whole.
    let provenance = dist(&world).join(PROVENANCE);
    let provenance_text = provenance.to_str().expect("text");
    let attest = |from: &str| joe(&["attest", from, "--to", provenance_text, "--json"]);
    let wrong = copy(&world, &rebuilt, "wrong");
    flip(&wrong.join(DEB));
    assert_eq!(
        rule(&attest(wrong.to_str().expect("text")).code(1)),
        "rebuild-differs"
    );
    fs::remove_file(wrong.join(DEB)).expect("removes");
    assert_eq!(
        rule(&attest(wrong.to_str().expect("text")).code(1)),
        "rebuild-incomplete"
    );
    let before = fs::read(&provenance).expect("is there");
    let dry = ["attest", rebuilt_text, "--to", provenance_text, "--dry-run"];
    joe(&dry).code(0);
    assert_eq!(fs::read(&provenance).expect("is there"), before);
    let done = attest(rebuilt_text).code(0).document("debcut/attest/1");
    assert_eq!(
        (&done["changed"], &done["attestations"]),
        (&true.into(), &2.into())
    );
    let again = attest(rebuilt_text).code(0).document("debcut/attest/1");
    assert_eq!(again["changed"], false);

    // A list of digests that was left behind is renewed by doing it again.
    let sums = dist(&world).join("SHA256SUMS");
    let whole = fs::read_to_string(&sums).expect("is there");
    let stale = whole.lines().map(|line| match line.ends_with(PROVENANCE) {
        true => format!("{}  {PROVENANCE}\n", "0".repeat(64)),
        false => format!("{line}\n"),
    });
    fs::write(&sums, stale.collect::<String>()).expect("writes");
    attest(rebuilt_text).code(0);
    assert_eq!(fs::read_to_string(&sums).expect("is there"), whole);
    // Made again with the same digests, the build keeps what was said of it.
    world.run(["build", "v1.2.0", "--force"]).code(0);
    let kept = fs::read_to_string(&provenance).expect("is there");
    assert_eq!(kept.lines().count(), 2);
    let again = world.run(["build", "v1.2.0"]).code(0);
    assert!(
        again.stdout.ends_with("nothing to do\n"),
        "{}",
        again.stdout
    );

    // The first builder, who does not know the second yet, finds all else true.
    let ran = world.run(["verify", "--json", out]).code(0);
    assert_eq!(
        ran.document(SCHEMA)["findings"][0]["rule"],
        "unknown-signer"
    );
    assert_eq!(rule(&to("stable").code(1)), "too-few-attestations");
    let joes = world.path("joe.asc");
    let joes = joes.to_str().expect("text");
    joe(&["key", "export", "--out", joes]).code(0);
    world.run(["key", "import", joes]).code(0);
    let key = ["--key", first.as_str()];
    let ran = world.run(["verify", "--json", out]).code(0);
    let document = ran.document(SCHEMA);
    assert_eq!(document["findings"], serde_json::json!([]));
    let rows = document["files"].as_array().expect("files");
    let deb = rows.iter().find(|row| row["kind"] == "package");
    let lines = deb.expect("a package")["attestations"].as_array();
    assert_eq!(lines.map(Vec::len), Some(2));
    // A new word alone is news for a suite that has the package.
    let canary = to("canary").code(0).document("debcut/publish/1");
    assert_eq!(canary["changed"], true);
    assert_eq!(
        to("canary").code(0).document("debcut/publish/1")["changed"],
        false
    );
    promote().code(0);
    let words = [
        "tally",
        "--uninstalled",
        "--archive",
        place,
        "--suite",
        "stable",
    ];
    let ran = chain(&world, &words).code(0);
    assert!(ran.stdout.contains("Joe"), "{}", ran.stdout);

    // Policies of the project: whose builds, and whose signature on a suite.
    let toml = fs::read_to_string(world.project().join("debcut.toml")).expect("is there");
    for (list, want) in [
        ("build-keys", "builder-not-allowed"),
        ("publish-keys", "publisher-not-allowed"),
    ] {
        let nobody = "0".repeat(40);
        world.write(
            "debcut.toml",
            format!("{toml}\n[signing]\n{list} = ['{nobody}']\n"),
        );
        let other = world.path(list);
        let other = other.to_str().expect("text");
        fs::create_dir(other).expect("a directory");
        world.write("debcut.toml", &toml);
        world
            .run(
                ["archive", "init", other, "--suite", "stable"]
                    .iter()
                    .chain(&key),
            )
            .code(0);
        world.write(
            "debcut.toml",
            format!("{toml}\n[signing]\n{list} = ['{nobody}']\n"),
        );
        let publish = [
            "publish",
            out,
            "--json",
            "--archive",
            other,
            "--to",
            "stable",
        ];
        let ran = world.run(publish.iter().chain(&key)).code(1);
        assert_eq!(rule(&ran), want);
    }
}

/// Verifies an envelope with securesystemslib, and reads its statement with the
/// classes of in-toto's own project.
const JUDGE: &str = "
import json, sys
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1 import statement_pb2
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
document = json.loads(open(sys.argv[1]).readline())
pem = load_pem_public_key(open(sys.argv[2], 'rb').read())
key = SSlibKey.from_crypto(pem, keyid=document['signatures'][0]['keyid'])
envelope = Envelope.from_dict(document)
envelope.verify([key], 1)
assert envelope.payload_type == 'application/vnd.in-toto+json', envelope.payload_type
read = json_format.Parse(envelope.payload, statement_pb2.Statement())
Statement.copy_from_pb(read).validate()
assert read.predicate_type == 'https://slsa.dev/provenance/v1', read.predicate_type
predicate = json.loads(envelope.payload)['predicate']
provenance = json_format.ParseDict(predicate, provenance_pb2.Provenance())
assert provenance.run_details.builder.id
for subject in read.subject:
    print(subject.digest['sha256'], subject.name)
";

/// Returns a Python that has the judges, from the package index if need be; none
/// when that does not answer.
#[expect(clippy::print_stderr, reason = "who skips says why")]
fn python(world: &World) -> Option<PathBuf> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("attestation-judges");
    let python = place.join("bin/python");
    let has_all = || {
        let mut command = std::process::Command::new(&python);
        command.args(["-c", JUDGE.split("document =").next().expect("imports")]);
        command.output().is_ok_and(|ran| ran.status.success())
    };
    if has_all() {
        return Some(python);
    }
    let mut venv = tool("python3", "python3");
    venv.args(["-m", "venv", "--clear"]).arg(&place);
    if world.judge(venv).code != 0 {
        eprintln!("skipped: python3 makes no venv: apt-get install python3-venv");
        return None;
    }
    let mut pip = std::process::Command::new(place.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]);
    pip.args([
        "securesystemslib[crypto]==1.6.0",
        "in-toto-attestation==0.9.3",
    ]);
    pip.env("HOME", world.path("home"));
    match pip.output() {
        Ok(ran) if ran.status.success() && has_all() => Some(python),
        ran => {
            eprintln!("skipped: pip cannot install securesystemslib: {ran:?}");
            None
        }
    }
}

#[test]
fn other_programs_verify_our_attestations() {
    let (world, _) = built();
    let pem = world.path("builder.pem");
    let export = [
        "key",
        "export",
        "--pem",
        "--out",
        pem.to_str().expect("text"),
    ];
    world.run(export).code(0);
    let Some(python) = python(&world) else {
        return;
    };
    let judge = |path: &Path| {
        let mut command = std::process::Command::new(&python);
        command.args(["-c", JUDGE]).arg(path).arg(&pem);
        world.judge(command)
    };
    let path = dist(&world).join(PROVENANCE);
    let said = judge(&path).code(0).stdout;
    let sums = fs::read_to_string(dist(&world).join("SHA256SUMS")).expect("is there");
    for line in said.lines() {
        let (digest, name) = line.split_once(' ').expect("two words");
        assert!(
            sums.contains(&format!("{digest}  {name}")),
            "{line} in {sums}"
        );
    }
    assert!(said.contains(DEB), "{said}");
    let text = fs::read_to_string(&path).expect("is there");
    let forged = world.path("forged");
    let mut envelope = Envelope::parse(&text).expect("ours");
    let payload = String::from_utf8(envelope.payload).expect("JSON");
    envelope.payload = payload.replace("tally", "dally").into_bytes();
    fs::write(&forged, envelope.to_line()).expect("written");
    let refused = judge(&forged);
    assert!(
        refused.code != 0 && refused.stderr.contains("VerificationError"),
        "{refused:?}"
    );
}
