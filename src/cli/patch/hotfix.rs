//! `patch hotfix`.

use clap::Args;

use super::WriteArguments;
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::patching::hotfixing::{self, Elsewhere};
use crate::flow::patching::ledger::Ledger;
use crate::model::{Finding, Sha256, TagName};
use crate::report::Answer;
use crate::report::patch::{HotfixDocument, Lacking, Named};

/// Arguments of `patch hotfix`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch hotfix v1.12.3             makes release-1.12.3 from the tag
  debcut patch hotfix v1.12.3 --check     is the fix on main and on release-1.12?
  debcut patch hotfix v1.12.3 --offer     asks for it there, where it is not

Only what is picked onto that branch goes in: patch pick --onto release-1.12.3.
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

/// Makes the branch of a release, or checks what became of it.
pub fn run(arguments: &HotfixArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let mut document = HotfixDocument {
        branch: String::new(),
        from: arguments.tag.to_string(),
        normal: String::new(),
        excluded: Vec::new(),
        lacking: Vec::new(),
        offered: 0,
    };
    let dry = arguments.write.dry_run;
    let hotfix = match hotfixing::planned(&workspace, &arguments.tag)? {
        Ok(hotfix) => hotfix,
        Err(finding) => {
            let answer = Answer::new(document).findings([finding]);
            return Ok(if dry { answer.no_plan() } else { answer }.into());
        }
    };
    let share = super::before(&arguments.write, &workspace, context)?;
    document.branch = hotfix.branch.to_string();
    document.normal = hotfix.normal.to_string();
    document.excluded = named(&hotfixing::excluded(&workspace, &hotfix)?);
    let digest = Sha256::of(format!("{hotfix:?}").as_bytes());
    let after = arguments.check || arguments.offer;
    if !after {
        if dry {
            return Ok(Answer::new(document).dry_run(digest).into());
        }
        let (by, now) = (context.person()?, context.now());
        let changed = hotfixing::open(&workspace, &hotfix, (&by, now), &context.environment)?;
        let answer = Answer::new(document).changed(changed);
        return super::after(share, answer, &workspace, context);
    }
    if !hotfix.exists {
        let why = format!("{} is not there", hotfix.branch);
        let finding = Finding::error("no-hotfix", arguments.tag.as_str(), why);
        let fix = format!("debcut patch hotfix {} makes it", arguments.tag);
        let answer = Answer::new(document).findings([finding.fix(fix)]);
        return Ok(if dry { answer.no_plan() } else { answer }.into());
    }
    let lacking = hotfixing::unreturned(&workspace, &hotfix)?;
    let mut findings = Vec::new();
    for (branch, commits) in &lacking {
        document.lacking.push(Lacking {
            branch: branch.to_string(),
            commits: named(commits),
        });
        if !commits.is_empty() {
            let why = format!("it lacks {} commit(s) of {}", commits.len(), hotfix.branch);
            let finding = Finding::warning("hotfix-lacking", branch.as_str(), why);
            let fix = format!(
                "debcut patch hotfix {} --offer asks for them",
                arguments.tag
            );
            findings.push(finding.fix(fix));
        }
    }
    if arguments.check {
        return Ok(Answer::new(document).findings(findings).into());
    }
    let mut ledger = Ledger::read(&workspace.repository, &context.environment)?;
    let offers = hotfixing::offers(&workspace, &ledger, &lacking)?;
    document.offered = offers.len();
    if dry {
        return Ok(Answer::new(document).dry_run(digest).into());
    }
    let changed = !offers.is_empty();
    if changed {
        let (by, now) = (context.person()?, context.now());
        let summary = format!("offer the hotfixes of {}", arguments.tag);
        ledger.say(offers, &by, now, &summary)?;
    }
    let answer = Answer::new(document).changed(changed);
    super::after(share, answer, &workspace, context)
}
