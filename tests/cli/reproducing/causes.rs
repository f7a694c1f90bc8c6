//! Packages that cannot be reproduced, one for each cause: it is found, with
//! the file and what helps.

use std::collections::BTreeSet;

use super::{differences, odd, reproduce};

/// Reproduces a fixture under everything and checks file, cause and remedy.
fn is_caught(name: &str, cause: &str, file: &str, remedy: &str) {
    let world = odd(name);
    let ran = reproduce(&world, &["v1.0", "--path", "--json"]).code(1);
    let document = ran.document("debcut/reproduce/1");
    assert_eq!(document["equal"], false);
    let found = differences(&document);
    assert!(!found.is_empty(), "{document:#}");
    for difference in &found {
        let why = &difference["why"];
        assert_eq!(why["cause"], cause, "{difference:#}");
        assert!(
            why["evidence"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        let said = why["remedy"].as_str().unwrap_or_default();
        assert!(said.contains(remedy), "{remedy:?} in {said:?}");
        let place = difference["place"].as_array().expect("a place");
        assert!(place.iter().any(|part| part == file), "{file} in {place:?}");
    }
    let finding = &document["findings"][0];
    assert_eq!(finding["rule"], "not-reproducible");
    assert!(
        finding["message"]
            .as_str()
            .is_some_and(|text| text.contains(cause))
    );
}

macro_rules! caught {
    ($($test:ident: $fixture:literal is $cause:literal in $file:literal, $remedy:literal;)*) => {
        $(#[test]
        fn $test() {
            is_caught($fixture, $cause, concat!("usr/share/odd/", $file), $remedy);
        })*
    };
}

caught! {
    a_year: "timestamp" is "timestamp" in "notice", "SOURCE_DATE_EPOCH";
    a_time_in_a_gzip_header: "timestamp-gzip" is "timestamp" in "page.gz", "gzip -n";
    times_in_a_tar: "timestamp-tar" is "timestamp" in "data.tar", "--mtime=@$SOURCE_DATE_EPOCH";
    a_zone: "zone" is "zone" in "notice", "UTC";
    a_locale: "locale" is "locale" in "charset", "LC_ALL=C.UTF-8";
    a_umask: "umask" is "umask" in "data.tar", "install -m";
    a_user: "user" is "user" in "notice", "whoami";
    a_host_name: "host-name" is "host-name" in "notice", "hostname";
    an_order: "order" is "order" in "list", "sort";
    a_variable: "environment" is "environment" in "config", "variables";
    a_kernel: "kernel" is "kernel" in "kernel", "uname -r";
    a_path: "path" is "path" in "prefix", "relative";
    a_random_identifier: "random" is "randomness" in "id", "fixed seed";
}

#[test]
fn a_number_of_processors() {
    // With one processor it cannot be varied, and that is said.
    if std::thread::available_parallelism().is_ok_and(|n| n.get() > 1) {
        is_caught("parallel", "parallelism", "usr/share/odd/config", "nproc");
        return;
    }
    let ran = reproduce(&odd("parallel"), &["v1.0", "--json"]).code(0);
    let document = ran.document("debcut/reproduce/1");
    let variations = document["variations"].as_array().expect("variations");
    let processors = variations
        .iter()
        .find(|one| one["variation"] == "processors");
    assert_eq!(processors.expect("listed")["state"], "not-tried");
}

#[test]
fn bisection_shows_which_variation_it_is() {
    let world = odd("several");
    let ran = reproduce(&world, &["v1.0", "--bisect", "--json"]).code(1);
    let document = ran.document("debcut/reproduce/1");
    let causes: BTreeSet<(String, String)> = differences(&document)
        .iter()
        .map(|one| {
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let place = one["place"].as_array().and_then(|names| names.last());
            assert_eq!(one["why"]["certainty"], "shown", "{one:#}");
            (text(place.expect("a place")), text(&one["why"]["cause"]))
        })
        .collect();
    let want = [
        ("usr/share/odd/host", "host-name"),
        ("usr/share/odd/id", "randomness"),
        ("usr/share/odd/year", "timestamp"),
    ];
    let want = want.map(|(file, cause)| (file.to_owned(), cause.to_owned()));
    assert_eq!(causes, want.into());
    let bisection = &document["bisection"];
    assert!(bisection["alone"]["time"].is_array(), "{bisection:#}");
    assert!(bisection["alone"]["host-name"].is_array(), "{bisection:#}");
    assert_eq!(bisection["unstable"].as_array().map(Vec::len), Some(1));
    let builds = bisection["builds"].as_u64().expect("a number");
    assert!(builds <= 19, "{builds}");
    assert_eq!(document["builds"], builds + 2);
}

#[test]
fn chance_is_shown_by_building_the_same_twice() {
    let world = odd("random-hash");
    let ran = reproduce(&world, &["v1.0", "--bisect", "--json"]).code(1);
    let document = ran.document("debcut/reproduce/1");
    let found = differences(&document);
    let why = &found[0]["why"];
    assert_eq!(why["certainty"], "shown");
    let evidence = why["evidence"].as_str().unwrap_or_default();
    assert!(evidence.contains("same conditions"), "{evidence}");
    assert!(
        why["remedy"]
            .as_str()
            .is_some_and(|text| text.contains("PERL_HASH_SEED"))
    );
}

#[test]
fn what_was_not_varied_is_not_found() {
    let world = odd("host-name");
    reproduce(&world, &["v1.0", "--no-vary", "host-name"]).code(0);
    reproduce(&world, &["v1.0", "--vary", "time,zone"]).code(0);
    // Nothing isolates: the host's name is the same, and that is said.
    let ran = reproduce(&world, &["v1.0", "--isolation", "none"]).code(0);
    assert!(
        ran.stdout
            .contains("host-name        not tried: without isolation")
    );
}
