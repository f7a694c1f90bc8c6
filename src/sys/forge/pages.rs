//! Lists that come in pages.

use serde::de::DeserializeOwned;
use ureq::http::HeaderMap;

use super::call::Call;
use super::client::Client;
use super::error::ForgeError;
use super::site::{Kind, host_of};
use super::waiting::text;

/// How many pages of a hundred are read of one list.
const PAGES: usize = 200;

impl Client {
    /// Reads all pages of a list.
    pub fn all<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<Vec<T>, ForgeError> {
        self.pages(call, |page: Vec<T>| page)
    }

    /// Reads all pages of a list that is inside something else.
    pub fn pages<P: DeserializeOwned, T>(
        &self,
        call: Call<'_>,
        items: impl Fn(P) -> Vec<T>,
    ) -> Result<Vec<T>, ForgeError> {
        let call = call.with("per_page", 100);
        let mut found = Vec::new();
        let mut url = Some(call.url(&self.api));
        for _ in 0..PAGES {
            let Some(here) = url else { break };
            let reply = self.send(&call, &here)?;
            found.extend(items(self.read(&call, &reply)?));
            url = self.next(&call, &reply.headers)?;
        }
        Ok(found)
    }

    /// Finds the next page: by GitHub's `Link` (RFC 8288), by GitLab's
    /// `X-Next-Page`.
    fn next(&self, call: &Call<'_>, headers: &HeaderMap) -> Result<Option<String>, ForgeError> {
        if self.kind == Kind::GitLab
            && let Some(page) = text(headers, "x-next-page")
        {
            let page: Option<u64> = page.trim().parse().ok();
            let url = call.url(&self.api);
            return Ok(page.map(|page| format!("{url}&page={page}")));
        }
        let Some(next) = text(headers, "link").and_then(next_of_link) else {
            return Ok(None);
        };
        let below = format!("{}/", self.api);
        if !next.starts_with(&below) || next.contains("/../") {
            return Err(ForgeError::Elsewhere {
                host: self.host().to_owned(),
                what: call.what.clone(),
                to: host_of(next).to_owned(),
            });
        }
        Ok(Some(next.to_owned()))
    }
}

/// Reads the address of the next page from a `Link` header (RFC 8288):
/// `<https://…&page=2>; rel="next", <…>; rel="last"`.
fn next_of_link(link: &str) -> Option<&str> {
    link.split(',').find_map(|one| {
        let (target, parameters) = one.split_once(';')?;
        let is_next = parameters.split(';').any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            name.trim().eq_ignore_ascii_case("rel")
                && (value.trim().trim_matches('"').split(' ')).any(|rel| rel == "next")
        });
        let target = target.trim().strip_prefix('<')?.strip_suffix('>')?;
        is_next.then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_on() {
        for (link, want) in [
            (
                r#"<https://api.github.com/repositories/1300192/issues?page=2>; rel="prev", <https://api.github.com/repositories/1300192/issues?page=4>; rel="next", <https://api.github.com/repositories/1300192/issues?page=515>; rel="last""#,
                Some("https://api.github.com/repositories/1300192/issues?page=4"),
            ),
            (r#"<https://h/a?page=1>; rel="first""#, None),
            ("<https://h/a>; title=\"x\"; REL=next", Some("https://h/a")),
            ("rel=next", None),
            ("", None),
        ] {
            assert_eq!(next_of_link(link), want, "{link}");
        }
    }
}
