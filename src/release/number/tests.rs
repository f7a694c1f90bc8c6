use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;
use crate::release::policy::Bump::{Major, Minor, None as NoBump, Patch};

fn number(text: &str) -> Number {
    Number::parse(text).expect(text)
}

#[track_caller]
fn assert_ascending(texts: &[&str]) {
    for (i, low) in texts.iter().enumerate() {
        assert_eq!(number(low).compare(&number(low)), Ordering::Equal);
        for high in &texts[i + 1..] {
            let (a, b) = (number(low), number(high));
            assert_eq!(a.compare(&b), Ordering::Less, "{low} {high}");
            assert_eq!(b.compare(&a), Ordering::Greater, "{high} {low}");
        }
    }
}

#[test]
fn semver_precedence() {
    // SemVer 2.0.0, sections 9 to 11, and the examples around its grammar.
    assert_ascending(&["1.0.0", "2.0.0", "2.1.0", "2.1.1", "2.1.10"]);
    assert_ascending(&[
        "1.0.0-0.3.7",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0-x.7.z.92",
        "1.0.0-x-y-z.4",
        "1.0.0",
    ]);
    assert_ascending(&["1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-RC.1", "1.0.0-rc.1"]);
    // Section 10: build metadata is no matter of precedence.
    for (a, b) in [
        ("1.0.0+20130313144700", "1.0.0+21AF26D3---117B344092BD"),
        ("1.0.0-beta+exp.sha.5114f85", "1.0.0-beta"),
    ] {
        assert_eq!(number(a).compare(&number(b)), Ordering::Equal, "{a} {b}");
        assert_ne!(number(a).cmp(&number(b)), Ordering::Equal, "{a} {b}");
    }
    // Not SemVer's: a fused number counts.
    assert_ascending(&["1.0.0-rc9", "1.0.0-rc10", "1.0.0"]);
    assert_ascending(&["1.0.0-M2", "1.0.0-M10", "1.0.0-RC1", "1.0.0"]);
}

#[test]
fn pep_440_order() {
    // The list of `packaging`'s own tests, without texts that are no
    // pre-releases here (`1.2.r32`-like and `-` for post-releases).
    assert_ascending(&[
        "1.0.dev456",
        "1.0a1",
        "1.0a2.dev456",
        "1.0a12.dev456",
        "1.0a12",
        "1.0b1.dev456",
        "1.0b2",
        "1.0b2.post345.dev456",
        "1.0b2.post345",
        "1.0rc1.dev456",
        "1.0rc1",
        "1.0",
        "1.0.post456.dev34",
        "1.0.post456",
        "1.1.dev1",
        "1.2",
        "1.2.post1",
        "1!1.0.dev456",
        "1!1.0a1",
        "1!1.0",
        "1!1.0.post456",
        "1!1.2",
    ]);
    // Local versions: `packaging` orders them, as `Ord` does.
    let locals = [
        "1.0",
        "1.0+abc.5",
        "1.0+abc.7",
        "1.0+5",
        "1.0+5.1",
        "1.0+12",
        "1.0.post1",
    ];
    for pair in locals.windows(2) {
        assert!(number(pair[0]) < number(pair[1]), "{pair:?}");
    }
    for (a, b) in [
        ("1.0", "1.0.0"),
        ("1.0rc1", "1.0.0-rc.1"),
        ("1.0rc1", "1.0c1"),
        ("1.0rc1", "1.0.RC1"),
        ("1.0a1", "1.0alpha1"),
        ("1.0a1", "1.0_alpha.1"),
        ("1.0.dev", "1.0.dev0"),
        ("1.0.post2", "1.0post2"),
        ("2026.04", "2026.4"),
    ] {
        assert_eq!(number(a).compare(&number(b)), Ordering::Equal, "{a} {b}");
        assert_ne!(number(a), number(b));
    }
}

