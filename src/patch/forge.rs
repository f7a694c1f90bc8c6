//! How requests look on a forge: which labels say where they stand, which
//! labels people set to decide, and what a pull request's page says.
//!
//! The two kinds of labels are kept apart, because debcut writes the first kind
//! and reads the second: what it wrote itself must not come back as somebody's
//! decision.

use std::collections::BTreeMap;

use minijinja::context;

use super::answers::{self, TemplateError, environment};
use super::entry::{Ask, Decision};
use super::question::Question;
use super::queue::Request;
use super::state::{Listed, State};
use crate::model::BranchName;
use crate::release::commit::Person;
use crate::sys::forge::Kind;

/// How a project uses its forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which forge it is; none: the remote's host says it.
    pub kind: Option<Kind>,
    /// The address of its API, without ending slash; none: the remote's host
    /// says it.
    pub url: Option<String>,
    /// The project's path; none: the remote's address says it.
    pub project: Option<String>,
    /// Which pages requests have.
    pub pages: Pages,
    /// The labels that say where a request stands, with `{branch}` and
    /// `{version}`; empty: none says it.
    pub labels: BTreeMap<Mark, String>,
    /// The labels that people decide by, in the same way.
    pub decisions: BTreeMap<Decision, String>,
    /// Who people are, by the forge's name for them.
    pub people: BTreeMap<String, Person>,
    /// The labels of merged pull requests that ask for a branch, in the same
    /// way.
    pub backport: Vec<String>,
    /// The text of a page, a minijinja template; none: the usual one.
    pub body: Option<String>,
}

/// Which pages requests have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// A pull request of their own, against the maintenance branch.
    Own,
    /// The pull request that they came from.
    Origin,
}

/// What a label says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// Where it stands.
    State(State),
    /// It is approved, and its branch is frozen.
    Frozen,
}

impl Mark {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let states = State::ALL.into_iter().map(Self::State);
        states.chain([Self::Frozen])
    }

    /// Returns its name, as the configuration has it.
    pub fn name(self) -> String {
        match self {
            Self::State(state) => state.word().replace(' ', "-"),
            Self::Frozen => "frozen".to_owned(),
        }
    }

    /// Finds what a label says of a request.
    pub fn of(listed: &Listed) -> Self {
        match (&listed.standing.state, &listed.standing.frozen) {
            (State::Held, Some(_)) => Self::Frozen,
            (state, _) => Self::State(*state),
        }
    }
}

impl Settings {
    /// Returns what is so where nothing is said. Labels on pages that are not
    /// a request's own name the branch: such a page may be asked for on several.
    pub fn usual(pages: Pages) -> Self {
        let (mine, theirs) = match pages {
            Pages::Own => ("debcut/", ""),
            Pages::Origin => ("debcut/{branch}/", "{branch}/"),
        };
        let labels = Mark::all().map(|mark| (mark, format!("{mine}{}", mark.name())));
        let decisions = [
            (Decision::Approve, "approve-patch"),
            (Decision::Hold, "hold-patch"),
            (Decision::Reject, "reject-patch"),
        ];
        Self {
            kind: None,
            url: None,
            project: None,
            pages,
            labels: labels.collect(),
            decisions: decisions
                .map(|(decision, name)| (decision, format!("{theirs}{name}")))
                .into(),
            people: BTreeMap::new(),
            backport: ["backport/{version}", "backport/{branch}"]
                .map(str::to_owned)
                .into(),
            body: None,
        }
    }

    /// Returns the label that says where a request stands, if one does.
    pub fn label(&self, listed: &Listed) -> Option<String> {
        let pattern = self.labels.get(&Mark::of(listed))?;
        Some(filled(pattern, &listed.request.ask.what.onto)).filter(|label| !label.is_empty())
    }

    /// Lists the labels that say where requests for a branch stand: those that
    /// are taken away again.
    pub fn own_labels(&self, onto: &BranchName) -> Vec<String> {
        let labels = self.labels.values().map(|pattern| filled(pattern, onto));
        labels.filter(|label| !label.is_empty()).collect()
    }

    /// Finds the decision that a label stands for. Forges do not tell labels
    /// apart by case.
    pub fn decision(&self, label: &str, onto: &BranchName) -> Option<Decision> {
        let mut all = self.decisions.iter();
        let is = |pattern: &str| {
            let own = filled(pattern, onto);
            !own.is_empty() && own.eq_ignore_ascii_case(label)
        };
        let found = all.find(|(_, pattern)| is(pattern));
        found.map(|(decision, _)| *decision)
    }

