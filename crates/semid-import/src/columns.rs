//! Which column means what: guessed from names, from values where there are no names, or set by a mapping.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use semid_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// What a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Interactions: who.
    User,
    /// Interactions: what, by the item's key.
    Item,
    /// Interactions: how much it was liked.
    Rating,
    /// Interactions: when.
    Timestamp,
    /// Items: the key that interactions name.
    Key,
    /// Items: what a person calls it.
    Title,
    /// Items: a longer text.
    Description,
    /// Items: category path or genres.
    Categories,
    /// Items: year of release.
    Year,
}

impl Role {
    /// Roles of an interactions file.
    pub const OF_INTERACTIONS: [Role; 4] = [Role::User, Role::Item, Role::Rating, Role::Timestamp];
    /// Roles of an items file.
    pub const OF_ITEMS: [Role; 5] = [Role::Key, Role::Title, Role::Year, Role::Categories, Role::Description];

    /// The name used in mappings and templates.
    pub fn name(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Item => "item",
            Role::Rating => "rating",
            Role::Timestamp => "timestamp",
            Role::Key => "key",
            Role::Title => "title",
            Role::Description => "description",
            Role::Categories => "categories",
            Role::Year => "year",
        }
    }

    /// The role a name stands for; common other names are understood (`time`, `genres`, `category`).
    pub(crate) fn named(name: &str) -> Option<Role> {
        Some(match simple(name).as_str() {
            "user" | "userid" => Role::User,
            "item" | "itemid" => Role::Item,
            "rating" => Role::Rating,
            "timestamp" | "time" | "date" => Role::Timestamp,
            "key" | "itemkey" | "id" => Role::Key,
            "title" | "name" => Role::Title,
            "description" => Role::Description,
            "categories" | "category" | "genres" | "genre" => Role::Categories,
            "year" => Role::Year,
            _ => return None,
        })
    }

    /// Names that columns of this role have in the wild, without case, spaces and underscores; the surest first.
    fn known_names(self) -> &'static [&'static str] {
        match self {
            Role::User => &[
                "userid",
                "user",
                "uid",
                "reviewerid",
                "reviewer",
                "customerid",
                "customer",
                "visitorid",
                "accountid",
                "memberid",
                "profileid",
                "profilename",
                "username",
                "readerid",
                "listenerid",
                "playerid",
                "viewerid",
                "clientid",
                "personid",
                "visitor",
                "account",
                "member",
                "reader",
                "listener",
                "player",
                "viewer",
                "buyer",
                "shopper",
                "client",
                "person",
                "usr",
                "sessionid",
                "session",
                "u",
            ],
            Role::Item | Role::Key => &[
                "itemid",
                "item",
                "itemkey",
                "iid",
                "key",
                "parentasin",
                "asin",
                "movieid",
                "filmid",
                "productid",
                "product",
                "bookid",
                "isbn",
                "isbn13",
                "trackid",
                "songid",
                "artistid",
                "articleid",
                "newsid",
                "gameid",
                "appid",
                "businessid",
                "recipeid",
                "podcastid",
                "videoid",
                "courseid",
                "jobid",
                "contentid",
                "sku",
                "gtin",
                "uri",
                "id",
                "movie",
                "film",
                "book",
                "track",
                "song",
                "article",
                "i",
            ],
            Role::Rating => &[
                "rating",
                "ratings",
                "overall",
                "stars",
                "starrating",
                "score",
                "reviewscore",
                "rate",
                "bookrating",
                "userrating",
                "preference",
                "playcount",
                "plays",
                "count",
                "weight",
                "r",
            ],
            Role::Timestamp => &[
                "timestamp",
                "unixreviewtime",
                "unixtime",
                "time",
                "datetime",
                "eventtime",
                "createdat",
                "ratedat",
                "createdtime",
                "reviewtime",
                "when",
                "watchedat",
                "viewedat",
                "reviewdate",
                "date",
                "at",
                "ts",
                "t",
            ],
            Role::Title => &[
                "title",
                "movietitle",
                "itemtitle",
                "producttitle",
                "booktitle",
                "newstitle",
                "name",
                "itemname",
                "productname",
                "trackname",
                "songname",
                "moviename",
                "filmname",
                "headline",
                "label",
            ],
            Role::Description => &[
                "description",
                "itemdescription",
                "productdescription",
                "plot",
                "overview",
                "summary",
                "synopsis",
                "abstract",
                "about",
                "blurb",
                "body",
                "content",
                "text",
                "feature",
                "features",
            ],
            Role::Categories => &[
                "categories",
                "category",
                "genres",
                "genre",
                "class",
                "categorypath",
                "categorynames",
                "producttype",
                "tags",
                "maincategory",
                "maincat",
                "topics",
                "topic",
                "section",
            ],
            Role::Year => &["year", "releaseyear", "publicationyear", "yearofpublication", "yearpublished"],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Columns set by a person: `user=reviewerID,item=asin`; `rating=none` says that a role has no column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(transparent)]
pub struct Mapping(pub BTreeMap<Role, Option<String>>);

impl Mapping {
    /// Sets the column of a role; `none` means: the role has no column.
    pub fn set(&mut self, role: Role, column: Option<String>) {
        self.0.insert(role, column);
    }

    /// Adds another mapping, which wins where both speak.
    pub fn extend(&mut self, other: Mapping) {
        self.0.extend(other.0);
    }

    fn of(&self, role: Role) -> Option<Option<&str>> {
        self.0.get(&role).map(Option::as_deref)
    }
}

impl FromStr for Mapping {
    type Err = Error;

    /// Reads `user=reviewerID,item=asin`.
    fn from_str(text: &str) -> Result<Self> {
        let mut mapping = Mapping::default();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let Some((role, column)) = pair.split_once('=') else {
                return Err(Error::input(format!(
                    "the mapping \"{pair}\" has no equals sign; write ROLE=COLUMN, for instance user=reviewerID"
                )));
            };
            let Some(role) = Role::named(role) else {
                return Err(Error::input(format!(
                    "the mapping names \"{}\", which is no role; the roles are user, item, rating and timestamp for \
                     interactions, and key, title, description, categories and year for items",
                    role.trim()
                )));
            };
            let column = column.trim();
            let none = column.is_empty() || column.eq_ignore_ascii_case("none");
            mapping.set(role, (!none).then(|| column.to_owned()));
        }
        Ok(mapping)
    }
}

