//! The import itself: one thread reads and checks, the calling thread feeds the sink, batches in between.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use semid_core::{Error, Result, Step, Work};

use crate::columns::{Role, Roles, required, resolve};
use crate::delimited::Next;
use crate::items::ItemReader;
use crate::keys::Keys;
use crate::lines::Meter;
use crate::number::{Parsed, rating, timestamp};
use crate::outbox::{Batch, Outbox};
use crate::plan::{ImportPlan, UnknownItems};
use crate::problem::{ProblemKind, Trouble};
use crate::sink::{FileSummary, ImportSummary, ImportedItem, InteractionRow, Sink};
use crate::sniff::{FileKind, Sniffed, sniff};
use crate::table::Table;

/// Batches that may wait between the reading thread and the sink; memory is bounded by them.
const WAITING: usize = 4;

/// Reads the files of a plan into a sink.
///
/// Good rows go on when others are bad: those are counted and the first of each kind reported to the sink. Progress is
/// the step "import", in bytes of the files.
///
/// # Errors
///
/// A sentence when a file cannot be read at all, its columns cannot be told, nothing usable is in it, or, under
/// `strict`, at the first problem; the sink's own error; a cancel. After an error what the sink was given is incomplete:
/// throw it away.
pub fn import(work: &Work, plan: &ImportPlan, sink: &mut dyn Sink) -> Result<ImportSummary> {
    if plan.items.is_empty() && plan.interactions.is_empty() {
        return Err(Error::input("there is nothing to import: name an items file, an interactions file, or both"));
    }
    let open = |paths: &[std::path::PathBuf], format, kind| -> Result<Vec<Sniffed>> {
        paths.iter().map(|path| sniff(path, format, Some(kind))).collect()
    };
    let items = open(&plan.items, plan.items_format, FileKind::Items)?;
    let interactions = open(&plan.interactions, plan.interactions_format, FileKind::Interactions)?;
    let total: u64 = items.iter().chain(&interactions).map(|file| file.bytes).sum();
    let step = work.step("import", total as usize);
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(WAITING);
        let reader = scope.spawn(|| Reader::new(plan, &step, sender).read(&items, &interactions));
        let delivered = deliver(receiver, sink);
        // The receiver is gone by now, so that a reader still at work stops at its next batch.
        let read = reader.join().unwrap_or_else(|_| {
            Err(Error::input("reading the files failed inside Semid; please report it with the files"))
        });
        delivered?;
        read
    })
}

fn deliver(batches: Receiver<Batch>, sink: &mut dyn Sink) -> Result<()> {
    for batch in batches {
        batch.deliver(sink)?;
    }
    Ok(())
}

struct Reader<'a> {
    plan: &'a ImportPlan,
    step: &'a Step<'a>,
    out: Outbox<'a>,
    item_keys: Keys,
    user_keys: Keys,
    create_items: bool,
}

impl<'a> Reader<'a> {
    fn new(plan: &'a ImportPlan, step: &'a Step<'a>, sender: SyncSender<Batch>) -> Self {
        Reader {
            plan,
            step,
            out: Outbox::new(plan, sender),
            item_keys: Keys::default(),
            user_keys: Keys::default(),
            create_items: plan.items.is_empty() || plan.unknown_items == UnknownItems::Create,
        }
    }

    fn read(mut self, items: &[Sniffed], interactions: &[Sniffed]) -> Result<ImportSummary> {
        // Every file's columns are checked before the first row of any is read.
        let mut item_files = Vec::new();
        for file in items {
            item_files.push((file, ItemReader::new(file, &self.plan.mapping, self.plan.text.as_deref())?));
        }
        let mut interaction_files = Vec::new();
        for file in interactions {
            interaction_files.push((file, Columns::of(file, self.plan)?));
        }
        for (file, reader) in item_files {
            self.read_items(file, reader)?;
        }
        for (file, columns) in interaction_files {
            self.read_interactions(file, &columns)?;
        }
        self.out.finish()
    }

    fn read_items(&mut self, file: &Sniffed, mut reader: ItemReader) -> Result<()> {
        let mut table = Table::open(file, &reader.wanted(file), Meter::new(self.step))?;
        self.out.begin_file(&file.name);
        let before = self.out.summary.items;
        let mut rows = 0u64;
        let mut scratch = String::new();
        loop {
            match table.next()? {
                Next::End => break,
                Next::Trouble(trouble) => self.out.trouble(trouble)?,
                Next::Row => {
                    let Some(key) = reader.key(&table, &mut scratch) else {
                        let reason = "the item's key is empty".to_owned();
                        self.out.trouble(table.trouble(ProblemKind::MissingKey, reason))?;
                        rows += 1;
                        continue;
                    };
                    if self.item_keys.find(key).is_some() {
                        let reason =
                            format!("the key \"{}\" was there before; the first item with it is kept", short(key));
                        self.out.trouble(table.trouble(ProblemKind::DuplicateItem, reason))?;
                    } else {
                        let index = self.item_keys.add(key).ok_or_else(too_many)?;
                        let item = reader.read(&table, key);
                        self.out.item(ImportedItem {
                            index,
                            key,
                            title: &item.title,
                            text: &item.text,
                            categories: &item.categories,
                        })?;
                    }
                }
            }
            rows += 1;
        }
        self.out.summary.text = reader.template_text().to_owned();
        self.end_file(file, FileKind::Items, rows, reader.roles());
        if self.out.summary.items == before {
            return Err(self.out.nothing_usable(file, rows));
        }
        Ok(())
    }

