//! Why ssh(1) got no connection, said so that the operator can act: its own
//! words are long where they matter most, and silent about what to do.

use super::destination::divided;

/// Shortens what ssh complained about.
pub(super) fn of(host: &str, stderr: &str) -> String {
    let lines: Vec<&str> = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("Warning: Permanently added"))
        .collect();
    let find = |part: &str| lines.iter().copied().find(|line| line.contains(part));
    if find("HOST IDENTIFICATION HAS CHANGED").is_some() {
        let where_ = find("Offending").unwrap_or("Offending key unknown");
        // ssh knows best which file and which name it is.
        let forget = find("ssh-keygen -f").map_or_else(|| forget(host), str::to_owned);
        return format!(
            "the host key is not the known one ({where_}): \
             if the host was installed anew, {forget}"
        );
    }
    if find("Host key verification failed").is_some() {
        let connect = connect(host);
        return format!("the host key is not known: connect once with {connect}, and compare it");
    }
    if let Some(denied) = find("Permission denied (") {
        return format!(
            "{denied} (without asking: a key in the agent or the configuration is needed)"
        );
    }
    for part in [
        "Could not resolve hostname",
        "Connection refused",
        "Connection timed out",
        "No route to host",
        "Network is unreachable",
        "Too many authentication failures",
        "Connection reset",
        "kex_exchange_identification",
        "Bad configuration option",
        "Timeout, server",
        "UNPROTECTED PRIVATE KEY",
    ] {
        if let Some(line) = find(part) {
            return line.to_owned();
        }
    }
    match lines.last() {
        Some(last) => last.chars().take(300).collect(),
        None => "ssh ended with 255 and said nothing".to_owned(),
    }
}

/// The command that forgets a host's key: known_hosts names the port, where it is
/// another one (sshd(8)).
fn forget(host: &str) -> String {
    let (destination, port) = divided(host);
    let name = destination
        .rsplit_once('@')
        .map_or(&*destination, |(_, name)| name);
    match port.filter(|port| *port != "22") {
        Some(port) => format!("ssh-keygen -R '[{name}]:{port}'"),
        None => format!("ssh-keygen -R {name}"),
    }
}

fn connect(host: &str) -> String {
    match divided(host) {
        (destination, Some(port)) => format!("ssh -p {port} {destination}"),
        (destination, None) => format!("ssh {destination}"),
    }
}

/// Tells whether a reason is for the controller to mend: its own keys, names and
/// configuration. A host that is down has none of these.
pub fn is_ours(reason: &str) -> bool {
    [
        "the host key is not",
        "Permission denied (",
        "Could not resolve hostname",
        "Too many authentication failures",
        "Bad configuration option",
        "UNPROTECTED PRIVATE KEY",
    ]
    .iter()
    .any(|part| reason.contains(part))
}

#[cfg(test)]
mod tests {
    #[test]
    fn commands_are_those_of_the_host() {
        for (host, forget, connect) in [
            ("web1", "ssh-keygen -R web1", "ssh web1"),
            (
                "ada@web1:2222",
                "ssh-keygen -R '[web1]:2222'",
                "ssh -p 2222 ada@web1",
            ),
            (
                "[2001:db8::2]:22",
                "ssh-keygen -R 2001:db8::2",
                "ssh -p 22 2001:db8::2",
            ),
        ] {
            assert_eq!(super::forget(host), forget);
            assert_eq!(super::connect(host), connect);
        }
    }

    #[test]
    fn a_host_that_is_down_is_told_apart() {
        for (stderr, ours) in [
            ("Host key verification failed.", true),
            ("root@web1: Permission denied (publickey).", true),
            (
                "ssh: Could not resolve hostname web1: Name or service not known",
                true,
            ),
            (
                "ssh: connect to host web1 port 22: Connection refused",
                false,
            ),
            ("ssh: connect to host web1 port 22: No route to host", false),
            ("Connection timed out during banner exchange", false),
        ] {
            assert_eq!(super::is_ours(&super::of("web1", stderr)), ours, "{stderr}");
        }
    }

    #[test]
    fn the_operator_reads_what_can_be_done() {
        let changed = "@@@@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@\n\
            IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\nSomeone could be eavesdropping\n\
            Offending ED25519 key in /home/ada/.ssh/known_hosts:5\n\
            Host key for web1 has changed and you have requested strict checking.\n\
            Host key verification failed.\n";
        for (stderr, wanted) in [
            (
                changed,
                "the host key is not the known one (Offending ED25519 key in \
                 /home/ada/.ssh/known_hosts:5): if the host was installed anew, \
                 ssh-keygen -R web1",
            ),
            (
                "No ED25519 host key is known for web1 and you have requested strict checking.\r\n\
                 Host key verification failed.\r\n",
                "the host key is not known: connect once with ssh web1, and compare it",
            ),
            (
                "root@web1: Permission denied (publickey).\r\n",
                "root@web1: Permission denied (publickey). (without asking: a key in the agent \
                 or the configuration is needed)",
            ),
            (
                "ssh: Could not resolve hostname web1: Name or service not known\r\n",
                "ssh: Could not resolve hostname web1: Name or service not known",
            ),
            (
                "Welcome to web1\nClient_loop: send disconnect: Broken pipe\n",
                "Client_loop: send disconnect: Broken pipe",
            ),
            ("", "ssh ended with 255 and said nothing"),
        ] {
            assert_eq!(super::of("web1", stderr), wanted, "{stderr}");
        }
    }
}
