//! A forge on this machine: it remembers pull requests, labels and what people
//! said, and answers in the words of GitHub or GitLab, from their own answers
//! (`fixtures/forge`).

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use serde_json::{Value, json};

/// Whose words it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    GitHub,
    GitLab,
}

/// A pull request.
#[derive(Debug, Clone, Default)]
pub struct Pull {
    pub number: u64,
    pub title: String,
    pub body: String,
    /// `open`, `closed` or `merged`.
    pub state: String,
    pub head: String,
    pub head_commit: String,
    /// The fork that has the branch; empty: it is gone.
    pub fork: Option<String>,
    pub base: String,
    pub merge_commit: Option<String>,
    pub labels: Vec<String>,
    /// Who set which label, when.
    pub label_events: Vec<(String, String, String)>,
    /// Who took which label away, when.
    pub unlabelled: Vec<(String, String, String)>,
    /// Who dismissed whose review, when, saying what.
    pub dismissed: Vec<(String, String, String, String)>,
    /// Who approved (true) or wants changes, when, saying what.
    pub reviews: Vec<(String, bool, String, String)>,
    /// Ids, addresses and subjects.
    pub commits: Vec<(String, String, String)>,
}

/// What it remembers.
#[derive(Debug, Default)]
pub struct Memory {
    pub pulls: Vec<Pull>,
    /// GitHub's conclusion of the one check run, GitLab's status of the one
    /// pipeline; none: there is none.
    pub check: Option<String>,
    /// The requests, `METHOD PATH?QUERY`.
    pub asked: Vec<String>,
    /// How many more requests that change something it answers; then it fails.
    pub lasts: Option<usize>,
    /// What it answers whatever it is asked: a status line, headers and a body;
    /// empty: it cuts the connection.
    pub instead: Option<String>,
}

/// A forge that answers as long as this lives.
pub struct Fake {
    speaks: Speaks,
    address: String,
    memory: Arc<Mutex<Memory>>,
    over: Arc<AtomicBool>,
    serving: Option<JoinHandle<()>>,
}

pub const TOKEN: &str = "glpat-s3cret-of-the-test";

impl Fake {
    pub fn new(speaks: Speaks) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let memory = Arc::new(Mutex::new(Memory::default()));
        let over = Arc::new(AtomicBool::new(false));
        let (own, ends) = (Arc::clone(&memory), Arc::clone(&over));
        let serving = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                answer(&stream.expect("somebody comes"), speaks, &own);
            }
        });
        Self {
            speaks,
            address,
            memory,
            over,
            serving: Some(serving),
        }
    }

    /// Returns the table that names it in debcut.toml.
    pub fn table(&self) -> String {
        let Self {
            speaks, address, ..
        } = self;
        match speaks {
            Speaks::GitHub => format!(
                "[patch.forge]\nkind = \"github\"\nurl = \"http://{address}/api/v3\"\nproject = \"octo/cat\"\n"
            ),
            Speaks::GitLab => format!(
                "[patch.forge]\nkind = \"gitlab\"\nurl = \"http://{address}/api/v4\"\nproject = \"group/sub/name\"\n"
            ),
        }
    }

    pub fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().expect("nobody panicked")
    }

    /// Returns a pull request.
    #[track_caller]
    pub fn pull(&self, number: u64) -> Pull {
        let memory = self.memory();
        let found = memory.pulls.iter().find(|pull| pull.number == number);
        found.expect("it is there").clone()
    }

    /// Returns how often it was asked since.
    pub fn calls(&self) -> usize {
        std::mem::take(&mut self.memory().asked).len()
    }

    /// Returns what was changed since, `METHOD PATH` each.
    pub fn changes(&self) -> Vec<String> {
        let mut memory = self.memory();
        let asked = std::mem::take(&mut memory.asked);
        let changes = asked.into_iter().filter(|line| !line.starts_with("GET "));
        changes.collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(&self.address));
        if let Some(serving) = self.serving.take() {
            drop(serving.join());
        }
    }
}

fn fixture(name: &str) -> Value {
    let path = format!("{}/fixtures/forge/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("a fixture");
    serde_json::from_str(&text).expect("JSON")
}

struct Asked {
    method: String,
    parts: Vec<String>,
    query: Vec<(String, String)>,
    body: Value,
}

impl Asked {
    fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digits = match byte {
            b'%' => [rest.next(), rest.next()],
            _ => {
                bytes.push(byte);
                continue;
            }
        };
        let digits: Vec<u8> = digits.into_iter().flatten().collect();
        let digits = std::str::from_utf8(&digits).expect("digits");
        bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal"));
    }
    String::from_utf8(bytes).expect("text")
}

