use std::path::Path;

use super::*;

#[test]
fn one_repository_has_one_name() {
    let base = Path::new("/nowhere");
    for (url, want) in [
        ("https://Example.org/a/b.git", "example.org/a/b"),
        ("https://ada:pw@example.org:443/a/b/", "example.org/a/b"),
        ("ssh://git@example.org/a/b.git", "example.org/a/b"),
        ("ssh://git@example.org:2222/a/b", "example.org:2222/a/b"),
        ("git@example.org:a/b.git", "example.org/a/b"),
        ("example.org:/a/b", "example.org/a/b"),
        ("../b", "file:/nowhere/../b"),
        ("file:///nowhere/b", "file:/nowhere/b"),
        ("ext::sh -c x", "ext::sh -c x"),
    ] {
        assert_eq!(remote_place(url, base), want, "{url}");
    }
    for (place, want) in [
        ("example.org/a/Tool", "tool"),
        ("file:/srv/tool.git", "tool"),
        ("file:/home/ada/tool/.git", "tool"),
    ] {
        assert_eq!(remote_name(place), want, "{place}");
    }
    assert!(is_same_server("h.example/a", "h.example/b"));
    assert!(!is_same_server("file:/a", "file:/a"));
}

#[test]
fn what_is_below_is_inside_and_what_only_begins_so_is_not() {
    for (place, other, want) in [
        ("/srv/apt", "/srv/apt", true),
        ("/srv/apt/x", "/srv/apt/", true),
        ("/srv/apt2", "/srv/apt", false),
        ("s3://b/x", "s3://b", true),
        ("/srv", "/srv/apt", false),
    ] {
        assert_eq!(is_inside(place, other), want, "{place} {other}");
    }
    let below = place::is_address_below;
    for (url, other, want) in [
        ("https://h.example/sec/x", "https://h.example/sec", true),
        ("https://h.example/sec?x=1", "https://h.example/sec", true),
        ("https://h.example/second", "https://h.example/sec", false),
        ("https://h.example.evil/x", "https://h.example", false),
        ("https://h.example/sec/../x", "https://h.example/sec", false),
        ("http://h.example/sec", "https://h.example/sec", false),
        ("https://h.example@evil/", "https://h.example", false),
    ] {
        assert_eq!(below(url, other), want, "{url} {other}");
    }
}

fn mark(phase: Phase) -> Mark {
    let only = |text: &str| vec![text.to_owned()];
    Mark {
        name: "ORCHID".to_owned(),
        phase,
        private: Places {
            remotes: only("h.example/sec"),
            archives: only("/srv/sec"),
            addresses: only("https://h.example/sec"),
            commands: only("true"),
        },
        public: Places {
            remotes: only("h.example/tool"),
            ..Places::default()
        },
    }
}

#[test]
fn only_what_is_marked_is_permitted() {
    let directory = tempfile::tempdir().expect("a directory");
    let gate = Gate::default().of(directory.path());
    let public = || Destination::Remote("h.example/tool".to_owned());
    let loopback = |ip: &str| Destination::Listeners(ip.parse().expect("an address"));
    gate.permit(public()).expect("there is no embargo");
    let write = |mark: &Mark| {
        let text = serde_json::to_vec(mark).expect("plain");
        std::fs::write(Mark::path(directory.path()), text).expect("written");
    };
    write(&mark(Phase::Sealed));
    for (to, want) in [
        (public(), false),
        (Destination::Remote("h.example/sec".to_owned()), true),
        (Destination::Archive("/srv/sec/x".to_owned()), true),
        (Destination::Archive("/srv/apt".to_owned()), false),
        (
            Destination::Address("https://h.example/sec/1".to_owned()),
            true,
        ),
        (
            Destination::Address("https://chat.example/".to_owned()),
            false,
        ),
        (Destination::Command("true".to_owned()), true),
        (Destination::Command("true; mail".to_owned()), false),
        (Destination::Hosts, false),
        (loopback("127.0.0.1:80"), true),
        (loopback("0.0.0.0:80"), false),
    ] {
        assert_eq!(gate.permit(to.clone()).is_ok(), want, "{to}");
    }
    write(&mark(Phase::Lifting));
    gate.permit(public()).expect("it is being lifted");
    let own = gate.clone().with_own(Path::new("/tmp/mock"));
    let to = Destination::Archive("/tmp/mock/archive".to_owned());
    own.permit(to).expect("a place of its own");
    std::fs::write(Mark::path(directory.path()), "{").expect("written");
    let private = Destination::Remote("h.example/sec".to_owned());
    let error = gate.permit(private).expect_err("nobody can read it");
    assert!(matches!(error, OutwardError::Unreadable { .. }), "{error}");
}

#[test]
fn what_was_built_under_an_embargo_is_known_elsewhere() {
    let directory = tempfile::tempdir().expect("a directory");
    let (notes, registry) = (directory.path().join("n"), directory.path().join("r"));
    for made in [&notes, &registry] {
        std::fs::create_dir(made).expect("a directory");
    }
    std::fs::write(registry.join("1"), notes.display().to_string()).expect("written");
    let (secret, other) = (Sha256::of(b"secret"), Sha256::of(b"other"));
    note_products(&notes, &[secret]).expect("noted");
    let gate = Gate::default().with_registry(Some(registry));
    let to = |place: &str| Destination::Archive(place.to_owned());
    // Without a mark there is no embargo.
    let products = gate.products().expect("read");
    assert!(products.check(&secret, &to("/srv/apt")).is_ok());
    let text = serde_json::to_vec(&mark(Phase::Sealed)).expect("plain");
    std::fs::write(Mark::path(&notes), text).expect("written");
    let products = gate.products().expect("read");
    for (digest, place, want) in [
        (secret, "/srv/apt", false),
        (secret, "/srv/sec", true),
        (other, "/srv/apt", true),
    ] {
        assert_eq!(products.check(&digest, &to(place)).is_ok(), want, "{place}");
    }
}
