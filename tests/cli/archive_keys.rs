//! Keys of an archive: exchanged while clients go on, brought to them in a
//! package, and signatures renewed in time. Judged by apt, gpgv, sqv, lintian.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::apt::client::Client;
use crate::archive::packages::deb;
use crate::world::{Ran, World, tool};

/// An archive with one package, signed with a key, and that key.
fn filled() -> (World, String) {
    let world = World::new();
    let old = world.key();
    let init = [
        "init",
        "--suite",
        "stable",
        "--origin",
        "Acme",
        "--no-contents",
    ];
    world.archive(init).code(0);
    let apple = deb("apple", "1.0").make(&world, "debs");
    world.add(&[apple], &[]).code(0);
    (world, old)
}

/// Writes a certificate into a file.
fn exported(world: &World, key: &str) -> PathBuf {
    let path = world.path(&format!("{key}.pub.asc"));
    let out = path.to_str().expect("text");
    world.run(["key", "export", key, "--out", out]).code(0);
    path
}

/// Asks what a client that trusts these keys says to the archive.
fn updates(world: &World, keys: &[&Path]) -> Ran {
    // Joined without gpg's keyring, which would leave an agent behind.
    let all = world.path("trusted.gpg");
    let mut bytes = Vec::new();
    for key in keys {
        let binary = world.path("one.gpg");
        let mut gpg = tool("gpg", "gnupg");
        gpg.args(["--batch", "--yes", "--dearmor", "--output"]);
        gpg.arg(&binary).arg(key);
        world.judge(gpg).code(0);
        bytes.extend(std::fs::read(binary).expect("a file"));
    }
    std::fs::write(&all, bytes).expect("a file");
    let at = world.archive_at();
    let list = format!(
        "Types: deb\nURIs: file:{}\nSuites: stable\nComponents: main\nSigned-By: {}\n",
        at.display(),
        all.display()
    );
    Client::new(world, "client", ("acme.sources", &list)).update()
}

/// Asks gpgv and sqv about the suite's signatures, with one key each.
fn signed_by(world: &World, key: &Path) -> [bool; 4] {
    let suite = world.archive_at().join("dists/stable");
    let binary = world.path("one.gpg");
    let mut gpg = tool("gpg", "gnupg");
    gpg.args(["--batch", "--yes", "--dearmor", "--output"]);
    gpg.arg(&binary).arg(key);
    world.judge(gpg).code(0);
    let gpgv = |files: &[&str]| {
        let mut judge = tool("gpgv", "gpgv");
        judge.arg("--keyring").arg(&binary);
        judge.args(files.iter().map(|file| suite.join(file)));
        let ran = world.judge(judge);
        ran.stderr.contains("Good signature") && !ran.stderr.contains("BAD")
    };
    let sqv = |files: &[&str]| {
        let mut judge = tool("sqv", "sqv");
        judge.arg("--keyring").arg(key);
        judge.args(files.iter().map(|file| suite.join(file)));
        world.judge(judge).code == 0
    };
    let detached = ["Release.gpg", "Release"];
    // Debian 12's sqv reads detached signatures alone.
    [gpgv(&["InRelease"]), gpgv(&detached), sqv(&detached), true]
}

fn rotate(world: &World, words: &[&str]) -> Ran {
    let at = world.archive_at();
    let words = ["key", "rotate", "--archive"]
        .into_iter()
        .chain([at.to_str().expect("text")])
        .chain(words.iter().copied());
    world.run(words)
}

fn rotated(ran: &Ran) -> serde_json::Value {
    ran.document("debcut/key-rotate/1")
}

