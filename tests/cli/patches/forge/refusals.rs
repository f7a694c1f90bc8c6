//! What a forge, or what stands before it, may answer instead: each is told
//! exactly, and never with the token.

use super::fake::{Fake, Speaks, TOKEN};
use super::{asked_for, at, call, configure, fix, ledger, pick, push, sync};
use crate::world::Ran;

/// Runs a pull against a forge that answers something else, with all that
/// debcut ever says.
#[track_caller]
fn against(speaks: Speaks, instead: &str) -> Ran {
    let fake = Fake::new(speaks);
    let world = at(&fake, "");
    asked_for(&world);
    let before = ledger(&world);
    fake.memory().instead = Some(instead.replace("{token}", TOKEN));
    let ran = call(&world, &["patch", "forge", "pull", "-vvv"]).run();
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!said.contains(TOKEN), "{said}");
    assert_eq!(ledger(&world), before);
    ran
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let body = body.replace("{token}", TOKEN);
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn a_forge_that_says_no_says_why_and_what_to_do() {
    use Speaks::{GitHub, GitLab};
    let html = "Content-Type: text/html\r\n";
    let page = "<html><head><title>Sign in</title></head>{token}</html>";
    let json = "Content-Type: application/json\r\n";
    for (speaks, instead, code, want) in [
        (
            GitHub,
            answer("401 x", json, r#"{"message": "Bad credentials: {token}"}"#),
            2,
            vec![
                "(401): Bad credentials: …",
                "the token of DEBCUT_FORGE_TOKEN is not known there",
            ],
        ),
        (
            GitHub,
            answer(
                "403 x",
                json,
                r#"{"message": "Resource not accessible by integration"}"#,
            ),
            2,
            vec!["(403): Resource not", "may not do that", "Pull requests"],
        ),
        (
            GitLab,
            answer("404 x", json, r#"{"message": "404 Project Not Found"}"#),
            2,
            vec![
                "does not know the open merge requests of group/sub/name for release-1.0",
                "a private project is there only for who may see it",
            ],
        ),
        (
            GitLab,
            answer("200 x", html, page),
            2,
            vec![
                "/api/v4 answers",
                "with a web page (200): Sign in",
                "the address of the API",
            ],
        ),
        (
            GitHub,
            answer("404 x", html, page),
            2,
            vec!["/api/v3 answers", "with a web page (404): Sign in"],
        ),
        (
            GitLab,
            answer(
                "302 x",
                "Location: https://login.example/in?back={token}\r\n",
                "",
            ),
            2,
            vec![
                "on to https://login.example/in",
                "is a proxy or a login before it?",
            ],
        ),
        (
            GitLab,
            answer(
                "301 x",
                "Location: /api/v4/projects/new%2Fname/merge_requests?x=1\r\n",
                "",
            ),
            2,
            vec!["on to new/name", "[patch.forge] project = \"new/name\""],
        ),
        (
            GitHub,
            answer(
                "403 x",
                "X-RateLimit-Limit: 60\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 4102444800\r\n",
                r#"{"message": "API rate limit exceeded for 127.0.0.1."}"#,
            ),
            3,
            vec![
                "takes no more calls until 2100-01-01T00:00:01Z",
                "minutes from now: API rate limit exceeded",
                "run the same command again after 2100-01-01T00:00:01Z",
            ],
        ),
        (
            GitLab,
            answer("429 x", "Retry-After: 600\r\n", "Retry later"),
            3,
            vec!["10 minutes from now", "run the same command again after"],
        ),
        (
            GitHub,
            answer("200 x", json, "[{\"number\": \"{token}\"}]"),
            3,
            vec!["with what is no answer: invalid type: string \"…\""],
        ),
        (
            GitHub,
            answer("200 x", json, "[").replace("Length: 1", "Length: 9"),
            3,
            vec!["cannot be reached: the connection was cut"],
        ),
        (
            GitHub,
            String::new(),
            3,
            vec!["cannot be reached: the connection was cut"],
        ),
    ] {
        against(speaks, &instead).code(code).says(&want);
    }
}

#[test]
fn an_address_may_end_in_a_slash_and_stand_below_a_path() {
    let fake = Fake::new(Speaks::GitLab);
    let world = at(&fake, "");
    let id = asked_for(&world);
    let text = std::fs::read_to_string(world.project().join("debcut.toml")).expect("text");
    configure(&world, &text.replace("/api/v4\"", "/below/git/api/v4//\""));
    let synced = sync(&world, &[]);
    assert_eq!(synced["requests"][0]["id"], id);
    assert!(fake.memory().asked[0].starts_with("GET /below/git/api/v4/projects/"));
    // Nobody speaks TLS there.
    configure(&world, &text.replace("http://", "https://"));
    let ran = call(&world, &["patch", "forge", "pull"]).run().code(2);
    ran.says(&["no secure connection to 127.0.0.1:", "SSL_CERT_FILE"]);
}

#[test]
fn a_page_costs_one_call_and_the_queue_one_more() {
    for speaks in [Speaks::GitHub, Speaks::GitLab] {
        let fake = Fake::new(speaks);
        let world = at(&fake, "");
        let lines = ["two", "four", "seven"];
        let fixes: Vec<String> = (lines.iter())
            .map(|line| {
                fix(
                    &world,
                    line,
                    "x",
                    &format!("fix: {line}\n\nRelease-Note: NONE"),
                )
            })
            .collect();
        push(&world);
        for commit in &fixes {
            pick(&world, commit);
        }
        // The list, and for each a new page and its label.
        sync(&world, &[]);
        assert_eq!(fake.calls(), 1 + 2 * fixes.len(), "{speaks:?}");
        // The list, and the reviews of each; push asks nothing anew.
        assert_eq!(sync(&world, &[])["changed"], false);
        assert_eq!(fake.calls(), 1 + fixes.len(), "{speaks:?}");
        assert_eq!(sync(&world, &["--dry-run"])["dry_run"], true);
        assert_eq!(fake.calls(), 1 + fixes.len(), "{speaks:?}");
    }
}
