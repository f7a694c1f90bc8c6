//! `key rotate`.

use std::num::NonZeroU32;

use clap::Args;

use super::{Lifetime, lifetime, named, new_passphrase};
use crate::cli::archive::several::Several;
use crate::cli::archive::{ArchiveArgument, DEFAULT_WAIT, configured_key, desk, rules};
use crate::cli::build::KeyArguments;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::passphrase;
use crate::flow::archiving::{Act, Desk, Outcome};
use crate::flow::rotating::{Turn, successor};
use crate::flow::signing;
use crate::keys::{Ask, KeyName, Part};
use crate::model::{Fingerprint, Suite};
use crate::publish::Question;
use crate::report::{Answer, RotateDocument, RotationPhase};
use crate::sys::openpgp::NewKey;

/// Arguments of `key rotate`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut key rotate --archive /srv/apt             makes a key; both sign from now on
  debcut key rotate --finish --archive /srv/apt    when all clients have it: the new one alone
  debcut key rotate --to gpg:FINGERPRINT           takes a key that is there already

In between, `debcut archive sources --keyring-package .` packs both keys for the
clients. While both sign, clients that trust the old key, the new one, or both go on.
Run again, each step says that there is nothing to do.")]
pub struct Rotate {
    /// The suites [default: all]
    suites: Vec<Suite>,
    #[command(flatten)]
    archive: ArchiveArgument,
    /// The key that takes over: a fingerprint or gpg:FINGERPRINT [default: a new one]
    #[arg(long, value_name = "FINGERPRINT")]
    to: Option<String>,
    /// End the overlap: from now on the new key alone signs
    #[arg(long)]
    finish: bool,
    /// How long a new key is valid: 90d, 12m, 2y, or never
    #[arg(long, value_name = "TIME", default_value = "2y", value_parser = lifetime)]
    expire: Lifetime,
    /// Store a new key without a passphrase, readable by you alone
    #[arg(long)]
    no_passphrase: bool,
    #[command(flatten)]
    key: KeyArguments,
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Print what would be done and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Lets both keys sign, or the new one alone.
pub(super) fn run(arguments: &Rotate, context: &Context<'_>) -> Result<Answer, Failure> {
    let location = arguments.archive.location(context)?;
    let mut desk = desk(&location, DEFAULT_WAIT, context)?;
    desk.configured_key = configured_key(context)?;
    desk.rules = rules(&location, context)?;
    let turns = desk.turns(&arguments.suites)?;
    let to = arguments.to.as_deref();
    let to = to.map(|written| whole(written, context)).transpose()?;
    match arguments.finish {
        true => finish(arguments, &desk, &turns, to, context),
        false => begin(arguments, &desk, &turns, to, context),
    }
}

/// Reads the name of the key that takes over.
fn whole(written: &str, context: &Context<'_>) -> Result<Fingerprint, Failure> {
    let bare = written.strip_prefix("gpg:").unwrap_or(written);
    if let Some(fingerprint) = KeyName::parse(bare).and_then(|name| name.fingerprint()) {
        return Ok(fingerprint);
    }
    let keys = signing::key_store(&context.environment)?.list(context.now())?;
    named(&keys, Some(bare), Part::Secret)
}

fn begin(
    arguments: &Rotate,
    desk: &Desk<'_>,
    turns: &[Turn],
    to: Option<Fingerprint>,
    context: &Context<'_>,
) -> Result<Answer, Failure> {
    let (new, made) = match to {
        Some(to) => (Some(to), false),
        None => taking_over(arguments, turns, context)?,
    };
    let old = one(turns.iter().filter_map(|turn| turn.chosen.as_ref()));
    if new.is_some()
        && turns
            .iter()
            .all(|turn| turn.chosen == new && turn.beside.is_empty())
    {
        let why = "the key that is to take over signs alone already";
        return Err(Failure::request("same-key", why)
            .hint("debcut key rotate without --to makes a new key"));
    }
    let document = |suites| RotateDocument {
        archive: desk.store.place(),
        phase: RotationPhase::Overlap,
        old: old.clone(),
        new: new.clone(),
        made,
        suites,
    };
    let Some(next) = &new else {
        // A key that nobody has made has no name that a plan could hold.
        return Ok(Answer::new(document(Vec::new())).no_plan());
    };
    let mut several = Several::default();
    for turn in turns {
        let mut ask = passphrase::asker(context);
        let mut act = act(arguments, &mut ask);
        let outcome = desk.begin_rotation(turn, next, &mut act)?;
        if several.take(&turn.suite, outcome) {
            break;
        }
    }
    Ok(several.answer(arguments.dry_run, document))
}

fn finish(
    arguments: &Rotate,
    desk: &Desk<'_>,
    turns: &[Turn],
    to: Option<Fingerprint>,
    context: &Context<'_>,
) -> Result<Answer, Failure> {
    let under_way = |turn: &&Turn| !turn.beside.is_empty();
    let leads = turns.iter().filter(under_way).filter_map(Turn::leads_to);
    let kept = match to {
        Some(to) => Some(to),
        None => one(leads),
    };
    let signs_alone = one(turns.iter().filter_map(|turn| turn.chosen.as_ref()));
    let mut several = Several::default();
    for turn in turns {
        let kept = (kept.as_ref()).or(turn.leads_to()).or(turn.chosen.as_ref());
        let Some(kept) = kept else {
            continue;
        };
        let signs = turn.beside.contains(kept) || turn.chosen.as_ref() == Some(kept);
        if !signs {
            let why = format!(
                "{kept} does not sign {} yet: no client may know it",
                turn.suite
            );
            return Err(Failure::request("no-overlap", why).hint(format!(
                "debcut key rotate --to {kept} lets it sign beside the other"
            )));
        }
        let mut ask = passphrase::asker(context);
        let mut act = act(arguments, &mut ask);
        let outcome = match turn.beside.is_empty() {
            true => Outcome::Unchanged(
                Box::new(desk.look(&turn.suite, None, Question::Manifest)?),
                Vec::new(),
            ),
            false => desk.finish_rotation(turn, kept, &mut act)?,
        };
        if several.take(&turn.suite, outcome) {
            break;
        }
    }
    let (old, new) = match kept {
        Some(kept) => (signs_alone.filter(|key| *key != kept), Some(kept)),
        None => (None, signs_alone),
    };
    if let (Some(configured), Some(new)) = (&desk.configured_key, &new)
        && !configured.ends_with(new.as_str())
    {
        context.listener().warn(format!(
            "debcut.toml names {configured} as the key: set signing.key to {new}"
        ));
    }
    Ok(several.answer(arguments.dry_run, |suites| RotateDocument {
        archive: desk.store.place(),
        phase: RotationPhase::Finished,
        old,
        new,
        made: false,
        suites,
    }))
}

/// Finds the key that takes over: that of a rotation under way, the one that
/// was made for one, or a new one; none where it would only be made.
fn taking_over(
    arguments: &Rotate,
    turns: &[Turn],
    context: &Context<'_>,
) -> Result<(Option<Fingerprint>, bool), Failure> {
    if let Some(leads) = one(turns.iter().filter_map(Turn::leads_to)) {
        return Ok((Some(leads), false));
    }
    let store = signing::key_store(&context.environment)?;
    let keys = store.list(context.now())?;
    let old = turns.iter().find_map(|turn| turn.chosen.as_ref());
    let old = old.ok_or_else(|| {
        let why = "the archive does not say which key it is signed with";
        Failure::request("no-key", why).hint("debcut key rotate --to FINGERPRINT")
    })?;
    if let Some(next) = successor(&keys, old) {
        let (next, owner) = (&next.fingerprint, &next.user_id);
        let note = format!("taking {next}, the newest key of {owner}; --to names another");
        context.listener().note(note);
        return Ok((Some(next.clone()), false));
    }
    if arguments.dry_run {
        return Ok((None, true));
    }
    let identity = context.identity();
    let lacks = || {
        let why = "nothing says whose key it is";
        Failure::request("no-identity", why)
            .hint("set DEBFULLNAME and DEBEMAIL, or make it first: debcut key new, then --to")
    };
    let lifetime: Option<NonZeroU32> = arguments.expire.0;
    let key = NewKey {
        name: identity.name.ok_or_else(lacks)?,
        email: identity.email.ok_or_else(lacks)?,
        lifetime_seconds: lifetime,
        passphrase: match arguments.no_passphrase {
            true => None,
            false => Some(new_passphrase(context)?),
        },
    };
    let made = store.create(&key, context.now(), rand::rngs::OsRng)?;
    Ok((Some(made.certificate().fingerprint().clone()), true))
}

fn act<'a>(arguments: &Rotate, ask: &'a mut Ask<'a>) -> Act<'a> {
    Act {
        key: arguments.key.wanted(),
        ask,
        dry_run: arguments.dry_run,
        reason: arguments.reason.clone(),
    }
}

/// Returns what all agree on.
fn one<'a>(keys: impl Iterator<Item = &'a Fingerprint>) -> Option<Fingerprint> {
    let mut keys: Vec<_> = keys.collect();
    keys.dedup();
    match keys.as_slice() {
        [one] => Some((*one).clone()),
        _ => None,
    }
}
