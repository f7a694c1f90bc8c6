//! `patch freeze`, `patch thaw`, `patch hotfix`, `patch plan`: what is so of
//! branches.

use serde::Serialize;

use crate::model::Timestamp;
use crate::patch::Due;
use crate::report::document::plain;
use crate::report::{Document, Page};

/// A line about something that has a name: a request, a commit.
#[derive(Debug, Clone, Serialize)]
pub struct Named {
    /// Its name.
    pub id: String,
    /// What it is.
    pub title: String,
}

fn names(list: &[Named], page: &mut Page) {
    for one in list {
        page.line(format!("  {:.12} {}", one.id, plain(&one.title)));
    }
}

/// A channel that was to be told of a freeze or a thaw.
#[derive(Debug, Clone, Serialize)]
pub struct ToldChannel {
    /// Its name.
    pub channel: String,
    /// When it was told; null: it could not be.
    pub at: Option<Timestamp>,
}

fn channels(list: &[ToldChannel], page: &mut Page) {
    let told = list.iter().filter(|one| one.at.is_some());
    let told: Vec<&str> = told.map(|one| one.channel.as_str()).collect();
    if !told.is_empty() {
        page.line(format!("told: {}", plain(&told.join(", "))));
    }
}

/// What `patch freeze` answers.
#[derive(Debug, Serialize)]
pub struct FreezeDocument {
    /// The branch.
    pub branch: String,
    /// Until when.
    pub until: Option<Timestamp>,
    /// The day of that, in the project's zone.
    pub day: Option<String>,
    /// Why.
    pub reason: String,
    /// The approved requests that wait.
    pub waiting: Vec<Named>,
    /// The channels that this run had to tell.
    pub told: Vec<ToldChannel>,
    /// Whether it is, or would be, frozen now.
    #[serde(skip)]
    pub stands: bool,
}

impl Document for FreezeDocument {
    const SCHEMA: &'static str = "debcut/patch-freeze/1";

    fn text(&self, page: &mut Page) {
        if !self.stands {
            return;
        }
        let until = self.day.as_ref().map(|day| format!(" until {day}"));
        let branch = page.bold(&self.branch);
        page.line(format!("{branch} is frozen{}", until.unwrap_or_default()));
        if !self.waiting.is_empty() {
            page.line("approved, and waiting for the thaw:");
        }
        names(&self.waiting, page);
        channels(&self.told, page);
    }
}

/// What `patch thaw` answers.
#[derive(Debug, Serialize)]
pub struct ThawDocument {
    /// The branch.
    pub branch: String,
    /// The approved requests that wait no more.
    pub released: Vec<Named>,
    /// The channels that this run had to tell.
    pub told: Vec<ToldChannel>,
    /// Whether it takes, or would take, what is approved now.
    #[serde(skip)]
    pub stands: bool,
}

impl Document for ThawDocument {
    const SCHEMA: &'static str = "debcut/patch-thaw/1";

    fn text(&self, page: &mut Page) {
        if !self.stands {
            return;
        }
        page.line(format!("{} is not frozen", page.bold(&self.branch)));
        if !self.released.is_empty() {
            page.line("approved again:");
        }
        names(&self.released, page);
        channels(&self.told, page);
    }
}

/// What `patch hotfix` answers.
#[derive(Debug, Serialize)]
pub struct HotfixDocument {
    /// The branch.
    pub branch: String,
    /// The release it begins at.
    pub from: String,
    /// The branch whose other fixes wait.
    pub normal: String,
    /// What is on the branch since its last release: requests, and commits that
    /// nobody asked for.
    pub changes: Vec<Named>,
    /// What that one has and the hotfix leaves out.
    pub excluded: Vec<Named>,
    /// Whether that is not known: too many commits lie between them.
    pub excluded_unknown: bool,
    /// What the hotfix has and another branch lacks, by branch.
    pub lacking: Vec<Lacking>,
    /// How many requests were, or would be, made for it.
    pub offered: usize,
}

/// What a branch lacks of a hotfix.
#[derive(Debug, Serialize)]
pub struct Lacking {
    /// The branch.
    pub branch: String,
    /// The commits that nobody asks for there.
    pub commits: Vec<Named>,
    /// Those that somebody asks for there.
    pub asked: Vec<AskedFix>,
    /// Those that somebody decided against.
    pub refused: Vec<AskedFix>,
    /// Those that may be there under another id: too many commits lie between.
    pub unknown: Vec<Named>,
}

/// A commit and the request that asks for it on another branch.
#[derive(Debug, Serialize)]
pub struct AskedFix {
    /// The commit.
    pub id: String,
    /// Its subject.
    pub title: String,
    /// The request.
    pub request: String,
}

