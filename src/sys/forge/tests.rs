//! Both dialects against a server on this machine that answers as the forges
//! do: their own answers are in `fixtures/forge`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use super::error::Span;
use super::*;

const TOKEN: &str = "s3cret-of-the-test";

/// What a server was asked.
#[derive(Debug)]
struct Asked {
    line: String,
    head: String,
    body: String,
}

/// An answer: a status, headers, a body.
struct Given(u16, Vec<(&'static str, String)>, String);

fn ok(body: impl ToString) -> Given {
    Given(200, Vec::new(), body.to_string())
}

fn no(status: u16, body: Value) -> Given {
    Given(status, Vec::new(), body.to_string())
}

fn fixture(name: &str) -> Value {
    let path = format!("{}/fixtures/forge/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("a fixture");
    serde_json::from_str(&text).expect("JSON")
}

/// Answers these requests in order, each with what is given; then goes away.
/// `{here}` in a header is the server's own address.
fn server(given: Vec<Given>) -> (String, JoinHandle<Vec<Asked>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let here = format!("http://{}", listener.local_addr().expect("an address"));
    let own = here.clone();
    let serving = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for Given(status, headers, text) in given {
            let (stream, _) = listener.accept().expect("somebody comes");
            let mut reader = BufReader::new(&stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert!(reader.read_line(&mut head).expect("a line") > 0, "{head}");
            }
            let lower = head.to_lowercase();
            let length = lower.split("content-length: ").nth(1);
            let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            reader.read_exact(&mut body).expect("all of it");
            let mut answer = format!("HTTP/1.1 {status} x\r\nConnection: close\r\n");
            for (name, value) in headers {
                answer += &format!("{name}: {}\r\n", value.replace("{here}", &own));
            }
            answer += &format!("Content-Length: {}\r\n\r\n{text}", text.len());
            (&stream).write_all(answer.as_bytes()).expect("sent");
            asked.push(Asked {
                line: head.lines().next().unwrap_or_default().to_owned(),
                head,
                body: String::from_utf8(body).expect("text"),
            });
        }
        asked
    });
    (here, serving)
}

fn forge(kind: Kind, api: &str, project: &str) -> Forge {
    let site = Site {
        kind,
        api: api.to_owned(),
        project: project.to_owned(),
    };
    let environment = Environment::new("/", [("DEBCUT_FORGE_TOKEN", TOKEN)]);
    Forge::open(&site, &environment).expect("a way")
}

fn hub(given: Vec<Given>) -> (Forge, JoinHandle<Vec<Asked>>) {
    let (here, serving) = server(given);
    let forge = forge(
        Kind::GitHub,
        &format!("{here}/api/v3"),
        "octocat/Hello-World",
    );
    (forge, serving)
}

fn lab(given: Vec<Given>) -> (Forge, JoinHandle<Vec<Asked>>) {
    let (here, serving) = server(given);
    let forge = forge(Kind::GitLab, &format!("{here}/api/v4"), "group/sub/name");
    (forge, serving)
}

fn lines(serving: JoinHandle<Vec<Asked>>) -> Vec<String> {
    let asked = serving.join().expect("served");
    asked.into_iter().map(|one| one.line).collect()
}

#[test]
fn github_s_pull_requests_are_read() {
    let mut open = fixture("github/pull.json");
    open["merged_at"] = Value::Null;
    open["user"] = Value::Null;
    open["body"] = Value::Null;
    let (hub, serving) = hub(vec![
        ok(fixture("github/pull.json")),
        ok(open),
        no(404, json!({"message": "Not Found"})),
        ok(fixture("github/commits.json")),
    ]);
    let merged = hub
        .pull_request(1347)
        .expect("an answer")
        .expect("it is there");
    let want = PullRequest {
        number: 1347,
        url: "https://github.com/octocat/Hello-World/pull/1347".into(),
        title: "new-feature".into(),
        body: "Please pull these awesome changes".into(),
        state: PullState::Merged,
        merge_commit: Some("e5bd3914e2e596debea16f433f57875b5b90bcd6".into()),
        head: "6dcb09b5b57875f334f61aebed695e2e4193db5e".into(),
        head_branch: "new-topic".into(),
        home: Home::Project,
        base: "master".into(),
        author: "octocat".into(),
        labels: vec!["bug".into()],
    };
    assert_eq!(merged, want);
    let open = hub
        .pull_request(1348)
        .expect("an answer")
        .expect("it is there");
    // A merge that GitHub only tried is none.
    assert_eq!((open.state, open.merge_commit), (PullState::Open, None));
    assert_eq!((open.author.as_str(), open.body.as_str()), ("ghost", ""));
    assert_eq!(hub.pull_request(9).expect("an answer"), None);
    let commits = hub.commits(1347).expect("an answer");
    let want = PullCommit {
        id: "6dcb09b5b57875f334f61aebed695e2e4193db5e".into(),
        email: "support@github.com".into(),
        subject: "Fix all the bugs".into(),
    };
    assert_eq!(commits, [want]);
    let asked = serving.join().expect("served");
    let first = asked[0].head.to_lowercase();
    assert!(
        first.contains(&format!("authorization: bearer {TOKEN}")),
        "{first}"
    );
    assert!(
        first.contains("x-github-api-version: 2022-11-28"),
        "{first}"
    );
    assert_eq!(
        asked[0].line,
        "GET /api/v3/repos/octocat/Hello-World/pulls/1347 HTTP/1.1"
    );
    assert!(asked[3].line.contains("/pulls/1347/commits?per_page=100 "));
}

#[test]
fn gitlab_s_merge_requests_are_read() {
    let (lab, serving) = lab(vec![
        ok(fixture("gitlab/merge-request.json")),
        ok(fixture("gitlab/merge-requests.json")),
        ok(fixture("gitlab/merge-requests.json")),
        ok(json!([
            {"id": "bb", "title": "second", "author_email": "b@x"},
            {"id": "aa", "title": "first", "author_email": "a@x"},
        ])),
    ]);
    let open = lab
        .pull_request(14656)
        .expect("an answer")
        .expect("it is there");
    assert_eq!((open.number, open.state), (14656, PullState::Open));
    assert_eq!(
        (open.author.as_str(), open.merge_commit),
        ("alexkalderimis", None)
    );
    assert_eq!(
        (open.head_branch.as_str(), open.base.as_str()),
        ("delete-designs-v2", "master")
    );
    assert_eq!(open.labels.len(), 9);
    let merged = lab.merged_with("backport/1.2").expect("an answer");
    // Without a merge commit it was a fast-forward.
    let newest = merged[0].merge_commit.as_deref();
    assert_eq!(newest, Some("8888888888888888888888888888888888888888"));
    // It is of a fork.
    assert_eq!(lab.of_branch("test1", "master").expect("an answer"), None);
    let commits = lab.commits(1).expect("an answer");
    let ids: Vec<&str> = commits.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["aa", "bb"]);
    let asked = serving.join().expect("served");
    assert!(
        asked[0]
            .head
            .to_lowercase()
            .contains(&format!("private-token: {TOKEN}"))
    );
    assert_eq!(
        asked[0].line,
        "GET /api/v4/projects/group%2Fsub%2Fname/merge_requests/14656 HTTP/1.1"
    );
    assert!(
        asked[1].line.contains("labels=backport%2F1.2"),
        "{}",
        asked[1].line
    );
}

