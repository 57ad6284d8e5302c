//! Text that people wrote: cleaned of what no chart or table can show, measured, shortened, wrapped.

use unicode_width::UnicodeWidthChar;

/// One line without control characters and without marks that turn the direction of the text around them. Everything
/// else stays as it is; escaping is the business of whoever writes a format.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for char in text.chars() {
        if is_direction_mark(char) || is_unfit_for_xml(char) {
            continue;
        }
        if char.is_whitespace() || char.is_control() {
            // Narrow and wide no-break spaces are set on purpose; all other blanks become one.
            if matches!(char, '\u{a0}' | '\u{202f}' | '\u{2009}') {
                cleaned.push(char);
            } else if !cleaned.is_empty() && !cleaned.ends_with(' ') {
                cleaned.push(' ');
            }
        } else {
            cleaned.push(char);
        }
    }
    cleaned.truncate(cleaned.trim_end_matches(' ').len());
    cleaned
}

/// Shortens to at most `columns` columns of a fixed-width font, with an ellipsis where something was left out.
pub fn shorten(text: &str, columns: usize) -> String {
    fit(text, columns as f64, |char| char.width().unwrap_or(0) as f64)
}

/// Width in pixels of `text` set at `size` pixels, by the widths of a common sans serif; a little generous.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * size
}

/// Shortens to at most `limit` pixels at `size`.
pub(crate) fn shorten_to(text: &str, size: f64, limit: f64) -> String {
    fit(text, limit, |char| em(char) * size)
}

/// Breaks into at most `lines` lines of at most `limit` pixels at `size`; the last one is shortened.
pub(crate) fn wrap(text: &str, size: f64, limit: f64, lines: usize) -> Vec<String> {
    let mut wrapped: Vec<String> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && wrapped.len() + 1 < lines.max(1) {
        if width(rest, size) <= limit {
            break;
        }
        // The last blank before the limit; a word longer than a line is left for the last line to shorten.
        let mut used = 0.0;
        let mut cut = None;
        for (at, char) in rest.char_indices() {
            used += em(char) * size;
            if char == ' ' {
                cut = Some(at);
            }
            if used > limit {
                break;
            }
        }
        let Some(cut) = cut.filter(|&cut| cut > 0) else { break };
        wrapped.push(rest[..cut].trim_end().to_owned());
        rest = rest[cut..].trim_start();
    }
    if !rest.is_empty() {
        wrapped.push(shorten_to(rest, size, limit));
    }
    wrapped
}

fn fit(text: &str, limit: f64, measure: impl Fn(char) -> f64) -> String {
    if text.chars().map(&measure).sum::<f64>() <= limit {
        return text.to_owned();
    }
    let room = limit - measure('…');
    let mut used = 0.0;
    let mut end = 0;
    for (at, char) in text.char_indices() {
        used += measure(char);
        if used > room {
            break;
        }
        end = at + char.len_utf8();
    }
    // A combining mark stays with its letter or goes with it.
    if text[end..].chars().next().is_some_and(|next| next.width() == Some(0)) {
        let kept = text[..end].trim_end_matches(|char: char| char.width() == Some(0));
        end = kept.char_indices().next_back().map_or(0, |(at, _)| at);
    }
    format!("{}…", text[..end].trim_end())
}

/// Width of one character in ems: Helvetica's widths in classes, and a tenth more for wider system fonts.
fn em(char: char) -> f64 {
    let width = match char {
        'i' | 'j' | 'l' | 'I' | '|' | '!' | '.' | ',' | ':' | ';' | '\'' | '·' => 0.27,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '{' | '}' | ' ' | '-' | '/' | '\\' | '›' | '‹' | '"' => 0.34,
        'm' | 'M' | 'W' | '@' | '%' | '…' => 0.89,
        'w' => 0.72,
        'A'..='Z' | '&' => 0.68,
        'a'..='z' | '0'..='9' => 0.54,
        '\u{202f}' | '\u{2009}' => 0.2,
        other => match other.width().unwrap_or(0) {
            0 => 0.0,
            1 => 0.6,
            _ => 1.0,
        },
    };
    width * 1.1
}

fn is_direction_mark(char: char) -> bool {
    matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

// XML 1.0 cannot hold these at all, not even escaped.
fn is_unfit_for_xml(char: char) -> bool {
    matches!(char, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}')
        || matches!(char as u32 & 0xFFFF, 0xFFFE | 0xFFFF)
        || matches!(char, '\u{feff}' | '\u{200b}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaning_leaves_one_line_that_cannot_turn_its_surroundings() {
        assert_eq!(clean("  a\r\n\tb  c \n"), "a b c", "blanks of all kinds become one space, none at the ends");
        assert_eq!(clean("abc\u{202e}def\u{2066}"), "abcdef", "direction marks would reorder what follows");
        assert_eq!(clean("a\u{0}b\u{1b}[31m"), "ab[31m", "control characters are not text");
        assert_eq!(clean("12\u{202f}s"), "12\u{202f}s", "a narrow no-break space is set on purpose");
        assert_eq!(clean("naïve 映画 🎬"), "naïve 映画 🎬", "letters of any script stay");
    }

    #[test]
    fn shortening_counts_columns_and_keeps_marks_with_their_letters() {
        assert_eq!(shorten("short", 10), "short", "what fits stays");
        assert_eq!(shorten("abcdefghij", 5), "abcd…", "the ellipsis has a column too");
        assert_eq!(shorten("映画映画", 5), "映画…", "wide letters take two columns");
        assert_eq!(shorten("aaae\u{301}aaa", 5), "aaae\u{301}…", "an accent stays with its letter");
    }

    #[test]
    fn wrapping_breaks_at_blanks_and_shortens_the_last_line() {
        let lines = wrap("one two three four five six seven", 10.0, 60.0, 2);
        assert_eq!(lines.len(), 2, "two lines were allowed");
        assert!(lines.iter().all(|line| width(line, 10.0) <= 60.0), "every line fits: {lines:?}");
        assert!(lines[1].ends_with('…'), "what did not fit is marked as left out");
        let word = wrap(&"x".repeat(300), 10.0, 60.0, 3);
        assert_eq!(word.len(), 1, "a word without blanks is shortened, not spread over lines");
    }
}