fn answer(stream: &TcpStream, speaks: Speaks, memory: &Mutex<Memory>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        match reader.read_line(&mut head) {
            Ok(0) => return,
            Ok(_) => {}
            // TLS, which it does not speak.
            Err(_) => {
                let mut stream = stream;
                drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
                return;
            }
        }
    }
    let lower = head.to_lowercase();
    let length = lower.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).expect("all of it");
    let line = head.lines().next().unwrap_or_default();
    let mut words = line.split(' ');
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), decoded(value))
    };
    let asked = Asked {
        method: method.to_owned(),
        parts: path.split('/').skip(1).map(decoded).collect(),
        query: query.split('&').map(pair).collect(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    };
    let carries = match speaks {
        Speaks::GitHub => format!("authorization: bearer {TOKEN}"),
        Speaks::GitLab => format!("private-token: {TOKEN}"),
    };
    let mut memory = memory.lock().expect("nobody panicked");
    memory.asked.push(format!("{method} {target}"));
    if let Some(instead) = &memory.instead {
        let mut stream = stream;
        drop(stream.write_all(instead.as_bytes()));
        return;
    }
    let (status, body) = match (asked.method.as_str(), memory.lasts) {
        _ if !lower.contains(&carries) => (401, json!({"message": "Bad credentials"})),
        ("GET", _) | (_, None) => (0, Value::Null),
        (_, Some(0)) => (500, json!({"message": "Server Error"})),
        (_, Some(left)) => {
            memory.lasts = Some(left - 1);
            (0, Value::Null)
        }
    };
    let (status, body) = match status {
        0 => respond(&mut memory, speaks, &asked).unwrap_or((404, json!({"message": "Not Found"}))),
        status => (status, body),
    };
    drop(memory);
    let text = body.to_string();
    let answer = format!(
        "HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    let mut stream = stream;
    stream.write_all(answer.as_bytes()).expect("sent");
}

type Response = Option<(u16, Value)>;

fn respond(memory: &mut Memory, speaks: Speaks, asked: &Asked) -> Response {
    let parts: Vec<&str> = asked.parts.iter().map(String::as_str).collect();
    // It may stand below a path.
    let begin = parts.iter().position(|part| *part == "api")?;
    match (speaks, &parts[begin..]) {
        (Speaks::GitHub, ["api", "v3", "repos", "octo", "cat", rest @ ..]) => {
            github(memory, asked, rest)
        }
        (Speaks::GitLab, ["api", "v4", "projects", "group/sub/name", rest @ ..]) => {
            gitlab(memory, asked, rest)
        }
        _ => None,
    }
}

fn texts(value: &Value) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(|one| one.as_str().map(str::to_owned))
        .collect()
}

fn find<'m>(memory: &'m mut Memory, number: &str) -> Option<&'m mut Pull> {
    let number: u64 = number.parse().ok()?;
    memory.pulls.iter_mut().find(|pull| pull.number == number)
}

fn opened(
    memory: &mut Memory,
    title: &Value,
    body: &Value,
    head: &Value,
    base: &Value,
) -> Option<Pull> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (head, base) = (text(head), text(base));
    let same = |one: &&Pull| one.state == "open" && one.head == head && one.base == base;
    if memory.pulls.iter().any(|one| same(&one)) {
        return None;
    }
    let pull = Pull {
        number: 100 + memory.pulls.len() as u64,
        title: text(title),
        body: text(body),
        state: "open".into(),
        head,
        base,
        ..Pull::default()
    };
    memory.pulls.push(pull.clone());
    Some(pull)
}

fn edited(pull: &mut Pull, body: &Value, text: &str, state: &str) {
    if let Some(text) = body[text].as_str() {
        pull.body = text.to_owned();
    }
    match body[state].as_str() {
        Some("closed" | "close") => pull.state = "closed".into(),
        Some("open" | "reopen") => pull.state = "open".into(),
        _ => {}
    }
}