/// The columns of a file by role.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Roles(BTreeMap<Role, usize>);

impl Roles {
    pub(crate) fn get(&self, role: Role) -> Option<usize> {
        self.0.get(&role).copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Role, usize)> + '_ {
        self.0.iter().map(|(&role, &column)| (role, column))
    }
}

/// Finds the column of each role. `rows` are the first rows of a file without names, whose values must speak instead.
/// An error says which columns there are.
pub(crate) fn resolve(
    file: &str,
    columns: &[String],
    roles: &[Role],
    mapping: &Mapping,
    rows: Option<&[Vec<String>]>,
) -> Result<Roles> {
    let mut found = BTreeMap::new();
    for &role in roles {
        // `item=asin` speaks of the items file too, unless `key` does.
        let asked = match mapping.of(role) {
            None if role == Role::Key => {
                mapping.of(Role::Item).filter(|column| column.is_some_and(|column| position(columns, column).is_some()))
            }
            asked => asked,
        };
        if let Some(Some(column)) = asked {
            let Some(at) = position(columns, column) else {
                return Err(Error::input(format!(
                    "{file} has no column \"{column}\" for the {role}. Its columns are: {}. Set another one in the \
                     mapping, for instance {role}={}",
                    listed(columns),
                    columns.first().map_or("COLUMN", String::as_str)
                )));
            };
            found.insert(role, at);
        }
    }
    for &role in roles {
        if mapping.of(role).is_none() && !found.contains_key(&role) {
            let taken = |column: usize| found.values().any(|&other| other == column);
            if let Some(column) = guess(columns, role, taken) {
                found.insert(role, column);
            }
        }
    }
    if let Some(rows) = rows {
        guess_from_values(columns.len(), rows, roles, mapping, &mut found);
    }
    Ok(Roles(found))
}