#[test]
fn lists_are_read_to_their_end() {
    let page = |link: Option<&str>| {
        let headers = link.map(|link| ("Link", format!("<{link}>; rel=\"next\"")));
        let body = fixture("github/commits.json").to_string();
        Given(200, headers.into_iter().collect(), body)
    };
    let next = "{here}/api/v3/repositories/1/pulls/1/commits?per_page=100&page=2";
    let (first, serving) = hub(vec![page(Some(next)), page(None)]);
    assert_eq!(first.commits(1).expect("all of it").len(), 2);
    assert!(lines(serving)[1].contains("page=2 "));
    // The token is not for whoever a link names.
    let (second, serving) = hub(vec![page(Some("https://elsewhere.example/api/v3/x"))]);
    let error = second.commits(1).expect_err("elsewhere");
    assert!(matches!(error, ForgeError::Elsewhere { .. }), "{error}");
    serving.join().expect("served");
    let page = |next: &str| {
        let headers = vec![("X-Next-Page", next.to_owned())];
        Given(200, headers, fixture("gitlab/pipelines.json").to_string())
    };
    let (third, serving) = lab(vec![page("2"), page("")]);
    let checks = third.checks("a91957", "new-pipeline").expect("all of it");
    // One of each source: the newest.
    assert_eq!(checks.len(), 2);
    let lines = lines(serving);
    assert!(
        lines[0].contains("sha=a91957&per_page=100 "),
        "{}",
        lines[0]
    );
    assert!(lines[1].contains("per_page=100&page=2 "), "{}", lines[1]);
}

