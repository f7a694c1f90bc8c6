//! `patch hotfix`.

use clap::Args;

use super::WriteArguments;
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::patching::hotfixing::holding::holding;
use crate::flow::patching::hotfixing::{self, Elsewhere, Lacks};
use crate::flow::patching::ledger::Ledger;
use crate::flow::patching::{branches, coming};
use crate::model::{Finding, Severity, Sha256, TagName};
use crate::patch::RequestId;
use crate::report::Answer;
use crate::report::patch::{AskedFix, HotfixDocument, Lacking, Named};

/// Arguments of `patch hotfix`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch hotfix v1.12.3             makes release-1.12.3 from the tag
  debcut patch hotfix v1.12.3 --check     is the fix on main and on release-1.12?
  debcut patch hotfix v1.12.3 --offer     asks for it there, where it is not

Only what is picked onto that branch goes in: patch pick --onto release-1.12.3. A
fix need not be on main first; one that was committed on the branch itself is
picked after the fact. What came there otherwise, a merge for example, keeps release
from cutting it: patch override COMMIT not-picked --onto BRANCH. A fix that main or
the normal branch has under another id counts as there.
Its versions stand between two patch releases: 1.12.3.1, or 1.12.3+hotfix.1 where
a Cargo.toml, package.json or Chart.yaml holds the version.")]
pub struct HotfixArguments {
    /// The tag of the release that is fixed
    #[arg(value_name = "TAG")]
    tag: TagName,
    /// Say where the fix is not, and make nothing
    #[arg(long)]
    check: bool,
    /// Ask for the fix on the branches that lack it
    #[arg(long, conflicts_with = "check")]
    offer: bool,
    #[command(flatten)]
    write: WriteArguments,
}

fn named(list: &[Elsewhere]) -> Vec<Named> {
    let one = |one: &Elsewhere| Named {
        id: one.commit.clone(),
        title: one.subject.clone(),
    };
    list.iter().map(one).collect()
}

fn empty(tag: &TagName) -> HotfixDocument {
    HotfixDocument {
        branch: String::new(),
        from: tag.to_string(),
        normal: String::new(),
        changes: Vec::new(),
        excluded: Vec::new(),
        excluded_unknown: false,
        lacking: Vec::new(),
        offered: 0,
    }
}

/// Makes the branch of a release, or checks what became of it.
pub fn run(arguments: &HotfixArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let mut document = empty(&arguments.tag);
    let dry = arguments.write.dry_run;
    let share = super::before(&arguments.write, &workspace, context)?;
    let hotfix = match hotfixing::planned(&workspace, &arguments.tag)? {
        Ok(hotfix) => hotfix,
        Err(finding) => {
            let answer = Answer::new(document).findings([finding]);
            return Ok(if dry { answer.no_plan() } else { answer }.into());
        }
    };
    document.branch = hotfix.branch.to_string();
    document.normal = hotfix.normal.to_string();
    let excluded = hotfixing::returning::excluded(&workspace, &hotfix)?;
    document.excluded_unknown = excluded == Lacks::Unknown;
    document.excluded = named(excluded.known());
    let digest = Sha256::of(format!("{hotfix:?}").as_bytes());
    let mut ledger = Ledger::read(&workspace.repository, &context.environment)?;
    let mut findings = ledger.findings.clone();
    if let Some(hotfix) = hotfixing::of_branch(&workspace, &ledger, &hotfix.branch)?
        && let Ok(line) = branches::line(&workspace, &hotfix.branch)
    {
        let held = holding(&workspace, &ledger, &hotfix, &line.head.to_string())?;
        document.changes = held
            .changes
            .iter()
            .map(|one| Named {
                id: one.id.clone(),
                title: one.title.clone(),
            })
            .collect();
        findings.extend(held.too_many(&hotfix));
        // A release is refused for it; to look at it, or to open it again, is not.
        findings.extend(held.findings.into_iter().map(|mut finding| {
            finding.severity = finding.severity.min(Severity::Warning);
            finding
        }));
    }
    let after = arguments.check || arguments.offer;
    if !after {
        let answer = |document| Answer::new(document).findings(findings.clone());
        if dry {
            return Ok(answer(document).dry_run(digest).into());
        }
        let (by, now) = (context.person()?, context.now());
        let changed = hotfixing::open(&workspace, &hotfix, (&by, now), &context.environment)?;
        return super::after(
            share,
            answer(document).changed(changed),
            &workspace,
            context,
        );
    }
    if branches::line(&workspace, &hotfix.branch).is_err() {
        let why = format!("{} is not there", hotfix.branch);
        let finding = Finding::error("no-hotfix", arguments.tag.as_str(), why);
        let fix = format!("debcut patch hotfix {} makes it", arguments.tag);
        let answer = Answer::new(document).findings([finding.fix(fix)]);
        return Ok(if dry { answer.no_plan() } else { answer }.into());
    }
    let lacking = hotfixing::returning::unreturned(&workspace, &ledger, &hotfix)?;
    document.lacking = lacking
        .iter()
        .map(|one| Lacking {
            branch: one.branch.to_string(),
            commits: named(&one.commits),
            asked: asked(&one.asked),
            refused: asked(&one.refused),
            unknown: named(&one.unknown),
        })
        .collect();
    if arguments.check {
        findings.extend(coming::unreturned(&hotfix, &lacking));
        return Ok(Answer::new(document).findings(findings).into());
    }
    let offers = hotfixing::returning::offers(&workspace, &ledger, &hotfix, &lacking)?;
    document.offered = offers.len();
    let answer = |document| Answer::new(document).findings(findings);
    if dry {
        return Ok(answer(document).dry_run(digest).into());
    }
    let changed = !offers.is_empty();
    if changed {
        let (by, now) = (context.person()?, context.now());
        let summary = format!("offer the hotfixes of {}", arguments.tag);
        ledger.say(offers, &by, now, &summary)?;
    }
    super::after(
        share,
        answer(document).changed(changed),
        &workspace,
        context,
    )
}

fn asked(list: &[(Elsewhere, RequestId)]) -> Vec<AskedFix> {
    let one = |(what, request): &(Elsewhere, RequestId)| AskedFix {
        id: what.commit.clone(),
        title: what.subject.clone(),
        request: request.to_string(),
    };
    list.iter().map(one).collect()
}
