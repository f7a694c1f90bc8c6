//! A static HTTP/1.1 server for trying an archive out (RFC 9110, RFC 9112).
//!
//! Serves the files below one directory to `GET` and `HEAD`, with kept
//! connections, ranges and conditions, as apt, browsers and mirrors ask for
//! them. It knows no rewriting, no uploads and no TLS: a web server does.

mod kind;
mod listing;
mod place;
mod range;
mod request;
mod response;

use std::io::{self, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};

use request::{Request, RequestError};
use response::Response;

use crate::sys::outward::Permit;

/// How long a kept connection may stay silent.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many clients are served at once; more are told to come again.
const CONNECTIONS: usize = 256;
/// How long what is being sent may go on after the end was asked for.
const GRACE: Duration = Duration::from_secs(10);
/// How often whoever waits looks whether it should end.
const LOOK: rustix::event::Timespec = rustix::event::Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// A server that listens but does not answer yet.
pub struct Server {
    listener: TcpListener,
    root: PathBuf,
}

impl Server {
    /// Listens on the address of a permit (port 0 takes a free one) for files
    /// below `root`.
    pub fn bind(permit: &Permit, root: &Path) -> io::Result<Self> {
        let address = permit.listeners().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let root = root.canonicalize()?;
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, root })
    }

    /// Returns the address it listens on.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop` says so; what is being sent then is sent to its end.
    /// `heard` is told of each answer in one line: method, path and status.
    pub fn run(
        self,
        stop: impl Fn() -> bool,
        heard: impl Fn(String) + Send + Sync + 'static,
    ) -> io::Result<()> {
        let Self { listener, root } = self;
        let heard = Arc::new(heard);
        let open = Arc::new(AtomicUsize::new(0));
        let ending = Arc::new(AtomicBool::new(false));
        while !stop() {
            let mut ready = [PollFd::new(&listener, PollFlags::IN)];
            match poll(&mut ready, Some(&LOOK)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(error.into()),
            }
            let stream = match listener.accept() {
                Ok((stream, _)) => stream,
                // The client has gone again, or files ran out for a moment.
                Err(_) => continue,
            };
            if open.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS {
                open.fetch_sub(1, Ordering::Relaxed);
                let _ = Response::status(503).send(&stream, false, true);
                continue;
            }
            let (root, heard) = (root.clone(), Arc::clone(&heard));
            let (open, ending) = (Arc::clone(&open), Arc::clone(&ending));
            std::thread::spawn(move || {
                // A connection that breaks concerns nobody but its client.
                let _ = converse(&stream, &root, heard.as_ref(), &ending);
                open.fetch_sub(1, Ordering::Relaxed);
            });
        }
        // Nobody new is let in while those who are here are served.
        drop(listener);
        ending.store(true, Ordering::Relaxed);
        let step = Duration::from_millis(20);
        let mut left = GRACE;
        while open.load(Ordering::Relaxed) > 0 && !left.is_zero() {
            std::thread::sleep(step);
            left = left.saturating_sub(step);
        }
        Ok(())
    }
}

fn converse(
    stream: &TcpStream,
    root: &Path,
    heard: &dyn Fn(String),
    ending: &AtomicBool,
) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while !reader.buffer().is_empty() || is_asked(stream, ending)? {
        let request = match Request::read(&mut reader) {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(RequestError::Broken(error)) => return Err(error),
            Err(RequestError::Bad(status)) => {
                Response::status(status).send(stream, false, true)?;
                return linger(reader);
            }
        };
        let response = Response::to(&request, root);
        let close = request.close || ending.load(Ordering::Relaxed);
        heard(format!(
            "{} {} {}",
            request.method,
            request.target,
            response.code()
        ));
        response.send(stream, request.method == "HEAD", close)?;
        if close {
            return Ok(());
        }
    }
    Ok(())
}