#[test]
fn refusals_are_told_without_the_token() {
    type Is = fn(&ForgeError) -> bool;
    let cases: [(u16, Value, Is, &str); 5] = [
        (
            401,
            json!({"message": format!("Bad credentials: {TOKEN}")}),
            |error| {
                matches!(
                    error,
                    ForgeError::Forbidden {
                        token: Some("DEBCUT_FORGE_TOKEN"),
                        ..
                    }
                )
            },
            "(401): Bad credentials: …",
        ),
        (
            403,
            json!({"message": "Resource not accessible by integration"}),
            |error| matches!(error, ForgeError::Forbidden { .. }),
            "(403): Resource not accessible by integration",
        ),
        (
            422,
            fixture("github/validation-failed.json"),
            |error| matches!(error, ForgeError::Refused { .. }),
            "(422): Validation Failed; color invalid",
        ),
        (
            500,
            json!({}),
            |error| matches!(error, ForgeError::Failed { .. }) && error.is_away(),
            "failed at the labels of pull request octocat/Hello-World#7 (500)",
        ),
        (
            404,
            json!({"message": "Not Found"}),
            |error| matches!(error, ForgeError::Missing { .. }),
            "does not know the labels of pull request octocat/Hello-World#7, or does not show it: Not Found",
        ),
    ];
    for (status, body, is, want) in cases {
        let (hub, serving) = hub(vec![no(status, body)]);
        let error = hub.relabel(7, &["bug".into()], &[]).expect_err("refused");
        let shown = format!("{error} {error:?}");
        assert!(is(&error) && shown.contains(want), "{shown}");
        assert!(!shown.contains(TOKEN), "{shown}");
        serving.join().expect("served");
    }
    let moved = Given(
        301,
        vec![("Location", "https://x.example/y".into())],
        "{}".into(),
    );
    let (hub, serving) = hub(vec![moved]);
    let error = hub.pull_request(1).expect_err("moved");
    assert!(matches!(error, ForgeError::Moved { .. }), "{error}");
    serving.join().expect("served");
}

#[test]
fn a_busy_forge_is_asked_again() {
    let busy = |status, seconds: &str| {
        let headers = vec![("Retry-After", seconds.to_owned())];
        let body = json!({"message": "You have exceeded a secondary rate limit."});
        Given(status, headers, body.to_string())
    };
    let (first, serving) = hub(vec![
        busy(403, "0"),
        busy(429, "0"),
        busy(503, "0"),
        ok(fixture("github/pull.json")),
    ]);
    assert!(first.pull_request(1347).expect("in the end").is_some());
    assert_eq!(lines(serving).len(), 4);
    let (second, serving) = hub(vec![busy(429, "3600")]);
    let error = second.pull_request(1347).expect_err("too long");
    assert!(
        matches!(
            error,
            ForgeError::Busy {
                span: Span(3600),
                ..
            }
        ),
        "{error}"
    );
    // When to try again, to the second.
    let shown = error.to_string();
    let at = shown
        .split("until ")
        .nth(1)
        .and_then(|rest| rest.split(',').next());
    let at = Timestamp::parse_rfc3339(at.expect("a moment")).expect("a moment");
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).expect("now");
    let left = at.unix() - i64::try_from(now.as_secs()).expect("now");
    assert!((3590..=3600).contains(&left), "{shown}");
    assert!(
        shown.contains(", 60 minutes from now: You have exceeded"),
        "{shown}"
    );
    assert!(error.is_away());
    serving.join().expect("served");
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let here = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    let site = forge(Kind::GitLab, &here, "g/n");
    let error = site.pull_request(1).expect_err("nobody is there");
    assert!(error.is_away(), "{error}");
}

