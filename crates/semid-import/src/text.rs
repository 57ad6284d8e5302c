//! Item texts: HTML entities decoded, tags stripped, white space made single spaces, film titles in reading order.

use std::borrow::Cow;

/// Elements whose tags are stripped. Anything else in angle brackets is content: `x < y`, `<3`, `<The End>`.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "b",
    "big",
    "blockquote",
    "body",
    "br",
    "center",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "label",
    "li",
    "link",
    "meta",
    "object",
    "ol",
    "option",
    "p",
    "param",
    "pre",
    "s",
    "script",
    "select",
    "small",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "title",
    "tr",
    "tt",
    "u",
    "ul",
    "video",
];

/// Elements inside a word: their tags leave no space.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "big", "code", "em", "font", "i", "s", "small", "span", "strike", "strong", "sub", "sup", "tt",
    "u",
];

/// Elements whose content is no text.
const HIDDEN: &[&str] = &["script", "style"];

/// Appends `raw` to `out` as a person would read it.
pub(crate) fn clean(raw: &str, out: &mut String) {
    if raw.bytes().any(|byte| byte == b'&' || byte == b'<') {
        push_words(&strip_tags(&decode(raw)), out);
    } else {
        push_words(raw, out);
    }
}

/// [`clean`] into a new string.
pub(crate) fn cleaned(raw: &str) -> String {
    let mut out = String::new();
    clean(raw, &mut out);
    out
}

/// Appends words separated by single spaces; control characters separate like spaces.
fn push_words(text: &str, out: &mut String) {
    let start = out.len();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control() || c == '\u{FEFF}') {
        if !word.is_empty() {
            if out.len() > start {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
}

/// Decodes twice, since catalogs often hold `&amp;amp;` and `&amp;quot;`.
fn decode(text: &str) -> Cow<'_, str> {
    let once = html_escape::decode_html_entities(text);
    if !once.contains('&') {
        return once;
    }
    match html_escape::decode_html_entities(once.as_ref()) {
        Cow::Borrowed(_) => once,
        Cow::Owned(twice) => Cow::Owned(twice),
    }
}

fn strip_tags(text: &str) -> Cow<'_, str> {
    if !text.contains('<') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some((name, end)) = tag(rest) else {
            out.push('<');
            rest = &rest[1..];
            continue;
        };
        if !INLINE.contains(&name.as_str()) {
            out.push(' ');
        }
        let opens = !rest.starts_with("</");
        rest = &rest[end..];
        if opens && HIDDEN.contains(&name.as_str()) {
            rest = after_closing(rest, &name);
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The element's name and the end of the tag that `text` begins with; none when it begins with no tag.
fn tag(text: &str) -> Option<(String, usize)> {
    if let Some(comment) = text.strip_prefix("<!--") {
        return Some(("!".to_owned(), comment.find("-->").map_or(text.len(), |at| at + 7)));
    }
    let inner = text[1..].strip_prefix('/').unwrap_or(&text[1..]);
    let name_len = inner.bytes().take(12).take_while(u8::is_ascii_alphanumeric).count();
    let name = inner[..name_len].to_ascii_lowercase();
    if !ELEMENTS.contains(&name.as_str()) {
        return None;
    }
    // After the name a tag goes on with a space, a slash or its end.
    match inner.as_bytes().get(name_len) {
        Some(b'>' | b'/' | b' ' | b'\n' | b'\r' | b'\t') => {}
        _ => return None,
    }
    let end = text.find('>')?;
    (end < 4_096 && !text[1..end].contains('<')).then_some((name, end + 1))
}

/// What follows the closing tag of a hidden element; nothing when it is never closed.
fn after_closing<'a>(text: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(at) = text[from..].find("</") {
        let at = from + at;
        if text[at + 2..].get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return text[at..].find('>').map_or("", |end| &text[at + end + 1..]);
        }
        from = at + 2;
    }
    ""
}

/// Articles that film lists put behind a title.
const ARTICLES: &[&str] = &[
    "The", "A", "An", "Le", "La", "Les", "L'", "Un", "Une", "El", "Los", "Las", "Una", "Il", "Lo", "I", "Gli", "Der",
    "Die", "Das", "Den", "Det", "De", "Het", "En", "Ett", "O", "Os", "As",
];

