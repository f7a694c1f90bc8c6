//! Archives that other programs made, taken over: judged by apt as a client
//! that knew them before, and by `archive check --deep`.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use debcut::model::Architecture;

use crate::apt::Served;
use crate::apt::client::Client;
use crate::archive::packages::{Deb, deb, source};
use crate::world::{Ran, World, tool};

/// Says why a test is skipped where a program is not installed.
#[expect(clippy::print_stderr, reason = "who skips says why")]
pub fn lacks(program: &str, package: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let there = std::env::split_paths(&path).any(|place| place.join(program).is_file());
    if !there {
        eprintln!("skipped: {program} is not installed (apt-get install {package})");
    }
    !there
}

fn text(path: &Path) -> String {
    path.to_str().expect("text").to_owned()
}

/// A user's gpg with the old RSA key.
struct Gpg {
    home: PathBuf,
    key: String,
}

impl Gpg {
    fn new(world: &World) -> Self {
        let home = world.path("gnupg");
        std::fs::create_dir(&home).expect("a directory");
        std::fs::set_permissions(&home, PermissionsExt::from_mode(0o700)).expect("its owner may");
        let mut gpg = Self {
            home,
            key: String::new(),
        };
        let new = [
            "--faked-system-time=20250101T000000",
            "--quick-generate-key",
        ];
        gpg.run(
            world,
            &[
                &new[..],
                &["Acme <a@example.org>", "rsa3072", "sign", "never"],
            ]
            .concat(),
        );
        let listed = gpg.run(world, &["--with-colons", "--list-keys"]).stdout;
        let key = listed
            .lines()
            .find_map(|line| line.strip_prefix("fpr:::::::::"));
        gpg.key = key.expect("a fingerprint").trim_end_matches(':').to_owned();
        gpg
    }

    fn run(&self, world: &World, words: &[&str]) -> Ran {
        let mut gpg = tool("gpg", "gnupg");
        gpg.args(["--batch", "--yes", "--quiet", "--homedir"])
            .arg(&self.home);
        gpg.args(["--passphrase", "", "--pinentry-mode", "loopback"])
            .args(words);
        world.judge(gpg).code(0)
    }

    /// Exports the certificate.
    fn certificate(&self, world: &World) -> PathBuf {
        let path = world.path("old.asc");
        std::fs::write(&path, self.run(world, &["--armor", "--export"]).stdout).expect("a file");
        path
    }

    fn end(&self, world: &World) {
        let mut kill = tool("gpgconf", "gpgconf");
        kill.arg("--homedir")
            .arg(&self.home)
            .args(["--kill", "all"]);
        world.judge(kill).code(0);
    }
}

fn packages(world: &World) -> Vec<PathBuf> {
    let contributed = Deb {
        section: "contrib/utils",
        ..deb("cherry", "1.0")
    };
    let here = Deb {
        architecture: None,
        ..deb("banana", "2.0-1")
    };
    [deb("apple", "1:1.0"), here, contributed]
        .map(|one| one.make(world, "debs"))
        .to_vec()
}

fn here() -> String {
    Architecture::of_this_machine().to_string()
}

/// An archive of reprepro's, signed with the old key.
fn reprepro(world: &World, gpg: &Gpg) -> PathBuf {
    let at = world.path("old");
    std::fs::create_dir_all(at.join("conf")).expect("a directory");
    let conf = format!(
        "Origin: Acme\nLabel: Acme packages\nSuite: stable\nCodename: bookworm\nVersion: 12\n\
         Architectures: {} source\nComponents: main contrib\nDescription: what we ship\n\
         SignWith: {}\n",
        here(),
        gpg.key
    );
    std::fs::write(at.join("conf/distributions"), conf).expect("a file");
    let run = |words: &[&str], file: &Path| {
        let mut reprepro = tool("reprepro", "reprepro");
        reprepro
            .arg("--basedir")
            .arg(&at)
            .arg("--gnupghome")
            .arg(&gpg.home);
        reprepro.args(words).arg(file);
        world.judge(reprepro).code(0);
    };
    for file in packages(world) {
        // An override: the index says other than the package.
        run(
            &["-S", "admin", "-P", "extra", "includedeb", "bookworm"],
            &file,
        );
    }
    run(
        &["-S", "misc", "-P", "optional", "includedsc", "bookworm"],
        &source(world),
    );
    at
}

