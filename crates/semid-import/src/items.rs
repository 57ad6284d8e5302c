//! Items from the rows of an items file: key, title, category path, and the text that is embedded.

use semid_core::{Error, Result};

use crate::categories::{self, PathText};
use crate::columns::{Mapping, Role, Roles, listed, position, required, resolve};
use crate::format::Format;
use crate::sniff::{GENRE_MARKS, Sniffed};
use crate::table::Table;
use crate::template::Template;
use crate::text;
use crate::value::Field;

/// How items are read from one file: columns found, template checked.
pub(crate) struct ItemReader {
    roles: Roles,
    key: usize,
    /// Titles carry their year: `Matrix, The (1999)`.
    film_titles: bool,
    /// Names of the columns that mark genres, in MovieLens 100K.
    genre_marks: Option<Vec<String>>,
    path_text: PathText,
    /// Read where the category column is empty.
    second_categories: Option<usize>,
    template: Option<Template<Slot>>,
    template_text: String,
    item: ReadItem,
    scratch: String,
}

/// An item as read, reused from row to row.
#[derive(Default)]
pub(crate) struct ReadItem {
    pub title: String,
    pub text: String,
    pub categories: Vec<String>,
    year: String,
}

/// What a column of the template is filled with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Slot {
    Key,
    Title,
    Year,
    Categories,
    /// A column as it is; the text between the elements of a list.
    Column(usize, &'static str),
}

impl ItemReader {
    /// Finds the columns and checks the template; errors list the columns there are.
    pub(crate) fn new(file: &Sniffed, mapping: &Mapping, template: Option<&str>) -> Result<Self> {
        let rows = (!file.named).then_some(file.sample.as_slice());
        let roles = resolve(&file.name, &file.columns, &Role::OF_ITEMS, mapping, rows)?;
        let key = required(&file.name, &file.columns, &roles, Role::Key)?;
        let marks = file.format == Format::MovieLens100k && file.columns.len() >= GENRE_MARKS.end;
        let genre_marks = (marks && roles.get(Role::Categories).is_none()).then(|| file.columns[GENRE_MARKS].to_vec());
        let category_column = roles.get(Role::Categories);
        let category_name = category_column.map_or("", |column| file.columns[column].as_str()).to_lowercase();
        let path_text = match category_column {
            Some(column) if file.spaced[column] => PathText::Spaces,
            _ if ["genre", "tag", "topic", "class"].iter().any(|word| category_name.contains(word)) => PathText::Tags,
            _ => PathText::Path,
        };
        let second = ["main_category", "main_cat"].iter().find_map(|name| position(&file.columns, name));
        let second_categories = second.filter(|column| category_column.is_some_and(|first| first != *column));
        let mut reader = ItemReader {
            key,
            film_titles: file.format.has_film_titles(),
            genre_marks,
            path_text,
            second_categories,
            template: None,
            template_text: String::new(),
            item: ReadItem::default(),
            scratch: String::new(),
            roles,
        };
        reader.template_text = template.map_or_else(|| reader.default_template(file), str::to_owned);
        if !reader.template_text.is_empty() {
            let parsed = Template::parse(&reader.template_text).map_err(Error::input)?;
            reader.template = Some(parsed.resolve(|name| reader.slot(file, name))?);
        }
        Ok(reader)
    }

    /// The columns that are read.
    pub(crate) fn wanted(&self, file: &Sniffed) -> Vec<bool> {
        let mut wanted = vec![false; file.columns.len()];
        self.roles.iter().for_each(|(_, column)| wanted[column] = true);
        self.second_categories.iter().for_each(|&column| wanted[column] = true);
        if self.genre_marks.is_some() {
            wanted[GENRE_MARKS].fill(true);
        }
        for slot in self.template.iter().flat_map(Template::columns) {
            if let Slot::Column(column, _) = slot {
                wanted[*column] = true;
            }
        }
        wanted
    }

    pub(crate) fn roles(&self) -> &Roles {
        &self.roles
    }

    pub(crate) fn template_text(&self) -> &str {
        &self.template_text
    }

