//! The key that CI hands in: a variable that holds the secret key itself, or
//! the path of a file that does.
//!
//! The value is a secret whatever it turns out to be, so no error here repeats
//! any of it, and none has a cause that might.

use std::io;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::sys::environment::Environment;
use crate::sys::openpgp::{CertificateError, SecretCertificate};

/// The variable with a secret key (armoured, or base64 of what gpg or debcut
/// exports), or with the path of one.
pub const VARIABLE: &str = "DEBCUT_SIGNING_KEY";

const ARMOUR: &str = "-----BEGIN PGP ";
/// CI systems and their users disagree on whether to write the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why the variable gives no key.
#[derive(Debug, thiserror::Error)]
pub enum CiKeyError {
    /// It holds keys, but none that signs.
    #[error("{VARIABLE} holds no secret key")]
    NoSecret(#[source] CertificateError),
    /// It begins like a key and cannot be read.
    #[error(
        "{VARIABLE} holds a damaged OpenPGP key: whole armour, base64 of it or a path expected"
    )]
    Damaged,
    /// It holds more than one key.
    #[error("{VARIABLE} holds {found} keys, one expected")]
    Several {
        /// How many it holds.
        found: usize,
    },
    /// It is no key, and the file that it would name cannot be read.
    #[error("{VARIABLE} is neither an armoured key, nor base64 of one, nor a readable file")]
    NeitherKeyNorFile(#[source] io::Error),
}

/// Reads the key that CI hands in, if there is one.
pub(super) fn key(environment: &Environment) -> Result<Option<SecretCertificate>, CiKeyError> {
    let Some(value) = environment.var(VARIABLE) else {
        return Ok(None);
    };
    let bytes = match written(value) {
        Some(bytes) => bytes,
        None => std::fs::read(environment.working_directory().join(value))
            .map_err(CiKeyError::NeitherKeyNorFile)?,
    };
    let mut keys = SecretCertificate::parse_all(&bytes).map_err(|error| match error {
        // The cause quotes what it stumbled over.
        CertificateError::Packets(_) => CiKeyError::Damaged,
        error => CiKeyError::NoSecret(error),
    })?;
    match (keys.pop(), keys.len()) {
        (Some(key), 0) => Ok(Some(key)),
        (_, more) => Err(CiKeyError::Several { found: more + 1 }),
    }
}

/// Returns the key that stands in a value itself; none: it can only be a path.
fn written(value: &str) -> Option<Vec<u8>> {
    if let Some(armour) = armour(value) {
        return Some(armour);
    }
    let digits: Vec<u8> = value.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let bytes = BASE64.decode(digits).ok()?;
    if let Ok(text) = std::str::from_utf8(&bytes) {
        return armour(text);
    }
    // A path may happen to be base64, of bytes that are no key.
    let is_key = !matches!(
        SecretCertificate::parse_all(&bytes),
        Err(CertificateError::Packets(_) | CertificateError::Empty | CertificateError::Mixed)
    );
    is_key.then_some(bytes)
}

/// Takes the armour out of what stands around it: a comment before it, the
/// indentation of the file that it was copied from.
fn armour(text: &str) -> Option<Vec<u8>> {
    let text = &text[text.find(ARMOUR)?..];
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    Some((lines.join("\n") + "\n").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::sys::openpgp::NewKey;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;
    use std::error::Error as _;

    fn make() -> SecretCertificate {
        let new = NewKey {
            name: "Ci".to_owned(),
            email: "x@example.org".to_owned(),
            lifetime_seconds: None,
            passphrase: None,
        };
        let now = Timestamp::from_unix(1_795_253_400);
        SecretCertificate::create(&new, now, StdRng::seed_from_u64(3)).expect("makes")
    }

    fn read(value: &str) -> Result<SecretCertificate, CiKeyError> {
        let dir = tempfile::tempdir().expect("dir");
        std::fs::create_dir(dir.path().join("keys")).expect("dir");
        // Its path is base64, too.
        std::fs::write(dir.path().join("keys/cikey"), make().armored()).expect("writes");
        let environment = Environment::new(dir.path(), [(VARIABLE, value)]);
        key(&environment).map(|key| key.expect("the variable is set"))
    }

    #[test]
    fn key_is_read_however_it_is_handed_in() {
        let key = make();
        let armoured = key.armored();
        let wrapped: String = STANDARD
            .encode(&armoured)
            .as_bytes()
            .chunks(76)
            .map(|line| format!("{}\n", String::from_utf8_lossy(line)))
            .collect();
        let indented: String = armoured.lines().map(|l| format!("    {l}\n")).collect();
        let cases = [
            ("as it is", armoured.clone()),
            ("behind a comment", format!("# ours, for CI\n\n{armoured}")),
            ("indented", indented),
            ("from Windows", armoured.replace('\n', "\r\n")),
            ("base64", STANDARD.encode(&armoured)),
            ("base64 in lines", wrapped),
            ("base64 unpadded", STANDARD_NO_PAD.encode(&armoured)),
            ("a path", "keys/cikey".to_owned()),
        ];
        for (case, value) in cases {
            let found = read(&value).unwrap_or_else(|error| panic!("{case}: {error}"));
            let (found, want) = (found.certificate(), key.certificate());
            assert_eq!(found.fingerprint(), want.fingerprint(), "{case}");
        }
    }

    #[test]
    fn no_error_repeats_the_value() {
        let armoured = make().armored();
        let base64 = STANDARD.encode(&armoured);
        let cases = [
            ("cut", armoured[..armoured.len() / 2].to_owned()),
            ("base64 cut", base64[..base64.len() / 2].to_owned()),
            ("base64 cut short", base64[..base64.len() - 40].to_owned()),
            ("base64 with a stray mark", base64.replacen('A', "*", 1)),
            ("on one line", armoured.replace('\n', " ")),
            ("without its first line", armoured[40..].to_owned()),
            ("changed", armoured.replacen("\n\n", "\n\nAAAA", 1)),
            ("a bare word", "correct horse battery staple".to_owned()),
        ];
        for (case, value) in cases {
            let error = read(&value).expect_err(case);
            let mut said = format!("{error} {error:?}");
            let mut cause = error.source();
            while let Some(error) = cause {
                said += &format!(" {error} {error:?}");
                cause = error.source();
            }
            for piece in value.as_bytes().windows(8) {
                let Ok(piece) = std::str::from_utf8(piece) else {
                    continue;
                };
                // What every armour says is no secret.
                let public = ["-----BEGIN PGP PRIVATE KEY BLOCK-----"];
                if public.iter().any(|text| text.contains(piece)) {
                    continue;
                }
                assert!(!said.contains(piece), "{case}: {piece:?} in {said}");
            }
        }
    }
}
