use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::report::Colour;
use crate::verify::Variation;
use crate::verify::assurance::{Piece, compare};
use crate::verify::cause::Known;
use crate::verify::reproduction::DeeperLook;
use crate::verify::variation::{Outcome, Tried};

fn reproduction(first: &str, second: &str) -> Reproduction {
    let known = Known::default();
    let pieces = |text: &str| {
        let package = Piece::read(text.into());
        BTreeMap::from([("p_1_all.deb".to_owned(), package)])
    };
    let varied = BTreeSet::from([Variation::DirectoryOrder]);
    let opinion = compare(&pieces(first), &pieces(second), (&known, &known), &varied);
    Reproduction {
        package: "p".to_owned(),
        version: "1".to_owned(),
        revision: Some("v1".to_owned()),
        buildinfo: None,
        reference: Reference::FirstBuild,
        isolation: "namespace".to_owned(),
        variations: vec![
            Tried {
                variation: Variation::DirectoryOrder,
                outcome: Outcome::Varied {
                    means: "a library".to_owned(),
                    first: "as stored".to_owned(),
                    second: "reversed".to_owned(),
                },
            },
            Tried {
                variation: Variation::Time,
                outcome: Outcome::NotTried {
                    why: "there is no C compiler".to_owned(),
                },
            },
        ],
        opinion,
        bisection: None,
        builds: 2,
        deeper: Vec::new(),
    }
}

fn text(document: &ReproduceDocument) -> String {
    let mut page = Page::new(Colour::Off);
    document.text(&mut page);
    document.ending(&mut page);
    page.into_text()
}

#[test]
fn an_equal_build_says_so() {
    let document = ReproduceDocument::new(reproduction("x", "x"));
    insta::assert_snapshot!(text(&document), @r#"
    p 1: reproduced
      from         v1
      against      a first build under the usual conditions
      isolation    namespace
      builds       2

    varied
      directory-order  as stored → reversed
                       by a library
      time             not tried: there is no C compiler

    p_1_all.deb: equal, byte for byte

    equal
    "#);
}

#[test]
fn a_difference_says_where_and_why_and_what_helps() {
    let document = ReproduceDocument::new(reproduction("b\na\n", "a\nb\n"));
    insta::assert_snapshot!(text(&document), @r#"
    p 1: NOT reproduced
      from         v1
      against      a first build under the usual conditions
      isolation    namespace
      builds       2

    varied
      directory-order  as stored → reversed
                       by a library
      time             not tried: there is no C compiler

    p_1_all.deb: DIFFERS
      p_1_all.deb, line 1
        - b
        + a
        the same in another order
        cause: order (likely): both have the same lines or words, in another order, and directories listed their files in another
        fix:   where p_1_all.deb is made: sort what is read: find … | LC_ALL=C sort, $(sort $(wildcard …)) in make, sorted(os.listdir(…)) in Python; for the order of sets and hashes PYTHONHASHSEED=0, PERL_HASH_SEED=0
    "#);
}

#[test]
fn nothing_of_a_package_is_obeyed() {
    let mut found = reproduction("<script>x</script>\n", "\u{1b}[2J</pre><b>\n");
    found.deeper.push(DeeperLook {
        artifact: "p_1_all.deb".to_owned(),
        said: Said::Text {
            text: "<img src=x> \u{1b}[31m".to_owned(),
            cut: true,
        },
    });
    let document = ReproduceDocument::new(found);
    let html = document.html();
    for bad in ["<script>", "</pre><b>", "<img"] {
        assert!(!html.contains(bad), "{bad}: {html}");
    }
    assert!(html.contains("&lt;script&gt;"), "{html}");
    for elsewhere in ["http:", "https:", "src=", "@import"] {
        let own = html.replace("&lt;img src=x&gt;", "");
        assert!(!own.contains(elsewhere), "{elsewhere}");
    }
    assert!(!text(&document).contains('\u{1b}'));
}
