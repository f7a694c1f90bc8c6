use super::*;

fn chunk(first: &str) -> Chunk {
    Chunk {
        first: first.to_owned(),
        sha256: Sha256::of(first.as_bytes()),
        size: 0,
        lines: 0,
    }
}

#[test]
fn keys_are_looked_for_where_they_can_be() {
    let chunks = [chunk("b"), chunk("d"), chunk("f")];
    let keys = ["a", "b", "c", "d", "x", "y"];
    let want = vec![(0, 1..3), (1, 3..4), (2, 4..6)];
    assert_eq!(by_chunk_ranges(&chunks, &keys), want);
    assert_eq!(by_chunk_ranges(&[], &keys), []);
}

#[test]
fn few_and_many_names_find_the_same() {
    let paragraph = |name: &str, version: &str| {
        format!(
            "Package: {name}\nVersion: {version}\nArchitecture: all\nDescription: a\n \
             Package: other\nFilename: p\nSize: 1\nSHA256: {}\n\n",
            Sha256::of(b"")
        )
    };
    let mut text = String::new();
    for (name, version) in [("aa", "1"), ("aa", "2"), ("ab", "1"), ("other2", "1")] {
        text += &paragraph(name, version);
    }
    let chunk = chunk("aa");
    let padding: Vec<_> = (0..MANY).map(|n| format!("none{n}")).collect();
    for wanted in [&["aa", "other"][..], &["ab"], &["other2"], &["other"]] {
        let few = stanzas_in(&text, Kind::Packages, wanted, &chunk).expect("an index");
        let mut more = wanted.to_vec();
        more.extend(padding.iter().map(String::as_str));
        let many = stanzas_in(&text, Kind::Packages, &more, &chunk).expect("an index");
        assert_eq!(few, many, "{wanted:?}");
        let own: Vec<_> = few.iter().map(|stanza| stanza.name().as_str()).collect();
        let want: Vec<_> = ["aa", "aa", "ab", "other2"]
            .into_iter()
            .filter(|name| wanted.contains(name))
            .collect();
        assert_eq!(own, want);
    }
}

#[test]
fn few_and_many_paths_find_the_same() {
    let text = "usr/bin/a\tutils/a\nusr/bin/ab\tutils/a,net/b\nx usr/bin/a\tz\n";
    let padding: Vec<_> = (0..MANY).map(|n| format!("z{n:02}")).collect();
    for wanted in [
        &["usr/bin/a"][..],
        &["usr/bin/a", "usr/bin/ab"],
        &["usr/bin"],
    ] {
        let found = |paths: &[&str]| {
            let mut found = Vec::new();
            lines_in(text, paths, |path, by| {
                found.push((path.to_owned(), by.to_owned()))
            });
            found
        };
        let mut more = wanted.to_vec();
        more.extend(padding.iter().map(String::as_str));
        assert_eq!(found(wanted), found(&more), "{wanted:?}");
        assert_eq!(
            found(wanted).len(),
            wanted.iter().filter(|p| p.len() > 7).count()
        );
    }
}
