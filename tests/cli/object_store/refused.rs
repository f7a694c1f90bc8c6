//! What stands against using an object store: said, with what to do, and with
//! the exit code that tells whether trying again helps.

use super::between::{Between, Fate};
use super::moto::{Moto, as_owner};
use super::{PLACE, discreet};
use crate::world::{Ran, World, tool};

#[track_caller]
fn is(ran: Ran, code: i32, kind: &str, parts: &[&str]) {
    let ran = discreet(ran).code(code);
    let document = ran.document("debcut/error/1");
    assert_eq!(document["kind"], kind, "{}", ran.stderr);
    ran.says(parts);
}

#[test]
fn refusals_are_explained() {
    let world = World::new();
    world.key();
    let Some(moto) = Moto::start(&world) else {
        return;
    };
    moto.bucket("apt");
    let init = |place: &'static str| ["init", place, "--suite", "stable", "--json"];
    let wrong = world.store(moto.address, init("s3://nowhere/x"));
    is(
        wrong,
        2,
        "no-bucket",
        &["there is no bucket nowhere", "aws s3 mb"],
    );
    world
        .store(moto.address, ["list", "--json"])
        .code(2)
        .says(&["init"]);
    world.store(moto.address, init(PLACE)).code(0);

    let list = ["archive", "list", "--json", "--archive", PLACE];
    let nobody = world.debcut(list).run();
    is(
        nobody,
        2,
        "no-credentials",
        &["AWS_ACCESS_KEY_ID", "AWS_PROFILE"],
    );
    let half = world
        .debcut(list)
        .env("AWS_SECRET_ACCESS_KEY", super::SECRET);
    is(
        half.run(),
        2,
        "no-credentials",
        &["AWS_ACCESS_KEY_ID is not"],
    );
    for place in ["s3://apt?acl=x", "s3://a", "s3://apt?endpoint=http://u:p@h"] {
        let call = world.debcut(["archive", "list", "--json", "--archive", place]);
        is(
            as_owner(call, moto.address).run(),
            2,
            "unsupported-archive",
            &[],
        );
    }
    // The user's own file does as well.
    let aws = world.path("home/.aws");
    std::fs::create_dir(&aws).expect("a directory");
    let (key, secret) = (super::KEY, super::SECRET);
    let profile = format!("[ci]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n");
    std::fs::write(aws.join("credentials"), profile).expect("a file");
    let place = format!("{PLACE}?endpoint=http://{}", moto.address);
    let call = world.debcut(["archive", "list", "--archive", &place]);
    call.env("AWS_PROFILE", "ci").run().code(0);

    for (status, code, exit, kind, says) in [
        (403, "AccessDenied", 2, "permission", "s3:PutObject"),
        (
            403,
            "SignatureDoesNotMatch",
            2,
            "no-credentials",
            "AWS_SECRET_ACCESS_KEY",
        ),
        (400, "ExpiredToken", 2, "no-credentials", "expire"),
        (403, "RequestTimeTooSkewed", 2, "clock", "timedatectl"),
        (
            301,
            "PermanentRedirect",
            2,
            "no-bucket",
            "AWS_REGION=us-gov-west-1",
        ),
        (507, "InsufficientStorage", 3, "no-space", "make room"),
        (
            400,
            "EntityTooLarge",
            3,
            "input-output",
            "EntityTooLarge: as told",
        ),
    ] {
        let between = Between::new(moto.address, move |_, request| match &*request.method {
            "HEAD" => Fate::Pass,
            _ => Fate::Refused(status, code),
        });
        let ran = world.store(between.address, init(PLACE));
        is(ran, exit, kind, &[says]);
    }
}

#[test]
fn a_store_that_stays_away_is_given_up() {
    let world = World::new();
    world.key();
    let Some(moto) = Moto::start(&world) else {
        return;
    };
    moto.bucket("apt");
    let between = Between::new(moto.address, |_, _| Fate::Refused(503, "SlowDown"));
    let init = ["init", PLACE, "--suite", "stable", "--json"];
    let ran = world.store(between.address, init);
    is(ran, 3, "input-output", &["SlowDown: as told (status 503)"]);
    let tries = between.seen().len();
    assert!((4..20).contains(&tries), "{tries}");
}

#[test]
fn over_tls_the_authority_must_be_known() {
    let world = World::new();
    world.key();
    let (certificate, key) = (world.path("store.pem"), world.path("store.key"));
    let mut openssl = tool("openssl", "openssl");
    openssl.args([
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650",
    ]);
    openssl.args([
        "-subj",
        "/CN=store",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    openssl
        .arg("-out")
        .arg(&certificate)
        .arg("-keyout")
        .arg(&key);
    world.judge(openssl).code(0);
    let (cert, key) = (super::text(&certificate), super::text(&key));
    let Some(moto) = Moto::start_with(&world, &["-c", cert, "-k", key]) else {
        return;
    };
    let url = format!("https://{}", moto.address);
    let call = || {
        let words = ["archive", "init", PLACE, "--suite", "stable", "--json"];
        as_owner(world.debcut(words), moto.address).env("AWS_ENDPOINT_URL", &url)
    };
    is(
        call().run(),
        2,
        "insecure",
        &["no secure connection", "AWS_CA_BUNDLE"],
    );
    let missing = call().env("AWS_CA_BUNDLE", "/nowhere.pem").run();
    is(missing, 2, "no-file", &["/nowhere.pem", "AWS_CA_BUNDLE"]);
    let known = call().env("AWS_CA_BUNDLE", cert).run();
    is(known, 2, "no-bucket", &["there is no bucket apt"]);
}
