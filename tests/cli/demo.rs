//! The demo, as somebody runs it who has just heard of debcut.

use std::path::Path;

use crate::apt::client::Client;
use crate::world::{Call, Ran, World, tool};

/// Prepares the demo in a place.
fn demo<'a>(world: &'a World, place: &Path, more: &[&str]) -> Call<'a> {
    let place = place.to_str().expect("text");
    let words = ["demo", place, "--json"].into_iter();
    world.debcut(words.chain(more.iter().copied()))
}

/// Takes the clock of this machine, as everybody does.
fn at_present(call: Call<'_>) -> Call<'_> {
    call.under(["env", "--unset=DEBCUT_NOW"])
}

#[track_caller]
fn ran_whole(world: &World, place: &Path, ran: Ran) {
    let document = ran.code(0).document("debcut/demo/1");
    assert_eq!(document["changed"], true);
    assert_eq!(document["tag"], "v1.2.0");
    let said = document["installed_says"].as_str();
    assert!(
        said.is_some_and(|said| said.contains("debcut")),
        "{document}"
    );
    for name in [
        "project/.git",
        "dist/SHA256SUMS",
        "archive/dists/stable/InRelease",
        "archive.sources",
        "archive.pgp",
    ] {
        assert!(place.join(name).exists(), "{name}");
    }
    let sources = std::fs::read_to_string(place.join("archive.sources")).expect("readable");
    let uri = format!("\nURIs: file:{}\n", place.join("archive").display());
    assert!(
        sources.contains(&uri) && sources.contains("\nSuites: stable\n"),
        "{sources}"
    );
    let client = Client::new(world, "client", ("a.sources", &sources));
    client.update().code(0);
    assert_eq!(client.versions("hail"), ["1.2.0"]);
    client
        .apt("apt-get", &["install", "--download-only", "hail"])
        .code(0);
}

#[test]
fn demo_goes_from_a_tag_to_apt() {
    let world = World::new();
    let place = world.path("shown");
    let before = world.listing();
    demo(&world, &place, &["--dry-run"]).run().code(0);
    assert_eq!(world.listing(), before, "a dry run writes nothing");
    let ran = at_present(demo(&world, &place, &[])).run();
    let mut after = world.listing();
    after.retain(|path, _| !path.starts_with("shown"));
    assert_eq!(after, before, "nothing outside is touched");
    ran_whole(&world, &place, ran);
    let mut git = tool("git", "git");
    git.arg("-C")
        .arg(place.join("project"))
        .args(["tag", "--list"]);
    let tags = world.judge(git).code(0).stdout;
    assert_eq!(tags, "v1.0.0\nv1.1.0\nv1.2.0\n");
    let made = crate::world::listing(&place);
    let again = at_present(demo(&world, &place, &[])).run().code(0);
    let document = again.document("debcut/demo/1");
    assert_eq!(
        document["changed"], false,
        "the second time there is nothing to do"
    );
    let mut again = crate::world::listing(&place);
    let lock = Path::new("archive/.debcut/lock");
    again.insert(lock.to_owned(), made[lock].clone());
    assert_eq!(again, made);
}

#[test]
fn demo_needs_no_root() {
    let world = World::new();
    let place = world.path("home/shown");
    let ran = at_present(demo(&world, &place, &[]).by_nobody()).run();
    ran_whole(&world, &place, ran);
}

#[test]
fn demo_works_at_any_moment_it_is_told() {
    let world = World::new();
    let place = world.path("shown");
    let ran = demo(&world, &place, &[]).run();
    ran_whole(&world, &place, ran);
}

#[test]
fn directory_of_something_else_is_left_alone() {
    let world = World::new();
    let place = world.path("photos");
    std::fs::create_dir(&place).expect("a directory");
    std::fs::write(place.join("cat.png"), "mine").expect("a file");
    let before = world.listing();
    let ran = demo(&world, &place, &[]).run().code(2);
    ran.document("debcut/error/1");
    ran.says(&["photos"]);
    assert_eq!(world.listing(), before);
}
