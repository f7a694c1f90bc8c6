//! What a forge is asked.

use serde_json::Value;
use ureq::http::Method;

use super::percent::encoded;

/// A call.
pub(super) struct Call<'a> {
    pub method: Method,
    path: String,
    query: Vec<(&'a str, String)>,
    pub body: Option<Value>,
    /// What it is, for an error.
    pub what: String,
}

impl<'a> Call<'a> {
    /// Asks for something; `what` is a noun for errors.
    pub fn get(path: String, what: impl Into<String>) -> Self {
        Self::new(Method::GET, path, what)
    }

    /// Calls with another method.
    pub fn new(method: Method, path: String, what: impl Into<String>) -> Self {
        Self {
            method,
            path,
            query: Vec::new(),
            body: None,
            what: what.into(),
        }
    }

    /// Adds a parameter to the query.
    pub fn with(mut self, name: &'a str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// Sends JSON.
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub fn url(&self, api: &str) -> String {
        let mut url = format!("{api}{}", self.path);
        for (at, (name, value)) in self.query.iter().enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            url += &format!("{name}={}", encoded(value));
        }
        url
    }
}
