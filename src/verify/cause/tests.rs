use std::collections::BTreeMap;

use super::*;
use crate::model::Timestamp;
use crate::verify::difference::differences;

const BEGAN: i64 = 1_795_253_400;
const AHEAD: i64 = 34_413_780;

fn first() -> Known {
    let at = Timestamp::from_unix;
    Known {
        built: Some((at(BEGAN), at(BEGAN + 60))),
        zone: Some("UTC".to_owned()),
        locale: Some("C.UTF-8".to_owned()),
        umask: Some(0o022),
        user: Some(("builder".to_owned(), 1000)),
        host_name: Some("debcut".to_owned()),
        processors: Some(2),
        noise: BTreeMap::new(),
        kernel: Some("6.1.0-9-amd64".to_owned()),
        path: Some("/build/hello".to_owned()),
    }
}

fn second() -> Known {
    let at = Timestamp::from_unix;
    Known {
        built: Some((at(BEGAN + 90 + AHEAD), at(BEGAN + 150 + AHEAD))),
        zone: Some("LINT-14".to_owned()),
        locale: Some("C".to_owned()),
        umask: Some(0o002),
        user: Some(("varied-user".to_owned(), 2718)),
        host_name: Some("varied-host".to_owned()),
        processors: Some(1),
        noise: [("EDITOR".to_owned(), "varied-editor".to_owned())].into(),
        kernel: Some("2.6.61-9-amd64".to_owned()),
        path: Some("/build/hello-at-a-varied-path".to_owned()),
    }
}

fn explained(name: &str, a: &[u8], b: &[u8]) -> Vec<Explained> {
    let varied = Variation::ALL.into();
    explain(differences(name, a, b), (&first(), &second()), &varied)
}

#[track_caller]
fn cause(a: &[u8], b: &[u8]) -> Cause {
    let found = explained("f", a, b);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].why.cause
}

#[test]
fn texts_tell_their_causes() {
    let later = BEGAN + 100 + AHEAD;
    let cases: &[(&str, String, Cause)] = &[
        (
            "Copyright 2026 Ada",
            "Copyright 2027 Ada".into(),
            Cause::Timestamp,
        ),
        (
            &format!("t={}", BEGAN + 3),
            format!("t={later}"),
            Cause::Timestamp,
        ),
        ("v20261121-1", "v20271224-1".into(), Cause::Timestamp),
        ("at 12:00:01 UTC", "at 02:00:01 LINT".into(), Cause::Zone),
        ("at 12:00", "at 02:01".into(), Cause::Zone),
        ("1 May +0000", "1 May +1400".into(), Cause::Zone),
        (
            "in /build/hello/x",
            "in /build/hello-at-a-varied-path/x".into(),
            Cause::Path,
        ),
        ("by builder", "by varied-user".into(), Cause::User),
        ("uid=1000", "uid=2718".into(), Cause::User),
        ("on debcut", "on varied-host".into(), Cause::HostName),
        (
            "Linux 6.1.0-9-amd64",
            "Linux 2.6.61-9-amd64".into(),
            Cause::Kernel,
        ),
        ("umask 0022", "umask 0002".into(), Cause::Umask),
        ("-rw-r--r-- 1 x", "-rw-rw-r-- 1 x".into(), Cause::Umask),
        ("mode 100644", "mode 100664".into(), Cause::Umask),
        ("make -j2", "make -j1".into(), Cause::Parallelism),
        ("cpus: 2", "cpus: 1".into(), Cause::Parallelism),
        ("editor=", "editor=varied-editor".into(), Cause::Environment),
        ("UTF-8", "ANSI_X3.4-1968".into(), Cause::Locale),
        ("Größe", "Gr??e".into(), Cause::Locale),
        (
            "id 6f1ed002-ab5f-4d1c-9d5e-0a6b4a5f0f11",
            "id 0b3cde77-1f5a-41d2-8a3f-5e1d2c3b4a59".into(),
            Cause::Randomness,
        ),
        ("tmp.Xa3Kq9", "tmp.pP0z7B".into(), Cause::Randomness),
        ("a\nb\nc\n", "c\nb\na\n".into(), Cause::Order),
        ("apples", "oranges".into(), Cause::Unknown),
    ];
    for (a, b, want) in cases {
        assert_eq!(cause(a.as_bytes(), b.as_bytes()), *want, "{a:?} {b:?}");
    }
}

