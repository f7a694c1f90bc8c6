//! An embargo: nothing leaves before the lift, everything at once with it, also
//! when it is killed on its way.

mod branches;
mod clones;
mod dropping;
mod killed;
mod seen;
mod ways_out;
mod whole;

use std::process::Command;

use crate::world::{Ran, World, finished};

/// A word that only what is embargoed has.
pub const SECRET: &str = "zanzibar";

/// The embargo of these tests; the rest of it is named by each.
pub const EMBARGO: &str = "patch embargo ORCHID --private-remote private \
    --private-archive ../sec --public-remote public --archive ../apt";

/// A project with a public and a private remote and archive, whose channels are
/// files beside it; `more` is its configuration. A channel and the hook kill
/// debcut once where a file `kill-NAME` is.
pub fn prepared(more: &str) -> World {
    let world = World::declared();
    let config = std::fs::read_to_string(world.project().join("debcut.toml")).expect("it is there");
    let killing = |name: &str| {
        format!("test ! -e ../kill-{name} || {{ rm ../kill-{name}; kill -9 $PPID; exit 1; }}; ")
    };
    let channels = format!(
        "\n[release]\nremote = 'public'\n[announce]\nsendmail = '{}cat >> ../mail'\n\
         [[announce.channel]]\nname = 'list'\nmail = 'users@example.org'\n\
         [[announce.channel]]\nname = 'wall'\ncommand = '{}cat >> ../wall'\n{more}\
         [hooks]\nafter-publish = '{}cat >> ../hook'\n",
        killing("mail"),
        killing("wall"),
        killing("hook"),
    );
    world.write("debcut.toml", config + &channels);
    world.write(".gitignore", "dist/\n");
    world.commit("chore: tell people");
    for name in ["public", "private"] {
        let bare = format!("../{name}.git");
        world.git(&["init", "--quiet", "--bare", &bare]);
        world.git(&["remote", "add", name, &bare]);
    }
    world.git(&["push", "--quiet", "public", "main", "--tags"]);
    world.git(&["fetch", "--quiet", "public"]);
    world.key();
    for place in ["../apt", "../sec"] {
        let words = format!("archive init {place} --suite stable,oldstable");
        world.run(words.split_whitespace()).code(0);
    }
    world
}

/// Runs git in the project and returns how it ended.
pub fn git(world: &World, words: &str) -> Ran {
    let mut git = Command::new("git");
    git.current_dir(world.project())
        .args(words.split_whitespace());
    world.surround(&mut git);
    finished(git.output().expect("git runs"))
}

/// Runs debcut with words that have no spaces.
#[track_caller]
pub fn run(world: &World, words: &str) -> Ran {
    world.run(words.split_whitespace())
}

/// Checks that an answer, or a finding in it, says all of this.
#[track_caller]
pub fn tells(ran: &Ran, parts: &[&str]) {
    for part in parts {
        assert!(ran.stdout.contains(part), "{part:?} in\n{}", ran.stdout);
    }
}

/// Makes the fix, with the secret in its subject and in what is packaged.
pub fn fix(world: &World) {
    world.edit("tally.1", "Counts lines.", &format!("Counts {SECRET}."));
    world.commit(&format!("fix: stop {SECRET} from reading along"));
}
