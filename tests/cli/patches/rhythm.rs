//! `patch freeze`, `thaw`, `plan`, `hotfix` and `release sync`: the rhythm of a
//! maintenance branch.

use super::asking::WHOLE;
use super::{fix, project};
use crate::world::World;

fn id_of(world: &World) -> String {
    let words = ["patch", "pick", "HEAD", "--onto", "release-1.0", "--json"];
    let made = world.run(words).code(0).document("debcut/patch-pick/1");
    made["id"].as_str().expect("a name").to_owned()
}

fn state(world: &World, id: &str) -> String {
    let shown = world.run(["patch", "show", id, "--json"]).code(0);
    let shown = shown.document("debcut/patch-show/1");
    shown["request"]["state"]
        .as_str()
        .expect("a word")
        .to_owned()
}

#[test]
fn a_thaw_gives_exactly_the_held_approvals_back() {
    let world = project();
    fix(&world, "two", "2", WHOLE);
    let approved = id_of(&world);
    fix(
        &world,
        "four",
        "4",
        &WHOLE.replacen("fix: ", "fix: again ", 1),
    );
    let excepted = id_of(&world);
    fix(
        &world,
        "six",
        "6",
        &WHOLE.replacen("fix: ", "fix: once more ", 1),
    );
    let new = id_of(&world);
    let approve = [
        "patch",
        "approve",
        &approved,
        &excepted,
        "--reason",
        "it crashes",
    ];
    world.run(approve).code(0);
    let freeze = [
        "patch",
        "freeze",
        "release-1.0",
        "--until",
        "2099-01-01",
        "--except",
        &excepted,
        "--reason",
        "the cut",
        "--json",
    ];
    let frozen = world.run(freeze).code(0).document("debcut/patch-freeze/1");
    assert_eq!(frozen["changed"], true);
    assert_eq!(frozen["waiting"].as_array().map(Vec::len), Some(1));
    let again = world.run(freeze).code(0).document("debcut/patch-freeze/1");
    assert_eq!(again["changed"], false);
    assert_eq!(state(&world, &approved), "held");
    assert_eq!(state(&world, &excepted), "approved");
    assert_eq!(state(&world, &new), "new");
    let thaw = ["patch", "thaw", "release-1.0", "--json"];
    let thawed = world.run(thaw).code(0).document("debcut/patch-thaw/1");
    assert_eq!(thawed["released"][0]["id"], approved.as_str());
    assert_eq!(state(&world, &approved), "approved");
    assert_eq!(state(&world, &new), "new");
    let thawed = world.run(thaw).code(0).document("debcut/patch-thaw/1");
    assert_eq!(thawed["changed"], false);
    world.run(["patch", "thaw", "release-9"]).code(2);
}
