//! A project of random packages, and random commits of it.

use std::fmt::Write as _;

use serde_json::Value;

use super::Random;
use crate::steps::package;
use crate::world::World;

/// The places of packages; they hold one another.
const PLACES: [(&str, &str); 4] = [
    ("aa", "aa"),
    ("bb", "libs/bb"),
    ("cc", "libs/bb/cc"),
    ("dd", ""),
];

const TYPES: [&str; 12] = [
    "feat", "feat(ui)", "fix", "fix(aa)!", "perf", "docs", "chore", "refactor", "revert", "feat!",
    "Fix", "style",
];

/// A project on its way.
pub struct Project {
    pub world: World,
    packages: Vec<Package>,
    /// Whether only the line of first parents is told.
    pub first_parent: bool,
    /// Commits that are not taken back, with their titles.
    standing: Vec<(String, String)>,
    count: usize,
}

struct Package {
    name: &'static str,
    path: &'static str,
    records: Records,
}

/// Where a package's changes are written.
#[derive(Clone, Copy, PartialEq)]
enum Records {
    None,
    ChangesFile,
    DebianChangelog,
    Both,
}

impl Project {
    pub fn new(random: &mut Random) -> Self {
        let mut packages: Vec<Package> = Vec::new();
        let mut text = String::new();
        for (name, path) in PLACES {
            if !packages.is_empty() && random.one_in(2) {
                continue;
            }
            let records = [
                Records::None,
                Records::ChangesFile,
                Records::DebianChangelog,
                Records::Both,
            ];
            let records = *random.of(&records);
            text += &table(name, path, records, &packages, random);
            packages.push(Package {
                name,
                path,
                records,
            });
        }
        if packages.len() > 1 && random.one_in(2) {
            let kind = random.of(&["same-version", "together"]);
            let [a, b] = [packages[0].name, packages[1].name];
            let _ = writeln!(
                text,
                "[[release.group]]\nname = \"g\"\npackages = [\"{a}\", \"{b}\"]\nkind = \"{kind}\"\n"
            );
        }
        let first_parent = random.one_in(3);
        let merges = if first_parent {
            "first-parent"
        } else {
            "all-commits"
        };
        let unconventional = random.of(&["patch", "ignore"]);
        let _ = writeln!(
            text,
            "[release]\nmerges = \"{merges}\"\nunconventional = \"{unconventional}\""
        );
        let world = World::new();
        world.write("debcut.toml", text);
        let version = random.of(&["1.0.0", "0.4.0"]);
        for package in &packages {
            world.write(&below(package.path, "VERSION"), format!("{version}\n"));
            world.write(&below(package.path, "needs"), format!("= {version}\n"));
        }
        world.commit("feat: begin");
        let alone = packages.len() == 1;
        for package in &packages {
            match alone {
                true => world.tag(&format!("v{version}")),
                false => world.tag(&format!("{}-v{version}", package.name)),
            }
        }
        let (standing, count) = (Vec::new(), 0);
        Self {
            world,
            packages,
            first_parent,
            standing,
            count,
        }
    }

