//! Who signs: chosen and checked before anything is made, unlocked before
//! anything takes long.

use super::FlowError;

use crate::keys::{self, Ask, Choice, ChooseError, KeyStore, pick};
use crate::model::{Fingerprint, Timestamp};
use crate::sys::environment::Environment;
use crate::sys::openpgp::{Agent, Certificate, Keyring, Signer, Signers};

/// Which key signs, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyWanted {
    /// None: nothing is signed.
    None,
    /// This one.
    Named(String),
    /// CI's, or the only one there is.
    Usual,
}

/// Opens the user's store of keys.
pub fn key_store(environment: &Environment) -> Result<KeyStore, FlowError> {
    KeyStore::of_user(environment).ok_or(FlowError::NoDataHome)
}

/// Chooses the key and refuses one that could not sign now: the one that is
/// named, else CI's, else the `usual` one (of the configuration, of a suite),
/// else the only one there is.
pub fn chosen(
    environment: &Environment,
    wanted: &KeyWanted,
    usual: Option<&str>,
    now: Timestamp,
) -> Result<Option<Choice>, FlowError> {
    let name = match wanted {
        KeyWanted::None => return Ok(None),
        KeyWanted::Named(name) => Some(name.as_str()),
        KeyWanted::Usual if environment.var(keys::ci::VARIABLE).is_some() => None,
        KeyWanted::Usual => usual,
    };
    let choice = pick(&key_store(environment)?, environment, name, now)?;
    choice.certificate().may_sign(now)?;
    Ok(Some(choice))
}

/// Makes the chosen key ready to sign.
pub fn unlocked(
    choice: Option<Choice>,
    now: Timestamp,
    ask: &mut Ask,
) -> Result<Option<Signer>, FlowError> {
    let Some(choice) = choice else {
        return Ok(None);
    };
    let signer = choice.unlock(now, ask)?;
    signer.ready(now)?;
    if let Signer::Agent(_) = signer {
        // Only gpg knows whether the key is locked and whether its agent can
        // ask; it tells by signing, which here comes before all the work.
        signer.detach_sign_binary(b"debcut asks whether it may sign\n", now)?;
    }
    Ok(Some(signer))
}

/// Finds a key by its whole fingerprint: among our own, else in the user's gpg.
pub fn found(
    environment: &Environment,
    fingerprint: &Fingerprint,
    now: Timestamp,
) -> Result<Choice, FlowError> {
    let own = pick(
        &key_store(environment)?,
        environment,
        Some(fingerprint.as_str()),
        now,
    );
    match own {
        Err(ChooseError::NoSuchKey { .. }) => {
            let agent = Agent::find(fingerprint, environment);
            Ok(Choice::Agent(agent.map_err(|source| {
                FlowError::MissingSigner {
                    fingerprint: fingerprint.clone(),
                    source: Box::new(source),
                }
            })?))
        }
        found => Ok(found?),
    }
}

/// Finds the keys that sign beside the chosen one, and refuses one that could
/// not sign now.
pub fn beside(
    environment: &Environment,
    signers: &[Fingerprint],
    chosen: &Certificate,
    now: Timestamp,
) -> Result<Vec<Choice>, FlowError> {
    let mut choices = Vec::new();
    for fingerprint in signers {
        if fingerprint == chosen.fingerprint() {
            continue;
        }
        let choice = found(environment, fingerprint, now)?;
        choice
            .certificate()
            .may_sign(now)
            .map_err(|source| FlowError::MissingSigner {
                fingerprint: fingerprint.clone(),
                source: Box::new(source),
            })?;
        choices.push(choice);
    }
    Ok(choices)
}

/// Makes the chosen key and those beside it ready to sign.
pub fn all_unlocked(
    chosen: Choice,
    beside: Vec<Choice>,
    now: Timestamp,
    ask: &mut Ask,
) -> Result<Signers, FlowError> {
    let mut unlock = |choice| {
        let signer = unlocked(Some(choice), now, ask)?;
        Ok::<_, FlowError>(signer.expect("a choice was made"))
    };
    let chosen = unlock(chosen)?;
    let beside: Result<_, _> = beside.into_iter().map(unlock).collect();
    Ok(Signers::new(chosen, beside?))
}

/// Returns every certificate that is known here.
pub fn keyring(environment: &Environment) -> Result<Keyring, FlowError> {
    Ok(key_store(environment)?.keyring()?)
}
