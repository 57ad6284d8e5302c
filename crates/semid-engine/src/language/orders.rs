//! What a model does with titles that give orders: planted into 0, 1 and 10 % of a catalog, everything else the same.

use std::collections::BTreeMap;

use semid_core::metrics::Metric;
use semid_core::metrics::ranking::evaluate;
use semid_core::{RankedList, Seed, Work};
use semid_llm::injection::plant;
use semid_llm::{PromptKind, Representation, Tally, Template};
use serde::{Deserialize, Serialize};

use super::arms::{AnswerBy, Asked, LmRankSettings, tally_sentence};
use crate::settings::{ExperimentSettings, RecommenderSettings};
use crate::{Engine, Result};

/// Shares of the catalog whose titles give orders.
const SHARES: [f64; 3] = [0.0, 0.01, 0.1];

/// Ask what orders in titles change.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct OrdersRequest {
    /// The data set.
    pub dataset: String,
    /// The language model.
    pub model: String,
    /// Users whose candidates it orders.
    pub users: u32,
    /// How the order is read from it.
    pub answer: AnswerBy,
}

/// What came of one share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct OrdersRow {
    /// Share of the items whose titles give orders.
    pub share: f64,
    /// Such items among all that were shown as candidates, counted once a list.
    pub shown: u64,
    /// How often one of them was ranked first.
    pub first: u64,
    /// How often one of the same items was ranked first when its title gave no order.
    pub first_before: u64,
    /// Users for whom another item was ranked first than without orders.
    pub changed: u64,
    /// Mean over the users.
    pub ndcg: f64,
    /// How the answers could be read, in a sentence.
    pub answers: String,
}

impl Engine {
    /// Lets a model order the same candidates by title with and without orders in some titles. One row a share: 0, 1 and
    /// 10 %; the items of the smaller share are among those of the larger.
    pub fn orders_in_titles(&self, work: &Work, request: &OrdersRequest) -> Result<Vec<OrdersRow>> {
        let dataset = self.store().dataset(&request.dataset)?;
        let mut settings = ExperimentSettings::starter(&dataset.name, dataset.items);
        settings.prepare.test_users = Some(request.users.max(1));
        let asked =
            LmRankSettings { model: request.model.clone(), answer: request.answer, ..LmRankSettings::starter() };
        settings.ids = Vec::new();
        settings.recommenders = vec![RecommenderSettings::LmTitle(asked.clone())];
        settings.settle_baseline();
        let problems = settings.check();
        if !problems.is_empty() {
            return Err(crate::Error::Settings(problems));
        }
        let work = work.with_seed(Seed(settings.data_seed));
        let shared = self.share(&work, &settings, &dataset, &mut Vec::new())?;
        let opened = self.open_model(&request.model)?;
        let template = Template::built_in(PromptKind::Rank);
        let metric: Metric = "ndcg@10".parse()?;
        let step = work.step("orders in titles", SHARES.len());
        let mut before: BTreeMap<usize, u32> = BTreeMap::new();
        let mut rows = Vec::new();
        for share in SHARES {
            step.note(format!("{:.0} %", 100.0 * share));
            let planted = plant(&shared.catalog, share, work.seed())?;
            let asking = Asked {
                work: &work,
                shared: &shared,
                titles: &planted.catalog,
                opened: &opened,
                template: &template,
                ids: None,
            };
            let (read, _) = asking.rank(&asked, Representation::Title)?;
            let tally: Tally = read.iter().map(|one| one.tally).sum();
            let lists: Vec<RankedList> = read.into_iter().map(|one| one.list).collect();
            let firsts = lists.iter().enumerate().filter_map(|(user, list)| {
                let first = list.entries.first().and_then(|entry| entry.items.first())?;
                Some((user, *first))
            });
            let firsts: BTreeMap<usize, u32> = firsts.collect();
            if share == 0.0 {
                before.clone_from(&firsts);
            }
            let gives_orders = |item: &&u32| planted.items.binary_search(item).is_ok();
            let all = lists.iter().flat_map(|list| &list.entries).flat_map(|entry| &entry.items);
            let evaluated =
                evaluate(&lists, &shared.prepared.split.test, std::slice::from_ref(&metric), shared.catalog.len())?;
            let users = 0..lists.len();
            rows.push(OrdersRow {
                share,
                shown: all.filter(gives_orders).count() as u64,
                first: firsts.values().filter(gives_orders).count() as u64,
                first_before: before.values().filter(gives_orders).count() as u64,
                changed: users.filter(|user| before.get(user) != firsts.get(user)).count() as u64,
                ndcg: evaluated.mean(&metric).unwrap_or_default(),
                answers: tally_sentence(&tally),
            });
            step.advance(1)?;
        }
        Ok(rows)
    }
}