#[test]
fn numbers_of_bytes_tell_the_time() {
    for big in [false, true] {
        let made = |time: i64| {
            let time = u32::try_from(time).expect("before 2106");
            let number = if big {
                time.to_be_bytes()
            } else {
                time.to_le_bytes()
            };
            [&[0_u8, 1, 2, 3, 0xff][..], &number, &[0xfe, 9, 8]].concat()
        };
        let (a, b) = (made(BEGAN + 7), made(BEGAN + 99 + AHEAD));
        assert_eq!(cause(&a, &b), Cause::Timestamp, "{big}");
        let other = made(BEGAN - 1_000_000);
        assert_eq!(cause(&a, &other), Cause::Unknown, "{big}");
    }
}

#[test]
fn compiled_python_names_its_sources_time() {
    let made = |time: u8| [b"\xa7\x0d\r\n\0\0\0\0", &[time, 2, 3, 4, 9, 0, 0, 0][..]].concat();
    let found = explained("f.pyc", &made(1), &made(2));
    assert_eq!(found[0].why.cause, Cause::Timestamp);
    assert!(found[0].why.remedy.contains("checked-hash"), "{found:?}");
}

#[test]
fn what_follows_is_told_apart() {
    let place = Place::of("p.deb").inside("control.tar");
    let line = |a: &[u8], b: &[u8]| {
        let mut found = differences("x", a, b);
        found.remove(0).what
    };
    let cases = [
        (place.inside("md5sums"), line(b"0 a\n", b"1 a\n"), true),
        (
            place.inside("control"),
            line(b"Installed-Size: 1\n", b"Installed-Size: 2\n"),
            true,
        ),
        (
            place.inside("control"),
            line(b"Built-On: a\n", b"Built-On: b\n"),
            false,
        ),
        (
            Place::of("p.deb").inside("data.tar").inside("md5sums"),
            line(b"0 a\n", b"1 a\n"),
            false,
        ),
    ];
    for (place, what, want) in cases {
        let difference = Difference { place, what };
        let found = explain(
            vec![difference.clone()],
            (&first(), &second()),
            &BTreeSet::new(),
        );
        assert_eq!(found[0].why.cause == Cause::Follows, want, "{difference:?}");
        assert_eq!(found[0].why.remedy.is_empty(), want);
    }
}

#[test]
fn names_that_changed_tell_their_cause() {
    let only = |name: &str, side| Difference {
        place: Place::of("p.deb").inside("data.tar").inside(name),
        what: What::OnlyIn { side },
    };
    let pair = vec![
        only("usr/f-2026", Side::First),
        only("usr/f-2027", Side::Second),
    ];
    let found = explain(pair, (&first(), &second()), &BTreeSet::new());
    let causes: Vec<_> = found.iter().map(|one| one.why.cause).collect();
    assert_eq!(causes, [Cause::Timestamp; 2]);
}

#[test]
fn builds_outrank_guesses() {
    let mut found = explained("f", b"apples 2026\n", b"apples 2027\n");
    let place = Place::of("f");
    let culprits = |unstable: bool, alone: Option<Variation>| Culprits {
        unstable: unstable.then(|| place.clone()).into_iter().collect(),
        alone: alone
            .map(|v| (v, [place.clone()].into()))
            .into_iter()
            .collect(),
        together: Vec::new(),
        builds: 3,
    };
    settle(&mut found, &culprits(false, None));
    assert_eq!(
        found[0].why.certainty,
        Certainty::Likely,
        "nothing was shown"
    );
    settle(&mut found, &culprits(false, Some(Variation::Time)));
    assert_eq!(found[0].why.certainty, Certainty::Shown);
    assert!(
        found[0].why.evidence.contains("2027"),
        "the guess is its proof"
    );
    settle(&mut found, &culprits(false, Some(Variation::Umask)));
    assert_eq!(found[0].why.cause, Cause::Umask);
    assert!(found[0].why.remedy.contains("install -m"), "{found:?}");
    settle(&mut found, &culprits(true, None));
    assert_eq!(found[0].why.cause, Cause::Randomness);
    let mut together = culprits(false, None);
    together.together.push((
        [Variation::Time, Variation::Zone].into(),
        [place.clone()].into(),
    ));
    settle(&mut found, &together);
    assert!(
        found[0].why.evidence.contains("only time and zone"),
        "{found:?}"
    );
}

#[test]
fn every_cause_that_can_be_helped_has_a_remedy() {
    let difference = differences("f", b"a", b"b").remove(0);
    for variation in Variation::ALL {
        let cause = Cause::of(variation);
        assert!(!remedy::of(cause, &difference).is_empty(), "{cause}");
    }
    assert!(remedy::of(Cause::Randomness, &difference).contains("PYTHONHASHSEED"));
}
