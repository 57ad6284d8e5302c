//! Handlers: IDs as a place to walk around in.

use std::time::Instant;

use semid_core::Seed;
use semid_core::comparison::IdSchemeResult;

use super::{Reply, start_in};
use crate::wire::*;
use crate::{ApiError, App, Lane};

pub fn ids(app: &App, request: IdsRequest) -> Reply<Started> {
    start_in(Lane::Runs, app, format!("IDs of {}", request.settings.dataset), move |engine, work| {
        let started = Instant::now();
        let work = work.with_seed(Seed(request.seed));
        let made = engine.build_ids(&work, &request.settings, request.output.as_deref())?;
        Ok(IdsReport {
            scheme: made.scheme,
            items: made.items,
            secs: started.elapsed().as_secs_f64(),
            reused: made.reused,
            output: request.output.clone(),
        })
    })
}

pub fn schemes(_: &App, _: DatasetRequest) -> Reply<Vec<SchemeRow>> {
    Err(ApiError::internal("schemes is not built yet."))
}

pub fn id_scheme(_: &App, _: IdsSelector) -> Reply<IdSchemeResult> {
    Err(ApiError::internal("id_scheme is not built yet."))
}

pub fn id_tree(_: &App, _: TreeRequest) -> Reply<TreeNode> {
    Err(ApiError::internal("id_tree is not built yet."))
}

pub fn id_items(_: &App, _: IdItemsRequest) -> Reply<IdItemPage> {
    Err(ApiError::internal("id_items is not built yet."))
}

pub fn neighbours(_: &App, _: NeighboursRequest) -> Reply<NeighboursReply> {
    Err(ApiError::internal("neighbours is not built yet."))
}

pub fn catalog_map(_: &App, _: IdsSelector) -> Reply<Started> {
    Err(ApiError::internal("catalog_map is not built yet."))
}

pub fn collisions(_: &App, _: CollisionsRequest) -> Reply<CollisionPage> {
    Err(ApiError::internal("collisions is not built yet."))
}

pub fn compare_ids(_: &App, _: CompareIdsRequest) -> Reply<CompareIdsReply> {
    Err(ApiError::internal("compare_ids is not built yet."))
}