#[test]
fn clients_go_on_while_keys_are_exchanged() {
    let (world, old) = filled();
    let planned = rotate(&world, &["--dry-run", "--no-passphrase", "--json"]).code(0);
    assert!(rotated(&planned)["new"].is_null(), "{}", planned.stdout);
    let began = |now: &str| {
        let at = world.archive_at();
        let at = at.to_str().expect("text");
        world
            .debcut([
                "key",
                "rotate",
                "--archive",
                at,
                "--no-passphrase",
                "--json",
            ])
            .env("DEBCUT_NOW", now)
            .run()
            .code(0)
    };
    let document = rotated(&began(crate::world::NOW));
    assert_eq!(document["changed"], true);
    assert_eq!(document["old"], *old);
    let new = document["new"].as_str().expect("a key").to_owned();
    assert_eq!(document["made"], true);
    let again = rotated(&began(crate::world::NOW));
    assert_eq!(
        (&again["changed"], again["new"].as_str()),
        (&false.into(), Some(&*new))
    );

    let (old_file, new_file) = (exported(&world, &old), exported(&world, &new));
    world
        .run([
            "key",
            "new",
            "--no-passphrase",
            "--name",
            "Eve",
            "--email",
            "e@example.org",
        ])
        .code(0);
    let list = world
        .run(["key", "list", "--json"])
        .document("debcut/key-list/1");
    let eve = list["keys"].as_array().expect("keys").iter().find(|key| {
        key["user_id"]
            .as_str()
            .is_some_and(|owner| owner.starts_with("Eve"))
    });
    let eve = exported(
        &world,
        eve.expect("she is there")["fingerprint"]
            .as_str()
            .expect("text"),
    );
    for (keys, trusted) in [
        (&[&*old_file][..], true),
        (&[&*new_file], true),
        (&[&*old_file, &*new_file], true),
        (&[&*eve], false),
    ] {
        let ran = updates(&world, keys);
        assert_eq!(
            ran.code == 0,
            trusted,
            "{keys:?}\n{}{}",
            ran.stdout,
            ran.stderr
        );
    }
    for key in [&old_file, &new_file] {
        assert_eq!(signed_by(&world, key), [true; 4], "{}", key.display());
    }
    assert!(!signed_by(&world, &eve)[0]);
    world.archive(["check", "--deep"]).code(0);

    // Every later publish goes on signing with both, whichever is chosen.
    let next = deb("apple", "1.1").make(&world, "debs");
    world.add(&[next], &["--key", &new]).code(0);
    for key in [&old_file, &new_file] {
        assert_eq!(signed_by(&world, key), [true; 4], "{}", key.display());
    }
    let sources = world.archive(["sources"]).code(0).stdout;
    assert_eq!(sources.matches("BEGIN PGP").count(), 1, "{sources}");
    let served = Client::new(&world, "client", ("acme.sources", &sources));
    served.update().code(0);

    // Without the old key nobody can publish, and is told why.
    let secret = world.path(&format!("data/debcut/keys/{old}.asc"));
    let aside = world.path("aside");
    std::fs::rename(&secret, &aside).expect("it is there");
    let ran = world.archive(["refresh", "--key", &new]).code(2);
    ran.says(&[&old, "--drop-key", "--finish"]);

    // But a rotation can end without it.
    let ran = rotate(&world, &["--finish", "--json"]).code(0);
    let document = rotated(&ran);
    assert_eq!(
        (&document["changed"], document["new"].as_str()),
        (&true.into(), Some(&*new))
    );
    let again = rotated(&rotate(&world, &["--finish", "--json"]).code(0));
    assert_eq!(again["changed"], false);
    std::fs::rename(&aside, &secret).expect("back");
    assert_eq!(updates(&world, &[&old_file]).code, 100);
    updates(&world, &[&new_file]).code(0);
    // The new key is now the one that is used unasked.
    let next = deb("apple", "1.2").make(&world, "debs");
    world.add(&[next], &[]).code(0);
    assert!(!signed_by(&world, &old_file)[0] && signed_by(&world, &new_file)[0]);
}