impl Lacking {
    fn text(&self, page: &mut Page) {
        let branch = &self.branch;
        let lists = [&self.asked, &self.refused];
        let nothing = self.commits.is_empty() && self.unknown.is_empty();
        if nothing && lists.iter().all(|list| list.is_empty()) {
            page.line(format!("{branch} has all that it fixes"));
        }
        if !self.commits.is_empty() {
            page.line(format!("{branch} lacks:"));
        }
        names(&self.commits, page);
        for (list, word) in lists
            .into_iter()
            .zip(["lacks, and it is asked for", "goes without"])
        {
            if !list.is_empty() {
                page.line(format!("{branch} {word}:"));
            }
            for one in list {
                let title = plain(&one.title);
                page.line(format!("  {:.12} {title} ({})", one.id, one.request));
            }
        }
        if !self.unknown.is_empty() {
            page.line(format!("{branch} is too far to tell whether it has:"));
        }
        names(&self.unknown, page);
    }
}

/// Says how many changes a hotfix has.
fn count(changes: &[Named]) -> String {
    match changes.len() {
        1 => "one change".to_owned(),
        number => format!("{number} changes"),
    }
}

impl Document for HotfixDocument {
    const SCHEMA: &'static str = "debcut/patch-hotfix/1";

    fn text(&self, page: &mut Page) {
        let branch = page.bold(&self.branch);
        if self.branch.is_empty() {
            return;
        }
        page.line(format!("{branch} is for hotfixes of {}", self.from));
        if !self.changes.is_empty() {
            page.line(format!("{} in it:", count(&self.changes)));
        }
        names(&self.changes, page);
        if self.excluded_unknown {
            let normal = &self.normal;
            page.line(format!(
                "{normal} is too far from it to list what is excluded"
            ));
        }
        if !self.excluded.is_empty() {
            page.line(format!("excluded, although {} has it:", self.normal));
        }
        names(&self.excluded, page);
        for one in &self.lacking {
            one.text(page);
        }
        if self.offered > 0 {
            page.line(format!("{} request(s) for what is lacking", self.offered));
        }
    }
}

/// What `patch plan` answers.
#[derive(Debug, Serialize)]
pub struct NextDocument {
    /// The branches.
    pub branches: Vec<NextRelease>,
}

/// The next release of a branch.
#[derive(Debug, Serialize)]
pub struct NextRelease {
    /// The branch.
    pub branch: String,
    /// Its last release's tag.
    pub last: Option<String>,
    /// `NAME VERSION` of what would be released; approved requests may raise it.
    pub next: Vec<String>,
    /// When it is due; none: there is no rhythm, or no release yet, or it is a
    /// hotfix.
    pub due: Option<Due>,
    /// Where today is, in words.
    pub when: String,
    /// The release that it is a hotfix of.
    pub hotfix_of: Option<String>,
    /// The changes of a hotfix.
    pub changes: Vec<Named>,
    /// The commits since the last release.
    pub commits: Vec<Named>,
    /// The requests that are approved and not picked yet.
    pub approved: Vec<Named>,
    /// When a mock of the branch as it is has passed; null: none has.
    pub mocked: Option<crate::model::Timestamp>,
    /// That it is frozen, in words: it takes no request, and can be cut.
    pub freeze: Option<String>,
    /// Why a release would be refused as the branch is.
    pub blocks: Vec<String>,
    /// What is to be looked at before one, and keeps none back.
    pub attention: Vec<String>,
}

impl Document for NextDocument {
    const SCHEMA: &'static str = "debcut/patch-plan/1";

    fn text(&self, page: &mut Page) {
        for one in &self.branches {
            let next = match (one.next.is_empty(), one.commits.is_empty()) {
                (true, true) => "nothing to release".to_owned(),
                (true, false) => "no release as it is".to_owned(),
                (false, _) => one.next.join(", "),
            };
            page.line(format!("{} {next}", page.bold(&one.branch)));
            if !one.when.is_empty() {
                page.line(format!("  {}", one.when));
            }
            if !one.commits.is_empty() {
                page.line("  in it:");
            }
            names(&one.commits, page);
            if !one.approved.is_empty() {
                page.line("  approved, to be picked:");
            }
            names(&one.approved, page);
            if let Some(at) = &one.mocked {
                page.line(format!("  mock passed {}", at.day()));
            }
            if let Some(freeze) = &one.freeze {
                page.line(format!("  {freeze}"));
            }
            for block in &one.blocks {
                page.line(format!("  blocked: {}", plain(block)));
            }
            if !one.attention.is_empty() {
                page.line("  to be looked at:");
            }
            for what in &one.attention {
                page.line(format!("    {}", plain(what)));
            }
        }
    }
}