    pub fn names(&self) -> Vec<&'static str> {
        self.packages.iter().map(|package| package.name).collect()
    }

    /// Returns the packages that own some of these files, by the deepest place.
    pub fn owners<'a>(&self, files: impl Iterator<Item = &'a str>) -> Vec<&'static str> {
        let mut owners: Vec<_> = files
            .filter_map(|file| {
                let holds = |package: &&Package| {
                    package.path.is_empty() || file.starts_with(&format!("{}/", package.path))
                };
                let holding = self.packages.iter().filter(holds);
                holding.max_by_key(|package| package.path.len())
            })
            .map(|package| package.name)
            .collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    /// Reads the version of a package's tree.
    pub fn version_in(&self, name: &str, tag: &str) -> String {
        let mut all = self.packages.iter();
        let package = all.find(|package| package.name == name).expect("known");
        self.world.show(tag, &below(package.path, "VERSION"))
    }

    /// Checks that every change of a package's plan is written where the
    /// package keeps such things, and what is left out is not.
    pub fn assert_told(&self, plan: &Value, tag: &str) {
        let mut all = self.packages.iter();
        let package = all
            .find(|package| plan["name"] == package.name)
            .expect("known");
        let changelog = below(package.path, "pkg-changelog");
        let changes = below(package.path, "CHANGELOG.md");
        let places = match package.records {
            Records::None => vec![],
            Records::ChangesFile => vec![changes],
            Records::DebianChangelog => vec![changelog],
            Records::Both => vec![changes, changelog],
        };
        for place in places {
            let written = self.world.show(tag, &place);
            let words: Vec<_> = written.split_whitespace().collect();
            let written = words.join(" ").to_lowercase();
            for commit in plan["commits"].as_array().expect("a list") {
                // What a pre-release has told stands there all the same.
                if commit["ignored"].is_null() {
                    let text = commit["description"].as_str().expect("text").to_lowercase();
                    assert!(
                        written.contains(&text),
                        "{text:?} in {place} of {tag}:\n{written}"
                    );
                }
            }
        }
    }

    /// Does something that people do.
    pub fn step(&mut self, random: &mut Random) {
        match random.below(10) {
            0 => self.merge(random),
            1 => self.revert(random),
            2 => {
                let n = self.count;
                let body = format!("Squash {n}\n\n* feat: bullet {n} one\n\n* fix: bullet {n} two");
                self.commit(&body, random);
            }
            3 => self.commit("fixup! feat: begin", random),
            4 => {
                self.world.git(&[
                    "commit",
                    "--quiet",
                    "--allow-empty",
                    "--message",
                    "docs: nothing",
                ]);
            }
            5 => {
                let words = format!("Words without a type {}", self.count);
                self.commit(&words, random);
            }
            _ => self.typed(random),
        }
    }

    fn typed(&mut self, random: &mut Random) {
        let title = format!("{}: change {} of it", random.of(&TYPES), self.count);
        self.commit(&title, random);
    }

    /// Commits new files of some packages, or of none.
    pub fn commit(&mut self, message: &str, random: &mut Random) {
        for _ in 0..1 + random.below(2) {
            self.count += 1;
            let place = random.of(&["aa", "libs/bb", "libs/bb/cc", "libs", "", "other/aa"]);
            let name = format!("file-{}", self.count);
            self.world.write(&below(place, &name), message);
        }
        self.world.commit(message);
        let title = message.lines().next().unwrap_or_default().to_owned();
        self.standing.push((self.world.head(), title));
    }

    /// Commits a new file of every package.
    pub fn commit_to_all(&mut self, message: &str) {
        self.count += 1;
        for package in &self.packages {
            let name = format!("file-{}", self.count);
            self.world.write(&below(package.path, &name), message);
        }
        self.world.commit(message);
    }

    fn merge(&mut self, random: &mut Random) {
        self.count += 1;
        let topic = format!("topic-{}", self.count);
        self.world.git(&["checkout", "--quiet", "-b", &topic]);
        for _ in 0..=random.below(3) {
            self.typed(random);
        }
        self.world.git(&["checkout", "--quiet", "main"]);
        if random.one_in(2) {
            self.typed(random);
        }
        let n = self.count;
        let message = match random.below(3) {
            0 => format!("Merge branch '{topic}'"),
            1 => format!("Merge pull request #{n} from ada/{topic}\n\nfeat: request {n} of it"),
            _ => format!("fix: merged {n} of it (#{n})"),
        };
        self.world
            .git(&["merge", "--quiet", "--no-ff", "--message", &message, &topic]);
    }

    fn revert(&mut self, random: &mut Random) {
        if self.standing.is_empty() {
            return self.typed(random);
        }
        let at = random.below(self.standing.len());
        let (commit, title) = self.standing.remove(at);
        self.world.git(&["revert", "--no-edit", &commit]);
        if random.one_in(3) {
            let message = format!("Revert \"{title}\"");
            self.world
                .git(&["commit", "--quiet", "--amend", "--message", &message]);
        }
    }
}

fn table(
    name: &str,
    path: &str,
    records: Records,
    before: &[Package],
    random: &mut Random,
) -> String {
    let mut more = String::new();
    if matches!(records, Records::ChangesFile | Records::Both) {
        more += "changes-file = true\n";
    }
    if !before.is_empty() && random.one_in(2) {
        let on = random.of(before).name;
        let follow = random.of(&["patch", "same", "ignore"]);
        let needs = below(path, "needs");
        let _ = writeln!(
            more,
            "depends-on = [{{ package = \"{on}\", follow = \"{follow}\", requirements = \
             [{{ path = \"{needs}\", pattern = \"= {{version}}\" }}] }}]"
        );
    }
    let mut declared = String::from("license = \"MIT\"\n");
    if matches!(records, Records::DebianChangelog | Records::Both) {
        declared += "changelog = \"pkg-changelog\"\n";
    }
    if random.one_in(3) {
        declared += "revision = \"1\"\n";
    }
    package(name, path, &more).replace("license = \"MIT\"\n", &declared)
}

fn below(directory: &str, name: &str) -> String {
    match directory {
        "" => name.to_owned(),
        directory => format!("{directory}/{name}"),
    }
}