#[test]
fn an_old_rsa_key_in_gpg_signs_beside_the_new_one() {
    let (world, new) = filled();
    let home = world.path("gnupg");
    std::fs::create_dir(&home).expect("a directory");
    std::fs::set_permissions(&home, PermissionsExt::from_mode(0o700)).expect("its owner may");
    let gpg = |words: &[&str]| {
        let mut gpg = tool("gpg", "gnupg");
        gpg.args(["--batch", "--quiet", "--homedir"]).arg(&home);
        gpg.args(["--passphrase", "", "--pinentry-mode", "loopback"]);
        gpg.arg("--faked-system-time=20250101T000000").args(words);
        world.judge(gpg).code(0)
    };
    gpg(&[
        "--quick-generate-key",
        "Acme <acme@example.org>",
        "rsa3072",
        "sign",
        "never",
    ]);
    let listed = gpg(&["--with-colons", "--list-keys"]).stdout;
    let old = listed
        .lines()
        .find_map(|line| line.strip_prefix("fpr:::::::::"));
    let old = old.expect("a fingerprint").trim_end_matches(':').to_owned();
    let at = world.archive_at();
    let at = at.to_str().expect("text");
    let also = format!("gpg:{old}");
    let ran = world
        .debcut([
            "archive",
            "init",
            at,
            "--suite",
            "stable",
            "--also-key",
            &also,
        ])
        .env("GNUPGHOME", &home)
        .run()
        .code(0);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    let old_file = world.path("rsa.asc");
    std::fs::write(&old_file, gpg(&["--armor", "--export", &old]).stdout).expect("a file");
    for key in [&old_file, &exported(&world, &new)] {
        assert_eq!(signed_by(&world, key), [true; 4], "{}", key.display());
        updates(&world, &[key]).code(0);
    }
    // Without gpg's home the key is not there.
    let later = world.debcut(["archive", "refresh", "--archive", at]);
    let ran = later
        .env("DEBCUT_NOW", "2025-06-05T12:00:00Z")
        .run()
        .code(2);
    ran.says(&[&old, "gpg --import"]);
    let drop = [
        "archive",
        "init",
        at,
        "--suite",
        "stable",
        "--drop-key",
        &old,
    ];
    world.run(drop).code(0);
    assert!(!signed_by(&world, &old_file)[0]);
    let mut kill = tool("gpgconf", "gpgconf");
    kill.arg("--homedir").arg(&home).args(["--kill", "all"]);
    world.judge(kill).code(0);
}

#[test]
fn refreshing_renews_dates_and_nothing_else() {
    let (world, _) = filled();
    let at = world.archive_at();
    let at = at.to_str().expect("text").to_owned();
    world
        .archive(["init", "--suite", "stable", "--valid-for", "7d"])
        .code(0);
    let refresh = |now: &str, words: &[&str]| {
        let first = ["archive", "refresh", "--archive", &at, "--json"];
        let ran = world
            .debcut(first.iter().chain(words))
            .env("DEBCUT_NOW", now)
            .run()
            .code(0);
        ran.document("debcut/archive-refresh/1")
    };
    let packages = || {
        let path = world.archive_at().join("dists/stable/main");
        crate::world::listing(&path)
    };
    let before = packages();
    let document = refresh("2025-06-05T12:00:00Z", &["--within", "2d"]);
    assert_eq!(document["changed"], false, "{document}");
    let planned = refresh("2025-06-07T12:00:00Z", &["--within", "2d", "--dry-run"]);
    assert_eq!(planned["dry_run"], true);
    let document = refresh("2025-06-07T12:00:00Z", &["--within", "2d"]);
    assert_eq!(document["changed"], true);
    assert_eq!(document["suites"][0]["valid_until"], "2025-06-14T12:00:00Z");
    let document = refresh("2025-06-07T12:00:00Z", &["--within", "2d"]);
    assert_eq!(document["changed"], false);
    let document = refresh("2025-06-08T12:00:00Z", &[]);
    assert_eq!(
        (&document["changed"], &document["suites"][0]["generation"]),
        (&true.into(), &5.into())
    );
    assert_eq!(refresh("2025-06-08T12:00:00Z", &[])["changed"], false);
    assert_eq!(packages(), before, "indices are as they were");
    world.archive(["refresh", "none"]).code(2);
}

