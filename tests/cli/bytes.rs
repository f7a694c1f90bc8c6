//! The same tag gives the same bytes: on another path, in another year, under
//! another umask and user, with a hostile environment.

use std::collections::BTreeMap;
use std::path::Path;

use debcut::model::Sha256;

use crate::projects::COMMAND;
use crate::world::{Call, World};

/// Digests of what must not differ: packages and sources whole, the `.dsc`
/// without its signature, whose time is that of the run. Records of the build
/// (`.buildinfo`, `.changes`, provenance) tell when it was and may differ.
pub fn payload(directory: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(directory).expect("the artifacts are there") {
        let path = entry.expect("listed").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let bytes = std::fs::read(&path).expect("readable");
        let bytes = match path.extension().and_then(|ending| ending.to_str()) {
            Some("deb" | "ddeb" | "udeb" | "xz" | "gz" | "bz2") => bytes,
            Some("dsc") => unsigned(&bytes),
            _ => continue,
        };
        found.insert(name, Sha256::of(&bytes).hex());
    }
    found
}

fn unsigned(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let body = text
        .split_once("\n\n")
        .filter(|_| text.starts_with("-----BEGIN PGP SIGNED"));
    let body = body.map_or(&*text, |(_, body)| body);
    let body = body
        .split("-----BEGIN PGP SIGNATURE")
        .next()
        .unwrap_or(body);
    body.trim().as_bytes().to_vec()
}

/// Builds as `vary` says, signed by a key of its own, far from the repository.
fn built(world: &World, vary: impl FnOnce(Call<'_>) -> Call<'_>) -> BTreeMap<String, String> {
    world.key();
    let out = world.path("home/out");
    let call = world.debcut(["build", "--out"].map(Path::new).into_iter().chain([&*out]));
    vary(call).run().code(0);
    payload(&out)
}

type Vary = fn(Call<'_>) -> Call<'_>;

/// What must not matter, by name.
const VARIATIONS: [(&str, Vary); 5] = [
    ("path and nothing else", |call| call),
    ("year", |call| {
        call.env("DEBCUT_NOW", "2031-02-03T04:05:06Z")
    }),
    ("umask", |call| call.umask("077")),
    ("user", |call| call.by_nobody()),
    ("environment", |call| {
        call.env("LANG", "de_DE.UTF-8")
            .env("LC_ALL", "tr_TR.UTF-8")
            .env("TZ", "Asia/Kathmandu")
            .env("SOURCE_DATE_EPOCH", "1")
            .env("CFLAGS", "-O0")
            .env("DEB_BUILD_OPTIONS", "nocheck parallel=1")
            .env("DEB_BUILD_PROFILES", "nodoc")
            .env("DH_VERBOSE", "1")
            .env("TAR_OPTIONS", "--mtime=@1 --owner=x")
            .env("XZ_OPT", "-0")
            .env("GZIP", "-1")
            .env("MAKEFLAGS", "-k")
            .env("PERL5OPT", "-MNoSuchModule")
            .env("TMPDIR", "/var/tmp")
            .env("GIT_DIR", "/nonexistent")
            .env("DEBEMAIL", "other@example.org")
            .umask("027")
    }),
];

fn same_whatever_varies(make: fn() -> World) {
    let usual = built(&make(), |call| call);
    assert!(!usual.is_empty());
    for (what, vary) in VARIATIONS {
        assert_eq!(built(&make(), vary), usual, "another {what}");
    }
}

#[test]
fn declared_package() {
    same_whatever_varies(|| {
        let world = World::declared();
        // Whatever the command can see of its surroundings, but the number of
        // the user in its path: each has a place to build in.
        let command = "sed s/@VERSION@/$(cat VERSION)/ tally.in > tally && gzip -9n tally.1 && \
                       (env | grep -v ^PATH= | grep -v ^HOME= | sort; date -d @$SOURCE_DATE_EPOCH; \
                       stat -c %A *.conf; umask) | sed s/debcut-[0-9]*/debcut-USER/ >> tally.conf";
        world.edit("debcut.toml", COMMAND, command);
        world.commit("build: look around");
        world.git(&["tag", "--delete", "v1.2.0"]);
        world.tag("v1.2.0");
        world
    });
}

#[test]
fn native_package() {
    same_whatever_varies(World::native);
}

#[test]
fn quilt_package() {
    same_whatever_varies(World::quilt);
}

#[test]
fn signatures_do_not_count_as_payload() {
    let signed = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nFormat: 1\nA: b\n\
                   -----BEGIN PGP SIGNATURE-----\n\nxyz\n-----END PGP SIGNATURE-----\n";
    assert_eq!(unsigned(signed), b"Format: 1\nA: b");
    assert_eq!(unsigned(b"Format: 1\nA: b\n"), b"Format: 1\nA: b");
}
