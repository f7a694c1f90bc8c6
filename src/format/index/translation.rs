//! `Translation-en`: the long descriptions, apart from `Packages`.
//!
//! Follows the Debian repository format ("Translation" indices): a paragraph
//! has `Package`, `Description-md5` and `Description-en`, and `Packages` then
//! have the first line of the description and `Description-md5`, the MD5 of the
//! whole description with the line break after it.

use std::cmp::Ordering;

use md5::{Digest, Md5};

use super::Entry;
use crate::format::deb822::{self, Deb822Error, Field, Paragraph, Syntax};
use crate::model::PackageName;

/// The description of a package. Two are the same when name and digest are.
#[derive(Debug, Clone)]
pub struct Translation {
    name: PackageName,
    md5: String,
    description: String,
}

const MD5_FIELD: &str = "Description-md5";

impl Translation {
    /// Names a description whose text is not known, or does not matter.
    pub fn unread(name: &PackageName, md5: &str) -> Self {
        Self {
            name: name.clone(),
            md5: md5.to_owned(),
            description: String::new(),
        }
    }

    /// Returns the package's name.
    pub fn name(&self) -> &PackageName {
        &self.name
    }

    /// Returns the digest that `Packages` name.
    pub fn md5(&self) -> &str {
        &self.md5
    }

    fn of(paragraph: &Paragraph<'_>) -> Result<Self, Deb822Error> {
        Ok(Self {
            name: paragraph.parse("Package")?,
            md5: paragraph.parse(MD5_FIELD)?,
            description: value(paragraph.require("Description-en")?),
        })
    }

    fn order(&self) -> (&PackageName, &str) {
        (&self.name, &self.md5)
    }
}

impl PartialEq for Translation {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Translation {}

impl Ord for Translation {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Translation {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Entry for Translation {
    fn key(&self) -> &str {
        self.name.as_str()
    }

    fn append_group(group: &[Self], index: &mut String) {
        for own in group {
            index.push_str(&format!(
                "Package: {}\n{MD5_FIELD}: {}\nDescription-en: {}\n\n",
                own.name, own.md5, own.description
            ));
        }
    }
}

/// A control text without its long description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortened {
    /// The text, with the first line of the description and its digest.
    pub control: String,
    /// The description.
    pub translation: Translation,
}

/// Takes the long description out of a control text; `None` when there is no
/// description, or it was taken out already.
pub fn shorten(control: &str) -> Option<Shortened> {
    let paragraph = deb822::paragraph(control.as_bytes(), Syntax::Generated).ok()?;
    let field = paragraph.field("Description")?;
    if paragraph.field(MD5_FIELD).is_some() {
        return None;
    }
    let description = value(field);
    let md5 = Md5::digest(format!("{description}\n"));
    let md5: String = md5.iter().map(|byte| format!("{byte:02x}")).collect();
    let synopsis = description.lines().next().unwrap_or_default();
    let (before, after) = around(control, field)?;
    Some(Shortened {
        control: format!("{before}Description: {synopsis}\n{MD5_FIELD}: {md5}\n{after}"),
        translation: Translation {
            name: paragraph.parse("Package").ok()?,
            md5,
            description,
        },
    })
}

/// Returns the digest of the description that was taken out of a control text.
pub fn digest(control: &Paragraph<'_>) -> Option<String> {
    control.get(MD5_FIELD).map(str::to_owned)
}

/// Puts a description back where [`shorten`] took it from.
pub fn restore(control: &str, translation: &Translation) -> Option<String> {
    let paragraph = deb822::paragraph(control.as_bytes(), Syntax::Generated).ok()?;
    let (before, after) = around(control, paragraph.field(MD5_FIELD)?)?;
    let short = format!("{before}{after}");
    let paragraph = deb822::paragraph(short.as_bytes(), Syntax::Generated).ok()?;
    let (before, after) = around(&short, paragraph.field("Description")?)?;
    let description = &translation.description;
    Some(format!("{before}Description: {description}\n{after}"))
}

/// Reads the text of a `Translation-en`, or of a part of one.
pub fn parse(text: &[u8]) -> Result<Vec<Translation>, Deb822Error> {
    let paragraphs = deb822::paragraphs(text, Syntax::Generated)?;
    paragraphs.iter().map(Translation::of).collect()
}

/// Returns a field's text after the colon and the blank: its lines as they are.
fn value(field: &Field<'_>) -> String {
    let value = field.raw().trim_start_matches([' ', '\t']);
    value.trim_end_matches('\n').to_owned()
}

/// Splits a text around a field's whole lines.
fn around<'a>(text: &'a str, field: &Field<'_>) -> Option<(&'a str, &'a str)> {
    let whole = format!("{}:{}", field.name(), field.raw());
    let is_line = |at: &usize| *at == 0 || text.as_bytes()[at - 1] == b'\n';
    let mut places = text.match_indices(&whole).map(|(at, _)| at);
    let at = places.find(is_line)?;
    Some((&text[..at], &text[at + whole.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTROL: &str = "Package: hello\nVersion: 1\nDescription: a greeting\n It says\n .\n \
                           hello.\nHomepage: https://example.org\n";

    #[test]
    fn a_description_is_taken_out_and_put_back() {
        let Shortened {
            control,
            translation,
        } = shorten(CONTROL).expect("has one");
        // printf 'a greeting\n It says\n .\n hello.\n' | md5sum
        assert_eq!(
            control,
            "Package: hello\nVersion: 1\nDescription: a greeting\n\
             Description-md5: ad9cbf5de67396e349061f7865697a83\n\
             Homepage: https://example.org\n",
        );
        assert_eq!(shorten(&control), None, "taken out already");
        assert_eq!(restore(&control, &translation).as_deref(), Some(CONTROL));
        let mut index = String::new();
        Translation::append_group(std::slice::from_ref(&translation), &mut index);
        let read = parse(index.as_bytes()).expect("valid");
        assert_eq!(read[0].description, translation.description);
        assert_eq!(read, [translation]);
    }

    #[test]
    fn without_a_description_nothing_is_taken_out() {
        for control in ["Package: a\n", "", "nothing"] {
            assert_eq!(shorten(control), None, "{control:?}");
        }
    }
}
