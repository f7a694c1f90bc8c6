//! Uploads in parts (Amazon S3 User Guide, “Multipart upload”): begun,
//! continued, completed, given up; and those that nobody will complete.

use super::client::{Ask, Client, Fault, Payload};
use super::error::Meaning;
use super::listing;
use super::traffic::Kind;
use super::writing::{DIGEST, Label};
use crate::model::Timestamp;

/// For how long an upload that was stopped waits to be continued. Its parts
/// cost money until then.
const KEPT_SECONDS: i64 = 7 * 86_400;

/// An upload that is under way.
pub(super) struct Upload {
    pub(super) id: String,
    /// What an earlier process has sent of it.
    there: Vec<There>,
    /// How many parts of it are ours.
    pub(super) sent: usize,
}

/// A part as the store names it.
pub(super) struct Part {
    pub(super) number: u32,
    pub(super) etag: String,
}

struct There {
    part: Part,
    size: u64,
}

impl Upload {
    /// Returns a part that has been sent before, if it has this content.
    pub(super) fn has(&self, number: u32, md5: &[u8; 16], size: usize) -> Option<Part> {
        let hex: String = md5.iter().map(|byte| format!("{byte:02x}")).collect();
        let found = self
            .there
            .iter()
            .find(|there| there.part.number == number)?;
        let same = found.size == size as u64 && found.part.etag.trim_matches('"') == hex;
        same.then(|| Part {
            number,
            etag: found.part.etag.clone(),
        })
    }
}

/// Continues the upload of an object that was stopped, or begins one. Gives up
/// those below `prefix` that nobody has continued for long.
pub(super) fn resume_or_begin(
    client: &Client,
    prefix: &str,
    key: &str,
    label: &Label,
) -> Result<Upload, Fault> {
    let now = Timestamp::from_unix(jiff::Timestamp::now().as_second());
    let mut newest: Option<Begun> = None;
    for begun in list(client, prefix)? {
        if begun.key == key {
            if newest.as_ref().is_none_or(|n| n.since <= begun.since) {
                newest = Some(begun);
            }
        } else if begun.since.plus_seconds(KEPT_SECONDS) < now {
            // Whoever comes next tries again; it is no reason to stop here.
            let _ = abort(client, &begun.key, &begun.id);
        }
    }
    if let Some(found) = newest {
        let there = parts(client, key, &found.id)?;
        if !there.is_empty() {
            return Ok(Upload {
                id: found.id,
                there,
                sent: 0,
            });
        }
    }
    begin(client, key, label)
}

fn begin(client: &Client, key: &str, label: &Label) -> Result<Upload, Fault> {
    let ask = label.on(Ask::of(Kind::Post, key)).query("uploads", "");
    let reply = client.send(&ask)?;
    let id = listing::texts(reply.text(), "UploadId").map_err(Fault::Lost)?;
    let id = id.into_iter().next();
    Ok(Upload {
        id: id.ok_or_else(|| Fault::Lost(listing::unreadable("an upload without an id")))?,
        there: Vec::new(),
        sent: 0,
    })
}

fn parts(client: &Client, key: &str, id: &str) -> Result<Vec<There>, Fault> {
    let (mut found, mut after) = (Vec::new(), String::from("0"));
    loop {
        let ask = Ask {
            kind: Kind::List,
            payload: Payload::Nothing,
            ..Ask::of(Kind::Get, key)
        };
        let ask = ask.query("uploadId", id).query("part-number-marker", after);
        let reply = match client.send(&ask) {
            Err(fault) if fault.meaning() == Some(Meaning::Absent) => return Ok(Vec::new()),
            reply => reply?,
        };
        let page = listing::page(reply.text(), &["Part"]).map_err(Fault::Lost)?;
        for part in &page.entries {
            let number = part.get("PartNumber").and_then(|text| text.parse().ok());
            let size = part.get("Size").and_then(|text| text.parse().ok());
            let (Some(number), Some(size), Some(etag)) = (number, size, part.get("ETag")) else {
                continue;
            };
            let etag = etag.to_owned();
            let part = Part { number, etag };
            found.push(There { part, size });
        }
        match page.next(&["NextPartNumberMarker"]).pop() {
            Some(next) => after = next,
            None => return Ok(found),
        }
    }
}

