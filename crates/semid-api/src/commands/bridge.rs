//! Handlers: bridges to other systems.

use semid_core::Seed;
use semid_engine::bridge::BridgeExport;

use super::{Reply, start, start_in};
use crate::wire::*;
use crate::{App, Lane};

pub fn bridge_export(app: &App, request: BridgeExportRequest) -> Reply<Started> {
    let title = format!("Export {} for {}", request.settings.dataset, request.format.key());
    start_in(Lane::Runs, app, title, move |engine, work| {
        let BridgeExportRequest { settings, ids, seed, format, embeddings, output } = request;
        let work = work.with_seed(Seed(settings.data_seed));
        Ok(engine.bridge_export(&work, &BridgeExport { settings, ids, seed, format, embeddings, output })?)
    })
}

pub fn look_at_lists(app: &App, request: ListsRequest) -> Reply<Started> {
    start(app, format!("Read {}", request.file.display()), move |engine, work| {
        let work = work.with_seed(Seed(request.settings.data_seed));
        Ok(engine.look_at_lists(&work, &request.settings, &request.file, request.names)?)
    })
}
