//! Archives in an object store: a real S3 server on loopback, real apt, and
//! connections that break.

mod between;
mod contract;
mod harm;
mod large;
mod moto;
mod refused;
mod rolling;

use std::path::Path;

use serde_json::Value;

use crate::apt::client::Client;
use crate::archive::packages::{Deb, deb, source};
use crate::world::{Call, Ran, World};
use between::{Between, Fate};
use moto::{KEY, Moto, SECRET, as_owner};

/// Where the archive is in these tests.
const PLACE: &str = "s3://apt/debian";

impl World {
    /// Prepares a verb of `archive` for the bucket behind this address.
    fn store_call<'a>(
        &self,
        address: std::net::SocketAddr,
        words: impl IntoIterator<Item = &'a str>,
    ) -> Call<'_> {
        let call = self.debcut(["archive"].into_iter().chain(words));
        as_owner(call.env("DEBCUT_ARCHIVE", PLACE), address)
    }

    /// Runs it; nothing that it says may tell the secret, or a signature.
    #[track_caller]
    fn store<'a>(
        &self,
        address: std::net::SocketAddr,
        words: impl IntoIterator<Item = &'a str>,
    ) -> Ran {
        discreet(self.store_call(address, words).run())
    }

    /// Lists a suite of the bucket, as `NAME VERSION`.
    #[track_caller]
    fn stored(&self, address: std::net::SocketAddr, suite: &str) -> Vec<String> {
        let document = self.store(address, ["list", suite, "--json"]).code(0);
        let document = document.document("debcut/archive-list/1");
        let packages = document["suites"][0]["packages"]
            .as_array()
            .expect("a list");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let row = |row: &Value| format!("{} {}", text(&row["name"]), text(&row["version"]));
        packages.iter().map(row).collect()
    }
}

#[track_caller]
fn discreet(ran: Ran) -> Ran {
    for secret in [SECRET, "X-Amz-Signature", "X-Amz-Credential"] {
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!said.contains(secret), "{secret} in {said}");
    }
    ran
}

