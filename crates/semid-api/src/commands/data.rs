//! Handlers: files, data sets, recipes.

use semid_core::Seed;
use semid_engine::datasets::ImportRequest;

use super::{Reply, start, to_value};
use crate::wire::*;
use crate::{ApiError, App};

pub fn datasets(app: &App, _: Nothing) -> Reply<DatasetList> {
    let engine = app.engine()?;
    Ok(DatasetList {
        datasets: engine.store().datasets().map_err(semid_engine::Error::Store)?,
        recipes: engine.recipes()?,
    })
}

pub fn import(app: &App, request: ImportRequest) -> Reply<Started> {
    start(app, format!("Import {}", request.name), move |engine, work| Ok(engine.import(work, &request)?))
}

pub fn import_recipe(app: &App, request: RecipeRequest) -> Reply<Started> {
    start(app, format!("Import {}", request.recipe), move |engine, work| {
        Ok(engine.import_recipe(work, &request.recipe, request.download, request.replace)?)
    })
}

pub fn embed(app: &App, request: EmbedRequest) -> Reply<Started> {
    let home = app.home().clone();
    // No workspace is needed, and none is made, to embed a file.
    let id = app.jobs().submit(format!("Embed {}", request.texts.display()), Seed(0), move |work| {
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

pub fn preview_file(_: &App, _: PreviewRequest) -> Reply<PreviewReply> {
    Err(ApiError::internal("preview_file is not built yet."))
}

pub fn preview_texts(_: &App, _: ImportDraft) -> Reply<TextsReply> {
    Err(ApiError::internal("preview_texts is not built yet."))
}

pub fn check_import(_: &App, _: ImportDraft) -> Reply<Started> {
    Err(ApiError::internal("check_import is not built yet."))
}

pub fn dataset(_: &App, _: DatasetRequest) -> Reply<DatasetDetail> {
    Err(ApiError::internal("dataset is not built yet."))
}

pub fn dataset_chart(_: &App, _: DatasetChartRequest) -> Reply<DrawnChart> {
    Err(ApiError::internal("dataset_chart is not built yet."))
}

pub fn dataset_problems(_: &App, _: ItemsRequest) -> Reply<ProblemPage> {
    Err(ApiError::internal("dataset_problems is not built yet."))
}

pub fn items(_: &App, _: ItemsRequest) -> Reply<ItemPage> {
    Err(ApiError::internal("items is not built yet."))
}

pub fn remove_dataset(_: &App, _: DatasetRequest) -> Reply<Nothing> {
    Err(ApiError::internal("remove_dataset is not built yet."))
}

pub fn open_sample(_: &App, _: Nothing) -> Reply<Started> {
    Err(ApiError::internal("open_sample is not built yet."))
}
