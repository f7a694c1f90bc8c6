use super::*;
use proptest::prelude::*;

#[test]
fn expressions_become_debian_names() {
    let cases: &[(&str, &str, usize)] = &[
        ("MIT", "Expat", 1),
        ("mit", "Expat", 1),
        ("Apache-2.0 OR MIT", "Apache-2.0 or Expat", 2),
        ("MIT/Apache-2.0", "Expat or Apache-2.0", 2),
        ("(MIT)", "Expat", 1),
        ("GPL-2.0-or-later", "GPL-2+", 1),
        ("GPL-2.0-only", "GPL-2", 1),
        ("GPL-3", "GPL-3", 1),
        ("LGPL-2.1+", "LGPL-2.1+", 1),
        ("BSD-3-Clause AND ISC", "BSD-3-clause and ISC", 2),
        (
            "MIT OR Apache-2.0 AND ISC",
            "Expat or Apache-2.0 and ISC",
            3,
        ),
        (
            "(MIT OR Apache-2.0) AND ISC",
            "Expat or Apache-2.0, and ISC",
            3,
        ),
        ("MIT OR (ISC OR MIT)", "Expat or ISC or Expat", 2),
        (
            "Apache-2.0 WITH LLVM-exception OR MIT",
            "Apache-2.0 with LLVM exception or Expat",
            2,
        ),
        (
            "Artistic-1.0-Perl OR GPL-1.0-or-later",
            "Artistic or GPL-1+",
            2,
        ),
        ("CC0-1.0", "CC0-1.0", 1),
        ("MPL-2.0", "MPL-2.0", 1),
    ];
    for (text, name, count) in cases {
        let license = License::new(text).expect(text);
        assert_eq!(license.debian_name(), *name, "{text}");
        assert_eq!(license.texts().len(), *count, "{text}");
    }
}

#[test]
fn what_has_no_text_is_refused() {
    let none = |found: &str| no_text(found);
    let malformed = |text: &str| LicenseError::Malformed(text.to_owned());
    let cases = [
        ("unknown", none("unknown")),
        ("MIT OR Proprietary", none("Proprietary")),
        ("Apache-2.0-or-later", none("Apache-2.0-or-later")),
        ("GPL-2.0 WITH Other-exception", none("Other-exception")),
        ("Apache", none("Apache")),
        ("", malformed("")),
        ("MIT OR", malformed("MIT OR")),
        ("MIT Apache-2.0", malformed("MIT Apache-2.0")),
        ("(MIT", malformed("(MIT")),
        ("AND", malformed("AND")),
        (
            "((MIT OR ISC) AND CC0-1.0) OR MPL-2.0",
            LicenseError::Nested("((MIT OR ISC) AND CC0-1.0) OR MPL-2.0".to_owned()),
        ),
    ];
    for (text, want) in cases {
        assert_eq!(License::new(text), Err(want), "{text}");
    }
}

#[test]
fn common_licences_are_on_this_system() {
    let common = std::path::Path::new("/usr/share/common-licenses");
    assert!(common.is_dir(), "apt-get install base-files");
    for known in &KNOWN {
        if let Text::Common(file) = known.text {
            assert!(common.join(file).is_file(), "{file}");
        }
        for name in known.names {
            assert_eq!(*name, name.to_ascii_lowercase());
            License::new(name).expect(name);
        }
    }
}

proptest! {
    #[test]
    fn every_text_is_lines_of_a_field(
        text in "(\\(|\\)|MIT|ISC|GPL-2.0\\+|Apache-2.0| OR | AND | WITH |LLVM-exception|/){0,12}"
    ) {
        if let Ok(license) = License::new(&text) {
            for (name, lines) in license.texts() {
                prop_assert!(license.debian_name().contains(&name));
                prop_assert!(lines.lines().all(|l| l.starts_with(' ') && l.trim() != ""));
            }
            // What Debian calls it says the same again.
            let again = License::new(&license.debian_name().replace(" exception", "-exception"));
            if !license.debian_name().contains(',') {
                prop_assert_eq!(again.map(|l| l.debian_name()), Ok(license.debian_name()));
            }
        }
    }
}
