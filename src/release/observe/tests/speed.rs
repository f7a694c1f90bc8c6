//! What the walk costs on a large repository; run by hand:
//! `scripts/bench-plan --make`, then this test under time(1).

use std::path::Path;

use super::world::{policy, unit, with_file};
use crate::release::observe::{between, observe};
use crate::sys::git::Repository;

fn large() -> Option<Repository> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let place = top.join("target/bench-plan/repository");
    place
        .exists()
        .then(|| Repository::discover(&place).expect("a repository"))
}

fn packages(count: usize) -> Vec<crate::release::policy::Unit> {
    let package = |number| {
        let name = format!("p{number:02}");
        let path = format!("packages/{name}");
        let file = format!("{path}/VERSION");
        with_file(
            unit(&name, &path, &[&format!("{name}-v{{version}}")]),
            &file,
        )
    };
    (0..count).map(package).collect()
}

#[test]
#[ignore = "needs the repository of scripts/bench-plan"]
fn forty_packages() {
    let repository = large().expect("scripts/bench-plan --make");
    let facts = observe(&repository, "HEAD", &policy(packages(40))).expect("facts");
    assert_eq!(facts.tags.len(), 2_000);
    assert!(facts.units.iter().all(|unit| unit.since_final.len() > 30));
    assert!((2_640..2_700).contains(&facts.commits.len()));
}

#[test]
#[ignore = "needs the repository of scripts/bench-plan"]
fn whole_history() {
    let repository = large().expect("scripts/bench-plan --make");
    let commits = between(&repository, None, "HEAD", &policy(packages(40))).expect("commits");
    assert_eq!(commits.len(), 100_000);
}