#[test]
fn what_is_no_version_is_refused() {
    for text in [
        "",
        "v1.2.3",
        "1.",
        ".1",
        "1..2",
        "a",
        "1.2-",
        "1.2~",
        "1.2+",
        "1.2-rc..1",
        "1.2 ",
        " 1.2",
        "1.0.2g",
        "9.6p1",
        "1.2.x",
        "1.2.3.RELEASE",
        "1.2rc1rc2",
        "1.2.dev1rc1",
        "1.2..rc1",
        "1.2!",
        "!1.2",
        "1!",
        "1!2!3",
        "1:1.2",
        "1.2~rc1~dev",
        "1.2-é",
        "١.٢",
        "1.2+a+b",
        "1.2.",
        "1.2rc.",
        "+1",
        "-1",
        "100000000000000000000000000000000000000.0",
    ] {
        let refusal = Number::parse(text).expect_err(text);
        assert_eq!(refusal.0, text);
    }
}

#[test]
fn versions_are_raised_in_their_style() {
    for (text, patch, minor, major) in [
        ("1.2.3", "1.2.4", "1.3.0", "2.0.0"),
        ("0.9.9", "0.9.10", "0.10.0", "1.0.0"),
        ("1.2", "1.2.1", "1.3", "2.0"),
        ("42", "43", "43", "43"),
        ("1.2.3.4", "1.2.4", "1.3.0", "2.0.0"),
        ("1.2.3.0", "1.2.4.0", "1.3.0.0", "2.0.0.0"),
        ("1.2.3.0.4", "1.2.4.0", "1.3.0.0", "2.0.0.0"),
        ("2026.11", "2026.11.1", "2026.12", "2027.0"),
        ("24.04", "24.04.1", "24.05", "25.00"),
        ("2026.09.1", "2026.09.2", "2026.10.0", "2027.00.0"),
        ("1!1.2", "1!1.2.1", "1!1.3", "1!2.0"),
        ("1.2.3+build.5", "1.2.4", "1.3.0", "2.0.0"),
        ("1.2.post1", "1.2.1", "1.3", "2.0"),
        // From pre-releases: a step from the release that they lead to.
        ("1.3.0-rc.1", "1.3.1", "1.4.0", "2.0.0"),
        ("1.3rc1", "1.3.1", "1.4", "2.0"),
        ("1.3~rc1", "1.3.1", "1.4", "2.0"),
        ("1.3.0-SNAPSHOT", "1.3.1", "1.4.0", "2.0.0"),
        (
            "99999999999999999999999999999999999999.0.0",
            "99999999999999999999999999999999999999.0.1",
            "99999999999999999999999999999999999999.1.0",
            "100000000000000000000000000000000000000.0.0",
        ),
    ] {
        for (bump, want) in [(Patch, patch), (Minor, minor), (Major, major)] {
            assert_eq!(number(text).raised(bump).as_str(), want, "{text} {bump:?}");
        }
        assert_eq!(number(text).raised(NoBump), number(text).released());
    }
}