fn github(memory: &mut Memory, asked: &Asked, rest: &[&str]) -> Response {
    let ok = |body: Value| Some((200, body));
    match (asked.method.as_str(), rest) {
        ("GET", ["pulls"]) => {
            let head = asked.query("head").map(|head| head.replace("octo:", ""));
            let state = asked.query("state").unwrap_or("open");
            let all = memory.pulls.iter().filter(|one| {
                (state == "all" || (one.state == "open") == (state == "open"))
                    && asked.query("base").is_none_or(|base| one.base == base)
                    && head.as_ref().is_none_or(|head| one.head == *head)
            });
            ok(all.map(hub_pull).collect())
        }
        ("POST", ["pulls"]) => {
            let body = &asked.body;
            let made = opened(
                memory,
                &body["title"],
                &body["body"],
                &body["head"],
                &body["base"],
            );
            let refused = json!({"message": "Validation Failed", "errors": [{
                "resource": "PullRequest", "code": "custom",
                "message": "A pull request already exists for octo:x.",
            }]});
            Some(made.map_or((422, refused), |pull| (201, hub_pull(&pull))))
        }
        ("GET", ["pulls", number]) => ok(hub_pull(find(memory, number)?)),
        ("PATCH", ["pulls", number]) => {
            let pull = find(memory, number)?;
            edited(pull, &asked.body, "body", "state");
            ok(hub_pull(pull))
        }
        ("GET", ["pulls", number, "commits"]) => {
            let pull = find(memory, number)?;
            let listed = pull.commits.iter().map(|(id, email, subject)| {
                let mut one = fixture("github/commits.json")[0].clone();
                one["sha"] = id.as_str().into();
                one["commit"]["author"]["email"] = email.as_str().into();
                one["commit"]["message"] = format!("{subject}\n\nMore.").into();
                one
            });
            ok(listed.collect())
        }
        ("GET", ["pulls", number, "reviews"]) => {
            let pull = find(memory, number)?;
            let listed = pull.reviews.iter().enumerate();
            let listed = listed.map(|(id, (login, approves, at, text))| {
                let mut one = fixture("github/reviews.json")[0].clone();
                one["id"] = id.into();
                one["user"]["login"] = login.as_str().into();
                let is_dismissed = pull.dismissed.iter().any(|(_, of, ..)| of == login);
                one["state"] = match (is_dismissed, approves) {
                    (true, _) => "DISMISSED",
                    (false, true) => "APPROVED",
                    (false, false) => "CHANGES_REQUESTED",
                }
                .into();
                one["submitted_at"] = at.as_str().into();
                one["body"] = text.as_str().into();
                one
            });
            ok(listed.collect())
        }
        ("GET", ["issues", number, "events"]) => {
            let pull = find(memory, number)?;
            let set = pull.label_events.iter().map(|one| ("labeled", one));
            let taken = pull.unlabelled.iter().map(|one| ("unlabeled", one));
            let listed = set.chain(taken).map(|(event, (login, label, at))| {
                let mut one = fixture("github/events.json")[0].clone();
                one["event"] = event.into();
                one["actor"]["login"] = login.as_str().into();
                one["label"] = json!({"name": label, "color": "ededed"});
                one["created_at"] = at.as_str().into();
                one
            });
            let dismissed = pull.dismissed.iter().map(|(by, of, at, text)| {
                let mut one = fixture("github/review-dismissed.json");
                one["actor"]["login"] = by.as_str().into();
                one["created_at"] = at.as_str().into();
                let place = pull.reviews.iter().position(|(login, ..)| login == of);
                one["dismissed_review"]["review_id"] = place.expect("a review").into();
                one["dismissed_review"]["dismissal_message"] = text.as_str().into();
                one
            });
            ok(listed.chain(dismissed).collect())
        }
        ("GET", ["issues"]) => {
            let label = asked.query("labels")?.to_owned();
            let all = memory
                .pulls
                .iter()
                .filter(|one| one.labels.contains(&label));
            let issue = |one: &Pull| {
                let merged = (one.state == "merged").then_some("2025-05-02T10:00:00Z");
                json!({"number": one.number, "pull_request": {"merged_at": merged}})
            };
            ok(all.map(issue).collect())
        }
        ("POST", ["issues", number, "labels"]) => {
            let pull = find(memory, number)?;
            pull.labels.extend(texts(&asked.body["labels"]));
            ok(fixture("github/labels.json"))
        }
        ("DELETE", ["issues", number, "labels", label]) => {
            let pull = find(memory, number)?;
            pull.labels.retain(|own| own != label);
            ok(json!([]))
        }
        ("GET", ["commits", _, "status"]) => {
            let mut status = fixture("github/status.json");
            status["statuses"] = json!([]);
            ok(status)
        }
        ("GET", ["commits", _, "check-runs"]) => {
            let mut runs = fixture("github/check-runs.json");
            match &memory.check {
                None => runs["check_runs"] = json!([]),
                Some(word) if word == "in_progress" => {
                    runs["check_runs"][0]["status"] = "in_progress".into();
                    runs["check_runs"][0]["conclusion"] = Value::Null;
                }
                Some(word) => runs["check_runs"][0]["conclusion"] = word.as_str().into(),
            }
            ok(runs)
        }
        _ => None,
    }
}

