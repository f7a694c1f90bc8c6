//! `archive serve`, asked by curl as browsers, mirrors and attackers would.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Child;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::archive::packages::deb;
use crate::world::{Ran, World, tool};

/// A running `archive serve`.
struct Server<'a> {
    world: &'a World,
    process: Child,
    url: String,
}

impl<'a> Server<'a> {
    fn start(world: &'a World) -> Self {
        let call = world.archive_call(["serve", "--listen", "127.0.0.1:0", "--quiet"]);
        let mut process = call.start();
        let stdout = process.stdout.as_mut().expect("it is a pipe");
        let mut url = String::new();
        BufReader::new(stdout).read_line(&mut url).expect("its URL");
        let url = url.trim().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{url:?}");
        Self {
            world,
            process,
            url,
        }
    }

    /// Asks with curl, as the path is written; head and body are the answer.
    fn ask(&self, path: &str, more: &[&str]) -> Ran {
        let mut curl = tool("curl", "curl");
        curl.args(["--silent", "--show-error", "--include", "--path-as-is"]);
        curl.args(["--max-time", "20"]).args(more);
        curl.arg(format!("{}{path}", self.url));
        self.world.judge(curl).code(0)
    }

    fn terminate(&self) {
        let pid = Pid::from_child(&self.process);
        kill_process(pid, Signal::TERM).expect("it runs");
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn field<'a>(answer: &'a str, name: &str) -> &'a str {
    let line = answer
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("{name} in\n{answer}")).trim()
}

#[test]
fn files_have_types_lifetimes_and_states() {
    let world = World::with_archive();
    let apple = deb("apple", "1.0").make(&world, "debs");
    world.add(&[&apple], &[]).code(0);
    std::fs::write(world.archive_at().join("index.html"), "<p>hello").expect("writes");
    let server = Server::start(&world);
    // What was made within this second is told to be older than it is.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let in_pool = "/pool/main/a/apple/apple_1.0_all.deb";
    let cases = [
        (
            in_pool,
            "application/vnd.debian.binary-package",
            "public, max-age=31536000, immutable",
        ),
        (
            "/dists/stable/InRelease",
            "text/plain; charset=utf-8",
            "no-cache",
        ),
        (
            "/dists/stable/Release.gpg",
            "application/pgp-signature",
            "no-cache",
        ),
        (
            "/dists/stable/main/source/Sources.xz",
            "application/x-xz",
            "no-cache",
        ),
        ("/", "text/html; charset=utf-8", "no-cache"),
    ];
    for (path, kind, cache) in cases {
        let head = server.ask(path, &["--head"]).stdout;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {head}");
        assert_eq!(field(&head, "Content-Type"), kind, "{path}");
        assert_eq!(field(&head, "Cache-Control"), cache, "{path}");
        let tag = format!("If-None-Match: \"other\", {}", field(&head, "ETag"));
        let since = format!("If-Modified-Since: {}", field(&head, "Last-Modified"));
        for condition in [tag, since] {
            let again = server.ask(path, &["--header", &condition]).stdout;
            assert!(again.starts_with("HTTP/1.1 304 "), "{condition}: {again}");
            assert!(again.ends_with("\r\n\r\n"), "{condition}: {again}");
        }
    }
    // Replaced by other content of the same size, it is another state.
    let index = world.archive_at().join("index.html");
    let before = server.ask("/", &["--head"]).stdout;
    std::fs::write(&index, "<p>jello").expect("writes");
    let known = format!("If-None-Match: {}", field(&before, "ETag"));
    let after = server.ask("/", &["--header", &known]).stdout;
    assert!(after.ends_with("<p>jello"), "{after}");
}

