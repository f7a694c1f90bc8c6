use std::process::{Command, Stdio};

use super::*;
use crate::rollout::policy::{Approval, Engine, Rehearsal, Supersede};

fn order(job: &str) -> Order {
    let moved = |package: &str, architecture: &str| Move {
        package: package.parse().expect("a name"),
        architecture: architecture.parse().expect("an architecture"),
        from: "1:1.0~rc1".parse().expect("a version"),
        to: "1:1.0".parse().expect("a version"),
        auto: architecture == "all",
    };
    Order {
        host: "web1".parse().expect("a host"),
        job: job.to_owned(),
        moves: vec![moved("hello", "amd64"), moved("hello-data", "all")],
        way: Way::Back,
        repair: true,
    }
}

fn policy() -> Policy {
    Policy {
        rings: Vec::new(),
        engine: Engine::Ssh,
        calendar: Default::default(),
        supersede: Supersede::Refuse,
        approval: Approval::NotNeeded,
        rehearsal: Rehearsal::Wanted,
        restart: Restart::Units(vec!["a.service".to_owned(), "b".to_owned()]),
        sources_file: Some("it's.sources".to_owned()),
        job_seconds: 60,
        lock_seconds: 20,
        attempts: 3,
        retry_seconds: 60,
    }
}

fn source() -> PackageName {
    "hello".parse().expect("a name")
}

fn all() -> Vec<Script> {
    let host: HostName = "web1".parse().expect("a host");
    let question = Question {
        host: host.clone(),
        job: Some("j".to_owned()),
        services: vec!["a.service".to_owned()],
    };
    vec![
        probe(&source(), &question),
        begin(&source(), &policy(), &order("j")),
        job(&source(), &policy(), &order("j")),
        check(&host, &source(), "echo 'it'", 5),
    ]
}

#[test]
fn orders_become_variables() {
    let job = job(&source(), &policy(), &order("hello_1:1.0~rc1"));
    for (name, wanted) in [
        ("job", "hello_1:1.0~rc1"),
        ("source", "hello"),
        ("way", "back"),
        ("repair", "yes"),
        (
            "packages",
            "hello amd64 1:1.0 manual\nhello-data all 1:1.0 auto",
        ),
        ("sources_file", "it's.sources"),
        ("restart", "units"),
        ("units", "a.service\nb"),
    ] {
        assert_eq!(job.argument(name), Some(wanted), "{name}");
    }
    let begin = begin(&source(), &policy(), &order("../x y"));
    assert_eq!(begin.argument("job"), Some("_._x_y"));
    assert_eq!(
        begin.argument("expected"),
        Some("hello:amd64 1:1.0~rc1 1:1.0\nhello-data 1:1.0~rc1 1:1.0")
    );
}

/// dash reads them all, and shellcheck finds nothing. Each has functions that
/// another one needs.
#[test]
fn scripts_are_sound_posix_sh() {
    for mut script in all() {
        // The job is looked at as a script, not as a word of another one.
        for (name, value) in &mut script.arguments {
            if *name == "job_script" {
                *value = "the job".to_owned();
            }
        }
        for words in [
            &["dash", "-n"][..],
            &["shellcheck", "--shell=sh", "--exclude=SC2317,SC2034", "-"][..],
        ] {
            let dir = tempfile::tempdir().expect("a directory");
            let path = dir.path().join(script.name);
            std::fs::write(&path, script.text()).expect("written");
            let input = std::fs::File::open(&path).expect("it is there");
            let ran = Command::new(words[0])
                .args(&words[1..])
                .stdin(Stdio::from(input))
                .output();
            let ran = ran.unwrap_or_else(|error| panic!("{}: {error}", words[0]));
            let said = String::from_utf8_lossy(&ran.stdout);
            assert!(ran.status.success(), "{words:?} {}: {said}", script.name);
        }
    }
}
