//! Which commits of the main branch look like they belong on a maintenance
//! branch, and why.
//!
//! Knows what commits say and what became of others on the branch; who looks
//! that up is `flow/`.

mod trailers;

use serde::Serialize;

pub use trailers::{Asked, Target, asked};

/// Why a commit is suggested; the most urgent first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Reason {
    /// It closes a hole that is exploited.
    Exploited {
        /// The holes.
        cves: Vec<String>,
    },
    /// It closes a hole.
    Security {
        /// The holes.
        cves: Vec<String>,
    },
    /// Its author asks for it.
    Trailer {
        /// The trailer, as written.
        trailer: String,
    },
    /// Its pull request has a label that asks for it.
    Label {
        /// The label.
        label: String,
        /// The pull request's number.
        pull_request: u64,
    },
    /// It takes back what is on the branch.
    Reverts {
        /// The commit on the branch.
        on_branch: String,
    },
    /// It mends what is on the branch.
    Fixes {
        /// The commit on the branch.
        on_branch: String,
    },
    /// It mends or takes back what is about to come to the branch.
    Completes {
        /// The commit of the main branch.
        commit: String,
    },
    /// It calls itself a fix.
    Fix,
}

impl Reason {
    /// Returns it in words, with ids cut to twelve digits.
    pub fn words(&self) -> String {
        let short = |id: &str| id.get(..12).unwrap_or(id).to_owned();
        match self {
            Self::Exploited { cves } => format!("exploited: {}", cves.join(", ")),
            Self::Security { cves } => format!("security: {}", cves.join(", ")),
            Self::Trailer { trailer } => trailer.clone(),
            Self::Label {
                label,
                pull_request,
            } => format!("#{pull_request} has the label {label}"),
            Self::Reverts { on_branch } => {
                format!("reverts {}, which is on it", short(on_branch))
            }
            Self::Fixes { on_branch } => format!("fixes {}, which is on it", short(on_branch)),
            Self::Completes { commit } => {
                format!(
                    "completes {}, which is suggested or asked for",
                    short(commit)
                )
            }
            Self::Fix => "fix".to_owned(),
        }
    }
}

/// What is known of a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Whether one of its changes is a fix by its type.
    pub is_fix: bool,
    /// The holes that it names.
    pub cves: Vec<String>,
    /// Whether it says that they are exploited.
    pub is_exploited: bool,
    /// What its trailers ask for on this branch.
    pub asked: Asked,
    /// The pull request that it came with, and its label that asks for it.
    pub labelled: Option<(u64, String)>,
    /// The commits that it mends, where they can be told: those named by
    /// `Fixes:`.
    pub fixes: Vec<Origin>,
    /// The commits that it takes back.
    pub reverts: Vec<Origin>,
}

/// A commit that another one names, and whether the branch has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Its id.
    pub id: String,
    /// What it is on the branch: itself, or a pick of it.
    pub on_branch: Option<String>,
}

/// What becomes of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It looks like it belongs, for these reasons, the most urgent first.
    Belongs(Vec<Reason>),
    /// Its author says that it does not: by this trailer.
    Refused(String),
    /// It only concerns commits that the branch has not: these.
    Foreign(Vec<String>),
    /// Nothing speaks for it.
    Silent,
}

/// Judges a commit.
pub fn judge(known: &Known) -> Verdict {
    let mut reasons = Vec::new();
    match &known.asked {
        Asked::No(trailer) => return Verdict::Refused(trailer.clone()),
        Asked::Yes(trailer) => reasons.push(Reason::Trailer {
            trailer: trailer.clone(),
        }),
        Asked::Unsaid => {}
    }
    if let Some((pull_request, label)) = known.labelled.clone() {
        reasons.push(Reason::Label {
            label,
            pull_request,
        });
    }
    let cves = known.cves.clone();
    match (cves.is_empty(), known.is_exploited) {
        (true, _) => {}
        (false, true) => reasons.push(Reason::Exploited { cves }),
        (false, false) => reasons.push(Reason::Security { cves }),
    }
    let there = |origins: &[Origin]| -> Vec<String> {
        let there = origins.iter().filter_map(|one| one.on_branch.clone());
        there.collect()
    };
    let reverts = there(&known.reverts);
    reasons.extend(
        reverts
            .into_iter()
            .map(|on_branch| Reason::Reverts { on_branch }),
    );
    let fixes = there(&known.fixes);
    reasons.extend(
        fixes
            .into_iter()
            .map(|on_branch| Reason::Fixes { on_branch }),
    );
    // What only mends or takes back commits that never reached the branch has
    // nothing to do there, whatever it calls itself.
    let named: Vec<&Origin> = known.fixes.iter().chain(&known.reverts).collect();
    if reasons.is_empty() && !named.is_empty() {
        let mut ids: Vec<String> = Vec::new();
        for one in named {
            if !ids.contains(&one.id) {
                ids.push(one.id.clone());
            }
        }
        return Verdict::Foreign(ids);
    }
    if known.is_fix {
        reasons.push(Reason::Fix);
    }
    reasons.sort();
    reasons.dedup();
    match reasons.is_empty() {
        true => Verdict::Silent,
        false => Verdict::Belongs(reasons),
    }
}

#[cfg(test)]
mod tests;
