//! The engine that uses ssh(1), against a real sshd(8).

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use debcut::model::HostName;
use debcut::sys::host::ssh::Become;
use debcut::sys::host::{Call, Hosts, Said, Script, Ssh};

use super::server::{Server, permit};

pub fn call(host: &str, body: &'static str, seconds: u64) -> Call {
    Call {
        host: host.parse().expect("a host"),
        script: Script {
            name: "probe",
            arguments: vec![("me", host.to_owned())],
            body,
        },
        limit: Duration::from_secs(seconds),
    }
}

pub fn answers(hosts: &dyn Hosts, calls: Vec<Call>, at_once: usize) -> BTreeMap<String, Said> {
    let mut found = BTreeMap::new();
    hosts.run(calls, at_once, &mut |host: &HostName, said| {
        let before = found.insert(host.to_string(), said);
        assert_eq!(before, None, "{host} answers once");
        ControlFlow::Continue(())
    });
    found
}

fn one(ssh: &Ssh, body: &'static str, seconds: u64) -> Said {
    let mut found = answers(ssh, vec![call("web1", body, seconds)], 1);
    found.remove("web1").expect("an answer")
}

fn ended(code: i32, stdout: &str, stderr: &str) -> Said {
    Said::Ended {
        code,
        stdout: stdout.to_owned(),
        stderr: stderr.to_owned(),
    }
}

#[track_caller]
fn silent(said: Said) -> String {
    match said {
        Said::Silent { why } => why,
        said => panic!("{said:?}"),
    }
}

#[test]
fn a_hundred_sessions_hold_fifty_at_once() {
    let Some(server) = Server::start() else {
        return;
    };
    let ssh = server.client("");
    let body = "echo \"$me is $$\"; sleep 0.2\n";
    let calls = (0..100).map(|number| call(&format!("h{number}"), body, 200));
    let found = answers(&ssh, calls.collect(), 50);
    assert_eq!(found.len(), 100);
    for (host, said) in found {
        match said {
            Said::Ended {
                code: 0, stdout, ..
            } => {
                assert!(stdout.starts_with(&format!("{host} is ")), "{stdout}");
            }
            said => panic!("{host}: {said:?}"),
        }
    }
}

#[test]
fn an_answer_is_whole_and_has_no_terminal() {
    let Some(server) = Server::start() else {
        return;
    };
    let ssh = server.client("  ForwardAgent yes\n  RequestTTY force\n  RemoteCommand uname\n");
    ssh.ready().expect("ssh is there");
    let body = "tty >/dev/null && echo terminal; echo \"$me\"; echo bad >&2; exit 3\n";
    assert_eq!(one(&ssh, body, 60), ended(3, "web1\n", "bad\n"));
    // Longer than a pipe holds, both ways.
    let body = concat!("head -c 300000 /dev/zero | tr '\\0' x\n", "exit 0\n");
    match one(&ssh, body, 60) {
        Said::Ended {
            code: 0, stdout, ..
        } => assert_eq!(stdout.len(), 300_000),
        said => panic!("{said:?}"),
    }
    let why = silent(one(&ssh, "head -c 3000000 /dev/zero\n", 60));
    assert!(why.contains("wrote more than 1 MB"), "{why}");
    // What ssh says itself and what it was told to say cannot be told apart.
    silent(one(&ssh, "exit 255\n", 60));
}

#[test]
fn silence_says_what_the_operator_can_do() {
    let Some(server) = Server::start() else {
        return;
    };
    let why = |ssh: &Ssh| silent(one(ssh, "true\n", 60));
    let ssh = server.client("");
    server.known(server.port, "other-host");
    let said = why(&ssh);
    assert!(
        said.starts_with("the host key is not the known one (Offending ED25519 key in "),
        "{said}"
    );
    let forget = format!("-R \"[127.0.0.1]:{}\"", server.port);
    assert!(said.ends_with(&forget), "{said}");
    std::fs::write(server.file("known_hosts"), "").expect("written");
    let said = why(&ssh);
    assert_eq!(
        said,
        "the host key is not known: connect once with ssh web1, and compare it"
    );
    server.known(server.port, "host");
    let stranger = format!("  IdentityFile {}\n", server.file("stranger").display());
    std::fs::rename(server.file("client"), server.file("away")).expect("moved");
    let said = why(&server.client(&stranger));
    assert!(said.contains("Permission denied (publickey)"), "{said}");
    std::fs::rename(server.file("away"), server.file("client")).expect("moved");
    let said = why(&server.client("").options(["-p", "1"]));
    assert!(said.contains("Connection refused"), "{said}");
    let said = why(&server
        .client("")
        .options(["-o", "HostName=no.such.invalid"]));
    assert!(said.contains("Could not resolve hostname"), "{said}");
    let said = why(&server.client("").options(["-o", "Nonsense=1"]));
    assert!(said.contains("Bad configuration option"), "{said}");
    let said = why(&Ssh::new(&permit(), &server.environment()).program("no-such-ssh"));
    assert_eq!(said, "ssh is not installed");
}

