//! What trials say about a head that is to be released.

use super::queue::{Mock, Queue};
use crate::model::BranchName;

/// What is known of a head from trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial<'a> {
    /// Nothing was ever tried on its branch.
    Never,
    /// The last trial of its branch was of another head.
    Other(&'a Mock),
    /// Its last trial was refused.
    Refused(&'a Mock),
    /// Its last trial passed.
    Passed(&'a Mock),
}

impl<'a> Trial<'a> {
    /// Finds it for a branch's head, given with the commits whose trials count
    /// for it. What came last counts: what passed once may fail since, for
    /// something that is no part of the commit.
    pub fn of(queue: &'a Queue, branch: &BranchName, heads: &[String]) -> Self {
        let own = queue
            .mocks
            .iter()
            .filter(|mock| mock.branch.what == *branch);
        let own: Vec<&Mock> = own.collect();
        let of_head = own.iter().rfind(|mock| heads.contains(&mock.head));
        match (of_head, own.last()) {
            (Some(mock), _) if mock.findings.is_empty() => Self::Passed(mock),
            (Some(mock), _) => Self::Refused(mock),
            (None, Some(mock)) => Self::Other(mock),
            (None, None) => Self::Never,
        }
    }

    /// Says why a head is not tried, in a clause; none: its trial passed.
    pub fn lacks(&self, head: &str) -> Option<String> {
        let short = |id: &str| id[..id.len().min(12)].to_owned();
        let lacks = format!("no mock of {} has passed", short(head));
        Some(match self {
            Self::Passed(_) => return None,
            Self::Never => lacks,
            Self::Other(mock) => {
                let (day, of) = (mock.branch.at.day(), short(&mock.head));
                format!("{lacks}: the last one, of {day}, was of {of}")
            }
            Self::Refused(mock) => {
                let why = mock.findings.first().map(String::as_str);
                let why = why.unwrap_or_default().lines().next().unwrap_or_default();
                format!(
                    "{lacks}: that of {} was refused: {why}",
                    mock.branch.at.day()
                )
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Sha256, Timestamp};
    use crate::patch::Said;
    use crate::release::commit::Person;

    #[test]
    fn the_last_trial_of_a_head_counts() {
        let branch = BranchName::new("release-1.2").expect("a name");
        let mock = |on: &str, head: &str, finding: &str| Mock {
            branch: Said {
                entry: Sha256::of(head.as_bytes()),
                at: Timestamp::parse_rfc3339("2025-05-14T09:00:00Z").expect("a date"),
                by: Person {
                    name: "Ada".into(),
                    email: "ada@example.org".into(),
                },
                what: BranchName::new(on).expect("a name"),
            },
            head: head.into(),
            versions: Vec::new(),
            findings: (!finding.is_empty())
                .then(|| finding.into())
                .into_iter()
                .collect(),
        };
        let own = |head: &str, finding: &str| mock("release-1.2", head, finding);
        let cases = [
            (vec![], Some("no mock of b has passed")),
            (vec![own("b", "")], None),
            // The commit that a release stands on counts for it.
            (vec![own("a", ""), own("c", "broken")], None),
            (
                vec![mock("release-1.1", "b", "")],
                Some("no mock of b has passed"),
            ),
            (
                vec![own("0", "")],
                Some("no mock of b has passed: the last one, of 2025-05-14, was of 0"),
            ),
            (
                vec![own("b", ""), own("b", "it fails\nand how")],
                Some("no mock of b has passed: that of 2025-05-14 was refused: it fails"),
            ),
            (vec![own("b", "it fails"), own("b", "")], None),
        ];
        for (mocks, want) in cases {
            let queue = Queue {
                mocks,
                ..Queue::default()
            };
            let heads = ["b".to_owned(), "a".to_owned()];
            let lacks = Trial::of(&queue, &branch, &heads).lacks("b");
            assert_eq!(lacks.as_deref(), want, "{queue:?}");
        }
    }
}
