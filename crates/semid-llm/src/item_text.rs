//! Item text in a prompt: one quoted line that cannot end its quotes, imitate an ID, or speak as anyone but itself.
//!
//! Titles come from whoever sells or uploads an item. Between the quotes a reader, or a model, may find any words at all,
//! "ignore what was said" among them; that they are somebody's words and not the task is what the quotes are for, and the
//! system message of each prompt says so.

/// Letters of a title that a prompt shows at most.
pub const LONGEST_TITLE: usize = 160;

/// The text as it stands in prompts: between `"` and `"`, on one line, without what could be taken for the end of the
/// quotes, an ID in `<…>`, a token of a chat template, JSON, or a code fence; at most `longest` letters, then `…`. A text
/// that leaves nothing is `"(no text)"`.
pub fn quoted(text: &str, longest: usize) -> String {
    let mut plain = String::with_capacity(text.len().min(4 * longest) + 2);
    for letter in one_line(text, longest).chars() {
        plain.push(match letter {
            // Double quotes of any script, and what could be taken for one.
            '"' | '\u{ab}' | '\u{bb}' | '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{2036}' | '\u{275d}' | '\u{275e}' => {
                '\''
            }
            '\u{2e42}' | '\u{301d}'..='\u{301f}' | '\u{ff02}' | '`' | '\u{b4}' | '\u{ff40}' => '\'',
            // What opens and closes IDs, and the tokens of chat templates.
            '<' | '\u{2c2}' | '\u{227a}' | '\u{2329}' | '\u{276e}' | '\u{27e8}' => '‹',
            '\u{3008}' | '\u{300a}' | '\u{fe64}' | '\u{ff1c}' => '‹',
            '>' | '\u{2c3}' | '\u{227b}' | '\u{232a}' | '\u{276f}' | '\u{27e9}' => '›',
            '\u{3009}' | '\u{300b}' | '\u{fe65}' | '\u{ff1e}' => '›',
            // What opens and closes JSON.
            '{' | '[' | '｛' | '［' | '⟦' | '【' | '〔' => '(',
            '}' | ']' | '｝' | '］' | '⟧' | '】' | '〕' => ')',
            '\\' | '＼' => '/',
            '|' | '｜' => '¦',
            other => other,
        });
    }
    if plain.is_empty() {
        plain.push_str("(no text)");
    }
    format!("\"{plain}\"")
}

/// The text on one line: control and invisible characters are gone, white space is one blank, at most `longest` letters,
/// the last of them `…` when something was cut.
pub fn one_line(text: &str, longest: usize) -> String {
    let mut line = String::new();
    let mut letters = 0;
    let mut blank = false;
    if longest == 0 {
        return line;
    }
    for letter in text.chars() {
        if letter.is_whitespace() || letter.is_control() {
            blank = !line.is_empty();
            continue;
        }
        if is_invisible(letter) {
            continue;
        }
        if letters + usize::from(blank) >= longest {
            while letters >= longest {
                line.pop();
                letters -= 1;
            }
            line.push('…');
            return line;
        }
        if blank {
            line.push(' ');
            letters += 1;
            blank = false;
        }
        line.push(letter);
        letters += 1;
    }
    line
}

/// Characters that show nothing but can hide or reorder words: zero width, direction marks, tags, variation selectors
/// beyond those of emoji, and what belongs to nobody.
fn is_invisible(letter: char) -> bool {
    matches!(u32::from(letter),
        0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E
        | 0x2060..=0x206F | 0x3164 | 0xFEFF | 0xFE00..=0xFE0E | 0xFFA0 | 0xFFF0..=0xFFFB | 0xFFFD
        | 0xE000..=0xF8FF | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0x10FFFF)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use rand::Rng;
    use semid_core::Seed;

    #[test]
    fn ordinary_titles_stay_as_they_are() {
        for title in ["Blade Runner (1982)", "Amélie – Le fabuleux destin", "千と千尋の神隠し", "Rock'n'Roll: 50 % 👍🏽"]
        {
            assert_eq!(quoted(title, 160), format!("\"{title}\""), "nothing in it can do harm");
        }
        assert_eq!(
            quoted("Se7en [Special <Edition>]", 160),
            "\"Se7en (Special ‹Edition›)\"",
            "brackets become harmless"
        );
        assert_eq!(quoted(" \n\u{200b}\u{202e} ", 160), "\"(no text)\"", "nothing is left to show");
        assert_eq!(quoted("abcdef", 5), "\"abcd…\"", "five letters, the last says that more was there");
        assert_eq!(quoted("ab  def", 5), "\"ab d…\"", "blanks count as one letter");
        assert_eq!(one_line("abcde", 5), "abcde", "what fits is not cut");
        assert_eq!(one_line("abc", 0), "", "no room, no text");
    }

    #[test]
    fn no_text_leaves_its_quotes() {
        let mut rng = Seed(3).rng("titles");
        let spice: Vec<char> = "\"“”＂<>＜`{}[]|\\\n\r\t\u{0}\u{2028}\u{202e}\u{e0041}\u{200b}aé漢…".chars().collect();
        for _ in 0..20_000 {
            let length = rng.random_range(0..40);
            let text: String = (0..length)
                .map(|_| match rng.random_bool(0.7) {
                    true => spice[rng.random_range(0..spice.len())],
                    false => char::from_u32(rng.random_range(0..0x11_0000)).unwrap_or('x'),
                })
                .collect();
            let quoted = quoted(&text, 20);
            let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap();
            let harmful = |letter: char| "\"<>`{}[]|\\".contains(letter) || letter.is_control() || is_invisible(letter);
            assert!(!inside.contains(harmful), "{text:?} became {quoted:?}, which can be taken for something else");
            assert!((1..=20).contains(&inside.chars().count()), "{quoted:?} is as long as it may be");
        }
    }
}
