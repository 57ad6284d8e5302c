//! A number's origin, the users behind it, one user's list.

use semid_api::Code;
use semid_api::wire::*;
use serde_json::{Value, json};

use crate::world::{HOSTILE, World};

const ARM: &str = "generative/rq-kmeans";

fn users(world: &World, run: i64, change: Value) -> UserPage {
    let mut request = json!({
        "run": run, "arm": ARM, "against": null, "metric": "ndcg@10", "sort": "user", "descending": false,
        "query": null, "offset": 0, "limit": 1000,
    });
    request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    world.call("users", request)
}

#[test]
fn a_number_says_where_it_comes_from_and_who_was_left_out() {
    let (world, run) = World::with_run();
    let facts = |arm: &str, against: Option<&str>| -> NumberFacts {
        world.call("number", json!({ "run": run, "arm": arm, "against": against, "metric": "ndcg@10" }))
    };
    let number = facts(ARM, None);
    let fact = |number: &NumberFacts, label: &str| {
        let found = number.facts.iter().find(|fact| fact.0.starts_with(label));
        found.unwrap_or_else(|| panic!("{label} is among {:?}", number.facts)).1.clone()
    };
    assert_eq!(number.against, "Popularity", "the baseline, where nobody says");
    assert!(number.metric.formula.len() > 20, "the formula is a sentence");
    assert_eq!(fact(&number, "Users, n"), "80", "all with something held out");
    assert!(fact(&number, "Mean of each seed").contains("(seed 2)"), "each seed is named");
    assert!(fact(&number, "Adjusted p (Holm)").starts_with(['.', '<', '1']), "one of the run's tests");
    assert!(number.excluded[0].contains("1 of 81 users"), "who met one thing only trains: {:?}", number.excluded);

    let comparison: semid_core::comparison::Comparison = world.call("comparison", json!({ "run": run }));
    let other = facts(ARM, Some("item-knn"));
    assert!(fact(&other, "Adjusted p").contains("not among the tests"), "a pair of one's own choice is not corrected");
    let means = ["generative/rq-kmeans", "item-knn"]
        .map(|key| comparison.arms.iter().find(|arm| arm.key == key).unwrap().values[0].mean);
    let shown: f64 = fact(&other, "Difference against").replace('−', "-").parse().unwrap();
    assert!((shown - (means[0] - means[1])).abs() < 6e-5, "the difference of the means: {shown}");

    let error = world.refused("number", json!({ "run": run, "arm": "nobody", "against": null, "metric": "ndcg@10" }));
    assert!(error.message.contains("popularity"), "a wrong arm is told which there are: {}", error.message);
}

#[test]
fn users_behind_a_number_average_to_it_and_can_be_sorted_and_searched() {
    let (world, run) = World::with_run();
    let all = users(&world, run, json!({}));
    assert_eq!((all.total, all.rows.len()), (80, 80), "every judged user");
    let comparison: semid_core::comparison::Comparison = world.call("comparison", json!({ "run": run }));
    let mean = comparison.arms.iter().find(|arm| arm.key == ARM).unwrap().values[0].mean;
    let of_rows = all.rows.iter().map(|row| row.value).sum::<f64>() / 80.0;
    assert!((mean - of_rows).abs() < 1e-12, "the rows are what the mean was made of");
    let keys: Vec<u32> = all.rows.iter().map(|row| row.key.parse().unwrap()).collect();
    assert_eq!(keys, (0..80).collect::<Vec<_>>(), "keys that are numbers stand in the order of numbers");
    assert!(all.rows.iter().all(|row| row.ranks.len() == 2 && row.history == Some(7)), "both seeds; seven of eight");

    let best = users(&world, run, json!({ "sort": "difference", "descending": true, "limit": 10 }));
    assert_eq!((best.total, best.rows.len()), (80, 10), "a page");
    assert!(best.rows.windows(2).all(|pair| pair[0].difference >= pair[1].difference), "largest first");
    let next = users(&world, run, json!({ "sort": "difference", "descending": true, "offset": 10, "limit": 70 }));
    let mut together: Vec<u32> = best.rows.iter().chain(&next.rows).map(|row| row.user).collect();
    together.sort_unstable();
    together.dedup();
    assert_eq!(together.len(), 80, "pages hold every user once");
    assert_eq!(users(&world, run, json!({ "query": "7" })).total, 17, "7, 17, …, 70 to 79");
}

