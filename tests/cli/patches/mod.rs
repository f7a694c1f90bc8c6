//! Maintenance branches.

mod applying;
mod asking;
mod back_merging;
mod before_the_cut;
mod cutting;
mod deciding;
mod elsewhere;
mod embargo;
mod forge;
mod freezing;
mod hotfix;
mod kinds;
mod lost_fixes;
mod month;
mod notes;
mod placing;
mod rhythm;
mod ruling;
mod sharing;
mod suggesting;

use crate::world::World;

/// Makes a project with a branch `release-1.0` that main has left behind:
/// `main` has a fix with a note, `release-1.0` ends before it.
pub fn project() -> World {
    let world = World::new();
    world.write(
        "src/lib.txt",
        "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n",
    );
    world.write("other.txt", "a\n");
    world.commit("feat: begin");
    world.git(&["branch", "release-1.0"]);
    world.write("other.txt", "b\n");
    world.commit("feat: more");
    world
}

/// Commits a change of one line of `src/lib.txt`; returns its id.
pub fn fix(world: &World, from: &str, to: &str, message: &str) -> String {
    world.edit("src/lib.txt", &format!("{from}\n"), &format!("{to}\n"));
    world.commit(message);
    world.git(&["rev-parse", "HEAD"])
}