/// Waits for a client's next word; false when it stays silent for too long, or
/// when the server ends meanwhile.
fn is_asked(stream: &TcpStream, ending: &AtomicBool) -> io::Result<bool> {
    let mut left = PATIENCE;
    loop {
        let mut ready = [PollFd::new(stream, PollFlags::IN)];
        match poll(&mut ready, Some(&LOOK)) {
            Ok(0) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
        left = left.saturating_sub(Duration::from_nanos(LOOK.tv_nsec as u64));
        if left.is_zero() || ending.load(Ordering::Relaxed) {
            return Ok(false);
        }
    }
}

/// Reads on for a while after a refusal: closing with bytes unread resets the
/// connection, and the client would lose the answer.
fn linger(mut reader: BufReader<&TcpStream>) -> io::Result<()> {
    reader.get_ref().shutdown(std::net::Shutdown::Write)?;
    reader
        .get_ref()
        .set_read_timeout(Some(Duration::from_secs(1)))?;
    io::copy(&mut reader.by_ref().take(1024 * 1024), &mut io::sink()).map(drop)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::sys::outward::{Destination, Gate};

    /// Serves a small tree and returns the raw answer to raw bytes.
    fn ask(request: &str) -> String {
        let dir = tempfile::tempdir().expect("dir");
        for below in ["root/.debcut", "root/sub", "root/site"] {
            std::fs::create_dir_all(dir.path().join(below)).expect("dirs");
        }
        for (name, text) in [
            ("root/a.txt", "0123456789"),
            ("root/.debcut/s", "s"),
            ("root/sub/b <.txt", "b"),
            ("root/site/index.html", "<p>site"),
            ("out", "no"),
        ] {
            std::fs::write(dir.path().join(name), text).expect("writes");
        }
        let links = [
            ("../out", "root/link"),
            (".debcut", "root/inner"),
            ("a.txt", "root/own"),
        ];
        for (to, link) in links {
            std::os::unix::fs::symlink(to, dir.path().join(link)).expect("links");
        }
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let to = Destination::Listeners(address);
        let permit = Gate::default().permit(to).expect("there is no embargo");
        let server = Server::bind(&permit, &dir.path().join("root")).expect("binds");
        let address = server.address().expect("bound");
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| server.run(|| ended.load(Ordering::Relaxed), |_| ()));
            // Also when an assertion below fails, the server must end.
            let _ending = Ending(&ended);
            let mut stream = TcpStream::connect(address).expect("connects");
            stream
                .set_read_timeout(Some(Duration::from_secs(5)))
                .expect("takes a limit");
            stream.write_all(request.as_bytes()).expect("asks");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("answers");
            answer
        })
    }

    struct Ending<'a>(&'a AtomicBool);

    impl Drop for Ending<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn answers_follow_the_specification() {
        let get = |target: &str, more: &str| {
            format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n")
        };
        let cases: &[(String, &str, &str)] = &[
            (get("/a.txt", ""), "200 OK", "\r\n\r\n0123456789"),
            (get("/a%2etxt?query", ""), "200 OK", "\r\n\r\n0123456789"),
            (get("http://x/a.txt", ""), "200 OK", "\r\n\r\n0123456789"),
            (
                get("/a.txt", "Range: bytes=2-4\r\n"),
                "206 Partial",
                "\r\n\r\n234",
            ),
            (
                get("/a.txt", "Range: bytes=7-\r\n"),
                "206 Partial",
                "\r\n\r\n789",
            ),
            (
                get("/a.txt", "Range: bytes=-2\r\n"),
                "206 Partial",
                "\r\n\r\n89",
            ),
            (get("/a.txt", "Range: bytes=10-\r\n"), "416 ", "bytes */10"),
            (
                get("/a.txt", "Range: bytes=1-2,4-5\r\n"),
                "206 ",
                "Content-Range: bytes 4-5/10\r\n\r\n45\r\n--debcut",
            ),
            (
                get("/a.txt", "Range: bytes=0-9,0-9\r\n"),
                "200 OK",
                "0123456789",
            ),
            (get("/a.txt", "If-None-Match: *\r\n"), "304 ", "ETag: \""),
            (get("/a.txt", "If-None-Match: \"x\"\r\n"), "200 OK", "9"),
            // A tag that does not fit weighs more than a time that does.
            (
                get(
                    "/a.txt",
                    "If-None-Match: \"x\"\r\nIf-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n",
                ),
                "200 OK",
                "9",
            ),
            (
                get("/a.txt", "Range: bytes=1-2\r\nIf-Range: \"x\"\r\n"),
                "200 OK",
                "0123456789",
            ),
            (get("/own", ""), "200 OK", "0123456789"),
            (get("/inner/s", ""), "404 ", ""),
            (get("/.debcut/", ""), "404 ", ""),
            (get("/%2edebcut/s", ""), "404 ", ""),
            (get("/sub/..%2f..%2fout", ""), "404 ", ""),
            (get("/..", ""), "404 ", ""),
            (get("//out", ""), "404 ", ""),
            (get("/sub", ""), "301 ", "Location: /sub/\r\n"),
            (
                get("/sub/", ""),
                "200 OK",
                "<a href=\"b%20%3C.txt\">b &lt;.txt</a>",
            ),
            (get("/site/", ""), "200 OK", "<p>site"),
            (
                get(
                    "/a.txt",
                    "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n",
                ),
                "304 ",
                "\r\n\r\n",
            ),
            (
                get(
                    "/a.txt",
                    "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
                ),
                "200 OK",
                "9",
            ),
            (get("/no", ""), "404 ", ""),
            (get("/.debcut/s", ""), "404 ", ""),
            (get("/../out", ""), "404 ", ""),
            (get("/%2e%2e/out", ""), "404 ", ""),
            (get("/link", ""), "404 ", ""),
            (get("/a.txt/", ""), "404 ", ""),
            (get("/%00", ""), "404 ", ""),
            (
                "POST /a.txt HTTP/1.1\r\nConnection: close\r\n\r\n".into(),
                "405 ",
                "Allow: GET, HEAD",
            ),
            (
                "HEAD /a.txt HTTP/1.1\r\nConnection: close\r\n\r\n".into(),
                "200 OK",
                "Content-Length: 10",
            ),
            ("GET /a.txt HTTP/1.0\r\n\r\n".into(), "200 OK", "0123456789"),
            ("nonsense\r\n\r\n".into(), "400 ", ""),
            (
                format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(70_000)),
                "431 ",
                "",
            ),
        ];
        for (request, status, part) in cases {
            let answer = ask(request);
            let shown: String = request.chars().take(80).collect();
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status}")),
                "{shown}: {answer}"
            );
            assert!(answer.contains(part), "{shown}: {answer}");
        }
    }

    #[test]
    fn pipelined_requests_are_answered_in_order() {
        let one = "GET /a.txt HTTP/1.1\r\nRange: bytes=0-0\r\n\r\n";
        let two = "GET /a.txt HTTP/1.1\r\nRange: bytes=9-9\r\nConnection: close\r\n\r\n";
        let answer = ask(&format!("{one}{two}"));
        let first = answer.find("\r\n\r\n0").expect("first");
        let second = answer.find("\r\n\r\n9").expect("second");
        assert!(first < second);
    }
}
