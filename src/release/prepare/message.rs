//! The release commit's message: the project's template, and the trailers by
//! which the commit is found again, also once it was squashed.

use minijinja::{Environment, Value, context};

use super::observe::Target;
use crate::release::plan::ReleasePlan;
use crate::release::policy::Policy;
use crate::release::trailer::TRAILER;

/// The trailer that names the digest of the plan, so that the same plan again is
/// known to be done.
pub const PLAN_TRAILER: &str = "Debcut-Plan";

/// Why there is no message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The template is not one, or names what is not there.
    #[error("the commit message's template cannot be used")]
    Template(#[from] minijinja::Error),
    /// It gave nothing.
    #[error("the commit message's template gives an empty subject")]
    Empty,
}

/// Renders the message. The template knows `packages`, each with `name`,
/// `version`, `debian_version` and `tag`, and `branch`.
pub fn message(
    release: &ReleasePlan,
    policy: &Policy,
    target: &Target,
) -> Result<String, MessageError> {
    let released = || release.releases().filter(|(_, next)| !next.binary_only);
    let packages = released().map(|(package, next)| {
        context! {
            name => package.name.as_str(),
            version => next.version.as_str(),
            debian_version => next.debian_version.as_str(),
            tag => next.tag.as_ref().map(|tag| tag.as_str()),
        }
    });
    let known = context! {
        packages => packages.collect::<Vec<Value>>(),
        branch => target.branch(),
    };
    let mut engine = Environment::new();
    engine.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    let text = engine.render_str(&policy.message, known)?;
    let text = text.trim();
    if text.is_empty() {
        return Err(MessageError::Empty);
    }
    // git reads trailers from the last paragraph alone, so one that the
    // template ends with takes ours in.
    let (before, last) = text.rsplit_once("\n\n").unwrap_or((text, ""));
    let joins = !before.is_empty() && !last.is_empty() && last.lines().all(is_trailer);
    let mut message = format!("{text}\n{}", if joins { "" } else { "\n" });
    for (package, next) in released() {
        message += &format!("{TRAILER}: {} {}\n", package.name, next.version);
    }
    message += &format!("{PLAN_TRAILER}: {}\n", release.digest());
    Ok(message)
}

fn is_trailer(line: &str) -> bool {
    let token = |c: char| c.is_ascii_alphanumeric() || c == '-';
    line.split_once(": ")
        .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(token))
}

impl Target {
    /// Returns the branch that gets the commit; none: a detached HEAD.
    pub fn branch(&self) -> Option<&str> {
        match self {
            Self::Head { branch } => branch.as_deref(),
            Self::New { branch }
            | Self::Behind { branch, .. }
            | Self::Ahead { branch, .. }
            | Self::Diverged { branch, .. }
            | Self::Elsewhere { branch, .. } => Some(branch),
        }
    }
}
