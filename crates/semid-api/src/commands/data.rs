//! Handlers: files, data sets, recipes.

use semid_core::{Item, Seed, Work};
use semid_engine::dataset_profile::DatasetProfile;
use semid_engine::datasets::ImportRequest;
use semid_engine::import::{self, FileKind, Format, Role};
use semid_engine::sample::SAMPLE;
use semid_engine::{Theme, import_files};

use super::{Reply, start_in, to_value};
use crate::wire::*;
use crate::{App, Lane};

pub fn datasets(app: &App, _: Nothing) -> Reply<DatasetList> {
    let engine = app.engine()?;
    Ok(DatasetList {
        datasets: engine.store().datasets().map_err(semid_engine::Error::Store)?,
        recipes: engine.recipes()?,
    })
}

pub fn import(app: &App, request: ImportRequest) -> Reply<Started> {
    start_in(Lane::Files, app, format!("Import {}", request.name), move |engine, work| {
        Ok(engine.import(work, &request)?)
    })
}

pub fn import_recipe(app: &App, request: RecipeRequest) -> Reply<Started> {
    start_in(Lane::Files, app, format!("Import {}", request.recipe), move |engine, work| {
        Ok(engine.import_recipe(work, &request.recipe, request.download, request.replace)?)
    })
}

pub fn embed(app: &App, request: EmbedRequest) -> Reply<Started> {
    let home = app.home().clone();
    // No workspace is needed, and none is made, to embed a file.
    let id = app.jobs().submit_to(Lane::Runs, format!("Embed {}", request.texts.display()), Seed(0), move |work| {
        to_value(semid_engine::embed::embed_file(work, &home, &request.model, &request.texts, &request.output).map(
            |made| EmbedReport {
                rows: made.rows,
                dim: made.dim,
                kernel: made.kernel,
                load_secs: made.load_secs,
                embed_secs: made.embed_secs,
                output: request.output.clone(),
            },
        )?)
    });
    Ok(Started { job: id })
}

pub fn recognise_files(app: &App, request: FilesRequest) -> Reply<Recognised> {
    Ok(app.engine()?.recognise_files(&request.paths)?)
}

pub fn preview_file(app: &App, request: PreviewRequest) -> Reply<PreviewReply> {
    let looked = import::preview(&request.path, request.kind, request.format);
    let preview = looked.map_err(semid_engine::Error::Core)?;
    let roles: &[Role] = match preview.kind {
        FileKind::Items => &Role::OF_ITEMS,
        FileKind::Interactions => &Role::OF_INTERACTIONS,
    };
    let role = |role: &Role| {
        let (sentence, required) = import_files::role_facts(*role);
        RoleFacts { role: role.name().to_owned(), sentence: sentence.to_owned(), required }
    };
    Ok(PreviewReply {
        roles: roles.iter().map(role).collect(),
        formats: Format::ALL.map(|format| FormatFacts { format, title: format.title().to_owned() }).to_vec(),
        suggested_name: app.engine()?.free_name(&request.path)?,
        preview,
    })
}

/// Item texts shown while a template is typed.
const TEXTS_SHOWN: usize = 20;

pub fn preview_texts(app: &App, request: ImportDraft) -> Reply<TextsReply> {
    Ok(app.engine()?.preview_texts(&Work::new(Seed(0)), &request.import, TEXTS_SHOWN)?)
}

pub fn check_import(app: &App, request: ImportDraft) -> Reply<Started> {
    start_in(Lane::Files, app, format!("Check {}", request.import.interactions.display()), move |engine, work| {
        let (summary, problems) = engine.check_import(work, &request.import)?;
        let kinds = summary.problems.iter().map(|&(kind, rows)| ProblemKindCount {
            kind,
            sentence: import_files::kind_sentence(kind).to_owned(),
            rows,
        });
        let kinds = kinds.collect();
        let taken = engine.store().datasets().map_err(semid_engine::Error::Store)?;
        let name_taken = taken.iter().any(|dataset| dataset.name == request.import.name);
        Ok(ImportCheck { summary, kinds, problems, name_taken })
    })
}

pub fn dataset(app: &App, request: DatasetRequest) -> Reply<DatasetDetail> {
    let engine = app.engine()?;
    let dataset = engine.store().dataset(&request.dataset).map_err(semid_engine::Error::Store)?;
    let profile = engine.dataset_profile(&dataset)?;
    Ok(DatasetDetail {
        density: DatasetProfile::density(&dataset),
        facts: profile.facts(&dataset),
        problems: engine.store().problem_counts(dataset.id).map_err(semid_engine::Error::Store)?,
        charts: profile.charts().into_iter().map(str::to_owned).collect(),
        runs: engine.store().runs_on(&dataset.name).map_err(semid_engine::Error::Store)?,
        dataset,
    })
}

pub fn dataset_chart(app: &App, request: DatasetChartRequest) -> Reply<DrawnChart> {
    let engine = app.engine()?;
    let dataset = engine.store().dataset(&request.dataset).map_err(semid_engine::Error::Store)?;
    let theme = if request.dark { Theme::Dark } else { Theme::Light };
    Ok(engine.dataset_chart(&dataset, &request.chart, theme)?.into())
}

/// Rows of a page at most, whatever was asked for.
const LONGEST_PAGE: u64 = 1_000;

pub fn dataset_problems(app: &App, request: ItemsRequest) -> Reply<ProblemPage> {
    let engine = app.engine()?;
    let dataset = engine.store().dataset(&request.dataset).map_err(semid_engine::Error::Store)?;
    let word = request.query.unwrap_or_default();
    let limit = request.limit.min(LONGEST_PAGE);
    let page = engine.store().problem_page(dataset.id, word.trim(), request.offset, limit);
    let (kept, problems) = page.map_err(semid_engine::Error::Store)?;
    Ok(ProblemPage { kept, problems })
}

pub fn items(app: &App, request: ItemsRequest) -> Reply<ItemPage> {
    let engine = app.engine()?;
    let dataset = engine.store().dataset(&request.dataset).map_err(semid_engine::Error::Store)?;
    let profile = engine.dataset_profile(&dataset)?;
    let words: Vec<String> =
        request.query.iter().flat_map(|query| query.split_whitespace()).map(str::to_owned).collect();
    let limit = request.limit.min(LONGEST_PAGE);
    let page = engine.store().item_page(dataset.id, &words, request.offset, limit);
    let (total, page) = page.map_err(semid_engine::Error::Store)?;
    let row = |(item, found): (u32, Item)| ItemRow {
        item,
        key: found.key,
        title: found.title,
        categories: found.categories,
        text: found.text,
        interactions: profile.item_counts.get(item as usize).map_or(0, |&met| u64::from(met)),
    };
    Ok(ItemPage { total, items: page.into_iter().map(row).collect() })
}

pub fn remove_dataset(app: &App, request: DatasetRequest) -> Reply<Nothing> {
    app.engine()?.store().delete_dataset(&request.dataset).map_err(semid_engine::Error::Store)?;
    Ok(Nothing {})
}

pub fn open_sample(app: &App, _: Nothing) -> Reply<Started> {
    start_in(Lane::Runs, app, "Open the sample".to_owned(), move |engine, work| {
        let run = engine.open_sample(work)?;
        Ok(SampleReport { dataset: SAMPLE.to_owned(), run })
    })
}