/// Makes a world with a key, and a server with an archive in it.
fn started() -> Option<(World, Moto)> {
    let world = World::new();
    let moto = Moto::start(&world)?;
    moto.bucket("apt");
    world.key();
    world
        .store(moto.address, ["init", PLACE, "--suite", "stable,canary"])
        .code(0);
    Some((world, moto))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

/// Checks signatures as Amazon's own library makes them: prints each request
/// whose signature is another.
const JUDGE: &str = "
import json, sys
from urllib.parse import urlsplit, parse_qsl
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
key, secret = sys.argv[1:3]
for one in json.load(open(sys.argv[3])):
    url = urlsplit(one['url'])
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    region = query['X-Amz-Credential'].split('/')[2]
    signed = query['X-Amz-SignedHeaders'].split(';')
    sent = set(name for name in one['headers'] if name.startswith('x-amz-'))
    auth = S3SigV4QueryAuth(Credentials(key, secret), 's3', region)
    pairs = [p for p in url.query.split('&') if not p.startswith('X-Amz-Signature=')]
    request = AWSRequest(one['method'], url._replace(query='&'.join(pairs)).geturl(),
        headers={name: one['headers'][name] for name in signed if name != 'host'})
    request.context['timestamp'] = query['X-Amz-Date']
    canonical = auth.canonical_request(request)
    text = auth.string_to_sign(request, canonical)
    if auth.signature(text, request) != query['X-Amz-Signature'] or not sent <= set(signed):
        print(one['method'], one['url'], canonical)
";

#[test]
fn a_bucket_is_an_archive_that_apt_reads() {
    let Some((world, moto)) = started() else {
        return;
    };
    let between = Between::new(moto.address, |_, _| Fate::Pass);
    let at = between.address;
    let apple = deb("apple", "1:1.0~rc1+b1").make(&world, "debs");
    let cherry = Deb {
        architecture: None,
        ..deb("cherry", "2.0")
    };
    let (cherry, plum) = (cherry.make(&world, "debs"), source(&world));
    let add = [
        "add",
        text(&apple),
        text(&cherry),
        text(&plum),
        "--to",
        "stable",
    ];
    let ran = world.store(at, add.into_iter().chain(["-v"])).code(0);
    assert!(ran.stderr.contains("| S3: "), "{}", ran.stderr);
    assert!(
        between.connections() * 2 < between.seen().len(),
        "connections are used again"
    );
    let again = world.store(at, add).code(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    let promote = ["promote", "apple", "--from", "stable", "--to", "canary"];
    world.store(at, promote).code(0);
    assert_eq!(world.stored(at, "canary"), ["apple 1:1.0~rc1+b1"]);
    world
        .store(at, ["remove", "apple", "--from", "canary"])
        .code(0);
    assert_eq!(world.stored(at, "canary"), Vec::<String>::new());
    world.store(at, ["show", "cherry"]).code(0);
    world.store(at, ["check", "--deep"]).code(0);
    let local = world.path("archive");
    assert!(!local.exists(), "there is no local copy");

    signatures_are_amazons(&world, &between);
    caches_are_told(&moto);
    the_files_are_a_directorys(&world, &moto, &add);

    let uri = format!("http://{}/apt/debian", moto.address);
    let sources = world.store(at, ["sources", "--uri", &uri]).code(0).stdout;
    let client = Client::new(&world, "client", ("a.sources", &sources));
    let fetched = client.everything(&["apple", "cherry"], &["plum"]);
    let fetched = fetched.unwrap_or_else(|ran| panic!("{}{}", ran.stdout, ran.stderr));
    assert_eq!(
        fetched.len(),
        5,
        "two packages, three files of source: {fetched:?}"
    );

    for (verb, kind) in [("sources", "no-uri"), ("serve", "unsupported-archive")] {
        let ran = world.store(at, [verb, "--json"]).code(2);
        assert_eq!(ran.document("debcut/error/1")["kind"], kind);
    }
}

/// Lets Amazon's own library sign the same requests.
fn signatures_are_amazons(world: &World, between: &Between) {
    let seen = between.seen().into_iter().map(|request| {
        let headers: serde_json::Map<_, _> = request
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect();
        serde_json::json!({
            "method": request.method,
            "url": format!("http://{}{}", between.address, request.target),
            "headers": headers,
        })
    });
    let file = world.path("requests.json");
    let requests = Value::from(seen.collect::<Vec<_>>());
    std::fs::write(&file, requests.to_string()).expect("a file");
    let mut python = moto::judge(world);
    python.args(["-c", JUDGE, KEY, SECRET]).arg(&file);
    let ran = world.judge(python).code(0);
    assert_eq!(ran.stdout, "", "{}", ran.stderr);
}

fn caches_are_told(moto: &Moto) {
    let mut by_time = std::collections::BTreeMap::<String, usize>::new();
    for key in moto.keys("apt") {
        let head = moto.asks("HEAD", &format!("/apt/{}", key.replace('+', "%2B")), "");
        let field = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_owned()).unwrap_or_default()
        };
        let path = key
            .strip_prefix("debian/")
            .expect("all is below the prefix");
        let want = match path.split('/').collect::<Vec<_>>().as_slice() {
            ["pool", ..] | [".debcut", "objects" | "files", ..] => {
                "public, max-age=31536000, immutable"
            }
            _ if path.contains("/by-hash/") => "public, max-age=31536000, immutable",
            ["dists", ..] | [".debcut", "keys", ..] => "public, max-age=60, must-revalidate",
            _ => "no-store",
        };
        assert_eq!(field("cache-control"), want, "{key}: {head}");
        if path.ends_with(".deb") {
            assert_eq!(
                field("content-type"),
                "application/vnd.debian.binary-package"
            );
        }
        *by_time.entry(want.to_owned()).or_default() += 1;
    }
    assert_eq!(by_time.len(), 3, "{by_time:?}");
}

/// The same publishes give the same files, wherever they go.
fn the_files_are_a_directorys(world: &World, moto: &Moto, add: &[&str]) {
    world.archive(["init", "--suite", "stable"]).code(0);
    world.archive(add.iter().copied()).code(0);
    let mut compared = 0;
    for (path, _) in crate::world::listing(&world.archive_at()) {
        let local = world.archive_at().join(&path);
        let published = path.starts_with("pool") || path.starts_with("dists/stable/main");
        if !local.is_file() || !published {
            continue;
        }
        let target = format!("/apt/debian/{}", text(&path).replace('+', "%2B"));
        let head = moto.asks("HEAD", &target, "");
        let size = std::fs::metadata(&local).expect("a file").len();
        assert!(
            head.to_lowercase()
                .contains(&format!("content-length: {size}\r\n")),
            "{target}: {head}"
        );
        compared += 1;
    }
    assert!(compared > 10, "{compared}");
}
