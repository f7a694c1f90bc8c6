//! The drill: `scripts/fleet drill` as any developer runs it. It judges what it
//! does by itself; here it is held to its time, and to leaving nothing.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::world::World;

/// What the project promises.
const LIMIT: Duration = Duration::from_secs(5 * 60);

#[test]
fn the_drill() {
    let world = World::new();
    let mut drill = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/fleet"));
    drill.arg("drill");
    let begun = Instant::now();
    let ran = {
        world.surround(&mut drill);
        drill.env("DEBCUT", env!("CARGO_BIN_EXE_debcut"));
        drill.env_remove("DEBCUT_NOW");
        crate::world::finished(drill.output().expect("it runs"))
    };
    if ran.code == 77 {
        super::skip(&ran.stderr);
        return;
    }
    let took = begun.elapsed();
    let ran = ran.code(0);
    assert!(took < LIMIT, "{took:?}\n{}", ran.stdout);
    assert!(
        ran.stdout
            .ends_with("The drill is done: all is as it should be.\n")
    );
    let left = std::fs::read_dir(world.path("tmp")).expect("it is there");
    assert_eq!(left.count(), 0, "something is left");
}