#[test]
fn a_frozen_host_is_given_up_and_nothing_hangs() {
    let Some(server) = Server::start() else {
        return;
    };
    // A master that would live on with our pipes in its hands.
    let master = format!(
        "Host *\n  ControlMaster auto\n  ControlPersist 60\n  ControlPath {}\n",
        server.file("%C").display()
    );
    let ssh = server.client(&master);
    let started = Instant::now();
    let why = silent(one(&ssh, "echo begun; sleep 30\n", 2));
    assert_eq!(why, "no answer within 2 s");
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    // What it leaves running holds nobody.
    let said = one(&ssh, "setsid -f sleep 2 >/dev/null 2>&1; echo yes\n", 60);
    assert_eq!(said, ended(0, "yes\n", ""));
    let names = std::fs::read_dir(server.file("")).expect("a directory");
    assert_eq!(names.count(), 11, "no master was left");
}

/// A user's own master is used, holds our pipes after the end of our client, and
/// is not waited for; nor is it ended.
#[test]
fn a_master_of_the_users_holds_nobody() {
    let Some(server) = Server::start() else {
        return;
    };
    let socket = server.file("master");
    let ssh = server.client(&format!("Host *\n  ControlPath {}\n", socket.display()));
    let config = server.file("ssh_config");
    let config = config.to_str().expect("text");
    let run = |more: &[&str]| {
        let mut master = std::process::Command::new("ssh");
        master.args(["-F", config]).args(more).arg("web1");
        master.stdin(std::process::Stdio::null());
        master.stderr(std::process::Stdio::null());
        assert!(master.status().expect("it runs").success(), "{more:?}");
    };
    run(&["-f", "-N", "-M"]);
    // With no other way in than through the master.
    std::fs::rename(server.file("client"), server.file("away")).expect("moved");
    assert_eq!(one(&ssh, "echo yes\n", 60), ended(0, "yes\n", ""));
    let started = Instant::now();
    let why = silent(one(&ssh, "echo begun; sleep 20\n", 2));
    assert_eq!(why, "no answer within 2 s");
    let took = started.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
    run(&["-O", "check"]);
    run(&["-O", "exit"]);
}

#[test]
fn hosts_have_users_ports_and_addresses() {
    let Some(server) = Server::start() else {
        return;
    };
    let place = server.file("argv");
    let text = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >{}\n", place.display());
    std::fs::write(server.file("fake"), text).expect("written");
    std::process::Command::new("chmod")
        .arg("755")
        .arg(server.file("fake"))
        .status()
        .expect("it runs");
    let fake = Ssh::new(&permit(), &server.environment()).program(server.file("fake"));
    let fake = fake.user(Some("ada".to_owned())).become_root(Become::Sudo);
    for (host, wanted) in [
        ("web1", "-l\nada\n--\nweb1\nsudo -n sh\n"),
        (
            "eve@192.0.2.1:2222",
            "-p\n2222\n--\neve@192.0.2.1\nsudo -n sh\n",
        ),
    ] {
        assert_eq!(
            answers(&fake, vec![call(host, "", 20)], 1)[host],
            ended(0, "", "")
        );
        let words = std::fs::read_to_string(&place).expect("written");
        assert!(
            words.ends_with(&format!("ServerAliveCountMax=3\n{wanted}")),
            "{words}"
        );
        assert!(words.starts_with("-T\n-o\nBatchMode=yes\n"), "{words}");
    }
    // And really: a user and port against the configuration's.
    let ssh = server.client("").options(["-o", "HostName=127.0.0.1"]);
    let host = format!("root@anything:{}", server.port);
    let found = answers(&ssh, vec![call(&host, "echo here\n", 60)], 1);
    assert_eq!(found[&host], ended(0, "here\n", ""));
}
