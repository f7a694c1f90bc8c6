//! Reading what a store lists, page by page (Amazon S3 API Reference:
//! ListObjectsV2, ListObjectVersions, ListMultipartUploads, ListParts).

use std::collections::BTreeMap;
use std::io;

use roxmltree::{Document, Node};

/// One page of a list.
pub(super) struct Page {
    /// The entries, each with its texts by name.
    pub(super) entries: Vec<Entry>,
    texts: BTreeMap<String, String>,
}

/// One entry.
pub(super) struct Entry(BTreeMap<String, String>);

impl Entry {
    /// Returns one of its texts.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl Page {
    /// Returns what the next page is asked for with, by these names; nothing
    /// when this is the last one.
    pub(super) fn next(&self, names: &[&str]) -> Vec<String> {
        if self.texts.get("IsTruncated").map(String::as_str) != Some("true") {
            return Vec::new();
        }
        let found = names.iter().map(|name| self.texts.get(*name).cloned());
        let found: Option<Vec<_>> = found.collect();
        found.unwrap_or_default()
    }
}

/// Reads a page whose entries have one of these names.
pub(super) fn page(text: &str, names: &[&str]) -> io::Result<Page> {
    let document = parse(text)?;
    let (mut entries, mut texts) = (Vec::new(), BTreeMap::new());
    for node in document.root_element().children().filter(Node::is_element) {
        let name = node.tag_name().name();
        match names.contains(&name) {
            true => entries.push(Entry(children(node))),
            false => {
                texts.insert(name.to_owned(), node.text().unwrap_or_default().to_owned());
            }
        }
    }
    Ok(Page { entries, texts })
}

/// Returns the texts of all elements of a name.
pub(super) fn texts(text: &str, name: &str) -> io::Result<Vec<String>> {
    let document = parse(text)?;
    let named = document
        .descendants()
        .filter(|node| node.tag_name().name() == name);
    Ok(named
        .filter_map(|node| node.text().map(str::to_owned))
        .collect())
}

/// Says that an answer is none.
pub(super) fn unreadable(why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the store's answer cannot be understood: {why}"),
    )
}

fn parse(text: &str) -> io::Result<Document<'_>> {
    Document::parse(text).map_err(|error| unreadable(&error.to_string()))
}

fn children(node: Node<'_, '_>) -> BTreeMap<String, String> {
    let elements = node.children().filter(Node::is_element);
    elements
        .map(|child| {
            let text = child.text().unwrap_or_default().to_owned();
            (child.tag_name().name().to_owned(), text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lead_to_the_next() {
        let text = |truncated: &str| {
            format!(
                "<ListVersionsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                 <IsTruncated>{truncated}</IsTruncated><NextKeyMarker>k</NextKeyMarker>\
                 <NextVersionIdMarker>v</NextVersionIdMarker>\
                 <Version><Key>a&amp;b</Key><VersionId>1</VersionId><Owner><ID>x</ID></Owner></Version>\
                 <DeleteMarker><Key>c</Key><VersionId>2</VersionId></DeleteMarker>\
                 </ListVersionsResult>"
            )
        };
        let markers = ["NextKeyMarker", "NextVersionIdMarker"];
        let found = page(&text("true"), &["Version", "DeleteMarker"]).expect("a page");
        let keys: Vec<_> = found.entries.iter().map(|entry| entry.get("Key")).collect();
        assert_eq!(keys, [Some("a&b"), Some("c")]);
        assert_eq!(found.next(&markers), ["k", "v"]);
        assert_eq!(found.next(&["NextToken"]), Vec::<String>::new());
        let last = page(&text("false"), &["Version"]).expect("a page");
        assert_eq!((last.entries.len(), last.next(&markers).len()), (1, 0));
        assert!(page("<html>no</p>", &[]).is_err());
        assert_eq!(
            texts(&text("true"), "VersionId").expect("texts"),
            ["1", "2"]
        );
    }
}