#[test]
fn a_package_brings_the_keys() {
    let (world, _) = filled();
    let pack = |out: &str| {
        let words = [
            "sources",
            "--keyring-package",
            out,
            "--with-sources",
            "--json",
        ];
        let uri = ["--uri", "https://apt.example.org/acme"];
        let ran = world.archive(words.into_iter().chain(uri)).code(0);
        ran.document("debcut/archive-sources/1")
    };
    let first = world.path("one");
    std::fs::create_dir(&first).expect("a directory");
    let document = pack(first.to_str().expect("text"));
    let file = PathBuf::from(document["package"]["file"].as_str().expect("a file"));
    assert!(
        file.ends_with("acme-archive-keyring_20250601.120000_all.deb"),
        "{document}"
    );
    assert_eq!(document["changed"], true);
    assert_eq!(
        pack(first.to_str().expect("text"))["changed"],
        false,
        "the same bytes"
    );
    // What a suite has with another content gets another version.
    world.add(std::slice::from_ref(&file), &[]).code(0);
    let out = first.to_str().expect("text");
    assert_eq!(pack(out)["changed"], false, "the same bytes");
    for dry_run in [&["--dry-run"][..], &[]] {
        let words = ["sources", "--keyring-package", out, "--json"];
        let ran = world.archive(words.iter().chain(dry_run).copied()).code(0);
        let document = ran.document("debcut/archive-sources/1");
        let version = &document["package"]["version"];
        assert_eq!(version, "20250601.120000+1", "{document}");
        let made = document["package"]["file"].as_str().expect("a file");
        assert_eq!(Path::new(made).exists(), dry_run.is_empty());
    }
    let mut lintian = tool("lintian", "lintian");
    lintian
        .args(["--fail-on", "error,warning", "--allow-root"])
        .arg(&file);
    let ran = world.judge(lintian);
    assert_eq!((ran.code, &*ran.stdout), (0, ""), "{}", ran.stderr);
    let root = world.path("root");
    let mut dpkg = tool("dpkg-deb", "dpkg");
    dpkg.arg("--extract").arg(&file).arg(&root);
    world.judge(dpkg).code(0);
    let key = root.join("usr/share/keyrings/acme.pgp");
    let sources = std::fs::read_to_string(root.join("etc/apt/sources.list.d/acme.sources"));
    let sources = sources.expect("it is there");
    assert!(
        sources.contains("Signed-By: /usr/share/keyrings/acme.pgp\n"),
        "{sources}"
    );
    let at = format!("file:{}", world.archive_at().display());
    let here = sources
        .replace("https://apt.example.org/acme", &at)
        .replace("/usr/share/keyrings/acme.pgp", key.to_str().expect("text"));
    Client::new(&world, "client", ("acme.sources", &here))
        .update()
        .code(0);
}

#[test]
fn the_password_of_a_private_archive_stays_private() {
    let (world, _) = filled();
    let out = world.path("acme.conf");
    let words = |more: &[&str]| {
        let at = world.archive_at().to_str().expect("text").to_owned();
        let out = out.to_str().expect("text").to_owned();
        let words = ["archive", "sources", "--archive", &at, "--auth-out", &out];
        let words: Vec<String> = words.iter().chain(more).map(ToString::to_string).collect();
        words
    };
    let uri = ["--uri", "https://apt.example.org/acme/"];
    let call = words(&[&uri[..], &["--auth", "fleet:SECRET"]].concat());
    world
        .run(&call)
        .code(2)
        .says(&["SECRET", "--auth-password-file"]);
    let ran = world
        .debcut(&call)
        .env("SECRET", "correct-horse")
        .run()
        .code(0);
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("correct-horse"));
    let text = std::fs::read_to_string(&out).expect("a file");
    let want = "machine apt.example.org/acme\nlogin fleet\npassword correct-horse\n";
    assert_eq!(text, want);
    let mode = std::fs::metadata(&out)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let file = world.path("password");
    std::fs::write(&file, "battery-staple\n").expect("a file");
    let file = file.to_str().expect("text");
    let call = words(&[&uri[..], &["--auth", "fleet", "--auth-password-file", file]].concat());
    world.run(&call).code(0);
    let text = std::fs::read_to_string(&out).expect("a file");
    assert!(text.ends_with("password battery-staple\n"), "{text}");
    // apt has no password for a directory.
    world
        .run(words(&["--auth", "fleet", "--auth-password-file", file]))
        .code(2);
}