    /// Lists the labels of merged pull requests that ask for a branch.
    pub fn backport_labels(&self, onto: &BranchName) -> Vec<String> {
        let mut found = Vec::new();
        for pattern in &self.backport {
            let label = filled(pattern, onto);
            if !label.is_empty() && !found.contains(&label) {
                found.push(label);
            }
        }
        found
    }
}

/// Fills a pattern in for a branch; empty where it wants a version and the
/// branch has none.
fn filled(pattern: &str, onto: &BranchName) -> String {
    let name = onto.as_str();
    let last = name.rsplit(['-', '/', '_']).next().unwrap_or(name);
    let version = last.strip_prefix('v').unwrap_or(last);
    let is_version = version.starts_with(|c: char| c.is_ascii_digit());
    if pattern.contains("{version}") && !is_version {
        return String::new();
    }
    pattern
        .replace("{version}", version)
        .replace("{branch}", name)
}

/// Returns the branch that has a request's commits.
pub fn branch_of(request: &Request) -> String {
    format!("{BRANCHES}{}", request.id)
}

/// What the names of these branches begin with.
pub const BRANCHES: &str = "debcut/patch/";

/// Returns the title of a request's page.
pub fn title(ask: &Ask) -> String {
    format!("[{}] {}", ask.onto, ask.title)
}

/// The text of a page, where `[patch.forge] body` has none of its own.
pub const BODY: &str = "\
Wanted on `{{ onto }}`{% if pull_request %}, from {{ pull_request }}{% endif %}, asked for by {{ asked_by }}.

{% for commit in commits -%}
- {{ commit }}
{% endfor %}
{%- for question in questions %}
**{{ question.text }}**
{% if question.answer %}
{{ fence }}{{ question.name }}
{{ question.answer }}
{{ fence }}
{% else %}
*Not said yet.* `debcut patch answer {{ id }} --{{ question.name }} …`
{% endif %}
{%- endfor %}
This is request `{{ id }}` of the queue in `refs/debcut/patches`: `debcut patch show {{ id }}`. \
{%- if approve %} An approval here, or the label `{{ approve }}`, approves it; \
`{{ hold }}` holds it, `{{ reject }}` rejects it.{% endif %}
";

/// What begins and ends debcut's part of a page: the rest is people's.
const BEGIN: &str = "<!-- debcut: what is in here is written anew -->";
const END: &str = "<!-- debcut ends -->";

/// Writes debcut's part of a page. A template sees what one of the questions
/// ([`answers::asked`]) sees, `id`, `asked_by`, `pull_request`, `fence`
/// (backticks around an answer) and the labels `approve`, `hold`, `reject`.
pub fn body(settings: &Settings, request: &Request) -> Result<String, TemplateError> {
    let ask = &request.ask.what;
    let label = |decision| {
        let pattern = settings.decisions.get(&decision);
        pattern.map_or(String::new(), |pattern| filled(pattern, &ask.onto))
    };
    // Longer than whatever an answer holds (CommonMark 0.31, 4.5).
    let mut longest = 2;
    for one in Question::ALL {
        let runs = ask.answers.to(one).split(|c| c != '`').map(str::len);
        longest = runs.fold(longest, usize::max);
    }
    let seen = context! {
        fence => "`".repeat(longest + 1),
        id => request.id.as_str(), asked_by => &request.ask.by.name,
        pull_request => &ask.pull_request,
        approve => label(Decision::Approve), hold => label(Decision::Hold),
        reject => label(Decision::Reject), ..answers::seen(ask),
    };
    let template = settings.body.as_deref().unwrap_or(BODY);
    let text = environment().render_str(template, seen);
    let text = text.map_err(TemplateError)?;
    Ok(format!("{BEGIN}\n{}\n{END}", text.trim()))
}

/// Puts debcut's part into a page, in place of what it wrote before. None:
/// nothing changes, or somebody has taken the part out.
pub fn placed(page: &str, part: &str) -> Option<String> {
    let unix = page.replace("\r\n", "\n");
    let begin = unix.find(BEGIN)?;
    // The last one: what is said in between may name it.
    let end = begin + unix[begin..].rfind(END)? + END.len();
    let new = format!("{}{part}{}", &unix[..begin], &unix[end..]);
    (new != unix).then_some(new)
}

#[cfg(test)]
mod tests;