/// Each file of a pool with its inode.
fn inodes(at: &Path) -> BTreeMap<PathBuf, u64> {
    let files = walkdir::WalkDir::new(at.join("pool"))
        .into_iter()
        .map(|e| e.expect("listed"));
    let files = files.filter(|entry| entry.file_type().is_file());
    let own = |path: &Path| path.strip_prefix(at).expect("below").to_owned();
    files
        .map(|e| (own(e.path()), e.metadata().expect("there").ino()))
        .collect()
}

#[test]
fn clients_of_reprepro_go_on_where_they_are() {
    if lacks("reprepro", "reprepro") {
        return;
    }
    let world = World::new();
    let new = world.key();
    let gpg = Gpg::new(&world);
    let at = reprepro(&world, &gpg);
    let certificate = gpg.certificate(&world);
    let list = format!(
        "Types: deb deb-src\nURIs: file:{}\nSuites: bookworm\nComponents: main contrib\n\
         Signed-By: {}\n",
        at.display(),
        certificate.display()
    );
    let client = Client::new(&world, "client", ("acme.sources", &list));
    client.update().code(0);
    let show = |client: &Client<'_>| client.apt("apt-cache", &["show", "apple"]).code(0).stdout;
    let (before, pool) = (show(&client), inodes(&at));
    assert!(before.contains("Section: admin\n"), "{before}");

    let (old, keyring) = (text(&at), text(&certificate));
    let import = |more: &[&str]| {
        let words = ["archive", "import", &old, "--archive", &old, "--json"];
        let call = world.debcut(words.iter().chain(more));
        // reprepro dates by the machine's clock.
        let now = time_of_day();
        call.env("GNUPGHOME", &gpg.home)
            .env("DEBCUT_NOW", now)
            .run()
    };
    let refused = import(&["--keyring", &keyring]).code(1);
    let document = refused.document("debcut/archive-import/1");
    assert_eq!(document["findings"][0]["rule"], "key-changes", "{document}");
    assert!(!at.join(".debcut/suites").exists());
    let foreign = text(&world.keyring());
    let document = import(&["--keyring", &foreign])
        .code(1)
        .document("debcut/archive-import/1");
    assert_eq!(
        document["findings"][0]["rule"], "bad-signature",
        "{document}"
    );

    let also = format!("gpg:{}", gpg.key);
    let taken = ["--keyring", &keyring, "--also-key", &also];
    let planned = import(&[&taken[..], &["--dry-run"]].concat()).code(0);
    assert_eq!(planned.document("debcut/archive-import/1")["dry_run"], true);
    assert!(!at.join(".debcut/suites").exists());
    let document = import(&taken).code(0).document("debcut/archive-import/1");
    assert_eq!(
        (&document["changed"], &document["files"]),
        (&true.into(), &6.into()),
        "{document}"
    );
    assert_eq!(
        document["findings"]
            .as_array()
            .map(Vec::len)
            .unwrap_or_default(),
        0,
        "{document}"
    );
    let again = import(&taken).code(0).document("debcut/archive-import/1");
    assert_eq!(again["changed"], false);
    assert_eq!(inodes(&at), pool, "the pool is untouched");

    let ran = client.update().code(0);
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert!(
        !told.contains("W:") && !told.contains("N:") && !told.contains("E:"),
        "{told}"
    );
    let paragraph = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.retain(|line| !line.is_empty());
        lines.sort();
        lines
    };
    assert_eq!(paragraph(&show(&client)), paragraph(&before));
    let fetched = client.everything(&["apple", "banana", "cherry"], &["plum"]);
    // apt copies no package out of a directory, but the files of a source.
    let fetched = fetched.map_err(|ran| ran.stderr).expect("everything");
    assert_eq!(fetched.len(), 3, "{fetched:?}");
    let check = ["archive", "check", "--deep", "--archive", &old];
    world
        .debcut(check)
        .env("DEBCUT_NOW", time_of_day())
        .run()
        .code(0);
    // The new key alone suffices too.
    let out = text(&world.path("new.asc"));
    world.run(["key", "export", &new, "--out", &out]).code(0);
    let list = list.replace(&keyring, &out);
    Client::new(&world, "other", ("acme.sources", &list))
        .update()
        .code(0);
    gpg.end(&world);
}

