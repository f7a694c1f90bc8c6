//! Where a host's name leads.

/// Divides a destination from its port: `NAME:PORT`, `[ADDRESS]:PORT`, each with
/// `USER@` before it where one is meant. An address of many colons has none.
pub(super) fn divided(host: &str) -> (String, Option<&str>) {
    let (user, place) = match host.rsplit_once('@') {
        Some((user, place)) => (format!("{user}@"), place),
        None => (String::new(), host),
    };
    let is_port = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let Some(rest) = place.strip_prefix('[') {
        if let Some((address, after)) = rest.split_once(']') {
            return (
                format!("{user}{address}"),
                after.strip_prefix(':').filter(is_port),
            );
        }
    } else if let Some((name, port)) = place.split_once(':')
        && is_port(&port)
    {
        return (format!("{user}{name}"), Some(port));
    }
    (host.to_owned(), None)
}

#[cfg(test)]
mod tests {
    use super::divided;

    #[test]
    fn a_port_is_divided_from_a_name_and_not_from_an_address() {
        for (host, destination, port) in [
            ("web1", "web1", None),
            ("ada@web1", "ada@web1", None),
            ("ada@web1:2222", "ada@web1", Some("2222")),
            ("[2001:db8::2]:2222", "2001:db8::2", Some("2222")),
            ("ada@[2001:db8::2]", "ada@2001:db8::2", None),
            ("2001:db8::2", "2001:db8::2", None),
            ("::1", "::1", None),
            ("web1:ssh", "web1:ssh", None),
        ] {
            assert_eq!(divided(host), (destination.to_owned(), port), "{host}");
        }
    }
}
