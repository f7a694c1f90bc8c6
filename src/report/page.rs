//! Text for a terminal: lines, fields and tables, with colour or without.

use std::fmt::Write;

/// Whether text carries colour. A word always says what a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// ANSI colours.
    On,
    /// Plain text.
    Off,
}

/// A text that is being laid out.
#[derive(Debug)]
pub struct Page {
    colour: Colour,
    text: String,
}

impl Page {
    /// Starts an empty page.
    pub fn new(colour: Colour) -> Self {
        Self {
            colour,
            text: String::new(),
        }
    }

    /// Returns everything that was written.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Writes a line.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref().trim_end());
        self.text.push('\n');
    }

    /// Writes an indented `name  value` line.
    pub fn field(&mut self, name: &str, value: impl AsRef<str>) {
        let name = self.dim(&format!("{name:<12}"));
        self.line(format!("  {name} {}", value.as_ref()));
    }

    /// Writes rows as columns, each as wide as its widest cell.
    pub fn table<const N: usize>(&mut self, head: [&str; N], rows: &[[String; N]]) {
        let columns: Vec<usize> = (0..N).collect();
        self.columns(&columns, head, rows);
    }

    /// Writes rows as columns, without those in which no row has more than a
    /// dash: narrow screens have room for what there is.
    pub fn filled<const N: usize>(&mut self, head: [&str; N], rows: &[[String; N]]) {
        let is_filled = |i: &usize| rows.iter().any(|row| !matches!(row[*i].as_str(), "" | "–"));
        let columns: Vec<usize> = (0..N).filter(is_filled).collect();
        self.columns(&columns, head, rows);
    }

    fn columns<const N: usize>(
        &mut self,
        columns: &[usize],
        head: [&str; N],
        rows: &[[String; N]],
    ) {
        let width = |i: &usize| {
            let cells = rows.iter().map(|row| row[*i].chars().count());
            cells.chain([head[*i].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = columns.iter().map(width).collect();
        let lay = |cells: [&str; N]| {
            let mut line = String::new();
            for (i, width) in columns.iter().zip(&widths) {
                let _ = write!(line, "{:<width$}  ", cells[*i]);
            }
            line.trim_end().to_owned()
        };
        let head = self.dim(&lay(head));
        self.line(head);
        for row in rows {
            self.line(lay(row.each_ref().map(String::as_str)));
        }
    }

    /// Returns text that stands out.
    pub fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Returns text that stands back.
    pub fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Returns text in the colour of success.
    pub fn good(&self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Returns text in the colour of a warning.
    pub fn warning(&self, text: &str) -> String {
        self.paint("33", text)
    }

    /// Returns text in the colour of a refusal.
    pub fn bad(&self, text: &str) -> String {
        self.paint("31;1", text)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        match self.colour {
            Colour::On => format!("\x1b[{code}m{text}\x1b[0m"),
            Colour::Off => text.to_owned(),
        }
    }
}

/// Writes a size in bytes as people read it (`1.4 MB`, powers of 1000).
pub fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in units {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if unit == "B" || value >= 99.95 {
        format!("{value:.0} {unit}")
    } else {
        format!("{value:.1} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let cases: &[(u64, &str)] = &[
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (1_440_000, "1.4 MB"),
            (999_999_999, "1.0 GB"),
            (u64::MAX, "18446744 TB"),
        ];
        for (bytes, want) in cases {
            assert_eq!(size(*bytes), *want, "{bytes}");
        }
    }

    #[test]
    fn columns_without_anything_are_left_out() {
        let mut page = Page::new(Colour::Off);
        page.filled(
            ["A", "NONE", "NAME"],
            &[
                ["long".into(), "–".into(), "x".into()],
                ["s".into(), "".into(), "–".into()],
            ],
        );
        assert_eq!(page.into_text(), "A     NAME\nlong  x\ns     –\n");
    }

    #[test]
    fn tables_align_without_trailing_blanks() {
        let mut page = Page::new(Colour::Off);
        page.table(
            ["A", "NAME"],
            &[["long".into(), "x".into()], ["s".into(), "yy".into()]],
        );
        assert_eq!(page.into_text(), "A     NAME\nlong  x\ns     yy\n");
    }
}
