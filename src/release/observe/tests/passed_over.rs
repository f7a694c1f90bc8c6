//! Tags that look like releases and are none that can be read.

use super::world::{World, last_final, policy, unit};
use crate::release::facts::passed_over;
use crate::release::tag_pattern::USUAL;

#[test]
fn strange_tags_are_told_while_nothing_newer_is_released() {
    let world = World::new();
    world.change("x", "one");
    world.tag("v1.0.0a9z");
    world.change("x", "two");
    world.tag("v1.0.0");
    world.change("x", "three");
    world.tag("v1.0.2g");
    world.tag("3-way-demo");
    world.tag("nightly");
    world.change("x", "four");
    let usual = USUAL.map(|pattern| pattern.replace("{name}", "hello"));
    let usual: Vec<&str> = usual.iter().map(String::as_str).collect();
    for (patterns, last, want) in [
        (&usual[..], "1.0.0", &["3-way-demo", "v1.0.2g"][..]),
        (&["v{version}"], "1.0.0", &["v1.0.2g"]),
    ] {
        let policy = policy(vec![unit("hello", "", patterns)]);
        let facts = world.facts(&policy);
        assert_eq!(last_final(&facts, 0), Some(last), "{patterns:?}");
        assert!(facts.units[0].pre_releases.is_empty(), "{patterns:?}");
        let findings = passed_over(&facts, &policy);
        let told: Vec<_> = findings
            .iter()
            .map(|finding| finding.message.split(' ').next().unwrap_or_default())
            .collect();
        assert_eq!(told, want, "{patterns:?}");
        assert!(findings.iter().all(|finding| !finding.is_error()));
    }
    world.tag("v1.1.0");
    let policy = policy(vec![unit("hello", "", &["v{version}"])]);
    assert_eq!(passed_over(&world.facts(&policy), &policy).len(), 0);
}
