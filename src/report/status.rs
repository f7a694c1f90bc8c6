//! Where the project's releases stand: one screen.

use serde::Serialize;

use super::{Document, Page};
use crate::model::{Suite, Timestamp};
use crate::release::policy::Bump;
use crate::release::standing::{Held, Standing, Step};
use crate::report::rolling::words::{moment, versions};
use crate::report::rollout::{Brief, Picture};
use crate::rollout::Rollout;

/// How many releases that wait for the same step are told one by one.
const WAITING: usize = 8;

/// What `status` answers.
#[derive(Debug, Serialize)]
pub struct StatusDocument {
    head: String,
    branch: Option<String>,
    packages: Vec<Package>,
    suites: Vec<SuiteLine>,
    rings: Vec<RingLine>,
    rollouts: Vec<Brief>,
    waits: Vec<Wait>,
}

/// What a ring of a package's rollouts has.
#[derive(Debug, Serialize)]
struct RingLine {
    package: String,
    ring: String,
    version: String,
    /// When its gate was passed.
    since: Timestamp,
}

#[derive(Debug, Serialize)]
struct Package {
    name: String,
    current: Option<String>,
    current_tag: Option<String>,
    released: Option<Timestamp>,
    changes: usize,
    bump: Option<Bump>,
    next: Option<String>,
    next_debian_version: Option<String>,
    suites: Vec<Held>,
}

#[derive(Debug, Serialize)]
struct SuiteLine {
    archive: String,
    suite: Suite,
    generation: u64,
    date: Timestamp,
}

/// Who waits for whom.
#[derive(Debug, Serialize)]
struct Wait {
    package: String,
    version: String,
    awaits: Step,
    command: String,
}

impl StatusDocument {
    /// Shows where the packages stand.
    pub fn new(head: &str, branch: Option<&str>, standings: &[Standing]) -> Self {
        Self {
            head: head.to_owned(),
            branch: branch.map(str::to_owned),
            packages: standings.iter().map(package).collect(),
            suites: Vec::new(),
            rings: Vec::new(),
            rollouts: Vec::new(),
            waits: standings.iter().filter_map(wait).collect(),
        }
    }

    /// Adds what the rings of a rollout took, in place of what older ones brought.
    pub fn add_rings(&mut self, rollout: &Rollout) {
        if rollout.is_taken_back() {
            return;
        }
        let package = rollout.target.source.as_str();
        for ring in &rollout.rings {
            let Some(since) = ring.passed else { continue };
            let name = ring.name.as_str();
            self.rings
                .retain(|known| known.package != package || known.ring != name);
            self.rings.push(RingLine {
                package: package.to_owned(),
                ring: name.to_owned(),
                version: versions(&rollout.target),
                since,
            });
        }
    }

    /// Adds a rollout that is open.
    pub fn add_rollout(&mut self, picture: Picture) {
        self.rollouts.push(picture.brief());
    }

    /// Adds a suite of a configured archive.
    pub fn add_suite(&mut self, archive: &str, suite: &Suite, generation: u64, date: Timestamp) {
        self.suites.push(SuiteLine {
            archive: archive.to_owned(),
            suite: suite.clone(),
            generation,
            date,
        });
    }
}

fn package(standing: &Standing) -> Package {
    let current = standing.current.as_ref();
    Package {
        name: standing.name.to_string(),
        current: current.map(|release| release.version.clone()),
        current_tag: current.map(|release| release.tag.to_string()),
        released: current.map(|release| release.committed),
        changes: standing.changes,
        bump: standing.bump,
        next: standing.next.clone(),
        next_debian_version: standing
            .next_debian_version
            .as_ref()
            .map(ToString::to_string),
        suites: standing.suites.clone(),
    }
}

fn wait(standing: &Standing) -> Option<Wait> {
    let open = standing.open.as_ref()?;
    Some(Wait {
        package: standing.name.to_string(),
        version: open.version.clone(),
        awaits: open.awaits,
        command: open.command.clone(),
    })
}

impl Document for StatusDocument {
    const SCHEMA: &'static str = "debcut/status/1";