fn shown(words: &[Word]) -> Vec<String> {
    let shown = |word: &Word| format!("{} {:?} {}", word.login, word.what, word.at.is_some());
    words.iter().map(shown).collect()
}

#[test]
fn the_newest_review_of_each_person_counts() {
    let review = |login: &str, state: &str, minute: u32| {
        let mut one = fixture("github/reviews.json")[0].clone();
        one["user"]["login"] = login.into();
        one["state"] = state.into();
        one["submitted_at"] = format!("2019-11-17T17:{minute:02}:00Z").into();
        one
    };
    for (reviews, want) in [
        (
            vec![
                review("a", "CHANGES_REQUESTED", 1),
                review("a", "APPROVED", 2),
            ],
            vec!["a Approved true"],
        ),
        (
            vec![
                review("a", "APPROVED", 1),
                review("a", "CHANGES_REQUESTED", 2),
            ],
            vec!["a ChangesRequested true"],
        ),
        // A remark is no change of mind, a dismissal leaves nothing.
        (
            vec![review("a", "APPROVED", 1), review("a", "COMMENTED", 2)],
            vec!["a Approved true"],
        ),
        (
            vec![review("a", "APPROVED", 1), review("a", "DISMISSED", 2)],
            vec![],
        ),
        (
            vec![review("b", "APPROVED", 3), review("a", "APPROVED", 2)],
            vec!["a Approved true", "b Approved true"],
        ),
    ] {
        let (hub, serving) = hub(vec![ok(json!(reviews))]);
        let words = hub.reviews(1347).expect("an answer");
        assert_eq!(shown(&words), want, "{reviews:?}");
        lines(serving);
    }
    let (lab, serving) = lab(vec![ok(fixture("gitlab/approvals.json"))]);
    let words = lab.reviews(5).expect("an answer");
    assert_eq!(shown(&words), ["root Approved false"]);
    lines(serving);
}

#[test]
fn a_history_tells_who_took_what_back() {
    let event = |event: &str, login: &str, label: &str, at: &str| {
        let mut one = fixture("github/events.json")[0].clone();
        one["event"] = event.into();
        one["actor"]["login"] = login.into();
        one["label"] = json!({"name": label, "color": "ffffff"});
        one["created_at"] = at.into();
        one
    };
    let dismissed = fixture("github/review-dismissed.json");
    let mut review = fixture("github/reviews.json")[0].clone();
    review["id"] = dismissed["dismissed_review"]["review_id"].clone();
    review["state"] = "DISMISSED".into();
    let (first, serving) = hub(vec![
        ok(json!([
            fixture("github/events.json")[0],
            event("labeled", "ida", "hold-patch", "2011-04-14T16:00:49Z"),
            event("unlabeled", "ben", "hold-patch", "2011-04-14T16:00:50Z"),
            event("labeled", "ben", "reject-patch", "2011-04-14T16:00:53Z"),
            dismissed,
        ])),
        ok(json!([review])),
    ]);
    let history = first.history(1347).expect("an answer");
    assert_eq!(
        shown(&history.labels),
        ["ben Labelled(\"reject-patch\") true"]
    );
    let back = |one: &TakenBack| {
        let of = one.of.as_deref().unwrap_or("–");
        format!(
            "{} took {:?} of {of} back: {}",
            one.login, one.what, one.text
        )
    };
    let back: Vec<String> = history.taken_back.iter().map(back).collect();
    assert_eq!(
        back,
        [
            "ben took Labelled(\"hold-patch\") of – back: ",
            "octocat took Approved of octocat back: Latest commit contains a security vulnerability",
        ]
    );
    lines(serving);
    let (second, serving) = lab(vec![ok(fixture("gitlab/label-events.json"))]);
    let history = second.history(5).expect("an answer");
    assert_eq!(
        shown(&history.labels),
        [
            "root Labelled(\"p1\") true",
            "root Labelled(\"project\") true"
        ]
    );
    lines(serving);
}

