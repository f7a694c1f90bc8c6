//! Who has set a rule aside, and who may.

use super::Rule;
use crate::model::BranchName;
use crate::patch::policy::Policy;
use crate::patch::queue::{Excuse, Queue, Request, Said};
use crate::release::commit::Person;

/// Finds who has set a rule aside for a request; only the word of who may
/// counts.
pub fn overridden<'r>(
    request: &'r Request,
    rule: Rule,
    policy: &Policy,
) -> Option<&'r Said<(String, String)>> {
    let said = request.overrides.iter().rev();
    // A pick that was made later is another one.
    let of_this_pick = |said: &&Said<(String, String)>| match (&request.applied, rule) {
        (Some(pick), Rule::PickedElsewhere) => request.knows(said.entry, pick.entry),
        _ => true,
    };
    said.filter(|said| said.what.0 == rule.name())
        .filter(of_this_pick)
        .find(|said| may_override(rule, &said.by, policy))
}

/// Finds who has set a rule aside for a commit of a branch; only the word of who
/// may counts.
pub fn excused<'q>(
    queue: &'q Queue,
    (branch, commit): (&BranchName, &str),
    rule: Rule,
    policy: &Policy,
) -> Option<&'q Excuse> {
    let mut said = queue.excused.iter().rev();
    said.find(|said| {
        said.branch == *branch
            && said.commit == commit
            && said.rule == rule.name()
            && may_override(rule, &said.reason.by, policy)
    })
}

/// Tells whether a person may set a rule aside: approvers and owners may, and
/// kinds only owners, where there are some.
pub fn may_override(rule: Rule, who: &Person, policy: &Policy) -> bool {
    match rule {
        Rule::KindNotAllowed if !policy.owners.is_empty() => policy.is_owner(who),
        _ => policy.is_approver(who) || policy.is_owner(who),
    }
}