/// The column of a role that must be there.
pub(crate) fn required(file: &str, columns: &[String], roles: &Roles, role: Role) -> Result<usize> {
    roles.get(role).ok_or_else(|| {
        let what = match role {
            Role::User => "the user",
            Role::Key => "the item's key",
            _ => "the item",
        };
        Error::input(format!(
            "{file} has no column that looks like {what}. Its columns are: {}. Name the right one in the mapping, for \
             instance {role}={}",
            listed(columns),
            columns.first().map_or("COLUMN", String::as_str)
        ))
    })
}

/// The place of a column by its name: as written, else without case, spaces and underscores, else by its number.
pub(crate) fn position(columns: &[String], name: &str) -> Option<usize> {
    let plain = simple(name);
    columns
        .iter()
        .position(|column| column == name)
        .or_else(|| columns.iter().position(|column| column.eq_ignore_ascii_case(name)))
        .or_else(|| columns.iter().position(|column| !plain.is_empty() && simple(column) == plain))
        .or_else(|| columns.iter().position(|column| column.strip_prefix("column ") == Some(name)))
}

/// Column names for a sentence.
pub(crate) fn listed(columns: &[String]) -> String {
    let shown: Vec<&str> = columns.iter().take(40).map(String::as_str).collect();
    let more = if columns.len() > 40 { format!(" and {} more", columns.len() - 40) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// Whether a name is one that columns of these roles have.
pub(crate) fn is_known(name: &str, roles: &[Role]) -> bool {
    let plain = simple(name);
    roles.iter().any(|role| role.known_names().contains(&plain.as_str()))
}

fn guess(columns: &[String], role: Role, taken: impl Fn(usize) -> bool) -> Option<usize> {
    let plain: Vec<String> = columns.iter().map(|column| simple(column)).collect();
    let known = role
        .known_names()
        .iter()
        .find_map(|name| plain.iter().enumerate().position(|(at, column)| column == name && !taken(at)));
    known.or_else(|| {
        // "the_user_id", "movie_rating": the word is in the name.
        let words: &[&str] = match role {
            Role::User => &["userid", "user", "customer", "reviewer"],
            Role::Item | Role::Key => &["itemid", "item", "asin", "productid"],
            Role::Rating => &["rating", "stars"],
            Role::Timestamp => &["timestamp", "datetime", "unixtime"],
            Role::Title => &["title"],
            Role::Description => &["description"],
            Role::Categories => &["categor", "genre"],
            Role::Year => &[],
        };
        words
            .iter()
            .find_map(|word| plain.iter().enumerate().position(|(at, column)| column.contains(word) && !taken(at)))
    })
}

fn guess_from_values(
    columns: usize,
    rows: &[Vec<String>],
    roles: &[Role],
    mapping: &Mapping,
    found: &mut BTreeMap<Role, usize>,
) {
    let numbers = |column: usize| -> Option<Vec<f64>> {
        let cells = rows.iter().filter_map(|row| row.get(column)).filter(|cell| !cell.is_empty());
        cells.map(|cell| cell.trim().parse().ok()).collect::<Option<Vec<f64>>>().filter(|numbers| !numbers.is_empty())
    };
    let is_time = |column| numbers(column).is_some_and(|all| all.iter().all(|&n| n >= 1e8));
    let is_rating = |column| numbers(column).is_some_and(|all| all.iter().all(|&n| (-10.0..=100.0).contains(&n)));
    // Amazon's keys: an item is ten letters and digits, a user has twelve or more and begins with A.
    let is_item = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).all(|cell| {
            cell.len() == 10
                && cell.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
                && !cell.starts_with('A')
        })
    };
    let mut claim = |role: Role, from_right: bool, fits: &dyn Fn(usize) -> bool| {
        if !roles.contains(&role) || mapping.of(role).is_some() || found.contains_key(&role) {
            return;
        }
        let free = |column: &usize| !found.values().any(|other| other == column) && fits(*column);
        let column = if from_right { (0..columns).rev().find(free) } else { (0..columns).find(free) };
        if let Some(column) = column {
            found.insert(role, column);
        }
    };
    claim(Role::Timestamp, true, &is_time);
    // User and item come before a rating; a file of two columns has no rating, whatever its numbers.
    claim(Role::Rating, true, &|column| column >= 2 && is_rating(column));
    claim(Role::Item, false, &|column| !rows.is_empty() && is_item(column));
    claim(Role::User, false, &|_| true);
    claim(Role::Item, false, &|_| true);
    claim(Role::Key, false, &|_| true);
    claim(Role::Title, false, &|column| numbers(column).is_none());
}

