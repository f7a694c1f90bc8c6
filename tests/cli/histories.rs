//! Random histories of random projects, released again and again: what is
//! planned is told commit by commit, and what is done leaves nothing to do.
//!
//! A seed that fails says so, and `DEBCUT_TEST_SEED` runs it again, or any
//! other one.

mod model;
mod project;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::steps::text;
use model::Model;
use project::Project;

/// SplitMix64 (Steele, Lea, Flood 2014): every seed is as good as another.
pub struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below this one.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("it is below a usize")
    }

    /// Tells whether this one of so many comes up.
    pub fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    /// Picks one.
    pub fn of<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Runs one seed's history: some commits, a release, and again.
#[expect(clippy::print_stderr, reason = "a failure has to name its seed")]
fn run(seed: u64) {
    eprintln!("DEBCUT_TEST_SEED={seed}");
    let mut random = Random(seed);
    let mut project = Project::new(&mut random);
    let mut highest = BTreeMap::new();
    for _ in 0..4 {
        for _ in 0..2 + random.below(6) {
            project.step(&mut random);
        }
        let asked = match random.below(5) {
            0 => vec!["--pre", "rc"],
            1 => vec![*random.of(&project.names())],
            _ => Vec::new(),
        };
        release(&project, &asked, &mut highest);
    }
    release(&project, &[], &mut highest);
    project.world.assert_settled();
    if project.names().len() == 1 {
        maintain(&mut project);
    }
}

/// Plans, prepares and tags, and checks all that must hold of it.
fn release(project: &Project, asked: &[&str], highest: &mut BTreeMap<String, String>) {
    let world = &project.world;
    Model::of(project).assert_tells_everything(&world.plan(&[]));
    let plan = world.plan(asked);
    let digest = text(&plan["digest"]);
    let releases: Vec<&Value> = packages(&plan)
        .filter(|p| p["state"] == "release")
        .collect();
    let mut approved = asked.to_vec();
    approved.extend(["--plan", &digest]);
    let prepared = world.prepare(&approved);
    assert_eq!(prepared["changed"], !releases.is_empty(), "{prepared}");
    world.tags(asked);
    for package in &releases {
        let [name, next, tag] = ["name", "next", "tag"].map(|key| text(&package[key]));
        let debian = text(&package["debian_version"]);
        assert_eq!(world.tagged(&tag), world.head(), "{tag}");
        assert_eq!(project.version_in(&name, &tag), next);
        project.assert_told(package, &tag);
        if let Some(before) = highest.insert(name, debian.clone()) {
            world.assert_higher(&debian, &before);
        }
    }
    let again = world.plan(asked);
    for package in packages(&again) {
        assert_eq!(package["skip"], true, "behind {plan}: {package}");
    }
    assert_eq!(world.prepare(&approved)["changed"], false);
    assert_eq!(world.tags(asked)["changed"], false);
    if !releases.is_empty() {
        assert_eq!(world.tags(&[])["changed"], false);
    }
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    assert_eq!(world.git(&["fsck", "--strict", "--no-dangling"]), "");
}

fn packages(plan: &Value) -> impl Iterator<Item = &Value> {
    plan["packages"].as_array().expect("a list").iter()
}

/// Goes on with an old line beside the new one.
fn maintain(project: &mut Project) {
    let world = &project.world;
    let current = text(&world.planned(&[])["current"]);
    let mut numbers = current.split('.');
    let line = [numbers.next(), numbers.next()]
        .map(Option::unwrap_or_default)
        .join(".");
    let branch = format!("release-{line}");
    world.git(&["branch", &branch]);
    project.commit_to_all("feat!: break the line");
    let world = &project.world;
    assert_eq!(world.cut(&[]).len(), 1);
    world.git(&["checkout", "--quiet", &branch]);
    project.commit_to_all("fix: keep the line");
    let world = &project.world;
    let package = world.planned(&[]);
    assert!(
        text(&package["next"]).starts_with(&format!("{line}.")),
        "{package}"
    );
    world.cut(&[]);
    world.assert_settled();
    world.git(&["checkout", "--quiet", "main"]);
    world.assert_settled();
}

/// Chooses seeds that are the same in every run, or the one that is asked for.
fn seeds(of: u64) -> Vec<u64> {
    match std::env::var("DEBCUT_TEST_SEED") {
        Ok(seed) => vec![seed.parse().expect("a number")],
        Err(_) => (0..3).map(|n| 1_000 + of + 4 * n).collect(),
    }
}

#[test]
fn random_histories_leave_nothing_to_do() {
    seeds(0).into_iter().for_each(run);
}

#[test]
fn random_histories_of_other_seeds() {
    seeds(1).into_iter().for_each(run);
}
