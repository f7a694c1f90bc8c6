//! Where a message's trailers are, by git's own rules (`trailer.c`, 2.47):
//! what stands behind them is put right behind them.

/// What git itself writes below messages.
const OF_GIT: [&str; 2] = ["Signed-off-by: ", "(cherry picked from commit "];

/// Returns a message from its first line that is not empty.
pub(super) fn from_subject(message: &str) -> &str {
    let mut rest = message;
    while let Some((first, behind)) = rest.split_once('\n') {
        if !first.trim().is_empty() {
            break;
        }
        rest = behind;
    }
    rest
}

/// Tells whether a message ends with trailers: its last paragraph, where that
/// is not its first, holds trailers only, or has one of git's own lines and at
/// least a quarter of trailers.
pub(super) fn is_conforming(message: &str) -> bool {
    let lines: Vec<&str> = message.lines().collect();
    let is_comment = |line: &&&str| line.starts_with('#');
    let title = lines
        .iter()
        .position(|line| !line.starts_with('#') && line.trim().is_empty());
    let Some(title) = title else { return false };
    let (mut trailers, mut others, mut continued) = (0, 0, 0);
    let mut known = false;
    let mut only_blank = true;
    for line in lines[title..].iter().rev().filter(|line| !is_comment(line)) {
        if line.trim().is_empty() {
            if only_blank {
                continue;
            }
            others += continued;
            return (known && trailers * 3 >= others) || (trailers > 0 && others == 0);
        }
        only_blank = false;
        if OF_GIT.iter().any(|prefix| line.starts_with(prefix)) {
            trailers += 1;
            continued = 0;
            known = true;
        } else if line.starts_with([' ', '\t']) {
            continued += 1;
        } else if is_trailer(line) {
            trailers += 1;
            continued = 0;
        } else {
            others += 1 + continued;
            continued = 0;
        }
    }
    false
}

/// Tells whether a line is `Token: value`: letters, digits and dashes, then
/// maybe blanks, then the colon.
fn is_trailer(line: &str) -> bool {
    let Some((token, _)) = line.split_once(':') else {
        return false;
    };
    let bare = token.trim_end_matches([' ', '\t']);
    !bare.is_empty()
        && bare
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