/// The machine's own time, where another program has dated by that.
fn time_of_day() -> String {
    let mut date = tool("date", "coreutils");
    let output = date
        .args(["--utc", "+%Y-%m-%dT%H:%M:%SZ"])
        .output()
        .expect("it runs");
    String::from_utf8(output.stdout)
        .expect("text")
        .trim_end()
        .to_owned()
}

#[test]
fn what_aptly_published_is_linked_into_another_archive() {
    if lacks("aptly", "aptly") {
        return;
    }
    let world = World::new();
    world.key();
    let root = world.path("aptly");
    let config = world.path("aptly.conf");
    let json = format!(
        "{{\"rootDir\": \"{}\", \"architectures\": []}}",
        root.display()
    );
    std::fs::write(&config, json).expect("a file");
    let run = |words: &[&str]| {
        let mut aptly = tool("aptly", "aptly");
        aptly.arg("-config").arg(&config).args(words);
        world.judge(aptly).code(0);
    };
    run(&[
        "repo",
        "create",
        "-distribution=bookworm",
        "-component=main",
        "acme",
    ]);
    packages(&world);
    source(&world);
    run(&["repo", "add", "acme", &text(&world.path("debs"))]);
    run(&[
        "repo",
        "add",
        "acme",
        &text(&world.path("source/plum_1.0-1.dsc")),
    ]);
    let publish = [
        "publish",
        "repo",
        "-skip-signing",
        "-batch",
        "-origin=Acme",
        "-label=Acme",
    ];
    let architectures = format!("-architectures={},source", here());
    run(&[&publish[..], &[&architectures, "acme"]].concat());
    let public = root.join("public");
    let from = text(&public);
    let to = text(&world.archive_at());
    let words = [
        "archive",
        "import",
        &from,
        "--archive",
        &to,
        "--suite",
        "bookworm=next",
        "--json",
    ];
    let import = || {
        let call = world.debcut(words).env("DEBCUT_NOW", time_of_day());
        call.run().code(0).document("debcut/archive-import/1")
    };
    let planned = world
        .debcut(words.iter().chain(&["--dry-run"]))
        .env("DEBCUT_NOW", time_of_day());
    let planned = planned.run().code(0).document("debcut/archive-import/1");
    assert_eq!(
        (&planned["dry_run"], planned["plan_digest"].is_string()),
        (&true.into(), true)
    );
    assert!(!world.archive_at().exists(), "a plan writes nothing");
    let document = import();
    assert_eq!(document["findings"][0]["rule"], "unverified", "{document}");
    let theirs = inodes(&public);
    assert_eq!(
        inodes(&world.archive_at()),
        theirs,
        "the same files, by links"
    );
    assert_eq!(theirs.len(), 6);
    assert_eq!(import()["changed"], false);
    let check = ["archive", "check", "--deep", "--archive", &to];
    world
        .debcut(check)
        .env("DEBCUT_NOW", time_of_day())
        .run()
        .code(0);
    let list = world.archive(["sources"]).code(0).stdout;
    let client = Client::new(&world, "client", ("acme.sources", &list));
    client
        .everything(&["apple", "banana", "cherry"], &["plum"])
        .expect("everything");
    let contents = world
        .archive_at()
        .join(format!("dists/next/main/Contents-{}.gz", here()));
    let mut zcat = tool("zcat", "gzip");
    zcat.arg(contents);
    let lines = world.judge(zcat).stdout;
    assert!(
        lines.contains("usr/share/apple/content\tmisc/apple\n"),
        "{lines}"
    );
    // A second archive, from a web server.
    let served = Served::start(&world);
    let other = text(&world.path("other"));
    let words = [
        "archive",
        "import",
        &served.url,
        "--archive",
        &other,
        "--suite",
        "next",
    ];
    world
        .debcut(words)
        .env("DEBCUT_NOW", time_of_day())
        .run()
        .code(0);
    served.end();
    let names = |at: &Path| inodes(at).into_keys().collect::<Vec<_>>();
    assert_eq!(names(&world.path("other")), names(&public));
}