#[test]
fn pull_requests_of_forks_are_read_even_of_one_that_is_gone() {
    let with = |name: &str, repo: Value| {
        let mut one = fixture("github/pull.json");
        one["head"]["ref"] = name.into();
        one["head"]["repo"] = repo;
        one
    };
    let mut gone = with("gone", Value::Null);
    gone["head"]["user"] = Value::Null;
    let (hub, serving) = hub(vec![
        ok(json!([
            with("own", json!({"full_name": "octocat/Hello-World"})),
            with("fork", json!({"full_name": "ida/Hello-World"})),
            gone,
        ])),
        ok(json!([with(
            "fork",
            json!({"full_name": "ida/Hello-World"})
        )])),
    ]);
    let homes = |all: Vec<PullRequest>| -> Vec<(String, Home)> {
        all.into_iter()
            .map(|one| (one.head_branch, one.home))
            .collect()
    };
    let want = [
        ("own".to_owned(), Home::Project),
        ("fork".to_owned(), Home::Fork),
        ("gone".to_owned(), Home::Fork),
    ];
    assert_eq!(homes(hub.open_for("master").expect("an answer")), want);
    // A fork's branch of the same name is another one.
    assert_eq!(hub.of_branch("fork", "master").expect("an answer"), None);
    lines(serving);
    let with = |name: &str, source: Value| {
        let mut one = fixture("gitlab/merge-request.json");
        one["source_branch"] = name.into();
        one["source_project_id"] = source;
        one
    };
    let own = fixture("gitlab/merge-request.json")["target_project_id"].clone();
    let (lab, serving) = lab(vec![ok(json!([
        with("own", own),
        with("fork", json!(7)),
        with("gone", Value::Null),
    ]))]);
    assert_eq!(homes(lab.open_for("master").expect("an answer")), want);
    lines(serving);
}

#[test]
fn nothing_is_asked_twice_until_something_changes() {
    let (hub, serving) = hub(vec![
        ok(fixture("github/pull.json")),
        ok(fixture("github/labels.json")),
        ok(fixture("github/pull.json")),
    ]);
    for _ in 0..3 {
        hub.pull_request(1347).expect("an answer");
    }
    hub.relabel(1347, &["bug".into()], &[]).expect("labelled");
    hub.pull_request(1347).expect("an answer");
    assert_eq!(lines(serving).len(), 3);
}

#[test]
fn checks_are_green_red_or_under_way() {
    let mut status = fixture("github/status.json");
    status["statuses"][0]["state"] = "pending".into();
    let mut runs = fixture("github/check-runs.json");
    let mut failed = runs["check_runs"][0].clone();
    failed["name"] = "tests".into();
    failed["conclusion"] = "timed_out".into();
    let mut running = failed.clone();
    running["name"] = "zeal".into();
    running["status"] = "in_progress".into();
    running["conclusion"] = Value::Null;
    runs["check_runs"] = json!([runs["check_runs"][0], failed, running]);
    let (hub, serving) = hub(vec![ok(status), ok(runs)]);
    let checks = hub.checks("6dcb09b5b578", "main").expect("an answer");
    let shown: Vec<String> = (checks.iter())
        .map(|check| format!("{} {:?} {}", check.name, check.state, check.word))
        .collect();
    assert_eq!(
        shown,
        [
            "continuous-integration/jenkins Pending pending",
            "mighty_readme Green neutral",
            "security/brakeman Green success",
            "tests Red timed_out",
            "zeal Pending in_progress",
        ]
    );
    lines(serving);
    let pipeline = |id: u64, branch: &str, status: &str| {
        let mut one = fixture("gitlab/pipelines.json")[0].clone();
        one["id"] = id.into();
        one["ref"] = branch.into();
        one["status"] = status.into();
        one
    };
    let (lab, serving) = lab(vec![ok(json!([
        pipeline(9, "refs/merge-requests/1/head", "failed"),
        pipeline(8, "release-1.0", "success"),
        pipeline(7, "release-1.0", "failed"),
    ]))]);
    let checks = lab.checks("a91957", "release-1.0").expect("an answer");
    assert_eq!(checks.len(), 1);
    assert_eq!(
        (checks[0].name.as_str(), checks[0].state),
        ("pipeline 8", CheckState::Green)
    );
    lines(serving);
}

