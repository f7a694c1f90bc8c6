//! `patch suggest`: what looks like it belongs on a branch.

use std::collections::BTreeMap;

use serde::Serialize;

use super::words::{self, short};
use crate::model::{BranchName, Timestamp};
use crate::patch::RequestId;
use crate::patch::moves::Move;
use crate::patch::state::State;
use crate::patch::suggest::Reason;
use crate::release::commit::Person;
use crate::report::document::plain;
use crate::report::{Document, Page};

/// What `patch suggest` answers.
#[derive(Debug, Serialize)]
pub struct SuggestDocument {
    /// The branch.
    pub onto: BranchName,
    /// The main branch.
    pub main: BranchName,
    /// Where the branch leaves it; null: they have nothing in common.
    pub base: Option<String>,
    /// How many commits the main branch has that the branch has not.
    pub ahead: usize,
    /// What looks like it belongs, in the order of picking.
    pub suggestions: Vec<SuggestionView>,
    /// What is on the branch already, under another id.
    pub picked: Vec<OtherView>,
    /// What is asked for already.
    pub asked: Vec<OtherView>,
    /// What is not suggested for another reason; of what nothing speaks for only
    /// where all was asked for.
    pub others: Vec<OtherView>,
    /// How many commits nothing speaks for.
    pub silent: usize,
    /// How many those are of each kind.
    pub silent_kinds: BTreeMap<String, usize>,
    /// The requests that were made.
    pub requests: Vec<MadeRequest>,
    /// Whether the text shows what is not suggested.
    #[serde(skip)]
    pub all: bool,
}

/// A commit that looks like it belongs.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct SuggestionView {
    pub commit: String,
    pub subject: String,
    pub author: Person,
    pub committed: Timestamp,
    pub reasons: Vec<ReasonView>,
    pub moves: Vec<Move>,
    /// `written`, `none` or `missing`.
    pub release_note: &'static str,
    /// `cleanly`, `nothing`, `conflicts` or `unknown`.
    pub applies: &'static str,
    pub conflicts: Vec<String>,
    /// The earlier suggestions that make it apply.
    pub after: Vec<String>,
}

/// Why a commit is suggested.
#[derive(Debug, Serialize)]
pub struct ReasonView {
    #[serde(flatten)]
    reason: Reason,
    text: String,
}

impl ReasonView {
    /// Shows a reason.
    pub fn new(reason: Reason) -> Self {
        let text = reason.words();
        Self { reason, text }
    }
}

/// A commit that is not suggested.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct OtherView {
    pub commit: String,
    pub subject: String,
    /// `picked`, `asked`, `refused`, `foreign`, `taken-back`, `only-moves` or `silent`.
    pub why: &'static str,
    pub text: String,
    /// The commit that it is on the branch, or that takes it back.
    pub other: Option<String>,
    pub request: Option<RequestId>,
    pub state: Option<State>,
    pub moves: Vec<Move>,
}

/// A request that was made.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct MadeRequest {
    pub id: Option<RequestId>,
    pub commit: String,
    pub changed: bool,
}

fn moved(page: &mut Page, moves: &[Move]) {
    for one in moves {
        let text = words::moved(page, one);
        page.line(format!("  moves {text}"));
    }
}

impl Document for SuggestDocument {
    const SCHEMA: &'static str = "debcut/patch-suggest/1";

    fn text(&self, page: &mut Page) {
        let base = self.base.as_deref().map_or("nowhere", short);
        page.line(format!(
            "{}: {} is {} ahead since {base}",
            page.bold(self.onto.as_str()),
            self.main,
            match self.ahead {
                1 => "one commit".to_owned(),
                many => format!("{many} commits"),
            }
        ));
        if self.suggestions.is_empty() {
            page.line("nothing looks like it belongs that is not there or asked for");
        }
        for one in &self.suggestions {
            page.line(format!(
                "{}  {}",
                page.bold(short(&one.commit)),
                plain(&one.subject)
            ));
            let reasons: Vec<String> = one.reasons.iter().map(|one| plain(&one.text)).collect();
            page.line(format!(
                "  {}, by {}",
                reasons.join("; "),
                plain(&one.author.name)
            ));
            moved(page, &one.moves);
            let note = match one.release_note {
                "missing" => "; no release note",
                _ => "",
            };
            let applies = match (one.applies, one.after.as_slice()) {
                ("cleanly", _) => page.good("applies now"),
                ("nothing", _) => "changes nothing there".to_owned(),
                (_, []) => page.bad(&format!(
                    "conflicts in {}",
                    plain(&one.conflicts.join(", "))
                )),
                (_, after) => {
                    let after: Vec<&str> = after.iter().map(|id| short(id)).collect();
                    page.warning(&format!("applies after {}", after.join(", ")))
                }
            };
            page.line(format!("  {applies}{note}"));
        }
        for made in &self.requests {
            let id = made
                .id
                .as_ref()
                .map_or("would be asked for", RequestId::as_str);
            let word = match (made.changed, &made.id) {
                (false, Some(_)) => "is asked for already: ",
                (true, Some(_)) => "asked for: ",
                _ => "",
            };
            page.line(format!("{} {word}{id}", short(&made.commit)));
        }
        let shown = |page: &mut Page, all: &[OtherView]| {
            for one in all {
                page.line(page.dim(&format!(
                    "{}  {}: {}",
                    short(&one.commit),
                    plain(&one.text),
                    plain(&one.subject)
                )));
            }
        };
        shown(page, &self.picked);
        if self.all {
            shown(page, &self.asked);
            for one in &self.others {
                shown(page, std::slice::from_ref(one));
                moved(page, &one.moves);
            }
            return;
        }
        let mut hidden = Vec::new();
        let mut hide = |count: usize, text: &str| {
            if count > 0 {
                hidden.push(format!("{count} {text}"));
            }
        };
        hide(self.asked.len(), "asked for already");
        let bumps = self
            .others
            .iter()
            .filter(|one| one.why == "only-moves")
            .count();
        hide(bumps, "only moving dependencies");
        hide(
            self.others.len() - bumps,
            "refused, reverted or about what is not there",
        );
        let kinds = self.silent_kinds.iter();
        let kinds: Vec<String> = kinds
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        hide(
            self.silent,
            &format!("that nothing speaks for ({})", plain(&kinds.join(", "))),
        );
        if !hidden.is_empty() {
            page.line(page.dim(&format!("not shown: {} (--all)", hidden.join(", "))));
        }
    }
}
