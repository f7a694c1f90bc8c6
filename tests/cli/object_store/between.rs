//! Between debcut and its object store: hears every request, and lets some of
//! them come to harm.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// The path and the query, the signature included.
    pub target: String,
    pub headers: Vec<(String, String)>,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is answered.
    Pass,
    /// The connection ends before the server hears of it.
    LostBefore,
    /// The connection ends when the server has done it.
    LostAfter,
    /// The answer ends in its middle.
    Cut,
    /// It is refused with this status and code.
    Refused(u16, &'static str),
    /// The server does not hear of its conditions.
    Unconditional,
}

type Decide = dyn Fn(usize, &Request) -> Fate + Send + Sync;

/// What is shared with the threads that serve.
struct Shared {
    server: SocketAddr,
    decide: Box<Decide>,
    seen: Mutex<Vec<Request>>,
    connections: AtomicUsize,
    over: AtomicBool,
    /// moto compares and writes in two steps; a store does it in one.
    one_by_one: Mutex<()>,
}

/// A listener on a port of its own.
pub struct Between {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl Request {
    /// Returns what is asked for: the method, the path, and the parameters
    /// without those of the signature.
    pub fn what(&self) -> String {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let own = query.split('&').filter(|pair| !pair.starts_with("X-Amz-"));
        let own: Vec<_> = own.collect();
        format!("{} {path}?{}", self.method, own.join("&"))
    }

    /// Tells whether it changes something.
    pub fn writes(&self) -> bool {
        matches!(&*self.method, "PUT" | "POST" | "DELETE")
    }
}

impl Between {
    /// Stands before a server; `decide` hears the number of each request.
    pub fn new(
        server: SocketAddr,
        decide: impl Fn(usize, &Request) -> Fate + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            server,
            decide: Box::new(decide),
            seen: Mutex::default(),
            connections: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            one_by_one: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.over.load(Ordering::SeqCst) {
                    return;
                }
                serving.connections.fetch_add(1, Ordering::SeqCst);
                let serving = Arc::clone(&serving);
                thread::spawn(move || serving.serve(&stream));
            }
        });
        Self { address, shared }
    }

    /// Returns all requests, in the order in which they came.
    pub fn seen(&self) -> Vec<Request> {
        self.shared.seen.lock().expect("free").clone()
    }

    /// Returns how many connections were opened.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // Wakes the listener, which then ends.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    /// Serves one connection until something breaks it.
    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some((request, body)) = read(&mut reader) {
            let number = {
                let mut seen = self.seen.lock().expect("free");
                seen.push(request.clone());
                seen.len() - 1
            };
            let fate = (self.decide)(number, &request);
            let answer = match fate {
                Fate::LostBefore => None,
                Fate::Refused(status, code) => Some(refusal(status, code, &request)),
                Fate::LostAfter => {
                    self.forward(&request, &body, fate);
                    None
                }
                Fate::Cut => {
                    let answer = self.forward(&request, &body, fate);
                    let head = answer.windows(4).position(|four| four == b"\r\n\r\n");
                    let begin = head.map_or(0, |at| at + 4);
                    // Without a body there is nothing to cut but the head.
                    let end = match answer.len() > begin {
                        true => begin + (answer.len() - begin) / 2,
                        false => begin / 2,
                    };
                    let mut stream = stream;
                    let _ = stream.write_all(&answer[..end]);
                    None
                }
                Fate::Pass | Fate::Unconditional => Some(self.forward(&request, &body, fate)),
            };
            let mut to = stream;
            let sent = answer.is_some_and(|answer| to.write_all(&answer).is_ok());
            if !sent {
                let _ = stream.shutdown(Shutdown::Both);
                return;
            }
        }
    }

    fn forward(&self, request: &Request, body: &[u8], fate: Fate) -> Vec<u8> {
        let _turn = request
            .writes()
            .then(|| self.one_by_one.lock().expect("free"));
        let mut stream = TcpStream::connect(self.server).expect("the server listens");
        let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
        for (name, value) in &request.headers {
            let condition = matches!(&**name, "if-match" | "if-none-match");
            if name == "connection" || (condition && fate == Fate::Unconditional) {
                continue;
            }
            head += &format!("{name}: {value}\r\n");
        }
        head += "connection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("sent");
        // A server may refuse before it has read all.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        // Only the way to the server is for one request.
        let text = String::from_utf8_lossy(&answer[..answer.len().min(2000)]).into_owned();
        if let Some(at) = text.find("\r\nConnection: close") {
            answer.drain(at..at + "\r\nConnection: close".len());
        }
        answer
    }
}

fn refusal(status: u16, code: &str, request: &Request) -> Vec<u8> {
    let body = match &*request.method {
        "HEAD" => String::new(),
        _ => format!(
            "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>as told</Message>\
             <Region>us-gov-west-1</Region></Error>"
        ),
    };
    format!(
        "HTTP/1.1 {status} Refused\r\nContent-Type: application/xml\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<(Request, Vec<u8>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().expect("a length"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let request = Request {
        method,
        target,
        headers,
    };
    Some((request, body))
}