/// A name without case, type suffix, spaces and marks: `user_id:token` is `userid`.
fn simple(name: &str) -> String {
    let name = name.split(':').next().unwrap_or(name);
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    fn interactions(columns: &str, mapping: &str) -> Result<Vec<usize>> {
        let columns = names(columns);
        let mapping = mapping.parse().unwrap();
        let roles = resolve("f.csv", &columns, &Role::OF_INTERACTIONS, &mapping, None)?;
        Ok(Role::OF_INTERACTIONS.iter().map(|role| roles.get(*role).unwrap_or(99)).collect())
    }

    #[test]
    fn columns_of_known_data_sets_are_found_by_name() {
        for (columns, expected) in [
            ("user_id,item_id,rating,timestamp", [0, 1, 2, 3]),
            ("viewer,film,when", [0, 1, 99, 2]),
            ("userId,movieId,rating,timestamp", [0, 1, 2, 3]),
            ("reviewerID,asin,overall,reviewTime,unixReviewTime", [0, 1, 2, 4]),
            ("rating,title,asin,parent_asin,user_id,timestamp", [4, 3, 0, 5]),
            ("Time,User Name,Book-Title Key,ISBN", [1, 3, 99, 0]),
            ("user_id,item_id,position,timestamp", [0, 1, 99, 3]),
        ] {
            assert_eq!(interactions(columns, "").unwrap(), expected, "{columns}");
        }
    }

    #[test]
    fn a_mapping_wins_over_the_guess_and_a_wrong_one_lists_the_columns() {
        assert_eq!(interactions("a,b,user", "user=a,item=B,rating=none").unwrap(), [0, 1, 99, 99], "set, case ignored");
        let error = interactions("a,b,user", "item=asin").unwrap_err().to_string();
        assert!(error.contains("\"asin\"") && error.contains("a, b, user"), "names what is there: {error}");
        assert!(
            "user".parse::<Mapping>().is_err() && "who=x".parse::<Mapping>().is_err(),
            "broken mappings are refused"
        );
    }

    #[test]
    fn columns_without_names_are_found_by_their_values() {
        let columns = names("column 1,column 2,column 3,column 4");
        let rows: Vec<Vec<String>> =
            vec![names("B00004TKVO,A2IBPI20UZIR0U,5.0,1393545600"), names("0000031852,A3,3.0,1")];
        let find = |rows: &[Vec<String>]| {
            let roles = resolve("f", &columns, &Role::OF_INTERACTIONS, &Mapping::default(), Some(rows)).unwrap();
            Role::OF_INTERACTIONS.map(|role| roles.get(role).unwrap())
        };
        assert_eq!(find(&rows[..1]), [1, 0, 2, 3], "Amazon 2018 writes the item first");
        assert_eq!(find(&[names("196,242,3,881250949")]), [0, 1, 2, 3], "MovieLens 100K writes the user first");
    }
}