/// A MovieLens title in reading order, and its year: `Matrix, The (1999)` is `The Matrix` of `1999`.
pub(crate) fn film_title(raw: &str) -> (String, Option<String>) {
    let (name, year) = split_year(raw.trim());
    // A second title in brackets has its own article: "City of Lost Children, The (Cité des enfants perdus, La)".
    let titled = match name.strip_suffix(')').and_then(|inner| inner.rsplit_once(" (")) {
        Some((first, second)) if !second.contains(')') => {
            let (first, second) = (article_first(first), article_first(second));
            format!("{first} ({second})")
        }
        _ => article_first(name),
    };
    (titled, year.map(str::to_owned))
}

/// Splits `(1999)`, `(1975-1979)`, `(2007– )` from the end; what may follow it (`(V)`) goes with it.
fn split_year(title: &str) -> (&str, Option<&str>) {
    for (at, _) in title.rmatch_indices('(') {
        let inside = &title[at + 1..];
        let Some(close) = inside.find(')') else { continue };
        let Some(year) = inside.get(..4).filter(|year| year.bytes().all(|byte| byte.is_ascii_digit())) else {
            continue;
        };
        let rest = inside[4..close].trim_start();
        let after = inside[close + 1..].trim();
        if (rest.is_empty() || rest.starts_with(['-', '–'])) && (after.is_empty() || after.len() <= 4) && at > 0 {
            return (title[..at].trim_end(), Some(year));
        }
    }
    (title, None)
}

/// A title with the article that a list put behind it in front: `Matrix, The` is `The Matrix`.
pub(crate) fn article_first(title: &str) -> String {
    match title.rsplit_once(", ") {
        Some((name, article)) if ARTICLES.contains(&article) => {
            let space = if article.ends_with('\'') { "" } else { " " };
            format!("{article}{space}{name}")
        }
        _ => title.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_decoded_tags_stripped_and_content_in_angle_brackets_kept() {
        for (raw, read) in [
            ("Tom &amp; Jerry&#39;s  <b>best</b>", "Tom & Jerry's best"),
            ("&amp;quot;Quoted&amp;quot; &amp;amp; more", "\"Quoted\" & more"),
            ("one<br/>two<p class=\"x\">three</p>", "one two three"),
            ("&lt;b&gt;bold&lt;/b&gt; move", "bold move"),
            ("H<sub>2</sub>O", "H2O"),
            ("I <3 you, x < y and y > z", "I <3 you, x < y and y > z"),
            ("<The End>", "<The End>"),
            ("a<script>var x = '<b>';</script>b<style>p{}</style>", "a b"),
            ("never <script>closed", "never"),
            ("tab\tand\u{0}line\nbreak\u{a0}", "tab and line break"),
            ("a <!-- hidden --> b", "a b"),
            ("AT&T &bogus; &", "AT&T &bogus; &"),
            ("broken <b", "broken <b"),
        ] {
            assert_eq!(cleaned(raw), read, "{raw:?} as a person reads it");
        }
    }

    #[test]
    fn film_titles_are_put_in_reading_order_and_lose_their_year() {
        for (raw, title, year) in [
            ("Matrix, The (1999)", "The Matrix", Some("1999")),
            ("Toy Story (1995)", "Toy Story", Some("1995")),
            (
                "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
                "The City of Lost Children (La Cité des enfants perdus)",
                Some("1995"),
            ),
            ("Misérables, Les (1998) ", "Les Misérables", Some("1998")),
            ("Avventura, L' (1960)", "L'Avventura", Some("1960")),
            (
                "Land Before Time III: The Time of the Great Giving (1995) (V)",
                "Land Before Time III: The Time of the Great Giving",
                Some("1995"),
            ),
            ("Fawlty Towers (1975-1979)", "Fawlty Towers", Some("1975")),
            ("Babylon 5", "Babylon 5", None),
            ("unknown", "unknown", None),
            ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", Some("1968")),
            ("(500) Days of Summer (2009)", "(500) Days of Summer", Some("2009")),
            (
                "Good, the Bad and the Ugly, The (Buono, il brutto, il cattivo, Il) (1966)",
                "The Good, the Bad and the Ugly (Il Buono, il brutto, il cattivo)",
                Some("1966"),
            ),
            ("(1999)", "(1999)", None),
        ] {
            assert_eq!(film_title(raw), (title.to_owned(), year.map(str::to_owned)), "{raw:?}");
        }
    }
}
