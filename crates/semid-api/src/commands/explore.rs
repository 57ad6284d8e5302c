//! Handlers: IDs as a place to walk around in.

use std::time::Instant;

use semid_core::Seed;
use semid_core::comparison::IdSchemeResult;
use semid_engine::explore::Page;

use super::{Reply, start, start_in};
use crate::wire::*;
use crate::{App, Lane};

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

pub fn schemes(app: &App, request: DatasetRequest) -> Reply<Vec<SchemeRow>> {
    Ok(app.engine()?.schemes(&request.dataset)?)
}

pub fn id_scheme(app: &App, request: IdsSelector) -> Reply<IdSchemeResult> {
    Ok(app.engine()?.id_scheme(&request.dataset, &request.ids)?)
}

pub fn id_tree(app: &App, request: TreeRequest) -> Reply<TreeNode> {
    Ok(app.engine()?.id_tree(&request.dataset, &request.ids, &request.prefix, request.depth as usize)?)
}

pub fn id_items(app: &App, request: IdItemsRequest) -> Reply<IdItemPage> {
    let page = Page { offset: request.offset, limit: request.limit };
    Ok(app.engine()?.id_items(&request.dataset, &request.ids, &request.prefix, request.query.as_deref(), page)?)
}

pub fn neighbours(app: &App, request: NeighboursRequest) -> Reply<NeighboursReply> {
    Ok(app.engine()?.neighbours(&request.dataset, &request.ids, request.item, request.k as usize)?)
}

pub fn catalog_map(app: &App, request: IdsSelector) -> Reply<Started> {
    start(app, format!("Map of {}", request.dataset), move |engine, work| {
        Ok(engine.catalog_map(work, &request.dataset, &request.ids)?)
    })
}

pub fn collisions(app: &App, request: CollisionsRequest) -> Reply<CollisionPage> {
    let page = Page { offset: request.offset, limit: request.limit };
    Ok(app.engine()?.collisions(&request.dataset, &request.ids, page)?)
}

pub fn compare_ids(app: &App, request: CompareIdsRequest) -> Reply<CompareIdsReply> {
    let page = Page { offset: request.offset, limit: request.limit };
    let CompareIdsRequest { dataset, left, right, query, .. } = &request;
    Ok(app.engine()?.compare_ids(dataset, left, right, query.as_deref(), page)?)
}