/// An archive as apt-ftparchive's users make it, with a suite and a Release.
fn ftparchive(world: &World) -> PathBuf {
    let at = world.path("old");
    let pool = at.join("pool/any/where");
    std::fs::create_dir_all(&pool).expect("a directory");
    for file in packages(world) {
        std::fs::copy(&file, pool.join(file.file_name().expect("a name"))).expect("copied");
    }
    index(world, &at);
    at
}

fn index(world: &World, at: &Path) {
    let binary = format!("dists/trixie/main/binary-{}", here());
    std::fs::create_dir_all(at.join(&binary)).expect("a directory");
    let overrides = at.with_extension("override");
    std::fs::write(
        &overrides,
        "apple extra net\nbanana extra net\ncherry extra net\n",
    )
    .expect("written");
    let run = |words: &[&str]| {
        let mut program = tool("apt-ftparchive", "apt-utils");
        program.current_dir(at).args(words);
        world.judge(program).code(0).stdout
    };
    let packages = run(&["packages", "pool", &text(&overrides)]);
    // As Ubuntu and Debian add them from their databases.
    let more = "Package: apple\nTask: desktop\nPhased-Update-Percentage: 10\n";
    let packages = packages.replace("Package: apple\n", more);
    // One long description stands apart, as in Debian's own archive.
    let long = "a package\n It exists to be published.\n";
    let md5 = debcut::model::FileDigests::of(long.as_bytes()).md5;
    let short = format!("Description: a package\nDescription-md5: {md5}\n");
    let apple = packages.find("Package: apple").expect("it is there");
    let (before, after) = packages.split_at(apple);
    let after = after.replacen(&format!("Description: {long}"), &short, 1);
    let packages = format!("{before}{after}");
    let i18n = at.join("dists/trixie/main/i18n");
    std::fs::create_dir_all(&i18n).expect("a directory");
    let translation = format!("Package: apple\nDescription-md5: {md5}\nDescription-en: {long}\n");
    std::fs::write(i18n.join("Translation-en"), translation).expect("written");
    std::fs::write(at.join(&binary).join("Packages"), packages).expect("written");
    let suite = "APT::FTPArchive::Release::Codename=trixie";
    let release = run(&["-o", suite, "release", "dists/trixie"]);
    std::fs::write(at.join("dists/trixie/Release"), release).expect("written");
}

fn import(world: &World, from: &Path, more: &[&str]) -> Ran {
    let (from, to) = (text(from), text(&world.archive_at()));
    let words = ["archive", "import", &from, "--archive", &to, "--json"];
    let call = world.debcut(words.iter().chain(more));
    call.env("DEBCUT_NOW", time_of_day()).run()
}

/// Reads a suite's Packages.
fn listed(world: &World, suite: &str) -> String {
    let below = format!("dists/{suite}/main/binary-{}/Packages.xz", here());
    let mut xzcat = tool("xzcat", "xz-utils");
    xzcat.arg(world.archive_at().join(below));
    world.judge(xzcat).code(0).stdout
}

