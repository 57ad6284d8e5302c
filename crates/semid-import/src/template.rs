//! The text template: `{title} ({year}). {genres}. {description}`. What is embedded is the template filled in, and an
//! empty field takes its label, its brackets and its separator with it.

/// A template over columns: names at first, resolved places later.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template<C> {
    /// What stands before each column, and the column.
    parts: Vec<(Between, C)>,
    /// What stands after the last column.
    tail: Between,
}

/// Literal text between two columns, by whom it belongs to: ` min. Genres: ` is a unit, a separator and a label.
#[derive(Clone, Debug, Default, PartialEq)]
struct Between {
    /// Goes with the column before it.
    unit: String,
    /// Separates: punctuation, space and brackets only.
    separator: String,
    /// Goes with the column after it.
    label: String,
}

impl Template<String> {
    /// Reads a template; the error is a sentence. `{{` and `}}` are literal braces.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts: Vec<(Between, String)> = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            rest = &rest[at..];
            let brace = &rest[..1];
            if rest[1..].starts_with(brace) {
                literal.push_str(brace);
                rest = &rest[2..];
                continue;
            }
            let name = if brace == "{" { rest[1..].split_once('}') } else { None };
            let Some((name, after)) = name.filter(|(name, _)| !name.trim().is_empty() && !name.contains('{')) else {
                return Err(format!(
                    "the text template \"{text}\" has a brace that encloses no column; write {{title}}, or two braces for one"
                ));
            };
            let literal = std::mem::take(&mut literal);
            let between = if parts.is_empty() { Between::first(literal) } else { Between::middle(&literal) };
            parts.push((between, name.trim().to_owned()));
            rest = after;
        }
        literal.push_str(rest);
        if parts.is_empty() {
            return Err(format!("the text template \"{text}\" names no column; write at least one, such as {{title}}"));
        }
        Ok(Template { parts, tail: Between::last(&literal) })
    }

    /// The same template over resolved columns.
    pub(crate) fn resolve<C, E>(self, mut find: impl FnMut(&str) -> Result<C, E>) -> Result<Template<C>, E> {
        let parts = self.parts.into_iter().map(|(between, name)| Ok((between, find(&name)?)));
        Ok(Template { parts: parts.collect::<Result<_, E>>()?, tail: self.tail })
    }
}

impl<C> Template<C> {
    /// The columns, in order.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &C> {
        self.parts.iter().map(|(_, column)| column)
    }

    /// Fills the template into `out`; `write` appends a column's text.
    pub(crate) fn fill(&self, out: &mut String, mut write: impl FnMut(&C, &mut String)) {
        out.clear();
        let mut field = String::new();
        // Unit and separator since the last column that had text, and whether one without text came after it.
        let (mut unit, mut separator, mut dropped) = ("", String::new(), false);
        for (index, (between, column)) in self.parts.iter().enumerate() {
            if dropped {
                separator = merge(&separator, &between.separator);
            } else {
                unit = &between.unit;
                separator.clear();
                separator.push_str(&between.separator);
            }
            field.clear();
            write(column, &mut field);
            let text = field.trim();
            let was_dropped = dropped;
            dropped = text.is_empty();
            if dropped {
                continue;
            }
            if out.is_empty() && index > 0 {
                (unit, separator) = ("", separator.trim_start_matches(is_separator).to_owned());
            } else if out.is_empty() && was_dropped {
                separator = separator.trim_start_matches(is_separator).to_owned();
            }
            out.push_str(unit);
            append(out, &separator);
            out.push_str(&between.label);
            out.push_str(text);
        }
        if out.is_empty() {
            return;
        }
        if dropped {
            out.push_str(unit);
            match self.tail.separator.trim() {
                "" => out.push_str(split_closing(&separator).0),
                _ => append(out, &merge(&separator, &self.tail.separator)),
            }
        } else {
            out.push_str(&self.tail.unit);
            append(out, &self.tail.separator);
        }
        out.truncate(out.trim_end().len());
    }
}

impl Between {
    /// Before the first column everything that is no bracket or separator is a label.
    fn first(literal: String) -> Self {
        let at = literal.find(|c| !is_separator(c) && !is_opener(c)).unwrap_or(literal.len());
        Between { unit: String::new(), separator: literal[..at].to_owned(), label: literal[at..].to_owned() }
    }

    /// Between columns: words before a sentence mark go with the column before, words after it with the one after.
    fn middle(literal: &str) -> Self {
        let words_end = literal.rfind(char::is_alphanumeric).map_or(0, |at| next_char(literal, at));
        let ends_here = literal[words_end..].contains(is_ender);
        let label_at = if words_end == 0 || ends_here {
            literal.len()
        } else {
            let from = literal[..words_end].rfind(is_ender).map_or(0, |at| next_char(literal, at));
            from + literal[from..].find(char::is_alphanumeric).unwrap_or(0)
        };
        let head = &literal[..label_at];
        let unit_end = head.rfind(char::is_alphanumeric).map_or(0, |at| next_char(head, at));
        Between {
            unit: head[..unit_end].to_owned(),
            separator: head[unit_end..].to_owned(),
            label: literal[label_at..].to_owned(),
        }
    }

