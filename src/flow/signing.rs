//! Who signs: chosen and checked before anything is made, unlocked before
//! anything takes long.

use super::FlowError;

use crate::keys::{self, Ask, Choice, KeyStore, pick};
use crate::model::Timestamp;
use crate::sys::environment::Environment;
use crate::sys::openpgp::{Keyring, Signer};

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

/// Returns every certificate that is known here.
pub fn keyring(environment: &Environment) -> Result<Keyring, FlowError> {
    Ok(key_store(environment)?.keyring()?)
}