    fn text(&self, page: &mut Page) {
        let at = self.branch.as_deref().unwrap_or("no branch");
        page.line(page.dim(&format!("on {at} at {:.12}", self.head)));
        let rows: Vec<[String; 5]> = self.packages.iter().map(row).collect();
        page.table(["PACKAGE", "RELEASED", "ON", "UNRELEASED", "NEXT"], &rows);
        let held: Vec<[String; 4]> = self
            .suites
            .iter()
            .flat_map(|suite| self.held(suite))
            .collect();
        if !held.is_empty() {
            page.line("");
            page.table(["SUITE", "PACKAGE", "VERSION", "ARCHITECTURES"], &held);
        }
        let rings: Vec<[String; 4]> = (self.rings.iter())
            .map(|ring| {
                [
                    ring.ring.clone(),
                    ring.package.clone(),
                    ring.version.clone(),
                    moment(ring.since),
                ]
            })
            .collect();
        if !rings.is_empty() {
            page.line("");
            page.table(["RING", "PACKAGE", "VERSION", "SINCE"], &rings);
        }
        for rollout in &self.rollouts {
            page.line("");
            rollout.text(page);
        }
        if !self.waits.is_empty() {
            page.line("");
        }
        for step in [Step::Tag, Step::Build, Step::Publish] {
            self.waiting(step, page);
        }
    }
}

fn row(package: &Package) -> [String; 5] {
    let dash = || "–".to_owned();
    let changes = match package.changes {
        0 => dash(),
        1 => "1 change".to_owned(),
        n => format!("{n} changes"),
    };
    let next = match (&package.next, package.bump) {
        (Some(next), Some(bump)) if bump != Bump::None => {
            let bump = format!("{bump:?}").to_lowercase();
            format!("{next} ({bump})")
        }
        (Some(next), _) => next.clone(),
        (None, _) => dash(),
    };
    [
        package.name.clone(),
        package.current.clone().unwrap_or_else(dash),
        package.released.map_or_else(dash, Timestamp::day),
        changes,
        next,
    ]
}

impl StatusDocument {
    /// Writes what waits for a step: forty packages that do still fit a screen.
    fn waiting(&self, step: Step, page: &mut Page) {
        let all: Vec<&Wait> = self.waits.iter().filter(|one| one.awaits == step).collect();
        for wait in all.iter().take(WAITING) {
            let name = page.bold(&format!("{} {}", wait.package, wait.version));
            page.line(format!("{name} awaits: {}", wait.command));
        }
        if all.len() > WAITING {
            page.line(format!("and {} more await the same", all.len() - WAITING));
        }
    }

    fn held(&self, suite: &SuiteLine) -> Vec<[String; 4]> {
        let place = format!("{} {}@{}", suite.archive, suite.suite, suite.generation);
        let mut rows = Vec::new();
        for package in &self.packages {
            let own = package
                .suites
                .iter()
                .filter(|held| (&held.archive, &held.suite) == (&suite.archive, &suite.suite));
            rows.extend(own.map(|held| {
                let names: Vec<&str> = held.architectures.iter().map(|a| a.as_str()).collect();
                let version = held.version.to_string();
                [
                    place.clone(),
                    package.name.clone(),
                    version,
                    names.join(" "),
                ]
            }));
        }
        if rows.is_empty() {
            let dash = || "–".to_owned();
            rows.push([place, dash(), dash(), dash()]);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Colour;

    #[test]
    fn many_releases_that_wait_fit_a_screen() {
        let wait = |at: usize| Wait {
            package: format!("p{at}"),
            version: "1.0".into(),
            awaits: Step::Build,
            command: format!("debcut build p{at}-v1.0"),
        };
        let document = |count: usize| StatusDocument {
            head: String::new(),
            branch: None,
            packages: Vec::new(),
            suites: Vec::new(),
            rings: Vec::new(),
            rollouts: Vec::new(),
            waits: (0..count).map(wait).collect(),
        };
        for (count, lines, last) in [
            (1, 1, "p0 1.0 awaits: debcut build p0-v1.0"),
            (8, 8, "p7 1.0 awaits: debcut build p7-v1.0"),
            (40, 9, "and 32 more await the same"),
        ] {
            let mut page = Page::new(Colour::Off);
            document(count).waiting(Step::Build, &mut page);
            let text = page.into_text();
            assert_eq!(text.lines().count(), lines, "{text}");
            assert_eq!(text.lines().last(), Some(last), "{text}");
        }
    }
}