fn hub_pull(pull: &Pull) -> Value {
    let mut one = fixture("github/pull.json");
    one["number"] = pull.number.into();
    one["html_url"] = format!("https://github.example.org/octo/cat/pull/{}", pull.number).into();
    one["title"] = pull.title.as_str().into();
    one["body"] = pull.body.as_str().into();
    one["state"] = if pull.state == "open" {
        "open"
    } else {
        "closed"
    }
    .into();
    if pull.state != "merged" {
        one["merged_at"] = Value::Null;
    }
    one["merge_commit_sha"] = pull.merge_commit.as_deref().into();
    one["head"]["ref"] = pull.head.as_str().into();
    one["head"]["sha"] = pull.head_commit.as_str().into();
    one["head"]["repo"] = match &pull.fork {
        None => json!({"full_name": "octo/cat"}),
        Some(fork) if fork.is_empty() => Value::Null,
        Some(fork) => json!({"full_name": fork}),
    };
    one["base"]["repo"] = json!({"full_name": "octo/cat"});
    one["base"]["ref"] = pull.base.as_str().into();
    let labels = pull.labels.iter().map(|label| {
        let mut one = fixture("github/labels.json")[0].clone();
        one["name"] = label.as_str().into();
        one
    });
    one["labels"] = labels.collect();
    one
}

fn gitlab(memory: &mut Memory, asked: &Asked, rest: &[&str]) -> Response {
    let ok = |body: Value| Some((200, body));
    match (asked.method.as_str(), rest) {
        ("GET", ["merge_requests"]) => {
            let state = asked
                .query("state")
                .unwrap_or("all")
                .replace("opened", "open");
            let is = |name: &str, own: &str| asked.query(name).is_none_or(|wanted| wanted == own);
            let all = memory.pulls.iter().filter(|one| {
                (state == "all" || one.state == state)
                    && is("target_branch", &one.base)
                    && is("source_branch", &one.head)
            });
            ok(all.map(lab_pull).collect())
        }
        ("POST", ["merge_requests"]) => {
            let body = &asked.body;
            let (head, base) = (&body["source_branch"], &body["target_branch"]);
            let made = opened(memory, &body["title"], &body["description"], head, base);
            let refused = json!({"message": ["Another open merge request already exists for this source branch: !1"]});
            Some(made.map_or((409, refused), |pull| (201, lab_pull(&pull))))
        }
        ("GET", ["merge_requests", number]) => ok(lab_pull(find(memory, number)?)),
        ("PUT", ["merge_requests", number]) => {
            let pull = find(memory, number)?;
            edited(pull, &asked.body, "description", "state_event");
            let names = |key: &str| -> Vec<String> {
                let text = asked.body[key].as_str().unwrap_or_default();
                let names = text.split(',').filter(|name| !name.is_empty());
                names.map(str::to_owned).collect()
            };
            pull.labels.extend(names("add_labels"));
            let gone = names("remove_labels");
            pull.labels.retain(|own| !gone.contains(own));
            ok(lab_pull(pull))
        }
        ("GET", ["merge_requests", number, "resource_label_events"]) => {
            let pull = find(memory, number)?;
            let set = pull.label_events.iter().map(|one| ("add", one));
            let taken = pull.unlabelled.iter().map(|one| ("remove", one));
            let listed = set.chain(taken).map(|(action, (login, label, at))| {
                let mut one = fixture("gitlab/label-events.json")[0].clone();
                one["action"] = action.into();
                one["user"]["username"] = login.as_str().into();
                one["label"]["name"] = label.as_str().into();
                one["created_at"] = at.as_str().into();
                one
            });
            ok(listed.collect())
        }
        ("GET", ["merge_requests", number, "approvals"]) => {
            let pull = find(memory, number)?;
            let mut all = fixture("gitlab/approvals.json");
            let one = all["approved_by"][0].clone();
            let listed = pull.reviews.iter().map(|(login, ..)| {
                let mut one = one.clone();
                one["user"]["username"] = login.as_str().into();
                one
            });
            all["approved_by"] = listed.collect();
            ok(all)
        }
        ("GET", ["pipelines"]) => {
            let mut one = fixture("gitlab/pipelines.json")[0].clone();
            match &memory.check {
                None => ok(json!([])),
                Some(word) => {
                    one["status"] = word.as_str().into();
                    ok(json!([one]))
                }
            }
        }
        _ => None,
    }
}

fn lab_pull(pull: &Pull) -> Value {
    let mut one = fixture("gitlab/merge-request.json");
    one["iid"] = pull.number.into();
    let page = "https://gitlab.example.org/group/sub/name/-/merge_requests";
    one["web_url"] = format!("{page}/{}", pull.number).into();
    one["title"] = pull.title.as_str().into();
    one["description"] = pull.body.as_str().into();
    one["state"] = if pull.state == "open" {
        "opened"
    } else {
        pull.state.as_str()
    }
    .into();
    one["merge_commit_sha"] = pull.merge_commit.as_deref().into();
    one["sha"] = pull.head_commit.as_str().into();
    one["source_branch"] = pull.head.as_str().into();
    match &pull.fork {
        None => {}
        Some(fork) if fork.is_empty() => one["source_project_id"] = Value::Null,
        Some(_) => one["source_project_id"] = 7.into(),
    }
    one["target_branch"] = pull.base.as_str().into();
    one["labels"] = json!(pull.labels);
    one
}