/// Makes the parts one object.
pub(super) fn complete<'a>(
    client: &Client,
    key: &'a str,
    upload: &Upload,
    parts: &[Part],
    label: &Label,
    when: impl Fn(Ask<'a>) -> Ask<'a>,
) -> Result<(), Fault> {
    let mut text = String::from("<CompleteMultipartUpload>");
    for Part { number, etag } in parts {
        let etag = etag.trim_matches('"');
        text += &format!(
            "<Part><PartNumber>{number}</PartNumber><ETag>&quot;{etag}&quot;</ETag></Part>"
        );
    }
    text += "</CompleteMultipartUpload>";
    let ask = when(Ask::of(Kind::Post, key)).query("uploadId", upload.id.clone());
    let resumed = upload.sent < parts.len();
    let payload = Payload::Bytes(text.as_bytes());
    match client.send(&Ask { payload, ..ask }) {
        // Our own success, whose answer was lost: the upload is gone, and what
        // it was made of is there.
        Err(fault)
            if fault.meaning() == Some(Meaning::Absent)
                && written_digest(client, key)?.as_deref() == Some(&label.sha256.hex()) => {}
        result => {
            result?;
        }
    }
    // An upload that another process began may be labelled for other content
    // that begins in the same way.
    if resumed && written_digest(client, key)?.as_deref() != Some(&label.sha256.hex()) {
        let source = client.source(key);
        let ask = label.on(Ask::of(Kind::Copy, key));
        let ask = ask
            .header("x-amz-copy-source", source)
            .header("x-amz-metadata-directive", "REPLACE");
        client.send(&ask)?;
    }
    Ok(())
}

fn written_digest(client: &Client, key: &str) -> Result<Option<String>, Fault> {
    match client.send(&Ask::of(Kind::Head, key)) {
        Ok(reply) => Ok(reply.header(DIGEST).map(str::to_owned)),
        Err(fault) if fault.meaning() == Some(Meaning::Absent) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Gives an upload up: its parts go.
pub(super) fn abort(client: &Client, key: &str, id: &str) -> Result<(), Fault> {
    match client.send(&Ask::of(Kind::Delete, key).query("uploadId", id)) {
        Err(fault) if fault.meaning() == Some(Meaning::Absent) => Ok(()),
        result => result.map(|_| ()),
    }
}

/// An upload that somebody began.
pub(super) struct Begun {
    pub(super) key: String,
    pub(super) id: String,
    since: Timestamp,
}

/// Lists the uploads of objects whose keys begin so.
pub(super) fn list(client: &Client, prefix: &str) -> Result<Vec<Begun>, Fault> {
    let (mut found, mut after) = (Vec::new(), Vec::new());
    loop {
        let mut query = vec![("uploads", String::new()), ("prefix", prefix.to_owned())];
        query.extend(["key-marker", "upload-id-marker"].into_iter().zip(after));
        let reply = match client.send(&Ask::list(query)) {
            // Without a list nothing is continued, and nothing swept.
            Err(fault)
                if matches!(
                    fault.meaning(),
                    Some(Meaning::Unknown | Meaning::Denied | Meaning::Absent)
                ) =>
            {
                return Ok(found);
            }
            reply => reply?,
        };
        let page = listing::page(reply.text(), &["Upload"]).map_err(Fault::Lost)?;
        for upload in &page.entries {
            let (Some(key), Some(id)) = (upload.get("Key"), upload.get("UploadId")) else {
                continue;
            };
            let since = upload.get("Initiated");
            let since = since.and_then(|text| Timestamp::parse_rfc3339(text).ok());
            found.push(Begun {
                key: key.to_owned(),
                id: id.to_owned(),
                since: since.unwrap_or(Timestamp::from_unix(0)),
            });
        }
        after = page.next(&["NextKeyMarker", "NextUploadIdMarker"]);
        if after.is_empty() {
            return Ok(found);
        }
    }
}