    /// The key of the current row.
    pub(crate) fn key<'a>(&self, table: &'a Table<'_>, scratch: &'a mut String) -> Option<&'a str> {
        table.field(self.key).key(scratch)
    }

    /// Reads title, categories and text of the current row.
    pub(crate) fn read(&mut self, table: &Table<'_>, key: &str) -> &ReadItem {
        let field = |role| self.roles.get(role).map_or(Field::Missing, |column| table.field(column));
        let item = &mut self.item;
        item.title.clear();
        item.year.clear();
        write_clean(field(Role::Year), " ", &mut self.scratch, &mut item.year);
        write_clean(field(Role::Title), " ", &mut self.scratch, &mut item.title);
        if self.film_titles {
            let (title, year) = text::film_title(&item.title);
            item.title = title;
            if let Some(year) = year.filter(|_| item.year.is_empty()) {
                item.year = year;
            }
        } else if self.roles.get(Role::Year).is_some() {
            // Things with a year are films, books, records: lists of them put articles behind.
            item.title = text::article_first(&item.title);
        }
        // A year that a data frame made a float.
        if let Some(year) = item.year.strip_suffix(".0") {
            item.year.truncate(year.len());
        }
        match &self.genre_marks {
            Some(names) => {
                let marked = |at: usize| matches!(table.field(at), Field::Text("1"));
                item.categories.clear();
                item.categories
                    .extend(names.iter().zip(GENRE_MARKS).filter(|(_, at)| marked(*at)).map(|(n, _)| n.clone()));
            }
            None => categories::read(field(Role::Categories), self.path_text, &mut item.categories),
        }
        if let Some(column) = self.second_categories
            && item.categories.is_empty()
        {
            categories::read(table.field(column), PathText::Path, &mut item.categories);
        }
        let ReadItem { title, text, categories, year } = item;
        match &self.template {
            Some(template) => template.fill(text, |slot, out| match *slot {
                Slot::Key => out.push_str(key),
                Slot::Title => out.push_str(title),
                Slot::Year => out.push_str(year),
                Slot::Categories => write_list(categories, out),
                Slot::Column(column, between) => write_clean(table.field(column), between, &mut self.scratch, out),
            }),
            None => text.clear(),
        }
        if title.is_empty() {
            title.push_str(key);
        }
        if text.is_empty() {
            text.push_str(title);
        }
        item
    }

    fn slot(&self, file: &Sniffed, name: &str) -> Result<Slot> {
        let column = position(&file.columns, name);
        let role = Role::named(name);
        let of_role = |role: Role| self.roles.get(role);
        Ok(match (column, role) {
            // A column that has a role is filled as that role, under its own name and the role's.
            (Some(column), _) if Some(column) == of_role(Role::Title) => Slot::Title,
            (Some(column), _) if Some(column) == of_role(Role::Year) => Slot::Year,
            (Some(column), _) if Some(column) == of_role(Role::Categories) => Slot::Categories,
            (Some(column), _) if Some(column) == of_role(Role::Description) => Slot::Column(column, " "),
            (Some(column), _) => Slot::Column(column, ", "),
            (None, Some(Role::Key)) => Slot::Key,
            (None, Some(Role::Title)) if of_role(Role::Title).is_some() => Slot::Title,
            (None, Some(Role::Year)) if self.has_year() => Slot::Year,
            (None, Some(Role::Categories)) if self.has_categories() => Slot::Categories,
            (None, Some(Role::Description)) if of_role(Role::Description).is_some() => {
                Slot::Column(of_role(Role::Description).unwrap_or(self.key), " ")
            }
            (None, _) => {
                return Err(Error::input(format!(
                    "the text template uses {{{name}}}, but {} has no column \"{name}\". Its columns are: {}",
                    file.name,
                    listed(&file.columns)
                )));
            }
        })
    }

    fn has_year(&self) -> bool {
        self.film_titles || self.roles.get(Role::Year).is_some()
    }

    fn has_categories(&self) -> bool {
        self.genre_marks.is_some() || self.roles.get(Role::Categories).is_some()
    }

    /// Title and year, then what kind of thing it is, then what is said of it.
    fn default_template(&self, file: &Sniffed) -> String {
        let mut parts = Vec::new();
        if self.roles.get(Role::Title).is_some() {
            parts.push(if self.has_year() { "{title} ({year})" } else { "{title}" });
        }
        if self.genre_marks.is_some() {
            parts.push("{genres}");
        } else if let Some(column) = self.roles.get(Role::Categories) {
            let genres = file.columns[column].eq_ignore_ascii_case("genres");
            parts.push(if genres { "{genres}" } else { "{categories}" });
        }
        if self.roles.get(Role::Description).is_some() {
            parts.push("{description}");
        }
        parts.join(". ")
    }
}

fn write_list(names: &[String], out: &mut String) {
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        out.push_str(name);
    }
}

fn write_clean(field: Field<'_>, between: &str, scratch: &mut String, out: &mut String) {
    match field {
        Field::Text(raw) if is_null(raw) => {}
        Field::Text(raw) => text::clean(raw, out),
        Field::Missing => {}
        other => {
            scratch.clear();
            other.write(between, scratch);
            text::clean(scratch, out);
        }
    }
}

/// What data frames write where there is nothing.
fn is_null(text: &str) -> bool {
    matches!(text.trim(), "nan" | "NaN" | "None" | "null" | "NULL" | "<NA>" | "\\N")
}