    /// After the last column words go with it.
    fn last(literal: &str) -> Self {
        let unit_end = literal.rfind(char::is_alphanumeric).map_or(0, |at| next_char(literal, at));
        let (unit, separator) = literal.split_at(unit_end);
        Between { unit: unit.to_owned(), separator: separator.to_owned(), label: String::new() }
    }
}

/// What separates two columns when the one between `before` and `after` has no text.
fn merge(before: &str, after: &str) -> String {
    // What closes a bracket belongs to the column before.
    let (closing, before) = split_closing(before);
    closing.to_owned() + &merge_open(before, after)
}

fn merge_open(before: &str, after: &str) -> String {
    let opened = before.trim_end().ends_with(is_opener);
    let closed = after.trim_start().starts_with(is_closer);
    if opened && closed {
        let before = before.trim_end();
        let after = after.trim_start();
        let before = before.trim_end_matches(is_opener).trim_end();
        return merge_open(before, after.trim_start_matches(is_closer));
    }
    if opened {
        return format!("{before}{}", after.trim_start_matches(is_separator));
    }
    if closed {
        return after.trim_start().to_owned();
    }
    let weight = |text: &str| text.chars().take_while(|c| is_separator(*c)).filter(|c| !c.is_whitespace()).count();
    if weight(before) > weight(after) {
        format!("{before}{}", after.trim_start_matches(is_separator))
    } else {
        after.to_owned()
    }
}

/// Splits after the last closing bracket.
fn split_closing(separator: &str) -> (&str, &str) {
    separator.split_at(separator.rfind(is_closer).map_or(0, |at| next_char(separator, at)))
}

/// Appends a separator; a text that ends its own sentence ("What?") needs no full stop.
fn append(out: &mut String, separator: &str) {
    let ended = out.ends_with(['.', '!', '?', '…']);
    out.push_str(if ended { separator.strip_prefix('.').unwrap_or(separator) } else { separator });
}

fn next_char(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(0, char::len_utf8)
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || ".,;:-–—|/·•›>&+".contains(c)
}

fn is_ender(c: char) -> bool {
    ".,;!?)]}|".contains(c)
}

fn is_opener(c: char) -> bool {
    "([{<«“".contains(c)
}

fn is_closer(c: char) -> bool {
    ")]}>»”".contains(c)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn fill(template: &str, fields: &[(&str, &str)]) -> String {
        let template = Template::parse(template).unwrap();
        let mut out = String::new();
        template.fill(&mut out, |name, out| {
            out.push_str(fields.iter().find(|(field, _)| field == name).map_or("", |(_, text)| text));
        });
        out
    }

    #[test]
    fn an_empty_field_takes_its_separator_brackets_and_label_with_it() {
        let films = "{title} ({year}). {genres}. {plot}";
        let all = [("title", "Heat"), ("year", "1995"), ("genres", "Crime"), ("plot", "Cops and robbers.")];
        let without = |names: &[&str]| -> Vec<(&str, &str)> {
            all.iter().copied().filter(|(name, _)| !names.contains(name)).collect()
        };
        for (template, missing, text) in [
            (films, &[][..], "Heat (1995). Crime. Cops and robbers."),
            (films, &["year"], "Heat. Crime. Cops and robbers."),
            (films, &["plot"], "Heat (1995). Crime"),
            (films, &["genres", "plot"], "Heat (1995)"),
            (films, &["year", "genres", "plot"], "Heat"),
            (films, &["year", "genres"], "Heat. Cops and robbers."),
            (films, &["title"], "(1995). Crime. Cops and robbers."),
            (films, &["title", "year"], "Crime. Cops and robbers."),
            (films, &["title", "year", "genres", "plot"], ""),
            ("{title}. Genres: {genres}. Plot: {plot}", &["genres"], "Heat. Plot: Cops and robbers."),
            ("{title}. Genres: {genres} {plot}", &["genres"], "Heat. Cops and robbers."),
            ("{title}. Genres: {genres}.", &["genres"], "Heat."),
            ("Film: {title}, {year}", &["year"], "Film: Heat"),
            ("Film: {title}, {year}", &["title"], "1995"),
            ("{title} ({year}, {genres})", &["genres"], "Heat (1995)"),
            ("{title} ({year}, {genres})", &["year"], "Heat (Crime)"),
            ("{title} ({year}, {genres})", &["year", "genres"], "Heat"),
            ("{year} min. {title}", &["year"], "Heat"),
            ("{title} by {year}. {plot}", &["year"], "Heat. Cops and robbers."),
            ("{title}, {year} edition. {plot}", &["plot"], "Heat, 1995 edition"),
        ] {
            assert_eq!(fill(template, &without(missing)), text, "{template} without {missing:?}");
        }
    }

    #[test]
    fn a_text_that_ends_its_sentence_gets_no_second_full_stop() {
        let text = fill("{a}. {b}. {c}.", &[("a", "What?"), ("b", "Corp."), ("c", "End!")]);
        assert_eq!(text, "What? Corp. End!", "marks are not doubled");
    }

    #[test]
    fn braces_that_enclose_no_column_are_refused_with_a_sentence() {
        for wrong in ["{title", "{}", "title", "a } b", "{a{b}}"] {
            let error = Template::parse(wrong).unwrap_err();
            assert!(error.contains("template"), "{wrong} is refused: {error}");
        }
        assert_eq!(fill("{{{a}}}", &[("a", "x")]), "{x}", "doubled braces are braces");
    }
}