#[test]
fn what_is_changed_is_sent_as_each_forge_wants_it() {
    let new = NewPullRequest {
        title: "t",
        body: "b",
        head: "debcut/patch/1",
        base: "release-1.0",
    };
    let edit = Edit {
        title: None,
        body: Some("c"),
        turn: Some(Turn::Close),
    };
    let (set, take) = (["a/b".to_owned()], ["c d".to_owned()]);
    let (first, serving) = hub(vec![
        Given(201, Vec::new(), fixture("github/pull.json").to_string()),
        ok(fixture("github/pull.json")),
        ok(fixture("github/labels.json")),
        no(404, json!({"message": "Label does not exist"})),
        ok(json!([fixture("github/pull.json")])),
    ]);
    assert_eq!(first.create(&new).expect("made").number, 1347);
    first.edit(3, &edit).expect("changed");
    first.relabel(3, &set, &take).expect("labelled");
    assert_eq!(first.of_branch("x", "master").expect("an answer"), None);
    let asked = serving.join().expect("served");
    let body: Value = serde_json::from_str(&asked[0].body).expect("JSON");
    assert_eq!(
        (&body["head"], &body["base"]),
        (&json!("debcut/patch/1"), &json!("release-1.0"))
    );
    assert_eq!(asked[1].body, r#"{"body":"c","state":"closed"}"#);
    assert!(
        asked[1]
            .line
            .starts_with("PATCH /api/v3/repos/octocat/Hello-World/pulls/3 ")
    );
    assert_eq!(asked[2].body, r#"{"labels":["a/b"]}"#);
    assert!(asked[3].line.starts_with("DELETE "), "{}", asked[3].line);
    assert!(
        asked[3].line.contains("/issues/3/labels/c%20d "),
        "{}",
        asked[3].line
    );
    assert!(
        asked[4].line.contains("head=octocat%3Ax&"),
        "{}",
        asked[4].line
    );
    let (second, serving) = lab(vec![
        Given(
            201,
            Vec::new(),
            fixture("gitlab/merge-request.json").to_string(),
        ),
        ok("{}"),
        ok("{}"),
    ]);
    assert_eq!(second.create(&new).expect("made").number, 14656);
    second.edit(3, &edit).expect("changed");
    second.relabel(3, &set, &take).expect("labelled");
    let asked = serving.join().expect("served");
    let body: Value = serde_json::from_str(&asked[0].body).expect("JSON");
    assert_eq!(body["source_branch"], "debcut/patch/1");
    assert_eq!(
        asked[1].body,
        r#"{"description":"c","state_event":"close"}"#
    );
    assert!(asked[1].line.starts_with("PUT "), "{}", asked[1].line);
    assert_eq!(
        asked[2].body,
        r#"{"add_labels":"a/b","remove_labels":"c d"}"#
    );
}

#[test]
fn nothing_is_asked_that_an_embargo_refuses() {
    let notes = tempfile::tempdir().expect("a directory");
    let mark = json!({"name": "quiet", "phase": "sealed", "private": {}});
    let path = crate::sys::outward::Mark::path(notes.path());
    std::fs::write(path, mark.to_string()).expect("a mark");
    let gate = crate::sys::outward::Gate::default().of(notes.path());
    let environment = Environment::new("/", [("DEBCUT_FORGE_TOKEN", TOKEN)]).behind(gate);
    let site = Site {
        kind: Kind::GitHub,
        api: "http://127.0.0.1:9/api/v3".to_owned(),
        project: "o/r".to_owned(),
    };
    let forge = Forge::open(&site, &environment).expect("a way");
    let error = forge.pull_request(1).expect_err("sealed");
    assert!(matches!(error, ForgeError::Outward(_)), "{error}");
}
