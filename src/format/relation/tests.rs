use std::process::Command;

use proptest::prelude::*;

use super::super::deb822::{Syntax, paragraph};
use super::*;

fn shown(clauses: &[Clause]) -> String {
    let clauses: Vec<_> = clauses.iter().map(Clause::to_string).collect();
    clauses.join(", ")
}

#[test]
fn relations_are_read_and_shown_in_one_form() {
    for (text, form, want) in [
        ("", Form::Settled, ""),
        ("a1", Form::Settled, "a1"),
        ("a1(>=1:2-3)|b1,c1", Form::Settled, "a1 (>= 1:2-3) | b1, c1"),
        (
            "a1:any\n (<< 2~),\n b1",
            Form::Settled,
            "a1:any (<< 2~), b1",
        ),
        ("a1 [ !i386  !amd64 ]", Form::Settled, "a1 [!i386 !amd64]"),
        (
            "a1 [linux-any] <!nocheck> <!stage1 cross>",
            Form::Settled,
            "a1 [linux-any] <!nocheck> <!stage1 cross>",
        ),
        (
            "a1 ( = 1 ) , b1 (>> 1), c1 (<= 1)",
            Form::Settled,
            "a1 (= 1), b1 (>> 1), c1 (<= 1)",
        ),
        (",a1,,\n b1,", Form::Handwritten, "a1, b1"),
        (
            "${misc:Depends}, a1 (= ${binary:Version}) | b1-${abi}, c1,",
            Form::Template,
            "${misc:Depends}, a1 (= ${binary:Version}) | b1-${abi}, c1",
        ),
    ] {
        let found = relations(text, form).expect(text);
        assert_eq!(shown(&found), want, "{text:?}");
    }
}

#[test]
fn parts_are_told_apart() {
    let found = relations("a1:native (>= 1.0) [!i386] <x !y>", Form::Settled).expect("one");
    let [Alternative::Relation(found)] = &found[0].alternatives[..] else {
        panic!("{found:?}");
    };
    assert_eq!(found.name.as_str(), "a1");
    assert_eq!(found.qualifier.as_deref(), Some("native"));
    let (operator, bound) = found.version.as_ref().expect("a version");
    for (version, want) in [("1.0~", false), ("1.0-0", true), ("2", true)] {
        let version = version.parse().expect(version);
        assert_eq!(operator.holds(&version, bound), want, "{version}");
    }
    assert!(found.architectures[0].negated);
    assert_eq!(found.profiles[0].len(), 2);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (text, form, at, want) in [
        (
            "a1,",
            Form::Settled,
            3,
            "found nothing, expected a package name",
        ),
        (
            "a1,,b1",
            Form::Settled,
            3,
            "found nothing, expected a package name",
        ),
        (
            "a1 | | b1",
            Form::Handwritten,
            5,
            "found nothing, expected a package name",
        ),
        (
            "a1 b1",
            Form::Settled,
            3,
            "found “b1”, expected , or | or one of ( [ < in this order",
        ),
        (
            "a1 (1.0)",
            Form::Settled,
            4,
            "found “1.0)”, expected one of << <= = >= >>",
        ),
        (
            "a1 (> 1.0)",
            Form::Settled,
            4,
            "found “> 1.0)”, expected one of << <= = >= >>",
        ),
        (
            "a1 (>= )",
            Form::Settled,
            7,
            "found “)”, expected a version",
        ),
        ("a1 (>= 1.0", Form::Settled, 10, "found nothing, expected )"),
        ("a1 (>= 1.0-)", Form::Settled, 7, "cannot take the version"),
        ("b1, A1", Form::Settled, 4, "cannot take the package's name"),
        (
            "a1:",
            Form::Settled,
            3,
            "found nothing, expected an architecture",
        ),
        (
            "a1 []",
            Form::Settled,
            4,
            "found “]”, expected an architecture or ]",
        ),
        (
            "a1 [i386 !amd64]",
            Form::Settled,
            16,
            "found [… i386 !amd64 …], expected architectures that all have a ! or all have none",
        ),
        (
            "a1 <x",
            Form::Settled,
            5,
            "found nothing, expected a build profile or >",
        ),
        (
            "a1 <x> (= 1)",
            Form::Settled,
            7,
            "found “(= 1)”, expected , or | or one of ( [ < in this order",
        ),
        (
            "${misc:Depends}",
            Form::Handwritten,
            0,
            "found “${misc:Depends}”, expected a package name",
        ),
        ("a1 (= ${v})", Form::Settled, 6, "cannot take the version"),
        ("a1, ${x", Form::Template, 7, "found nothing, expected }"),
        (
            "a1, ${ x}",
            Form::Template,
            6,
            "found “ x}”, expected a variable's name",
        ),
    ] {
        let error = relations(text, form).expect_err(text);
        assert_eq!(
            (error.at(), error.to_string().as_str()),
            (at, want),
            "{text:?}"
        );
    }
}

#[test]
fn a_fields_errors_have_the_line_in_the_file() {
    let text = "Source: x\nBuild-Depends: a1,\n# why\n b1,\n c1 (1),\n";
    let parsed = paragraph(text.as_bytes(), Syntax::Handwritten).expect("fields");
    let field = parsed.require("Build-Depends").expect("there");
    let error = field_relations(field, Form::Handwritten).expect_err("c1");
    assert_eq!(
        error.to_string(),
        "line 5: field Build-Depends: “c1 (1)” is not valid"
    );
}

#[test]
fn dpkg_and_debian_control_read_the_same() {
    let texts = [
        "debhelper-compat (= 13), po-debconf, libfoo-dev (>= 1:2~) [linux-any] <!nocheck>",
        "a1 | b1 (<< 3) | c1:any, d1 [!i386 !amd64] <x !y> <z>",
        "a1(>=1)|b1",
    ];
    for text in texts {
        let found = shown(&relations(text, Form::Settled).expect(text));
        let (parsed, errors) =
            debian_control::lossless::relations::Relations::parse_relaxed(text, false);
        assert!(errors.is_empty(), "{text}: {errors:?}");
        assert_eq!(
            parsed.entries().count(),
            found.split(", ").count(),
            "{text}"
        );
        let program = "use Dpkg::Deps; print deps_parse($ARGV[0], build_dep => 1)->output()";
        let output = Command::new("perl")
            .args(["-e", program, text])
            .output()
            .expect("cannot run perl: install the packages perl and libdpkg-perl");
        assert!(output.status.success(), "install the package libdpkg-perl");
        assert_eq!(String::from_utf8_lossy(&output.stdout), found, "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_refused_in_a_place_or_shown_and_read_again(
        text in "([ab][1a]?|[ab]1 \\(>= [0-9:~-]{1,3}\\)|\\$\\{a\\}|[\\]\\[(),|<>!$}{=: \né]){0,8}"
    ) {
        for form in [Form::Settled, Form::Handwritten, Form::Template] {
            match relations(&text, form) {
                Ok(found) => {
                    let again = relations(&shown(&found), form);
                    prop_assert_eq!(again, Ok(found));
                }
                Err(error) => prop_assert!(text.is_char_boundary(error.at()), "{}", error),
            }
        }
    }
}
