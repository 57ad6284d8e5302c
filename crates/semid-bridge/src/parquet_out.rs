//! Parquet: `items`, `interactions` and `cases` (what each user is judged on), users and items by key.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use semid_core::Case;

use crate::{BridgeFile, Export, Plan};

pub(crate) fn plan<'a>(export: &'a Export<'a>) -> Plan<'a> {
    let mut files = vec![
        BridgeFile::new("items.parquet", "key, index, title, text, categories, codes", |to| write(to, &items(export))),
        BridgeFile::new("interactions.parquet", "user, item, position in time, timestamp", |to| {
            write(to, &interactions(export))
        }),
        BridgeFile::new("cases.parquet", "history and targets of validation and test", |to| write(to, &cases(export))),
    ];
    let about = "training items of each user, in time";
    files.push(BridgeFile::new("training.parquet", about, |to| write(to, &training(export))));
    Plan { files, notes: Vec::new() }
}

enum Column {
    Text(Vec<String>),
    Int(Vec<i64>),
    MaybeInt(Vec<Option<i64>>),
    Texts(Vec<Vec<String>>),
    Ints(Vec<Vec<i32>>),
    Floats(Vec<Vec<f32>>),
}

type Table = Vec<(&'static str, Column)>;

fn items(export: &Export<'_>) -> Table {
    let items = &export.catalog.items;
    let mut table = vec![
        ("item", Column::Text(items.iter().map(|item| item.key.clone()).collect())),
        ("index", Column::Int((0..items.len() as i64).collect())),
        ("title", Column::Text(items.iter().map(|item| item.title.clone()).collect())),
        ("text", Column::Text(items.iter().map(|item| item.text.clone()).collect())),
        ("categories", Column::Texts(items.iter().map(|item| item.categories.clone()).collect())),
    ];
    if let Some(ids) = export.ids {
        let codes = |item: usize| ids.row(item).map(|code| i32::try_from(code).unwrap_or(i32::MAX)).collect();
        table.push(("codes", Column::Ints((0..ids.len()).map(codes).collect())));
    }
    if let Some(embeddings) = export.embeddings {
        table.push(("embedding", Column::Floats(embeddings.iter().map(<[f32]>::to_vec).collect())));
    }
    table
}

fn interactions(export: &Export<'_>) -> Table {
    let (mut users, mut items, mut positions, mut times) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let sequences = &export.prepared.sequences;
    for (user, (sequence, at)) in sequences.user_keys.iter().zip(sequences.items.iter().zip(&sequences.at)) {
        for (position, (&item, at)) in sequence.iter().zip(at).enumerate() {
            users.push(user.clone());
            items.push(export.item_key(item).to_owned());
            positions.push(position as i64);
            times.push(*at);
        }
    }
    vec![
        ("user", Column::Text(users)),
        ("item", Column::Text(items)),
        ("position", Column::Int(positions)),
        ("timestamp", Column::MaybeInt(times)),
    ]
}

fn training(export: &Export<'_>) -> Table {
    let train = &export.prepared.split.train;
    vec![
        ("user", Column::Text(export.prepared.sequences.user_keys.clone())),
        ("items", Column::Texts(train.iter().map(|items| keys(export, items)).collect())),
    ]
}

fn cases(export: &Export<'_>) -> Table {
    let split = &export.prepared.split;
    let all: Vec<(&str, &Case)> = split
        .validation
        .iter()
        .map(|case| ("validation", case))
        .chain(split.test.iter().map(|case| ("test", case)))
        .collect();
    vec![
        ("part", Column::Text(all.iter().map(|(part, _)| (*part).to_owned()).collect())),
        ("user", Column::Text(all.iter().map(|(_, case)| export.user_key(case.user).to_owned()).collect())),
        ("history", Column::Texts(all.iter().map(|(_, case)| keys(export, &case.history)).collect())),
        ("targets", Column::Texts(all.iter().map(|(_, case)| keys(export, &case.targets)).collect())),
    ]
}

fn keys(export: &Export<'_>, items: &[u32]) -> Vec<String> {
    items.iter().map(|&item| export.item_key(item).to_owned()).collect()
}

fn write(to: &mut (dyn Write + Send), table: &Table) -> io::Result<()> {
    write_table(to, table).map_err(|error| match error {
        ParquetError::External(inside) => match inside.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    })
}

fn write_table(to: &mut (dyn Write + Send), table: &Table) -> Result<(), ParquetError> {
    let fields: String = table.iter().map(|(name, column)| column.field(name)).collect();
    let schema = Arc::new(parse_message_type(&format!("message semid {{ {fields} }}"))?);
    // Nothing of the moment or the machine goes in, so that equal data is equal bytes.
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by("semid".to_owned())
        .build();
    let mut writer = SerializedFileWriter::new(to, schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (_, column) in table {
        if let Some(mut to) = group.next_column()? {
            column.write(&mut to)?;
            to.close()?;
        }
    }
    group.close()?;
    writer.close()?;
    Ok(())
}

impl Column {
    fn field(&self, name: &str) -> String {
        let list = |element: &str| format!("required group {name} (LIST) {{ repeated group list {{ {element} }} }} ");
        match self {
            Column::Text(_) => format!("required binary {name} (STRING); "),
            Column::Int(_) => format!("required int64 {name}; "),
            Column::MaybeInt(_) => format!("optional int64 {name}; "),
            Column::Texts(_) => list("required binary element (STRING);"),
            Column::Ints(_) => list("required int32 element;"),
            Column::Floats(_) => list("required float element;"),
        }
    }

    fn write(&self, to: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        match self {
            Column::Text(rows) => {
                let rows: Vec<ByteArray> = rows.iter().map(|text| text.as_str().into()).collect();
                to.typed::<ByteArrayType>().write_batch(&rows, None, None)?;
            }
            Column::Int(rows) => {
                to.typed::<Int64Type>().write_batch(rows, None, None)?;
            }
            Column::MaybeInt(rows) => {
                let values: Vec<i64> = rows.iter().flatten().copied().collect();
                let defined: Vec<i16> = rows.iter().map(|row| i16::from(row.is_some())).collect();
                to.typed::<Int64Type>().write_batch(&values, Some(&defined), None)?;
            }
            Column::Texts(rows) => {
                let values: Vec<ByteArray> = rows.iter().flatten().map(|text| text.as_str().into()).collect();
                let (defined, repeated) = levels(rows);
                to.typed::<ByteArrayType>().write_batch(&values, Some(&defined), Some(&repeated))?;
            }
            Column::Ints(rows) => {
                let (defined, repeated) = levels(rows);
                to.typed::<Int32Type>().write_batch(&rows.concat(), Some(&defined), Some(&repeated))?;
            }
            Column::Floats(rows) => {
                let (defined, repeated) = levels(rows);
                to.typed::<FloatType>().write_batch(&rows.concat(), Some(&defined), Some(&repeated))?;
            }
        }
        Ok(())
    }
}

/// Definition and repetition levels of lists: an empty list is there and holds nothing.
fn levels<T>(rows: &[Vec<T>]) -> (Vec<i16>, Vec<i16>) {
    let (mut defined, mut repeated) = (Vec::new(), Vec::new());
    for row in rows {
        defined.extend(std::iter::repeat_n(1, row.len()));
        repeated.extend((0..row.len()).map(|at| i16::from(at > 0)));
        if row.is_empty() {
            defined.push(0);
            repeated.push(0);
        }
    }
    (defined, repeated)
}