    fn read_interactions(&mut self, file: &Sniffed, columns: &Columns) -> Result<()> {
        let mut table = Table::open(file, &columns.wanted(file), Meter::new(self.step))?;
        self.out.begin_file(&file.name);
        let before = self.out.summary.interactions;
        let mut rows = 0u64;
        loop {
            match table.next()? {
                Next::End => break,
                Next::Trouble(trouble) => self.out.trouble(trouble)?,
                Next::Row => {
                    if let Err(trouble) = self.interaction(&table, columns)? {
                        self.out.trouble(trouble)?;
                    }
                }
            }
            rows += 1;
        }
        self.end_file(file, FileKind::Interactions, rows, &columns.roles);
        if self.out.summary.interactions == before {
            let known = self.item_keys.first().unwrap_or_default();
            return Err(self.out.nothing_linked(file, rows, known));
        }
        Ok(())
    }

    /// Reads the interaction of the current row, or says what is wrong with it. A user is there only from the first good
    /// row on.
    #[inline]
    fn interaction(&mut self, table: &Table<'_>, columns: &Columns) -> Result<Result<(), Trouble>> {
        let (mut user_scratch, mut item_scratch) = (String::new(), String::new());
        let wrong = |kind, reason: String| Ok(Err(table.trouble(kind, reason)));
        let Some(user_key) = table.field(columns.user).key(&mut user_scratch) else {
            return wrong(ProblemKind::MissingKey, "the user is empty".to_owned());
        };
        let Some(item_key) = table.field(columns.item).key(&mut item_scratch) else {
            return wrong(ProblemKind::MissingKey, "the item is empty".to_owned());
        };
        let rating = match columns.rating.map_or(Parsed::Missing, |column| rating(table.field(column))) {
            Parsed::Missing => None,
            Parsed::Value(rating) => Some(rating),
            Parsed::Bad => {
                let shown = columns.rating.map(|column| table.field(column).shown()).unwrap_or_default();
                return wrong(ProblemKind::BadRating, format!("the rating \"{}\" is no finite number", short(&shown)));
            }
        };
        let at = match columns.timestamp.map_or(Parsed::Missing, |column| timestamp(table.field(column))) {
            Parsed::Missing => None,
            Parsed::Value(at) => Some(at),
            Parsed::Bad => {
                let shown = columns.timestamp.map(|column| table.field(column).shown()).unwrap_or_default();
                let reason =
                    format!("the time \"{}\" is neither a unix time nor a date such as 2024-05-31", short(&shown));
                return wrong(ProblemKind::BadTimestamp, reason);
            }
        };
        let item = match self.item_keys.find(item_key) {
            Some(item) => item,
            None if self.create_items => {
                let index = self.item_keys.add(item_key).ok_or_else(too_many)?;
                self.out.summary.items_created += 1;
                let bare = ImportedItem { index, key: item_key, title: item_key, text: item_key, categories: &[] };
                self.out.item(bare)?;
                index
            }
            None => {
                let reason = format!("the items file has no item \"{}\"", short(item_key));
                return wrong(ProblemKind::UnknownItem, reason);
            }
        };
        let user = match self.user_keys.find(user_key) {
            Some(user) => user,
            None => {
                let index = self.user_keys.add(user_key).ok_or_else(too_many)?;
                self.out.user(user_key)?;
                index
            }
        };
        self.out.row(InteractionRow { user, item, rating, at })?;
        Ok(Ok(()))
    }

    fn end_file(&mut self, file: &Sniffed, kind: FileKind, rows: u64, roles: &Roles) {
        self.out.summary.files.push(FileSummary {
            name: file.name.clone(),
            kind,
            format: file.format,
            bytes: file.bytes,
            rows,
            columns: roles.iter().map(|(role, column)| (role, file.columns[column].clone())).collect(),
        });
    }
}

/// The columns of an interactions file.
pub(crate) struct Columns {
    user: usize,
    item: usize,
    rating: Option<usize>,
    timestamp: Option<usize>,
    roles: Roles,
}

impl Columns {
    pub(crate) fn of(file: &Sniffed, plan: &ImportPlan) -> Result<Self> {
        let rows = (!file.named).then_some(file.sample.as_slice());
        let roles = resolve(&file.name, &file.columns, &Role::OF_INTERACTIONS, &plan.mapping, rows)?;
        let user = required(&file.name, &file.columns, &roles, Role::User)?;
        let item = required(&file.name, &file.columns, &roles, Role::Item)?;
        Ok(Columns { user, item, rating: roles.get(Role::Rating), timestamp: roles.get(Role::Timestamp), roles })
    }

    fn wanted(&self, file: &Sniffed) -> Vec<bool> {
        let mut wanted = vec![false; file.columns.len()];
        self.roles.iter().for_each(|(_, column)| wanted[column] = true);
        wanted
    }
}

fn too_many() -> Error {
    Error::input("there are more than four billion users or items, which is more than Semid can name")
}

/// A key or value for a sentence.
fn short(text: &str) -> String {
    crate::problem::snip(&text.as_bytes()[..text.len().min(80)])
}