#[test]
fn what_a_version_says_of_itself() {
    // is pre-release, in development, below one, released, pre
    type Row = (
        &'static str,
        bool,
        bool,
        bool,
        &'static str,
        Option<(PreKind, u64)>,
    );
    let rows: &[Row] = &[
        ("1.3.0", false, false, false, "1.3.0", None),
        ("0.3.0", false, false, true, "0.3.0", None),
        ("0", false, false, true, "0", None),
        ("1!0.3", false, false, false, "1!0.3", None),
        ("1.3.0+b", false, false, false, "1.3.0+b", None),
        (
            "1.3.0-rc.1",
            true,
            false,
            false,
            "1.3.0",
            Some((PreKind::Rc, 1)),
        ),
        (
            "1.3.0-rc.1+b",
            true,
            false,
            false,
            "1.3.0",
            Some((PreKind::Rc, 1)),
        ),
        (
            "1.3.0-RC2",
            true,
            false,
            false,
            "1.3.0",
            Some((PreKind::Rc, 2)),
        ),
        (
            "1.3~beta2",
            true,
            false,
            false,
            "1.3",
            Some((PreKind::Beta, 2)),
        ),
        (
            "1.3a4",
            true,
            false,
            false,
            "1.3",
            Some((PreKind::Alpha, 4)),
        ),
        ("1.3pre1", true, false, false, "1.3", Some((PreKind::Rc, 1))),
        (
            "1.3-beta",
            true,
            false,
            false,
            "1.3",
            Some((PreKind::Beta, 0)),
        ),
        ("1.3-alpha.beta", true, false, false, "1.3", None),
        ("1.3-rc.1.2", true, false, false, "1.3", None),
        ("1.3-1", true, false, false, "1.3", None),
        ("1.3-dev", true, true, false, "1.3", None),
        ("1.3.0-dev.4", true, true, false, "1.3.0", None),
        ("1.3.0-dev4", true, true, false, "1.3.0", None),
        ("1.3.0-SNAPSHOT", true, true, false, "1.3.0", None),
        ("1.3.dev0", true, true, false, "1.3", None),
        ("1.3rc1.dev2", true, true, false, "1.3", None),
        ("1.3.post1", false, false, false, "1.3.post1", None),
        ("1.3.post1.dev2", true, true, false, "1.3.post1", None),
        ("1.3.post1.dev2+x", true, true, false, "1.3.post1", None),
        ("1.3rc1.post2", true, false, false, "1.3", None),
    ];
    for (text, pre_release, development, below_one, released, pre) in rows {
        let found = number(text);
        assert_eq!(found.is_pre_release(), *pre_release, "{text}");
        assert_eq!(found.is_development(), *development, "{text}");
        assert_eq!(found.is_below_one(), *below_one, "{text}");
        assert_eq!(found.released().as_str(), *released, "{text}");
        assert_eq!(found.pre(), *pre, "{text}");
    }
}

#[test]
fn pre_releases_are_written_like_the_last_one() {
    use PreKind::{Alpha, Beta, Rc};
    for (text, kind, n, like, want) in [
        ("1.3.0", Rc, 1, "", "1.3.0-rc.1"),
        ("1.3.0", Beta, 2, "1.2.0", "1.3.0-beta.2"),
        ("1.3.0", Rc, 2, "1.3.0-rc.1", "1.3.0-rc.2"),
        ("1.3.0", Rc, 10, "1.3.0-rc9", "1.3.0-rc10"),
        ("1.3.0", Rc, 1, "1.3.0-beta.4", "1.3.0-rc.1"),
        ("1.3.0", Beta, 1, "1.3.0-rc1", "1.3.0-beta1"),
        ("1.3.0", Alpha, 1, "1.3.0-b1", "1.3.0-a1"),
        ("1.3.0", Beta, 1, "1.2.0-BETA", "1.3.0-BETA.1"),
        ("1.3.0", Alpha, 1, "1.2.0-RC1", "1.3.0-ALPHA1"),
        ("1.3.0", Rc, 2, "1.3.0-pre.1", "1.3.0-pre.2"),
        ("1.3", Rc, 2, "1.3rc1", "1.3rc2"),
        ("1.3", Beta, 1, "1.3a4", "1.3b1"),
        ("1.3", Alpha, 1, "1.2rc3", "1.3a1"),
        ("1.3", Beta, 1, "1.2alpha3", "1.3beta1"),
        ("1.3", Rc, 1, "1.2.post1", "1.3rc1"),
        ("1.3", Alpha, 1, "1.2.dev4", "1.3a1"),
        ("1!1.3", Rc, 1, "", "1!1.3rc1"),
        ("1.3", Rc, 1, "1.2~rc1", "1.3~rc1"),
        ("1.3", Beta, 1, "1.2~rc1", "1.3~beta1"),
        ("1.3", Beta, 1, "1.2.rc1", "1.3.beta1"),
        ("1.3.0-rc.1+b", Rc, 2, "", "1.3.0-rc.2"),
        ("1.3.0-rc1", Rc, 2, "", "1.3.0-rc2"),
    ] {
        let like = (!like.is_empty()).then(|| number(like));
        let found = number(text).pre_release(kind, n, like.as_ref());
        assert_eq!(found.as_str(), want, "{text} {kind:?} {n} like {like:?}");
        assert_eq!(found.pre(), Some((kind, n)), "{want}");
    }
    let of = |style| number("1.3").pre_release_in(Beta, 2, &style).to_string();
    assert_eq!(of(PreStyle::semver()), "1.3-beta.2");
    assert_eq!(of(PreStyle::pep_440()), "1.3b2");
    assert_eq!(of(PreStyle::debian()), "1.3~beta2");
}

