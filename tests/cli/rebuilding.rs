//! What a build does to what is already where it would go.

use crate::world::{World, listing};

fn text(path: &std::path::Path) -> String {
    path.to_str().expect("text").to_owned()
}

#[test]
fn a_directory_of_anything_else_is_left_alone() {
    let world = World::declared();
    world.key();
    let out = world.path("iso");
    // The name of our list is not enough, nor is a list of strangers' files.
    for (file, content) in [
        ("SHA256SUMS", String::new()),
        ("SHA256SUMS", format!("{}  other.iso\n", "0".repeat(64))),
        ("notes.txt", String::new()),
    ] {
        std::fs::create_dir_all(out.join("sub")).expect("a directory");
        std::fs::write(out.join("sub/precious"), "x").expect("a file");
        std::fs::write(out.join(file), content).expect("a file");
        let before = listing(&out);
        for force in [&[][..], &["--force"]] {
            let out = text(&out);
            let words = [&["build", "--out", &out], force].concat();
            world
                .run(words)
                .code(2)
                .says(&["holds no build of debcut's"]);
            assert_eq!(listing(out.as_ref()), before);
        }
        std::fs::remove_dir_all(&out).expect("it was there");
    }
    // A build with a note of the user's beside its files.
    world.run(["build", "--out", &text(&out)]).code(0);
    std::fs::write(out.join("notes.txt"), "mine").expect("a file");
    world
        .run(["build", "--out", &text(&out), "--force"])
        .code(2);
    assert!(out.join("notes.txt").is_file());
}

#[test]
fn the_same_request_by_other_means_is_nothing_to_do() {
    let world = World::declared();
    world.key();
    world.run(["build"]).code(0);
    let dist = world.project().join("dist");
    let before = listing(&dist);
    for words in [
        &["build", "--no-sign"][..],
        &["build", "--jobs", "7"],
        &["build"],
    ] {
        let again = world
            .debcut(words)
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/tmp")
            .run();
        assert!(
            again.code(0).stdout.ends_with("nothing to do\n"),
            "{words:?}"
        );
        assert_eq!(listing(&dist), before, "{words:?}");
    }
}

#[test]
fn an_unsigned_build_is_signed_by_building_again() {
    let world = World::declared();
    world.key();
    world.run(["build", "--no-sign"]).code(0);
    let ran = world.run(["build", "--json"]).code(0);
    assert_eq!(ran.document("debcut/build/1")["changed"], true);
    world.run(["verify", "dist/v1.2.0"]).code(0);
}

#[test]
fn another_build_is_replaced_by_force_alone() {
    let world = World::declared();
    world.key();
    let out = text(&world.path("out"));
    world.run(["build", "--out", &out]).code(0);
    let before = listing(world.path("out").as_path());
    let commit = ["build", "--commit", "HEAD", "--out", &out];
    world
        .run(commit)
        .code(2)
        .says(&["holds another build", "--force"]);
    assert_eq!(listing(world.path("out").as_path()), before);
    world.run([&commit[..], &["--force"]].concat()).code(0);
    // Without --out, a candidate has a directory of its own.
    world.run(["build", "--commit", "v1.2.0"]).code(0);
    let names: Vec<_> = std::fs::read_dir(world.project().join("dist"))
        .expect("it was made")
        .map(|entry| {
            entry
                .expect("listed")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert!(
        matches!(names.as_slice(), [one] if one.starts_with("candidate-")),
        "{names:?}"
    );
}
