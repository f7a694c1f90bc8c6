use super::*;
use proptest::prelude::*;

fn about(text: &str, path: &str, kind: PathKind) -> State {
    let attributes = Attributes::new([(&b""[..], text.as_bytes())]);
    attributes.of(path.as_bytes(), kind, "a")
}

#[test]
fn patterns_are_about_paths() {
    use PathKind::{Directory, File};
    let cases = [
        ("x a", "x", File, true),
        ("x a", "d/x", File, true),
        ("/x a", "d/x", File, false),
        ("/x a", "x", File, true),
        ("d/x a", "d/x", File, true),
        ("d/x a", "e/d/x", File, false),
        ("d/ a", "d", Directory, true),
        ("d/ a", "d", File, false),
        ("d/ a", "d/x", File, false),
        ("*.c a", "d/e.c", File, true),
        ("d/*.c a", "d/e/f.c", File, false),
        ("d/**/f.c a", "d/f.c", File, true),
        ("d/**/f.c a", "d/e/e/f.c", File, true),
        ("**/f a", "f", File, true),
        ("d/** a", "d/e/f", File, true),
        ("[a-c]? a", "bz", File, true),
        ("[!a-c]? a", "bz", File, false),
        ("[[:digit:]] a", "7", File, true),
        ("\"a b\" a", "a b", File, true),
        ("\\*x a", "*x", File, true),
        ("!x a", "x", File, false),
        ("# x a", "x", File, false),
        ("x -a", "x", File, false),
        ("x a\nx !a", "x", File, false),
        ("[attr]m a\nx m", "x", File, true),
        ("x\ta b", "x", File, true),
    ];
    for (text, path, kind, want) in cases {
        let found = about(text, path, kind) == State::Set;
        assert_eq!(found, want, "{text:?} on {path}");
    }
}

#[test]
fn what_is_closer_wins() {
    let files: [(&[u8], &[u8]); 3] = [
        (b"d/e", b"x a=3"),
        (b"", b"x a=1\ny a"),
        (b"d", b"x a=2\n[attr]m a\nz m"),
    ];
    let attributes = Attributes::new(files);
    let of = |path: &str| attributes.of(path.as_bytes(), PathKind::File, "a");
    for (path, value) in [("x", "1"), ("d/x", "2"), ("d/e/x", "3"), ("e/x", "1")] {
        assert_eq!(of(path), State::Value(value.into()), "{path}");
    }
    assert_eq!(of("d/z"), State::Unspecified, "macros belong to the top");
}

proptest! {
    #[test]
    fn any_text_is_read(text: Vec<u8>, path: Vec<u8>) {
        let attributes = Attributes::new([(&b""[..], &text[..])]);
        attributes.of(&path, PathKind::File, "a");
    }

    #[test]
    fn escaped_text_matches_itself_alone(text in "[a-z*?\\[\\]\\\\/.]{0,12}", other in "[a-z]{0,3}") {
        let escaped: String = text.chars().flat_map(|c| ['\\', c]).collect();
        for slash in [Slash::Divides, Slash::IsACharacter] {
            prop_assert!(matches(escaped.as_bytes(), text.as_bytes(), slash));
            let longer = format!("{text}{other}");
            prop_assert_eq!(
                matches(escaped.as_bytes(), longer.as_bytes(), slash),
                other.is_empty()
            );
        }
    }
}
