//! Patience with a forge that is busy: what its answers say of when to come
//! again.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ureq::http::HeaderMap;

use crate::sys::interrupt;

/// Returns a header's value, where it is text.
pub(super) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Tells whether a refusal is one for a while: GitHub answers 403 where its
/// limits are reached.
pub(super) fn is_limit(headers: &HeaderMap, said: &str) -> bool {
    text(headers, "retry-after").is_some()
        || text(headers, "x-ratelimit-remaining") == Some("0")
        || said.contains("rate limit")
}

/// Reads for how long to wait: `Retry-After` in seconds, else until the moment
/// at which the limit begins anew.
pub(super) fn wait_of(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| text(headers, name)?.trim().parse::<u64>().ok();
    if let Some(seconds) = number("retry-after") {
        return Some(Duration::from_secs(seconds));
    }
    let is_out = number("x-ratelimit-remaining").or_else(|| number("ratelimit-remaining"));
    let reset = number("x-ratelimit-reset").or_else(|| number("ratelimit-reset"));
    let (Some(0), Some(reset)) = (is_out, reset) else {
        return None;
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    // One more: the forge's clock is another one.
    Some(Duration::from_secs(reset).saturating_sub(now) + Duration::from_secs(1))
}

/// Sleeps; false: somebody asked to stop meanwhile.
pub(super) fn slept(wait: Duration) -> bool {
    let until = Instant::now() + wait;
    while !interrupt::asked() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        std::thread::sleep(left.min(Duration::from_millis(200)));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read() {
        let headers = |all: &[(&'static str, String)]| {
            let mut map = HeaderMap::new();
            for (name, value) in all {
                map.insert(*name, value.parse().expect("a value"));
            }
            map
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("now");
        let soon = (now.as_secs() + 30).to_string();
        let wait = wait_of(&headers(&[("retry-after", "7".into())]));
        assert_eq!(wait, Some(Duration::from_secs(7)));
        let primary = headers(&[
            ("x-ratelimit-remaining", "0".into()),
            ("x-ratelimit-reset", soon.clone()),
        ]);
        let wait = wait_of(&primary).expect("a wait").as_secs();
        assert!((28..=31).contains(&wait), "{wait}");
        assert!(is_limit(&primary, ""));
        let past = headers(&[
            ("x-ratelimit-remaining", "0".into()),
            ("x-ratelimit-reset", "1".into()),
        ]);
        assert_eq!(wait_of(&past), Some(Duration::from_secs(1)));
        let left = headers(&[
            ("x-ratelimit-remaining", "7".into()),
            ("x-ratelimit-reset", soon),
        ]);
        assert_eq!(wait_of(&left), None);
        assert!(!is_limit(&left, "Resource not accessible by integration"));
        assert!(is_limit(&left, "You have exceeded a secondary rate limit"));
    }
}
