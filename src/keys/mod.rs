//! Signing keys: create, import, list, export; which key signs what.
//!
//! Holds where keys are kept ([`KeyStore`]), which of them a run signs with
//! ([`choose()`]) and how a build's provenance is signed
//! ([`attestation`]). Refuses to know how a passphrase is asked for: the caller
//! hands in a function. What an OpenPGP packet is stays in `sys::openpgp`.

pub mod attestation;
mod choose;
pub mod ci;
mod describe;
mod name;
mod store;

pub use choose::{Ask, Choice, ChooseError, choose, pick};
pub use describe::{KeyDescription, Part};
pub use name::KeyName;
pub use store::{Change, Imported, KeyStore, StoreError};
