//! When a forge wants to be left alone for a while: GitHub's primary and
//! secondary limits (docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api),
//! GitLab's (docs.gitlab.com/administration/settings/user_and_ip_rate_limits).

use std::time::Duration;

use ureq::http::HeaderMap;

use super::client::text;
use crate::model::Timestamp;

/// How long to wait where a forge does not say it: GitHub's word for secondary
/// limits.
const USUAL: Duration = Duration::from_secs(60);

/// Reads for how long a refusal is one: none, it is one for good. GitHub answers
/// 403 where its limits are reached, and says which in its message alone.
pub(super) fn limited(
    status: u16,
    headers: &HeaderMap,
    said: &str,
    now: Timestamp,
) -> Option<Duration> {
    let is_one = status == 429
        || (status == 403
            && (text(headers, "retry-after").is_some()
                || text(headers, "x-ratelimit-remaining") == Some("0")
                || said.to_ascii_lowercase().contains("rate limit")));
    is_one.then(|| wait(headers, now).unwrap_or(USUAL))
}

/// Reads for how long to wait: `Retry-After` in seconds or as a date, else until
/// the moment at which the limit begins anew.
pub(super) fn wait(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let number = |name: &str| text(headers, name)?.trim().parse::<u64>().ok();
    let until = |moment: i64| {
        let left = u64::try_from(moment.saturating_sub(now.unix())).unwrap_or(0);
        Duration::from_secs(left)
    };
    if let Some(seconds) = number("retry-after") {
        return Some(Duration::from_secs(seconds));
    }
    let date = text(headers, "retry-after").and_then(|date| Timestamp::parse_rfc2822(date).ok());
    if let Some(date) = date {
        return Some(until(date.unix()));
    }
    let is_out = number("x-ratelimit-remaining").or_else(|| number("ratelimit-remaining"));
    let reset = number("x-ratelimit-reset").or_else(|| number("ratelimit-reset"));
    let (Some(0), Some(reset)) = (is_out, reset) else {
        return None;
    };
    // One more: the forge's clock is another one.
    Some(until(i64::try_from(reset).ok()?) + Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read() {
        let now = Timestamp::from_unix(1_748_779_200);
        let soon = (now.unix() + 30).to_string();
        let date = "Sun, 01 Jun 2025 12:00:45 GMT";
        let resource = "Resource not accessible by integration";
        let secondary = "You have exceeded a secondary rate limit.";
        type Case<'a> = (u16, &'a [(&'static str, &'a str)], &'a str, Option<u64>);
        let cases: &[Case<'_>] = &[
            (429, &[("retry-after", "7")], "", Some(7)),
            (403, &[("retry-after", date)], "", Some(45)),
            (
                403,
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &soon)],
                "",
                Some(31),
            ),
            (
                429,
                &[("ratelimit-remaining", "0"), ("ratelimit-reset", &soon)],
                "",
                Some(31),
            ),
            (
                403,
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")],
                "",
                Some(1),
            ),
            (
                403,
                &[("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", &soon)],
                resource,
                None,
            ),
            // It does not say when: a minute.
            (403, &[], secondary, Some(60)),
            (429, &[], "", Some(60)),
            (403, &[], resource, None),
            (401, &[("retry-after", "7")], "", None),
        ];
        for (status, all, said, want) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in *all {
                headers.insert(*name, value.parse().expect("a value"));
            }
            let found = limited(*status, &headers, said, now).map(|wait| wait.as_secs());
            assert_eq!(found, *want, "{status} {all:?} {said}");
        }
    }
}
