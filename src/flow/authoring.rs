//! A person as git's author of something.

use crate::model::Timestamp;
use crate::release::commit::Person;
use crate::sys::git::Author;

/// Takes a person for the author of what is written at a moment.
pub(crate) fn authored(by: &Person, date: Timestamp) -> Author<'_> {
    Author {
        name: &by.name,
        email: &by.email,
        date,
    }
}