#[test]
fn a_step_is_the_first_number_that_changed() {
    for (new, old, want) in [
        ("2.0.0", "1.9.9", Major),
        ("1.3.0", "1.2.9", Minor),
        ("1.2.1", "1.2", Patch),
        ("1.2.0.1", "1.2.0", Patch),
        ("1.2", "1.2.0", NoBump),
        ("1.3.0", "1.3.0-rc.1", NoBump),
        ("1.3.0-rc.1", "1.2.0", Minor),
        ("1.2.post1", "1.2", Patch),
        ("1!1.0", "1.0", Major),
    ] {
        assert_eq!(number(new).step_from(&number(old)), want, "{new} {old}");
    }
}

/// Few letters, so that random versions often share long beginnings.
const NUMBER: &str = "(1!)?[0-2]{1,2}(\\.[0-2]){0,3}(([-~](rc|alpha|a|dev|[0-2])(\\.?[0-2x]){0,2})|((\\.?(a|b|rc)[0-2])?(\\.post[0-2])?(\\.dev[0-2])?))?(\\+[ab0-2](\\.[ab0-2])?)?";

proptest! {
    #[test]
    fn any_text_is_refused_or_kept(text in "\\PC{0,12}|[0-9!.~+a-r-]{0,12}") {
        if let Ok(number) = Number::parse(&text) {
            prop_assert_eq!(number.to_string(), text);
            for bump in [NoBump, Patch, Minor, Major] {
                let raised = number.raised(bump);
                prop_assert!(bump == NoBump || !raised.is_pre_release());
            }
        }
    }

    #[test]
    fn the_order_is_total(a in NUMBER, b in NUMBER, c in NUMBER) {
        let (a, b, c) = (number(&a), number(&b), number(&c));
        prop_assert_eq!(a.compare(&b), b.compare(&a).reverse());
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a.cmp(&b) == Ordering::Equal, a == b);
        if a.compare(&b) != Ordering::Equal {
            prop_assert_eq!(a.compare(&b), a.cmp(&b));
        }
        for (x, y, z) in [(&a, &b, &c), (&b, &c, &a), (&c, &a, &b)] {
            if x <= y && y <= z {
                prop_assert!(x <= z);
            }
            if x.compare(y).is_le() && y.compare(z).is_le() {
                prop_assert!(x.compare(z).is_le());
            }
        }
    }

    #[test]
    fn raising_raises(a in NUMBER, n in 1u64..20) {
        let a = number(&a);
        prop_assert!(a.released().compare(&a).is_ge());
        prop_assert!(a.released().is_pre_release() <= a.is_development());
        for bump in [Patch, Minor, Major] {
            let next = a.raised(bump);
            prop_assert!(next.compare(&a).is_gt(), "{} {}", a, next);
            prop_assert_eq!(next.pre(), None);
            let mut before = a.released();
            for kind in [PreKind::Alpha, PreKind::Beta, PreKind::Rc] {
                for n in [n, n + 1, n + 9] {
                    let candidate = next.pre_release(kind, n, Some(&a));
                    prop_assert_eq!(candidate.pre(), Some((kind, n)));
                    prop_assert_eq!(candidate.released(), next.clone());
                    prop_assert!(candidate.compare(&next).is_lt(), "{} {}", candidate, next);
                    prop_assert!(candidate.compare(&before).is_gt(), "{} {}", candidate, before);
                    before = candidate;
                }
            }
        }
        if a.numbers.len() > 1 {
            prop_assert!(a.raised(Minor).step_from(&a) == Minor);
        }
        prop_assert!(a.raised(Major).step_from(&a) == Major);
    }
}
