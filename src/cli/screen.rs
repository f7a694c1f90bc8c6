//! A terminal's screen that is drawn again and again, and given back as it was.

use std::io::{self, IsTerminal};

use super::terminal::{Terminal, print};
use crate::report::Answer;
use crate::sys::environment::Environment;

/// The alternate screen, without a cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

/// What is shown anew: on a terminal its whole screen, elsewhere one after the
/// other.
pub struct Screen<'a> {
    terminal: &'a Terminal,
    /// Rows and columns, while the screen is ours.
    size: Option<(usize, usize)>,
}

impl Terminal {
    /// Takes the screen, where standard output is one that can be drawn on.
    pub fn screen(&self) -> Screen<'_> {
        let size = match self.draws() && io::stdout().is_terminal() {
            true => size(),
            false => None,
        };
        if size.is_some() {
            print(ENTER.as_bytes());
        }
        let terminal = self;
        Screen { terminal, size }
    }

    /// Returns the columns of a line on standard output, by `COLUMNS`, else by
    /// the terminal; none: it is no terminal, and whoever reads it takes lines
    /// as long as they are.
    pub fn width(&self, environment: &Environment) -> Option<usize> {
        if !io::stdout().is_terminal() {
            return None;
        }
        let said = environment
            .var("COLUMNS")
            .and_then(|text| text.parse().ok());
        let said = said.filter(|columns| *columns > 0);
        said.or_else(|| Some(size()?.1))
    }
}

fn size() -> Option<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    let (rows, columns) = (usize::from(size.ws_row), usize::from(size.ws_col));
    (rows > 0 && columns > 0).then_some((rows, columns))
}

impl Screen<'_> {
    /// Tells whether the terminal has another size than when it was drawn on.
    pub fn is_resized(&self) -> bool {
        self.size.is_some() && size() != self.size
    }

    /// Draws an answer in place of the one before.
    pub fn show(&mut self, answer: &Answer) {
        if self.size.is_none() {
            return self.terminal.show_anew(answer);
        }
        self.size = size().or(self.size);
        let (rows, columns) = self.size.unwrap_or((24, 80));
        let text = fitted(&self.terminal.laid_out(answer), rows, columns);
        // Each line is written over the old one and its rest cleared: a screen
        // that is cleared first flickers.
        let mut out = String::from("\x1b[H");
        for (number, line) in text.iter().enumerate() {
            if number > 0 {
                out.push_str("\r\n");
            }
            out.push_str(line);
            out.push_str("\x1b[0m\x1b[K");
        }
        out.push_str("\x1b[J");
        print(out.as_bytes());
    }

    /// Gives the screen back; tells whether it was ours.
    pub fn leave(&mut self) -> bool {
        let was_ours = self.size.take().is_some();
        if was_ours {
            print(LEAVE.as_bytes());
        }
        was_ours
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Returns the lines that a screen has room for: the last paragraph always, and of
/// what is before it as much as fits. Lines that are too long go on in the next row.
fn fitted(text: &str, rows: usize, columns: usize) -> Vec<String> {
    let wrapped =
        |text: &str| -> Vec<String> { text.lines().flat_map(|line| wrap(line, columns)).collect() };
    let (body, ending) = match text.trim_end().rsplit_once("\n\n") {
        Some((body, ending)) => (format!("{body}\n\n"), ending),
        None => (String::new(), text),
    };
    let (mut lines, mut last) = (wrapped(&body), wrapped(ending));
    last.truncate(rows);
    let room = rows - last.len();
    if lines.len() > room {
        let kept = room.saturating_sub(1);
        let more = lines.len() - kept;
        lines.truncate(kept);
        if room > 0 {
            lines.push(format!("… {more} more lines: the terminal is too small"));
        }
    }
    lines.extend(last);
    lines
}

/// Breaks a line into rows; what paints it (ECMA-48 SGR) takes no room.
fn wrap(line: &str, columns: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    let (mut used, mut paints) = (0, false);
    for c in line.chars() {
        if c == '\x1b' {
            paints = true;
        }
        if !paints && used == columns {
            rows.push(String::new());
            used = 0;
        }
        if let Some(row) = rows.last_mut() {
            row.push(c);
        }
        match paints {
            true => paints = c != 'm',
            false => used += 1,
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_screen_keeps_the_end() {
        let text = "title\n\none\nthree\n\nnext\n";
        let small = "… 4 more lines: the terminal is too small";
        let cases: &[(usize, usize, &[&str])] = &[
            (8, 20, &["title", "", "one", "three", "", "next"]),
            (3, 60, &["title", small, "next"]),
            (1, 20, &["next"]),
            (9, 4, &["titl", "e", "", "one", "thre", "e", "", "next"]),
        ];
        for (rows, columns, want) in cases {
            let found = fitted(text, *rows, *columns);
            assert_eq!(found, *want, "{rows} rows, {columns} columns");
            assert!(found.len() <= *rows);
        }
        assert_eq!(wrap("\x1b[1mab\x1b[0mc", 2), ["\x1b[1mab\x1b[0m", "c"]);
    }
}