#[test]
fn damage_is_told_at_once_and_fields_survive() {
    let world = World::new();
    world.key();
    let at = ftparchive(&world);
    let pool = at.join("pool/any/where");
    std::fs::remove_file(pool.join("cherry_1.0_all.deb")).expect("it was there");
    let banana = format!("banana_2.0-1_{}.deb", here());
    let mut bytes = std::fs::read(pool.join(&banana)).expect("it is there");
    let whole = bytes.clone();
    *bytes.last_mut().expect("not empty") ^= 1;
    std::fs::write(pool.join(&banana), &bytes).expect("written");
    let refused = import(&world, &at, &[])
        .code(1)
        .document("debcut/archive-import/1");
    let findings = refused["findings"].as_array().expect("findings").iter();
    let mut rules: Vec<_> = findings
        .map(|f| f["rule"].as_str().expect("a rule"))
        .collect();
    rules.sort_unstable();
    assert_eq!(
        rules,
        ["damaged-file", "missing-file", "unverified"],
        "{refused}"
    );
    assert!(
        !world.archive_at().join("dists").exists() && !world.archive_at().join("pool").exists()
    );

    let document = import(&world, &at, &["--leave-out-damaged"]).code(0);
    let document = document.document("debcut/archive-import/1");
    assert_eq!(document["files"], 1, "{document}");
    assert_eq!(world.packages_of("trixie"), ["apple 1:1.0"]);
    let shown = listed(&world, "trixie");
    for line in [
        "Section: net",
        "Priority: extra",
        "Task: desktop",
        "Phased-Update-Percentage: 10",
    ] {
        assert!(shown.contains(&format!("{line}\n")), "{line} in\n{shown}");
    }
    assert!(
        shown.contains("Filename: pool/any/where/apple_1.0_all.deb\n"),
        "{shown}"
    );
    let translation = world
        .archive_at()
        .join("dists/trixie/main/i18n/Translation-en.xz");
    let mut xzcat = tool("xzcat", "xz-utils");
    xzcat.arg(translation);
    let long = world.judge(xzcat).stdout;
    assert!(
        long.contains("Package: apple\n") && long.contains(" It exists to be published.\n"),
        "{long}"
    );
    let release = std::fs::read_to_string(world.archive_at().join("dists/trixie/Release"));
    let release = release.expect("it is there");
    assert!(
        release.contains("Codename: trixie\n") && !release.contains("\nSuite:"),
        "{release}"
    );

    // Repaired, the others come too; what was there stays.
    std::fs::write(pool.join(&banana), &whole).expect("written");
    let document = import(&world, &at, &["--leave-out-damaged"]).code(0);
    assert_eq!(
        document.document("debcut/archive-import/1")["suites"][0]["generation"],
        2
    );
    assert_eq!(world.packages_of("trixie"), ["apple 1:1.0", "banana 2.0-1"]);
}

#[test]
fn a_new_name_is_said_and_a_key_can_come_later() {
    let world = World::new();
    let (first, second) = (world.key(), world.key());
    let at = ftparchive(&world);
    let import = |to: &Path, more: &[&str]| {
        let (from, to) = (text(&at), text(to));
        let words = [
            "archive",
            "import",
            &from,
            "--archive",
            &to,
            "--json",
            "--key",
            &first,
        ];
        let call = world.debcut(words.iter().chain(more));
        let ran = call.env("DEBCUT_NOW", time_of_day()).run().code(0);
        ran.document("debcut/archive-import/1")["changed"] == true
    };
    let other = world.archive_at();
    for (to, more, path) in [
        (&other, &["--suite", "trixie=next"][..], "next"),
        (&at, &[], "trixie"),
    ] {
        assert!(import(to, more), "{path}");
        let release = std::fs::read_to_string(to.join(format!("dists/{path}/Release")));
        let release = release.expect("it is there");
        let codename = format!("Codename: {path}");
        assert!(release.lines().any(|line| line == codename), "{release}");
        let states = release.lines().any(|line| line == "Suite: next");
        assert_eq!(states, path == "next", "{release}");
        assert!(!import(to, more), "{path}");
        let also = [more, &["--also-key", &second]].concat();
        assert!(import(to, &also), "{path}");
        assert!(!import(to, &also), "{path}");
    }
}

