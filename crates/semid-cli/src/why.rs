//! `semid why`: the path of the generative model's beam to an item.

use semid_api::ApiError;
use semid_api::wire::*;
use semid_core::comparison::{ArmResult, Comparison};
use serde_json::json;

use crate::args::WhyArgs;
use crate::{Outcome, Shell, print};

impl Shell {
    pub fn why(&self, args: WhyArgs) -> Outcome {
        let comparison: Comparison = self.app.call("comparison", RunSelector { run: Some(args.run) })?;
        let arm = match args.arm {
            Some(arm) => arm,
            None => best_with_ids(&comparison)?.key.clone(),
        };
        let none = || ApiError::input(format!("Run {} has no seed.", args.run));
        let seed = args.seed.or(comparison.seeds.first().copied()).ok_or_else(none)?;
        let users: UserPage = self.app.call(
            "users",
            UsersRequest {
                run: args.run,
                arm: arm.clone(),
                against: None,
                metric: comparison.primary_metric.clone(),
                sort: UserSort::Value,
                descending: true,
                query: args.user.clone(),
                offset: 0,
                limit: 1_000,
            },
        )?;
        let user = match &args.user {
            Some(key) => users.rows.iter().find(|row| row.key == *key),
            None => users.rows.first(),
        };
        let user = user.ok_or_else(|| {
            let key = args.user.as_deref().unwrap_or("any");
            ApiError::input(format!("There is no judged user with the key “{key}” in run {}. {}", args.run, users.note))
        })?;
        let detail: UserDetail =
            self.app.call("user", UserRequest { run: args.run, arm: arm.clone(), seed, user: user.user })?;
        let known = || detail.list.iter().flat_map(|entry| &entry.items).chain(&detail.targets);
        let item = match &args.item {
            Some(key) => known().find(|item| item.key == *key).ok_or_else(|| {
                ApiError::input(format!(
                    "“{key}” stands neither in the list of user “{}” nor among the items held out. The list begins: {}.",
                    detail.key,
                    known().take(5).map(|item| item.key.as_str()).collect::<Vec<_>>().join(", ")
                ))
            })?,
            None => known().next().ok_or_else(|| ApiError::input("The list is empty."))?,
        };
        let request = WhyRequest { run: args.run, arm: arm.clone(), seed, user: user.user, item: item.item };
        let why: WhyReply = self.job("why_item", request)?;
        let whole = json!({ "run": args.run, "arm": arm, "seed": seed, "user": detail.key, "why": why });
        self.tell(&whole, |_| print::why(&detail, &why))
    }
}

fn best_with_ids(comparison: &Comparison) -> Result<&ArmResult, ApiError> {
    let value = |arm: &ArmResult| {
        arm.values.iter().find(|value| value.metric == comparison.primary_metric).map_or(0.0, |value| value.mean)
    };
    let with_ids = comparison.arms.iter().filter(|arm| arm.ids.is_some());
    with_ids
        .max_by(|a, b| value(a).total_cmp(&value(b)))
        .ok_or_else(|| ApiError::input("No arm of this run speaks in IDs, so there is no path of codes to follow."))
}