#[test]
fn downloads_are_resumed_and_cut_into_ranges() {
    let world = World::with_archive();
    let server = Server::start(&world);
    let whole = std::fs::read_to_string(world.archive_at().join("dists/stable/InRelease"));
    let whole = whole.expect("it is published");
    let path = "/dists/stable/InRelease";
    let one = server.ask(path, &["--range", "5-14"]).stdout;
    assert!(one.starts_with("HTTP/1.1 206 "), "{one}");
    assert!(one.ends_with(&whole[5..15]), "{one}");
    let two = server.ask(path, &["--range", "0-4,-3"]).stdout;
    let kind = field(&two, "Content-Type");
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=");
    let boundary = boundary.expect("several parts").to_owned();
    let (_, body) = two.split_once("\r\n\r\n").expect("a body");
    let length: usize = field(&two, "Content-Length").parse().expect("a number");
    assert_eq!(body.len(), length);
    let parts: Vec<&str> = body.split(&format!("--{boundary}")).collect();
    assert_eq!(parts.len(), 4, "{body}");
    assert!(parts[1].ends_with(&format!("\r\n\r\n{}\r\n", &whole[..5])));
    let tail = &whole[whole.len() - 3..];
    assert!(parts[2].ends_with(&format!("\r\n\r\n{tail}\r\n")), "{body}");
    let none = server.ask(path, &["--range", "999999-"]).stdout;
    assert!(none.starts_with("HTTP/1.1 416 "), "{none}");
    // A half-fetched file that has changed meanwhile comes whole.
    let part = world.path("part");
    std::fs::write(&part, &whole[..100]).expect("writes");
    let text = part.to_str().expect("text");
    let stale = ["--range", "100-", "--header", "If-Range: \"stale\""];
    let fresh = server.ask(path, &stale).stdout;
    assert!(fresh.starts_with("HTTP/1.1 200 "), "{fresh}");
    let mut curl = tool("curl", "curl");
    curl.args(["--silent", "--continue-at", "-", "--output", text]);
    curl.arg(format!("{}{path}", server.url));
    world.judge(curl).code(0);
    assert_eq!(std::fs::read_to_string(&part).expect("text"), whole);
}

#[test]
fn nothing_but_the_archive_is_served() {
    let world = World::with_archive();
    let archive = world.archive_at();
    std::fs::write(world.path("secret"), "secret").expect("writes");
    let links = [
        ("../secret", "leaving"),
        (".debcut", "state"),
        ("..", "above"),
    ];
    for (to, link) in links {
        std::os::unix::fs::symlink(to, archive.join(link)).expect("links");
    }
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        archive.join("pipe"),
        rustix::fs::Mode::from_raw_mode(0o644),
    )
    .expect("a pipe");
    let server = Server::start(&world);
    for path in [
        "/../secret",
        "/dists/../../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/dists/%2e%2e/%2e%2e/secret",
        "//secret",
        "/./secret",
        "/leaving",
        "/above/secret",
        "/state/suites/stable/head",
        "/.debcut/suites/stable/head",
        "/%2edebcut/suites/stable/head",
        "/.debcut/",
        "/pipe",
        "/dists%00/stable/InRelease",
        "/dists/stable/InRelease/",
        "/%zz",
    ] {
        let answer = server.ask(path, &[]).stdout;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        assert!(!answer.contains("secret\n"), "{path}: {answer}");
    }
    let listing = server.ask("/", &[]).stdout;
    for hidden in [".debcut", "state", "leaving"] {
        assert!(!listing.contains(&format!("href=\"{hidden}")), "{listing}");
    }
    assert!(listing.contains("href=\"dists/\""), "{listing}");
    for directory in ["/dists", "//dists", "///dists"] {
        let moved = server.ask(directory, &[]).stdout;
        assert_eq!(field(&moved, "Location"), "/dists/", "{directory}");
    }
    // debmirror asks so.
    let twice = server.ask("//dists//stable/InRelease", &[]).stdout;
    assert!(twice.starts_with("HTTP/1.1 200 "), "{twice}");
    let posted = server.ask("/dists/", &["--request", "PUT"]).stdout;
    assert!(posted.starts_with("HTTP/1.1 405 "), "{posted}");
}

#[test]
fn what_is_being_sent_is_sent_to_its_end() {
    let world = World::with_archive();
    // Larger than what the system keeps of a connection.
    let large = vec![b'x'; 32 * 1024 * 1024];
    std::fs::write(world.archive_at().join("large"), &large).expect("writes");
    let mut server = Server::start(&world);
    let mut curl = tool("curl", "curl");
    curl.args(["--silent", "--max-time", "30", "--limit-rate", "20M"]);
    curl.arg(format!("{}/large", server.url));
    world.surround(&mut curl);
    let mut curl = curl.stdout(std::process::Stdio::piped()).spawn();
    let curl = curl.as_mut().expect("it starts");
    let mut fetched = vec![0; 1024];
    let stdout = curl.stdout.as_mut().expect("a pipe");
    stdout.read_exact(&mut fetched).expect("it has begun");
    server.terminate();
    stdout.read_to_end(&mut fetched).expect("the rest");
    assert_eq!(fetched.len(), large.len());
    assert!(curl.wait().expect("it ends").success());
    assert!(server.process.wait().expect("it ends").success());
}

#[test]
fn silent_clients_do_not_hold_the_end_up() {
    let world = World::with_archive();
    let mut server = Server::start(&world);
    let address = server.url.trim_start_matches("http://").to_owned();
    let _silent = std::net::TcpStream::connect(address).expect("connects");
    std::thread::sleep(Duration::from_millis(100));
    let asked = std::time::Instant::now();
    server.terminate();
    assert!(server.process.wait().expect("it ends").success());
    assert!(asked.elapsed() < Duration::from_secs(5));
}
