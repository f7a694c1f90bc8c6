//! Packages that have yet to follow what they depend on.

use super::world::{World, policy, unit, with_file};
use crate::release::policy::{Edge, Follow, Policy};

fn project() -> Policy {
    let own = |name: &str| {
        let pattern = format!("{name}-v{{version}}");
        with_file(unit(name, name, &[&pattern]), &format!("{name}/VERSION"))
    };
    let mut app = own("app");
    app.depends_on = vec![Edge {
        on: 0,
        follow: Follow::Patch,
        requirements: Vec::new(),
    }];
    policy(vec![own("lib"), app])
}

fn release(world: &World, name: &str, version: &str) {
    world.write(&format!("{name}/VERSION"), &format!("{version}\n"));
    world.commit("chore: release");
    world.tag(&format!("{name}-v{version}"));
}

/// The dependency's newest version with the one that the package has.
fn behind(world: &World) -> Option<(String, Option<String>)> {
    let mut facts = world.facts(&project());
    let found = facts.units[1].behind.pop()?;
    assert_eq!((found.on, facts.units[1].behind.len()), (0, 0));
    Some((found.version, found.before))
}

#[test]
fn a_dependency_s_release_is_missed_until_one_contains_it() {
    let text = str::to_owned;
    let world = World::new();
    release(&world, "lib", "1.0.0");
    assert_eq!(behind(&world), None);
    release(&world, "app", "1.0.0");
    assert_eq!(behind(&world), None);
    release(&world, "lib", "1.1.0");
    release(&world, "lib", "1.2.0");
    assert_eq!(behind(&world), Some((text("1.2.0"), Some(text("1.0.0")))));
    // One that is prepared counts, one that leads to another does not.
    world.write("lib/VERSION", "1.3.0-rc.1\n");
    world.commit("chore: candidate");
    assert_eq!(behind(&world), Some((text("1.2.0"), Some(text("1.0.0")))));
    world.write("lib/VERSION", "1.3.0\n");
    world.commit("chore(release): lib\n\nDebcut-Release: lib 1.3.0");
    assert_eq!(behind(&world), Some((text("1.3.0"), Some(text("1.0.0")))));
    world.change("app/x", "fix: it");
    release(&world, "app", "1.0.1");
    assert_eq!(behind(&world), None);
    // Both at one commit.
    world.tag("lib-v1.4.0");
    world.tag("app-v1.0.2");
    assert_eq!(behind(&world), None);
    // The release of another branch comes by a merge.
    world.git(&["checkout", "--quiet", "-b", "side"]);
    release(&world, "lib", "1.5.0");
    world.git(&["checkout", "--quiet", "main"]);
    world.change("app/x", "fix: more");
    release(&world, "app", "1.0.3");
    assert_eq!(behind(&world), None);
    world.git(&["merge", "--quiet", "--no-ff", "-m", "Merge side", "side"]);
    assert_eq!(behind(&world), Some((text("1.5.0"), Some(text("1.4.0")))));
}
