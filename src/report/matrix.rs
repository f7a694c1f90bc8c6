//! Builds as jobs for a CI service.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Document, Page};

/// What `build --matrix` answers.
#[derive(Debug, Serialize)]
pub struct MatrixDocument {
    include: Vec<Value>,
    #[serde(skip)]
    service: MatrixOf,
}

/// Whose matrix it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatrixOf {
    /// GitHub's: an object that `fromJSON` reads.
    Github,
    /// GitLab's: the list of a job's `parallel: matrix`, as a child pipeline
    /// has it.
    Gitlab,
}

impl MatrixDocument {
    /// Shows jobs, one line of JSON as text.
    pub fn new<J: Serialize>(jobs: &[J], service: MatrixOf) -> Self {
        let value = |job| serde_json::to_value(job).expect("a job has string keys");
        Self {
            include: jobs.iter().map(value).collect(),
            service,
        }
    }
}

impl Document for MatrixDocument {
    const SCHEMA: &'static str = "debcut/build-matrix/1";

    fn text(&self, page: &mut Page) {
        let line = match self.service {
            MatrixOf::Github => json!({ "include": self.include }),
            MatrixOf::Gitlab => self.include.iter().map(variables).collect(),
        };
        page.line(line.to_string());
    }
}

/// Writes a job as GitLab's variables: names in capitals, values in lists.
fn variables(job: &Value) -> Value {
    let fields = job.as_object().into_iter().flatten();
    let variable = |(name, value): (&String, &Value)| (name.to_uppercase(), json!([value]));
    Value::Object(fields.map(variable).collect())
}