#[test]
fn what_was_read_is_not_read_again() {
    let world = World::new();
    world.key();
    let at = ftparchive(&world);
    let pool = at.join("pool/any/where");
    let (apple, cherry) = (
        pool.join("apple_1.0_all.deb"),
        pool.join("cherry_1.0_all.deb"),
    );
    let aside = at.with_extension("aside");
    std::fs::rename(&cherry, &aside).expect("it is there");
    import(&world, &at, &[]).code(1);
    // Who reads apple again would find it changed: it has the old time.
    let metadata = apple.metadata().expect("it is there");
    let time = filetime(&metadata);
    let mut bytes = std::fs::read(&apple).expect("it is there");
    *bytes.last_mut().expect("not empty") ^= 1;
    std::fs::write(&apple, bytes).expect("written");
    let mut touch = tool("touch", "coreutils");
    touch.arg(format!("--date={time}")).arg(&apple);
    world.judge(touch).code(0);
    std::fs::rename(&aside, &cherry).expect("back");
    import(&world, &at, &[]).code(0);
    let check = [
        "archive",
        "check",
        "--deep",
        "--archive",
        &text(&world.archive_at()),
    ];
    let check = world.debcut(check).env("DEBCUT_NOW", time_of_day()).run();
    check.code(1).says(&[]);
    let journals = walkdir::WalkDir::new(world.path("data/debcut/import")).min_depth(1);
    assert_eq!(journals.into_iter().count(), 0, "nothing is left behind");
}

fn filetime(metadata: &std::fs::Metadata) -> String {
    format!("@{}.{:09}", metadata.mtime(), metadata.mtime_nsec())
}

#[test]
fn flat_repositories_get_a_name_and_lacking_digests() {
    if lacks("dpkg-scanpackages", "dpkg-dev") {
        return;
    }
    let world = World::new();
    world.key();
    packages(&world);
    let at = world.path("debs");
    let mut scan: Command = tool("dpkg-scanpackages", "dpkg-dev");
    scan.current_dir(&at).args(["--hash", "md5", "."]);
    let packages = world.judge(scan).code(0).stdout;
    assert!(
        packages.contains("Filename: ./apple") && !packages.contains("SHA256"),
        "{packages}"
    );
    std::fs::write(at.join("Packages"), packages).expect("written");
    import(&world, &at, &[]).code(2).says(&["./=NAME"]);
    let document = import(&world, &at, &["--suite", "./=stable"]).code(0);
    let document = document.document("debcut/archive-import/1");
    assert_eq!(document["files"], 3, "{document}");
    let shown = listed(&world, "stable");
    assert!(shown.contains("Filename: apple_1.0_all.deb\n"), "{shown}");
    let list = world.archive(["sources"]).code(0).stdout;
    let client = Client::new(&world, "client", ("acme.sources", &list));
    client
        .everything(&["apple", "banana", "cherry"], &[])
        .expect("everything");
    // Two packages with one path are no archive.
    let text = std::fs::read_to_string(at.join("Packages")).expect("it is there");
    let twice = text
        .replace("Version: 1:1.0\n", "Version: 1:1.1\n")
        .replace("Size: ", "Size: 1");
    std::fs::write(at.join("Packages"), format!("{text}\n{twice}")).expect("written");
    let ran = import(&world, &at, &["--suite", "./=other"]).code(1);
    assert!(
        ran.stdout.contains("path-with-two-contents"),
        "{}",
        ran.stdout
    );
}
