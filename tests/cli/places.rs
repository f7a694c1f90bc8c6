//! Where artifacts go: taken, forbidden, and full places.

use crate::world::{World, is_root};

#[test]
fn directory_of_something_else_is_left_alone() {
    let world = World::declared();
    for (name, is_file) in [("photos", false), ("file", true)] {
        let at = world.path(name);
        if is_file {
            std::fs::write(&at, "mine").expect("a file");
        } else {
            std::fs::create_dir(&at).expect("a directory");
            std::fs::write(at.join("cat.png"), "mine").expect("a file");
        }
        let before = world.listing();
        let out = at.to_str().expect("text");
        let ran = world.run(["build", "--no-sign", "--out", out]).code(2);
        ran.says(&[out, "holds no build of debcut's", "--out DIR"]);
        assert_eq!(world.listing(), before, "{name}");
    }
}

#[test]
fn empty_directory_is_used() {
    let world = World::declared();
    std::fs::create_dir(world.path("empty")).expect("a directory");
    world
        .run(["build", "--no-sign", "--out", "../empty"])
        .code(0);
    assert!(world.path("empty/tally_1.2.0_all.deb").is_file());
}

#[test]
fn directory_that_nobody_may_write_in() {
    let world = World::declared();
    let out = world.path("locked");
    std::fs::create_dir(&out).expect("a directory");
    let call = world.debcut(["build", "--no-sign", "--out", "../locked/out"]);
    let call = call.by_nobody();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o555);
    std::fs::set_permissions(&out, mode).expect("it is ours");
    let before = world.listing();
    let ran = call.run().code(2);
    ran.says(&["locked", "Permission denied"]);
    let mut after = world.listing();
    // A log of the build is no half-written artifact.
    after.retain(|path, _| !path.starts_with("project/.git/debcut"));
    assert_eq!(after, before);
}

/// Runs a build in a mount namespace in which `full` is a file system of
/// 16 KiB; lists what is in it afterwards.
fn on_full_disk(world: &World, full: &str, arguments: &[&str]) -> crate::world::Ran {
    let script = format!(
        "mount -t tmpfs -o size=16k,mode=1777 full {full} && {{ \"$@\"; code=$?; \
         find {full} -type f -not -name lock -printf 'left: %p\\n' >&2; exit $code; }}"
    );
    // Whoever is root in here alone must not meet the real root's build place.
    let place = world.path("home");
    let script = format!("mount --bind {} /var/tmp && {script}", place.display());
    let user = if is_root() {
        "--mount"
    } else {
        "--map-root-user"
    };
    let call = world.debcut(["build", "--no-sign", "--json"].iter().chain(arguments));
    let call = call.under(["sh", "-c", &script, "sh"]);
    call.under(["unshare", "--mount", user]).run()
}

/// A package with more bytes than a small disk has.
fn large() -> World {
    let world = World::declared();
    let mut noise = Vec::new();
    let mut state = 1_u32;
    while noise.len() < 200_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.push((state >> 24) as u8);
    }
    world.write("tally.conf", noise);
    world.commit("feat: noise");
    world.git(&["tag", "--delete", "v1.2.0"]);
    world.tag("v1.2.0");
    world
}

#[test]
fn full_disk_where_the_artifacts_go() {
    let world = large();
    std::fs::create_dir(world.path("small")).expect("a directory");
    let small = world.path("small");
    let ran = on_full_disk(
        &world,
        small.to_str().expect("text"),
        &["--out", "../small/out"],
    );
    let ran = ran.code(3).says(&["small", "No space left", "make room"]);
    let document = ran.document("debcut/error/1");
    assert_eq!(document["kind"], "no-space");
    assert!(!ran.stderr.contains("left: "), "{}", ran.stderr);
    world
        .run(["build", "--no-sign", "--out", "../small/out"])
        .code(0);
}

#[test]
fn full_disk_where_it_is_built() {
    let world = large();
    let ran = on_full_disk(&world, "/var/tmp", &[]);
    let ran = ran
        .code(3)
        .says(&["/var/tmp", "No space left", "make room"]);
    assert_eq!(ran.document("debcut/error/1")["kind"], "no-space");
    assert!(!world.project().join("dist").join("v1.2.0").exists());
}
