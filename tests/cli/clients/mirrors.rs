//! What copies archives: aptly, reprepro and debmirror.

use std::collections::BTreeSet;

use debcut::model::Architecture;

use super::{Minimal, digests};
use crate::apt::Served;
use crate::world::{World, tool};

/// Lets `gpg` of this world know our key; returns the ids of its subkeys.
fn import(world: &World) -> Vec<String> {
    let keyring = world.keyring();
    let mut import = tool("gpg", "gnupg");
    import.args(["--batch", "--quiet", "--import"]).arg(keyring);
    world.judge(import).code(0);
    let mut list = tool("gpg", "gnupg");
    list.args(["--batch", "--list-keys", "--with-colons"]);
    let listed = world.judge(list).code(0).stdout;
    let id = |line: &str| {
        let mut fields = line.split(':');
        let is_subkey = fields.next() == Some("sub");
        is_subkey.then(|| fields.nth(3).expect("an id").to_owned())
    };
    listed.lines().filter_map(id).collect()
}

fn with_aptly(debian: &Minimal, served: &Served) {
    let world = &debian.world;
    let (root, keyring) = (world.path("aptly"), world.keyring());
    let here = Architecture::of_this_machine();
    let configuration = world.path("aptly.conf");
    let text = format!("{{\"rootDir\": {root:?}, \"architectures\": [\"{here}\"]}}");
    std::fs::write(&configuration, text).expect("a file");
    let aptly = |words: &[&str]| {
        let mut aptly = tool("aptly", "aptly");
        aptly.arg("-config").arg(&configuration).args(words);
        world.judge(aptly).code(0).stdout
    };
    let keyring = format!("-keyring={}", keyring.display());
    let create = [
        "mirror",
        "create",
        "-with-sources",
        "-gpg-provider=gpg",
        &keyring,
    ];
    aptly(&[&create[..], &["ours", &served.url, &debian.suite, "main"]].concat());
    aptly(&["mirror", "update", "-gpg-provider=gpg", &keyring, "ours"]);
    let shown = aptly(&["mirror", "show", "-with-packages", "ours"]);
    let (_, packages) = shown.split_once("Packages:\n").expect("a list");
    let package = |line: &str| {
        let (package, architecture) = line.trim().rsplit_once('_')?;
        Some((package.replacen('_', " ", 1), architecture.to_owned()))
    };
    let all: Vec<_> = packages.lines().filter_map(package).collect();
    let (sources, binaries): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, a)| a == "source");
    assert_eq!(sources.len(), 1, "{sources:?}");
    let found: BTreeSet<_> = binaries.into_iter().map(|(package, _)| package).collect();
    assert_eq!(found, debian.names_and_versions());
}

fn with_reprepro(debian: &Minimal, served: &Served) {
    let (world, suite) = (&debian.world, &debian.suite);
    let here = Architecture::of_this_machine();
    let base = world.path("reprepro");
    std::fs::create_dir_all(base.join("conf")).expect("a directory");
    let write = |name: &str, text: String| std::fs::write(base.join("conf").join(name), text);
    let common = format!("Components: main\nArchitectures: {here} source\n");
    write(
        "distributions",
        format!("Codename: {suite}\n{common}Update: ours\n"),
    )
    .expect("a file");
    // It wants the key that signs, which is a subkey.
    let keys = import(world).join("|");
    let (url, from) = (
        &served.url,
        format!("Suite: {suite}\nVerifyRelease: {keys}\n"),
    );
    let rule = format!("Name: ours\nMethod: {url}\n{from}{common}");
    write("updates", rule).expect("a file");
    let reprepro = |words: &[&str]| {
        let mut reprepro = tool("reprepro", "reprepro");
        reprepro.arg("--basedir").arg(&base).args(words);
        world.judge(reprepro).code(0).stdout
    };
    reprepro(&["update"]);
    let form = "--list-format=${$architecture} ${package} ${version}\n";
    let listed = reprepro(&[form, "list", suite]);
    let line = |line: &str| {
        line.split_once(' ')
            .map(|(a, p)| (a.to_owned(), p.to_owned()))
    };
    let all: Vec<_> = listed.lines().filter_map(line).collect();
    let (sources, binaries): (Vec<_>, Vec<_>) = all.into_iter().partition(|(a, _)| a == "source");
    assert_eq!(sources.len(), 1, "{listed}");
    let found: BTreeSet<_> = binaries.into_iter().map(|(_, package)| package).collect();
    assert_eq!(found, debian.names_and_versions());
}

fn with_debmirror(debian: &Minimal, served: &Served) {
    let world = &debian.world;
    let (copy, keyring) = (world.path("debmirror"), world.keyring());
    let host = served
        .url
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let here = Architecture::of_this_machine();
    let mut mirror = tool("debmirror", "debmirror");
    mirror.args(["--method=http", "--root=/", "--section=main", "--source"]);
    mirror.args([
        "--diff=none",
        "--i18n",
        "--getcontents",
        "--rsync-extra=none",
    ]);
    mirror
        .arg(format!("--host={host}"))
        .arg(format!("--arch={here}"));
    mirror.arg(format!("--dist={}", debian.suite));
    mirror.arg(format!("--keyring={}", keyring.display()));
    mirror.arg(&copy);
    world.judge(mirror).code(0);
    let pool = |top: &std::path::Path| digests(&top.join("pool"));
    assert_eq!(pool(&copy), pool(&world.archive_at()));
    let release = format!("dists/{}/Release", debian.suite);
    let read = |top: &std::path::Path| std::fs::read(top.join(&release)).expect("it is there");
    assert_eq!(read(&copy), read(&world.archive_at()));
}

#[test]
fn aptly_reprepro_and_debmirror_copy_it() {
    // What others call Translation comes with it; debmirror wants all of it.
    let settings = ["--compress", "xz,gz", "--translations"];
    let Some(debian) = Minimal::publish(&settings) else {
        return;
    };
    let served = debian.served();
    with_aptly(&debian, &served);
    with_reprepro(&debian, &served);
    with_debmirror(&debian, &served);
    served.end();
}
