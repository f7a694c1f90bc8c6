//! A static HTTP/1.1 server for trying an archive out (RFC 9110, RFC 9112).
//!
//! Serves the files below one directory to `GET` and `HEAD`, with kept
//! connections, single ranges and `If-Modified-Since`, as apt asks for them.
//! It knows no rewriting, no uploads and no TLS: a web server does.

mod request;
mod response;

use std::io::{self, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use request::{Request, RequestError};
use response::Response;

/// How long a kept connection may stay silent.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many clients are served at once; more are told to come again.
const CONNECTIONS: usize = 256;
/// How often the listening loop looks whether it should end.
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
    /// Listens on `address` (port 0 takes a free one) for files below `root`.
    pub fn bind(address: SocketAddr, root: &Path) -> io::Result<Self> {
        let root = root.canonicalize()?;
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, root })
    }

    /// Returns the address it listens on.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop` says so. `heard` is told of each answer in one
    /// line: method, path and status.
    pub fn run(
        &self,
        stop: impl Fn() -> bool,
        heard: impl Fn(String) + Send + Sync + 'static,
    ) -> io::Result<()> {
        let heard = Arc::new(heard);
        let open = Arc::new(AtomicUsize::new(0));
        while !stop() {
            use rustix::event::{PollFd, PollFlags, poll};
            let mut ready = [PollFd::new(&self.listener, PollFlags::IN)];
            match poll(&mut ready, Some(&LOOK)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(error.into()),
            }
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                // The client has gone again, or files ran out for a moment.
                Err(_) => continue,
            };
            if open.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS {
                open.fetch_sub(1, Ordering::Relaxed);
                let _ = Response::status(503).send(&stream, false, true);
                continue;
            }
            let (root, heard, open) = (self.root.clone(), Arc::clone(&heard), Arc::clone(&open));
            std::thread::spawn(move || {
                // A connection that breaks concerns nobody but its client.
                let _ = converse(&stream, &root, heard.as_ref());
                open.fetch_sub(1, Ordering::Relaxed);
            });
        }
        Ok(())
    }
}

fn converse(stream: &TcpStream, root: &Path, heard: &dyn Fn(String)) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    loop {
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
        heard(format!(
            "{} {} {}",
            request.method,
            request.target,
            response.code()
        ));
        response.send(stream, request.method == "HEAD", request.close)?;
        if request.close {
            return Ok(());
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

    /// Serves a small tree and returns the raw answer to raw bytes.
    fn ask(request: &str) -> String {
        let dir = tempfile::tempdir().expect("dir");
        std::fs::create_dir_all(dir.path().join("root/.debcut")).expect("dirs");
        for (name, text) in [
            ("root/a.txt", "0123456789"),
            ("root/.debcut/s", "s"),
            ("out", "no"),
        ] {
            std::fs::write(dir.path().join(name), text).expect("writes");
        }
        std::os::unix::fs::symlink("../out", dir.path().join("root/link")).expect("links");
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Server::bind(address, &dir.path().join("root")).expect("binds");
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
                "200 OK",
                "0123456789",
            ),
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