#[test]
fn a_users_page_shows_history_targets_and_a_list_with_ids_for_every_arm() {
    let (world, run) = World::with_run();
    for arm in ["popularity", "item-knn", "generative/hash", ARM] {
        let page = users(&world, run, json!({ "arm": arm }));
        for row in &page.rows {
            let detail: UserDetail = world.call("user", json!({ "run": run, "arm": arm, "seed": 2, "user": row.user }));
            assert_eq!((detail.key == row.key, detail.history.len()), (true, 7), "the same user");
            let hit = detail.list.iter().find(|entry| entry.hit).map(|entry| entry.rank);
            assert_eq!(hit, row.ranks[1], "{arm}: the hit stands at the rank of the table");
            let marked = |entry: &ListEntry| entry.items.iter().any(|item| item.item == detail.targets[0].item);
            assert!(detail.list.iter().all(|entry| entry.hit == marked(entry)), "a hit is an entry with the target");
            let seen: Vec<u32> = detail.history.iter().map(|item| item.item).collect();
            let again = detail.list.iter().flat_map(|entry| &entry.items).any(|item| seen.contains(&item.item));
            assert!(!again, "nothing of the history is recommended");
            let has_codes = detail.list.iter().flat_map(|entry| &entry.items).all(|item| item.codes.len() == 3);
            assert_eq!(has_codes, arm.starts_with("generative"), "{arm}: two levels and the digit");
            let labelled = detail.history.iter().all(|item| item.labels.len() == 2);
            assert_eq!(labelled, arm == ARM, "{arm}: labels only where codes mean something");
            assert_eq!(detail.explains, arm.starts_with("generative"), "only the generative model has a path");
            assert_eq!((detail.values.len(), detail.note.as_str()), (2, ""), "both metrics, nothing is missing");
        }
    }
}

#[test]
fn a_hostile_title_stays_data() {
    let (world, run) = World::with_run();
    let all = users(&world, run, json!({}));
    let titles: Vec<String> = all
        .rows
        .iter()
        .flat_map(|row| {
            let detail: UserDetail = world.call("user", json!({ "run": run, "arm": ARM, "seed": 1, "user": row.user }));
            detail.history.into_iter().map(|item| item.title)
        })
        .collect();
    assert!(titles.iter().any(|title| title == HOSTILE), "the title comes back as it was imported: {}", titles[0]);
}

#[test]
fn a_run_whose_data_set_is_gone_still_shows_its_numbers_and_says_what_it_cannot_show() {
    let (world, run) = World::with_run();
    let before = users(&world, run, json!({}));
    world.store().delete_dataset("shop").unwrap();
    let after = users(&world, run, json!({}));
    assert!(after.note.contains("The shop") && after.note.contains("Import shop"), "what is missing: {}", after.note);
    let values = |page: &UserPage| {
        let mut values: Vec<f64> = page.rows.iter().map(|row| row.value).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    assert_eq!(values(&before), values(&after), "the numbers do not need the data set");
    let error = world.refused("user", json!({ "run": run, "arm": ARM, "seed": 1, "user": 0 }));
    assert_eq!(error.code, Code::NotHere, "clients offer an import: {}", error.message);

    std::fs::write(world.path("items.csv"), "item_id,title\ni00,Another\n").unwrap();
    world.import_shop();
    assert_eq!(users(&world, run, json!({})).note, "", "the same files imported again are the same data set");
}
