//! The engine that uses ansible-playbook, against a real sshd(8).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use debcut::sys::host::ansible::{Ansible, InventoryError, members};
use debcut::sys::host::{Hosts, Said};

use super::server::{Server, permit};
use super::ssh::{answers, call};

/// An inventory of the server under two names, and of hosts that are away.
fn inventory(server: &Server) -> PathBuf {
    let (dir, port) = (server.file(""), server.port);
    let dir = dir.display();
    let text = format!(
        "[web]\nweb1 ansible_host=127.0.0.1\nweb2 ansible_host=127.0.0.1\n\n\
         [away]\nweb3 ansible_host=127.0.0.1 ansible_port=1\n\n\
         [all:vars]\nansible_port={port}\nansible_user=root\n\
         ansible_ssh_private_key_file={dir}client\n\
         ansible_ssh_common_args=-F none -o UserKnownHostsFile={dir}known_hosts -o ControlMaster=no\n"
    );
    let path = server.file("hosts.ini");
    std::fs::write(&path, text).expect("written");
    path
}

#[expect(clippy::print_stderr, reason = "who skips says why")]
fn ansible(server: &Server) -> Option<Ansible> {
    let home = server.environment();
    let ansible = Ansible::new(&permit(), &home).inventory(Some(inventory(server)));
    match ansible.ready() {
        Ok(()) => Some(ansible),
        Err(error) => {
            eprintln!("skipped: {error}: apt-get install ansible");
            None
        }
    }
}

#[test]
fn answers_come_from_ansibles_json() {
    let Some(server) = Server::start() else {
        return;
    };
    let Some(ansible) = ansible(&server) else {
        return;
    };
    let body = "tty >/dev/null && echo terminal; echo \"$me {{ x }}\"; echo bad >&2; \
                [ \"$me\" = web1 ] || exit 3\n";
    let calls = ["web1", "web2", "web3"].map(|host| call(host, body, 40));
    let mut found = answers(&ansible, calls.to_vec(), 2);
    let of_third = found.remove("web3");
    for (host, wanted) in [("web1", 0), ("web2", 3)] {
        match &found[host] {
            Said::Ended {
                code,
                stdout,
                stderr,
            } => {
                assert_eq!((*code, stdout), (wanted, &format!("{host} {{{{ x }}}}\n")));
                assert!(stderr.ends_with("bad\n"), "{stderr}");
            }
            said => panic!("{said:?}"),
        }
    }
    match of_third {
        Some(Said::Silent { why }) => assert!(why.contains("Connection refused"), "{why}"),
        said => panic!("unreachable is not failed: {said:?}"),
    }
}

#[test]
fn a_slow_host_and_a_broken_ansible_are_silence() {
    let Some(server) = Server::start() else {
        return;
    };
    let Some(ansible) = ansible(&server) else {
        return;
    };
    let started = Instant::now();
    let calls = ["web1", "web2"].map(|host| {
        let body = "[ \"$me\" = web1 ] || sleep 50; echo here\n";
        call(host, body, 6)
    });
    let found = answers(&ansible, calls.to_vec(), 5);
    assert!(
        matches!(&found["web1"], Said::Ended { code: 0, .. }),
        "{found:?}"
    );
    assert!(
        matches!(&found["web2"], Said::Silent { why } if why.contains("time")),
        "{found:?}"
    );
    assert!(started.elapsed() < Duration::from_secs(40));

    let broken: &dyn Hosts = &ansible.options(["--no-such-option"]);
    let found = answers(broken, vec![call("web1", "true\n", 20)], 1);
    assert!(
        matches!(&found["web1"], Said::Silent { why } if why.contains("no-such-option")),
        "{found:?}"
    );
}

#[test]
fn an_inventory_says_who_is_in_a_group() {
    let Some(server) = Server::start() else {
        return;
    };
    if ansible(&server).is_none() {
        return;
    }
    let path = inventory(&server);
    let of = |group| {
        members(&path, group, &server.environment()).map(|members| {
            let shown = members.iter().map(|m| format!("{} {}", m.name, m.address));
            shown.collect::<Vec<_>>()
        })
    };
    let at = format!("root@127.0.0.1:{}", server.port);
    assert_eq!(
        of("web").expect("hosts"),
        [format!("web1 {at}"), format!("web2 {at}")]
    );
    assert_eq!(of("away").expect("hosts"), ["web3 root@127.0.0.1:1"]);
    assert_eq!(of("all").expect("hosts").len(), 3);
    assert!(matches!(of("none"), Err(InventoryError::NoGroup { .. })));
}
