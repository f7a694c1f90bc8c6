//! Packages that move, and packages that are new.

use super::world::{World, policy, since_final, unit};

fn units() -> Vec<crate::release::policy::Unit> {
    vec![
        unit("aa", "packages/aa", &["aa-{version}"]),
        unit("bb", "bb", &["bb-{version}"]),
    ]
}

#[test]
fn the_history_of_a_moved_package_goes_on_at_the_old_place() {
    for tag in [None, Some("aa-1.0")] {
        let world = World::new();
        for file in ["aa/x", "aa/y", "aa/sub/z", "bb/x"] {
            world.write(file, file);
        }
        world.commit("begin");
        if let Some(tag) = tag {
            world.tag(tag);
        }
        world.change("aa/x", "old place");
        world.change("bb/x", "other");
        world.git(&["checkout", "--quiet", "-b", "side"]);
        world.change("aa/y", "beside");
        world.git(&["checkout", "--quiet", "main"]);
        std::fs::create_dir(world.top.join("packages")).expect("a directory");
        world.git(&["mv", "aa", "packages/aa"]);
        world.commit("move");
        // Something else takes the old place.
        world.change("aa/new", "squatter");
        world.change("packages/aa/x", "new place");
        world.git(&["merge", "--quiet", "--no-ff", "-m", "merge", "side"]);
        let facts = world.facts(&policy(units()));
        let mut found = since_final(&facts, 0);
        found.sort_unstable();
        let mut want = vec!["beside", "move", "new place", "old place"];
        if tag.is_none() {
            want.insert(0, "begin");
        }
        assert_eq!(found, want, "{tag:?}");
    }
}

#[test]
fn moves_of_moves_and_moves_from_the_top_are_followed() {
    let world = World::new();
    for file in ["x", "y", "sub/z"] {
        world.write(file, file);
    }
    world.commit("top");
    world.write("lib/README", "lib\n");
    std::fs::create_dir_all(world.top.join("lib/aa")).expect("a directory");
    for file in ["x", "y", "sub"] {
        world.git(&["mv", file, "lib/aa/"]);
    }
    world.commit("first move");
    world.change("lib/aa/y", "between");
    std::fs::create_dir(world.top.join("packages")).expect("a directory");
    world.git(&["mv", "lib/aa", "packages/aa"]);
    // Small changes on the way do not hide it.
    world.change("packages/aa/x", "second move");
    world.change("bb/x", "other");
    let facts = world.facts(&policy(units()));
    let want = ["second move", "between", "first move", "top"];
    assert_eq!(since_final(&facts, 0), want);
}

#[test]
fn the_history_before_a_new_package_is_not_read() {
    let world = World::new();
    for at in 0..30 {
        world.change("bb/x", &format!("old {at}"));
    }
    world.tag("bb-1.0");
    world.change("packages/aa/x", "born");
    world.change("packages/aa/x", "grown");
    let facts = world.facts(&policy(units()));
    assert_eq!(since_final(&facts, 0), ["grown", "born"]);
    assert_eq!(facts.commits.len(), 2);

    // Proof that older commits are not even looked at: they are gone.
    let root = world.git(&["rev-list", "--max-parents=0", "HEAD"]);
    let tree = world.git(&["rev-parse", &format!("{root}^{{tree}}")]);
    let object = world
        .top
        .join(format!(".git/objects/{}/{}", &tree[..2], &tree[2..]));
    std::fs::remove_file(object).expect("a loose object");
    assert_eq!(world.facts(&policy(units())).commits.len(), 2);
}
