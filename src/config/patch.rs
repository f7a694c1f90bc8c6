//! `[patch]` as written → the rules of maintenance branches.

mod forge;
mod notify;
mod rhythm;

pub use notify::{Channel, News};

pub(super) use notify::channels;

use super::read::{ConfigError, Source};
use super::written::patch as written;
use crate::model::BranchName;
use crate::patch::policy::{BackMerge, Note, Parents, Policy, Sharing, Unconventional};
use crate::patch::{Question, answers};

/// Reads the rules.
pub(super) fn policy(source: &Source<'_>, written: written::Patch) -> Result<Policy, ConfigError> {
    let usual = Policy::default();
    let rhythm = rhythm::rhythm(source, &written)?;
    let main = written.main.as_ref().map(|main| {
        let name = BranchName::new(main.get_ref().clone());
        name.map_err(|error| source.refuse(&main.span(), error.to_string()))
    });
    let main = main.transpose()?.map(|name| name.as_str().to_owned());
    let approvals = match &written.approvals {
        None => usual.approvals,
        Some(number) => usize::try_from(*number.get_ref())
            .map_err(|_| source.refuse(&number.span(), "a number of approvals, 0 or more"))?,
    };
    let kinds = match written.kinds {
        None => usual.kinds,
        Some(kinds) => kinds
            .into_iter()
            .map(|kind| kind.into_inner().to_ascii_lowercase())
            .collect(),
    };
    let into = (written.back_merge_into.iter()).map(|branch| {
        let name = BranchName::new(branch.get_ref().clone());
        name.map_err(|error| source.refuse(&branch.span(), error.to_string()))
    });
    let back_merge_into = into.collect::<Result<_, _>>()?;
    let template = written.template.map(|text| {
        let checked = answers::check_template(text.get_ref());
        checked.map_err(|why| source.refuse(&text.span(), format!("no template: {why}")))?;
        Ok(text.into_inner())
    });
    let forge = written.forge.map(|forge| forge::settings(source, forge));
    Ok(Policy {
        main,
        approvers: written.approvers,
        approvals,
        owners: written.owners,
        kinds,
        unconventional: match written.unconventional {
            None => usual.unconventional,
            Some(written::Unconventional::Refuse) => Unconventional::Refuse,
            Some(written::Unconventional::Allow) => Unconventional::Allow,
        },
        note: match written.note {
            None => usual.note,
            Some(written::Note::Required) => Note::Required,
            Some(written::Note::Wanted) => Note::Wanted,
        },
        parents: match written.parents {
            None => usual.parents,
            Some(written::Parents::Merged) => Parents::Merged,
            Some(written::Parents::Any) => Parents::Any,
        },
        require_green: written.require_green,
        rhythm,
        back_merge: match written.back_merge {
            None => usual.back_merge,
            Some(written::BackMerge::Merge) => BackMerge::Merge,
            Some(written::BackMerge::Pick) => BackMerge::Pick,
        },
        back_merge_into,
        questions: match written.questions {
            None => usual.questions,
            Some(questions) => questions.into_iter().map(question).collect(),
        },
        template: template.transpose()?,
        sharing: match written.sync {
            true => Sharing::AtOnce,
            false => Sharing::WhenAsked,
        },
        forge: forge.transpose()?,
    })
}

fn question(written: written::Question) -> Question {
    match written {
        written::Question::Bug => Question::Bug,
        written::Question::Affected => Question::Affected,
        written::Question::Severity => Question::Severity,
        written::Question::Verified => Question::Verified,
    }
}
