use proptest::prelude::*;

use super::*;

fn one(text: &str) -> Paragraph<'_> {
    paragraph(text.as_bytes(), Syntax::Generated).expect(text)
}

#[test]
fn fields_keep_their_bytes_order_and_lines() {
    let text = "Package: hello\nDepends:a,\n\tb \nDescription: short\n  long\n .\n ..\n end\n";
    let found = one(text);
    assert_eq!(found.text(), text);
    let fields: Vec<_> = found
        .fields()
        .iter()
        .map(|f| (f.name(), f.line(), f.raw(), f.value()))
        .collect();
    assert_eq!(
        fields,
        [
            ("Package", 1, " hello\n", "hello"),
            ("Depends", 2, "a,\n\tb \n", "a,\n\tb"),
            (
                "Description",
                4,
                " short\n  long\n .\n ..\n end\n",
                "short\n  long\n .\n ..\n end"
            ),
        ]
    );
    let lines: Vec<_> = found.fields()[2].lines().collect();
    let want = [(4, "short"), (5, " long"), (6, ""), (7, "."), (8, "end")];
    assert_eq!(lines, want);
    assert_eq!(found.get("pACKAGE"), Some("hello"));
    assert_eq!(found.get("Version"), None);
}

#[test]
fn paragraphs_are_split_at_empty_lines() {
    for text in [
        "A: 1\n\nB: 2\nC: 3\n",
        "\n\nA: 1\n\n\n\nB: 2\nC: 3",
        "A: 1\n\nB: 2\nC: 3\n\n",
    ] {
        let found = paragraphs(text.as_bytes(), Syntax::Generated).expect(text);
        let shape: Vec<_> = found
            .iter()
            .map(|p| (p.text().trim_end(), p.line()))
            .collect();
        let before = text.len() - text.trim_start().len();
        let second = 1 + text
            .split("B:")
            .next()
            .map_or(0, |b| b.matches('\n').count());
        assert_eq!(
            shape,
            [("A: 1", 1 + before), ("B: 2\nC: 3", second)],
            "{text:?}"
        );
    }
    assert!(
        paragraphs(b"", Syntax::Generated)
            .expect("nothing")
            .is_empty()
    );
    assert!(
        paragraphs(b"\n\n", Syntax::Generated)
            .expect("nothing")
            .is_empty()
    );
}

#[test]
fn people_may_write_comments_and_lines_of_blanks() {
    let text = "# top\n#top\nA: #1\n# in between\n 2,\n#x:\n 3\n#end\n \t\n# alone\n\nB: 4\n";
    let found = paragraphs(text.as_bytes(), Syntax::Handwritten).expect(text);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].line(), 3);
    let field = found[0].field("A").expect("A");
    assert_eq!(field.value(), "#1\n 2,\n 3");
    let lines: Vec<_> = field.lines().collect();
    assert_eq!(lines, [(3, "#1"), (5, "2,"), (7, "3")]);
    assert_eq!((found[1].line(), found[1].get("b")), (12, Some("4")));
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (text, want) in [
        (&b"A: 1\nB: \xff\n"[..], "line 2: not UTF-8"),
        (
            b"\xef\xbb\xbfA: 1\n",
            "line 1: a byte order mark is not allowed",
        ),
        (b"A: 1\r\n", "line 1: a carriage return is not allowed"),
        (b"A: 1\nB: 2\0\n", "line 2: a NUL byte is not allowed"),
        (
            b"A: 1\n\n#\n",
            "line 3: a comment is not allowed in a generated file",
        ),
        (
            b"A: 1\n \n",
            "line 2: found only blanks, expected an empty line or text",
        ),
        (
            b"\n a\n",
            "line 2: a continuation line before the first field of its paragraph",
        ),
        (
            b"A: 1\n\n\tb\n",
            "line 3: a continuation line before the first field of its paragraph",
        ),
        (
            b"A: 1\nB\n",
            "line 2: found “B”, expected a field name and a colon",
        ),
        (b": 1\n", "line 1: “” is not a field name"),
        (b"A : 1\n", "line 1: “A ” is not a field name"),
        (b"-A: 1\n", "line 1: “-A” is not a field name"),
        ("Ä: 1\n".as_bytes(), "line 1: “Ä” is not a field name"),
        (
            b"A: 1\nB: 2\na: 3\n",
            "line 3: field a is already on line 1",
        ),
        (
            b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nA: 1\n",
            "line 1: the text is still wrapped in an OpenPGP signature",
        ),
        (b"\n", "there are no fields"),
        (
            b"A: 1\n\nB: 2\n",
            "line 3: a second paragraph, expected one",
        ),
    ] {
        let error = paragraph(text, Syntax::Generated).expect_err(want);
        assert_eq!(error.to_string(), want);
    }
}

#[test]
fn values_are_read_with_the_field_and_line_of_an_error() {
    let text = "X: 1\nSize: 12\nList:\n 1 2\n x\nEmpty:\n";
    let found = one(text);
    assert_eq!(found.parse::<u64>("size").expect("a number"), 12);
    assert_eq!(found.parse_optional::<u64>("Nope").expect("none"), None);
    assert_eq!(found.parse_optional::<u64>("Empty").expect("none"), None);
    let list = found.require("List").expect("a list");
    for (error, want) in [
        (
            list.parse_words::<u64>().expect_err("x"),
            "line 5: field List: “x” is not valid",
        ),
        (
            found.parse::<u64>("Nope").expect_err("missing"),
            "line 1: the paragraph has no value for field Nope",
        ),
        (
            found.parse::<u64>("Empty").expect_err("empty"),
            "line 1: the paragraph has no value for field Empty",
        ),
    ] {
        assert_eq!(error.to_string(), want);
    }
}

#[test]
fn many_fields_are_no_trap() {
    let mut text: String = (0..100_000).map(|n| format!("F{n}: 1\n")).collect();
    assert_eq!(one(&text).fields().len(), 100_000);
    text.push_str("f7: 2\n");
    let error = paragraph(text.as_bytes(), Syntax::Generated).expect_err("twice");
    assert_eq!(
        error.to_string(),
        "line 100001: field f7 is already on line 8"
    );
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_kept(bytes in prop::collection::vec(
        prop::sample::select(&b"AaB:# \t\n\n.-\r\0\xc3\xa4"[..]), 0..60
    )) {
        for syntax in [Syntax::Generated, Syntax::Handwritten] {
            let Ok(found) = paragraphs(&bytes, syntax) else { continue };
            for paragraph in &found {
                let again: String = paragraph
                    .fields()
                    .iter()
                    .map(|f| format!("{}:{}", f.name(), f.raw()))
                    .collect();
                prop_assert_eq!(&again, paragraph.text());
                let lines: usize = paragraph.fields().iter().map(|f| f.lines().count()).sum();
                prop_assert!(lines <= paragraph.text().lines().count());
            }
        }
    }
}
