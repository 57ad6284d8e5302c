//! One function per format that makes hostile text harmless in it.

use std::fmt::Write as _;

use semid_charts::text::clean;

/// HTML text and attribute values.
pub(crate) fn html(text: &str) -> String {
    let text = clean(text);
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            char => escaped.push(char),
        }
    }
    escaped
}

/// Markdown text, in a table cell too: no markup, no HTML, no link, one line.
pub(crate) fn markdown(text: &str) -> String {
    let text = clean(text);
    let mut escaped = String::with_capacity(text.len());
    for (at, char) in text.char_indices() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // A bare address would become a link.
            ':' if text[at..].starts_with("://") => escaped.push_str("&#58;"),
            '.' if at >= 3 && text.is_char_boundary(at - 3) && text[at - 3..at].eq_ignore_ascii_case("www") => {
                escaped.push_str("&#46;");
            }
            '@' => escaped.push('@'),
            // A line must not begin a list or a heading; in the middle these mean nothing.
            '#' | '+' | '-' | '=' | '.' | ')' if at > 0 && !begins_numbered_list(&text, at) => escaped.push(char),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '-' | '=' | '.' | '!' | '|'
            | '~' | '$' => {
                escaped.push('\\');
                escaped.push(char);
            }
            char => escaped.push(char),
        }
    }
    escaped
}

fn begins_numbered_list(text: &str, at: usize) -> bool {
    text[..at].bytes().all(|byte| byte.is_ascii_digit()) && at <= 9
}

/// LaTeX text for pdfTeX, XeTeX and LuaTeX alike: what T1 fonts lack is named by its code point.
pub(crate) fn latex(text: &str) -> String {
    let text = clean(text);
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        let command = match char {
            '\\' => "\\textbackslash{}",
            '{' => "\\{",
            '}' => "\\}",
            '$' => "\\$",
            '&' => "\\&",
            '%' => "\\%",
            '#' => "\\#",
            '_' => "\\_",
            '^' => "\\textasciicircum{}",
            '~' => "\\textasciitilde{}",
            '<' => "\\textless{}",
            '>' => "\\textgreater{}",
            '|' => "\\textbar{}",
            '"' => "\\textquotedbl{}",
            '\'' => "{'}",
            '`' => "\\textasciigrave{}",
            // Hyphens in a row would become a dash.
            '-' => "{-}",
            // A bracket after a line break would be read as its argument.
            '[' => "{[}",
            ']' => "{]}",
            '−' => "\\ensuremath{-}",
            '±' => "\\ensuremath{\\pm}",
            '×' => "\\ensuremath{\\times}",
            '·' => "\\ensuremath{\\cdot}",
            '≤' => "\\ensuremath{\\leq}",
            '≥' => "\\ensuremath{\\geq}",
            '→' => "\\ensuremath{\\rightarrow}",
            '↑' => "\\ensuremath{\\uparrow}",
            '↓' => "\\ensuremath{\\downarrow}",
            '›' => "\\ensuremath{\\rangle}",
            '‹' => "\\ensuremath{\\langle}",
            '–' => "--",
            '—' => "---",
            '“' => "``",
            '”' => "''",
            '‘' => "`",
            '’' => "'",
            '…' => "\\dots{}",
            '\u{a0}' => "~",
            '\u{202f}' | '\u{2009}' => "\\,",
            ' '..='~' => {
                escaped.push(char);
                continue;
            }
            // Letters of T1 that inputenc knows by itself; × and ÷ are not letters.
            'À'..='Ö'
            | 'Ø'..='ö'
            | 'ø'..='ÿ'
            | 'Ā'..='ě'
            | 'Ł'
            | 'ł'
            | 'Ń'..='ň'
            | 'Ő'..='ŕ'
            | 'Ř'..='Ť'
            | 'Ů'..='ű'
            | 'Ÿ'..='ž' => {
                escaped.push(char);
                continue;
            }
            other => {
                let _ = write!(escaped, "\\texttt{{U+{:04X}}}", other as u32);
                continue;
            }
        };
        escaped.push_str(command);
    }
    escaped
}

/// A text cell of a CSV file: a spreadsheet must not take it for a formula.
pub(crate) fn csv(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// HTML text that keeps its lines: for code blocks.
pub(crate) fn html_block(text: &str) -> String {
    text.lines().map(|line| html_line(line) + "\n").collect()
}

// Indentation matters in code, so a line keeps its leading blanks.
fn html_line(line: &str) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len();
    format!("{}{}", &line[..indent], html(&line[indent..]))
}
