//! How people name keys: a fingerprint, or its end, as they copy it from gpg, a
//! web page or a colleague.

use crate::model::Fingerprint;
use crate::sys::openpgp::Certificate;

/// Shorter ends of a fingerprint have been made to collide on purpose.
const SHORTEST: usize = 16;
/// A version 4 fingerprint, whole.
const LONGEST: usize = 40;

/// The end of a fingerprint, long enough to name a key, or all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName(String);

impl KeyName {
    /// Reads 16 to 40 hexadecimal digits, with blanks anywhere, `0x` before
    /// them, in capitals or not; `None` when it is anything else.
    pub fn parse(written: &str) -> Option<Self> {
        let digits: String = written.chars().filter(|c| !c.is_whitespace()).collect();
        let digits = digits.to_ascii_uppercase();
        let digits = digits.strip_prefix("0X").unwrap_or(&digits);
        let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let long = (SHORTEST..=LONGEST).contains(&digits.len());
        (hexadecimal && long).then(|| Self(digits.to_owned()))
    }

    /// Returns it as a fingerprint, where it is a whole one.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        Fingerprint::new(self.0.as_str()).ok()
    }

    /// Tells whether a fingerprint ends like this.
    pub fn ends(&self, fingerprint: &Fingerprint) -> bool {
        fingerprint.as_str().ends_with(&self.0)
    }

    /// Tells whether it names a certificate, by its primary key or a subkey.
    pub fn names(&self, certificate: &Certificate) -> bool {
        certificate.keys().any(|key| self.ends(&key.fingerprint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_people_copy_them() {
        let whole = "0123456789ABCDEF0123456789ABCDEF01234567";
        let end = "89ABCDEF01234567";
        let cases = [
            (whole, Some(whole)),
            (end, Some(end)),
            ("89abcdef01234567", Some(end)),
            ("0x89ABCDEF01234567", Some(end)),
            (" 0X89AB CDEF  0123 4567\n", Some(end)),
            ("9ABCDEF01234567", None),
            ("0x9ABCDEF0123456", None),
            ("x89ABCDEF01234567", None),
            ("", None),
            ("0x", None),
            ("ada@example.org", None),
        ];
        for (written, want) in cases {
            let found = KeyName::parse(written);
            assert_eq!(found.map(|name| name.0).as_deref(), want, "{written:?}");
        }
        assert!(KeyName::parse(&format!("{whole}0")).is_none(), "too long");
    }

    proptest::proptest! {
        #[test]
        fn a_name_is_whole_or_an_end(written in "\\PC{0,60}", digits in "[0-9A-F]{40}") {
            let fingerprint = Fingerprint::new(digits.as_str()).expect("digits");
            for at in 0..=40 {
                let name = KeyName::parse(&digits[at..]);
                assert_eq!(name.is_some(), at <= 24);
                assert!(name.is_none_or(|name| name.ends(&fingerprint)));
            }
            if let Some(name) = KeyName::parse(&written) {
                assert_eq!(name.fingerprint().is_some(), name.0.len() == 40);
            }
        }
    }
}
