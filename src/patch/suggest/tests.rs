use super::*;

#[test]
fn trailers_name_branches_and_lines() {
    // The trailer, the branch, whether it is meant: + yes, - refused.
    for (trailer, branch, want) in [
        ("Cc: stable@vger.kernel.org", "release-1.12", "+"),
        ("Cc: <stable@example.org> # 1.12+", "release-1.12", "+"),
        (
            "Cc: Stable Team <stable@example.org> # 1.11+",
            "release-1.12",
            "+",
        ),
        ("Cc: stable # 1.12", "release-1.13", "+"),
        ("Cc: stable # 1.13+", "release-1.12", ""),
        (
            "Cc: stable # v1.10.x: 1234567: needed first",
            "release-1.9",
            "",
        ),
        (
            "Cc: stable # v1.10.x: 1234567: needed first",
            "release-1.10",
            "+",
        ),
        ("Cc: stable # 1.10, 1.12", "release-1.11", ""),
        ("Cc: stable # 1.10-1.12", "release-1.11", "+"),
        ("Cc: unstable@example.org", "release-1.12", ""),
        ("Cc: Ada <ada@example.org>", "release-1.12", ""),
        ("Backport-to: release-1.12", "release-1.12", "+"),
        (
            "Backport-to: release-1.11, release-1.12",
            "release-1.12",
            "+",
        ),
        ("Backport-to: release-1.11", "release-1.12", ""),
        ("Backport: 1.12", "maint/1.12", "+"),
        ("Backport: v1.12.x", "v1.12", "+"),
        ("Backport: 1.10+", "release/1.12", "+"),
        ("Backport: 1.10..1.11", "release/1.12", ""),
        ("Backport: 1", "release-1.12", "+"),
        ("Backport: yes", "bookworm", "+"),
        ("Backport-to: bookworm", "debian/bookworm", ""),
        ("Backport-to: debian/bookworm", "debian/bookworm", "+"),
        ("Backport: 1.12", "debian/bookworm", ""),
        ("Backport: no", "release-1.12", "-"),
        ("Backport-to: none", "release-1.12", "-"),
        ("Backport: 1.12.3", "release-1.12.3", "+"),
        ("Backport: 1.12.4", "release-1.12.3", ""),
    ] {
        let message = format!("fix: it\n\nText.\n\n{trailer}\n");
        let found = match asked(&message, &Target::new(branch)) {
            Asked::Yes(shown) => {
                assert_eq!(shown, trailer);
                "+"
            }
            Asked::No(_) => "-",
            Asked::Unsaid => "",
        };
        assert_eq!(found, want, "{trailer} on {branch}");
    }
    let both = "fix: it\n\nCc: stable\nBackport: no\n";
    let refused = Asked::No("Backport: no".into());
    assert_eq!(asked(both, &Target::new("release-1.12")), refused);
    let prose = "fix: it\n\nBackport: no would be wrong here.\n\nMore text.\n";
    assert_eq!(asked(prose, &Target::new("release-1.12")), Asked::Unsaid);
}

#[test]
fn reasons_follow_from_what_is_known() {
    let origin = |on_branch: Option<&str>| Origin {
        id: "0123456789abcdef".into(),
        on_branch: on_branch.map(str::to_owned),
    };
    let fix = Known {
        is_fix: true,
        ..Known::default()
    };
    let cases = [
        (Known::default(), "silent"),
        (fix.clone(), "fix"),
        (
            Known {
                cves: vec!["CVE-2026-1".into()],
                ..fix.clone()
            },
            "security: CVE-2026-1; fix",
        ),
        (
            Known {
                cves: vec!["CVE-2026-1".into()],
                is_exploited: true,
                ..Known::default()
            },
            "exploited: CVE-2026-1",
        ),
        (
            Known {
                fixes: vec![origin(None)],
                ..fix.clone()
            },
            "foreign: 0123456789abcdef",
        ),
        (
            Known {
                fixes: vec![origin(None), origin(Some("fedcba98765432100"))],
                ..fix.clone()
            },
            "fixes fedcba987654, which is on it; fix",
        ),
        (
            Known {
                fixes: vec![origin(None)],
                asked: Asked::Yes("Cc: stable".into()),
                ..fix.clone()
            },
            "Cc: stable; fix",
        ),
        (
            Known {
                reverts: vec![origin(Some("abc"))],
                ..Known::default()
            },
            "reverts abc, which is on it",
        ),
        (
            Known {
                asked: Asked::No("Backport: no".into()),
                cves: vec!["CVE-2026-1".into()],
                ..fix
            },
            "refused: Backport: no",
        ),
    ];
    for (known, want) in cases {
        let found = match judge(&known) {
            Verdict::Belongs(reasons) => {
                let words: Vec<String> = reasons.iter().map(Reason::words).collect();
                words.join("; ")
            }
            Verdict::Refused(trailer) => format!("refused: {trailer}"),
            Verdict::Foreign(ids) => format!("foreign: {}", ids.join(", ")),
            Verdict::Silent => "silent".to_owned(),
        };
        assert_eq!(found, want, "{known:?}");
    }
}
