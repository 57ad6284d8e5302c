//! The catalog on a plane, coloured by first code. The places come from the embeddings alone and are kept as an
//! artifact, so every set of IDs of a catalog shares one plane.

use std::collections::BTreeMap;

use semid_core::{Embeddings, Seed, Work};
use semid_models::plane::{METHOD, plane};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::embed::{embed_catalog, encoder_folder};
use crate::envelope::{open_envelope, seal_envelope};
use crate::fingerprint::Fingerprint;
use crate::past_run::PreparedData;
use crate::settings::ExperimentSettings;
use crate::{Engine, Error, Result};

/// Raised when the code that makes the plane changes its bytes.
const VERSION: u32 = 1;

/// Items of a code that are weighed against each other to find where its label stands.
const WEIGHED: usize = 2_000;
/// How near counts as dense, on a plane two wide.
const NEAR: f32 = 0.06;

/// The catalog on a plane (result of the job `catalog_map`; kept, so that a second call is quick).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct CatalogMap {
    /// Across, one an item, in −1 … 1.
    pub x: Vec<f32>,
    /// Up, one an item, in −1 … 1.
    pub y: Vec<f32>,
    /// First code, one an item.
    pub code: Vec<u32>,
    /// Title, one an item.
    pub title: Vec<String>,
    /// ID as text, one an item.
    pub id: Vec<String>,
    /// First codes with label and items, most items first.
    pub codes: Vec<MapCode>,
    /// How the plane was made, in a sentence.
    pub method: String,
}

/// A first code on the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct MapCode {
    /// The code.
    pub code: u32,
    /// Its label.
    pub label: String,
    /// Items.
    pub items: u64,
    /// Where its label stands.
    pub x: f32,
    /// Where its label stands.
    pub y: f32,
}

impl Engine {
    /// The catalog on a plane with the first codes of a set of IDs.
    pub fn catalog_map(&self, work: &Work, dataset: &str, ids: &str) -> Result<CatalogMap> {
        let opened = self.opened_ids(dataset, ids)?;
        let places = self.places(work, &opened.data)?;
        let mut by_code: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        let first_code = |item: usize| opened.ids().ids[item].codes.first().copied().unwrap_or_default();
        for item in 0..places.len() {
            by_code.entry(first_code(item)).or_default().push(item);
        }
        let mut codes: Vec<MapCode> = by_code
            .into_iter()
            .map(|(code, items)| {
                let [x, y] = densest(&places, &items);
                MapCode { code, label: opened.label(&[code]), items: items.len() as u64, x, y }
            })
            .collect();
        codes.sort_by_key(|code| (std::cmp::Reverse(code.items), code.code));
        Ok(CatalogMap {
            x: places.iter().map(|place| place[0]).collect(),
            y: places.iter().map(|place| place[1]).collect(),
            code: (0..places.len()).map(first_code).collect(),
            title: opened.data.catalog.items.iter().map(|item| item.title.clone()).collect(),
            id: opened.ids().ids.iter().map(|id| id.to_string()).collect(),
            codes,
            method: METHOD.to_owned(),
        })
    }

    /// A place for every item, from the artifact or made now.
    fn places(&self, work: &Work, data: &PreparedData) -> Result<Vec<[f32; 2]>> {
        let cached = self.embeddings_of(data)?;
        let embedded: Embeddings;
        let (embeddings, model) = match &cached {
            Some(cached) => (&cached.embeddings, cached.model.clone()),
            None => {
                let encoder = ExperimentSettings::starter("", 0).text.encoder;
                let folder = encoder_folder(self.home(), &encoder)?;
                let made = embed_catalog(work, self.store(), &folder, &data.catalog)?;
                embedded = made.embeddings;
                let model = self.embeddings_of(data)?.map(|cached| cached.model.clone()).unwrap_or_default();
                (&embedded, model)
            }
        };
        let fingerprint = Fingerprint::new("map", VERSION).with(&model).with(&data.fingerprint).finish();
        let stored = self.store().artifacts().read(&fingerprint, "map")?;
        if let Some(places) = stored.as_deref().and_then(read_places).filter(|places| places.len() == embeddings.rows())
        {
            return Ok(places);
        }
        let places = plane(&work.with_seed(Seed(1)), embeddings)?;
        if places.len() != data.catalog.len() {
            return Err(Error::input("The embeddings are of another catalog."));
        }
        let bytes: Vec<u8> = places.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
        let about = json!({ "method": METHOD, "encoder": model });
        self.store().artifacts().write(&fingerprint, "map", &about, &seal_envelope(&places.len(), &bytes)?)?;
        Ok(places)
    }
}

fn read_places(content: &[u8]) -> Option<Vec<[f32; 2]>> {
    let (rows, bytes) = open_envelope::<usize>(content)?;
    let numbers: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let places: Vec<[f32; 2]> = numbers.as_chunks::<2>().0.to_vec();
    (places.len() == rows && numbers.iter().all(|x| x.is_finite())).then_some(places)
}

/// The place of the item with the most of its own kind around it.
fn densest(places: &[[f32; 2]], items: &[usize]) -> [f32; 2] {
    let some: Vec<[f32; 2]> =
        items.iter().step_by(items.len().div_ceil(WEIGHED).max(1)).map(|&item| places[item]).collect();
    let around = |at: &[f32; 2]| -> f32 {
        let apart = |other: &[f32; 2]| (at[0] - other[0]).powi(2) + (at[1] - other[1]).powi(2);
        some.iter().map(|other| (-apart(other) / (2.0 * NEAR * NEAR)).exp()).sum()
    };
    let weighed = some.iter().map(|place| (around(place), *place));
    weighed.max_by(|a, b| a.0.total_cmp(&b.0)).map_or([0.0; 2], |most| most.1)
}
