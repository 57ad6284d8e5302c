//! IDs walked around in: which there are, the tree, items, neighbours, collisions, two schemes, the path to an item.

use semid_api::wire::*;
use semid_core::comparison::Comparison;
use serde_json::{Value, json};

use crate::world::World;

fn ids_of(world: &World, scheme: &str) -> String {
    let rows: Vec<SchemeRow> = world.call("schemes", json!({ "dataset": "shop" }));
    rows.into_iter().find(|row| row.scheme == scheme && row.seed == 1).expect(scheme).ids
}

#[test]
fn ids_of_runs_and_ids_built_on_their_own_are_found_by_their_data_set() {
    let (world, run) = World::with_run();
    let rows: Vec<SchemeRow> = world.call("schemes", json!({ "dataset": "shop" }));
    assert_eq!(rows.len(), 4, "two schemes, two seeds");
    assert!(rows.iter().all(|row| row.run == Some(run) && row.items == 40 && row.shape == "2 × 4 + digit"), "{rows:?}");
    assert!(rows[0].has_meaning && !rows[3].has_meaning, "what means something comes first");
    let mut settings = world.settings();
    settings.codes.codes = 8;
    settings.ids.remove(0);
    let built: IdsReport = world.job("ids", json!({ "settings": settings, "seed": 7, "output": null }));
    let rows: Vec<SchemeRow> = world.call("schemes", json!({ "dataset": "shop" }));
    let own = rows.iter().find(|row| row.seed == 7).unwrap();
    assert_eq!((own.run, own.shape.as_str()), (None, "2 × 8 + digit"), "built on its own, found all the same");
    let described: Value = world.call("id_scheme", json!({ "dataset": "shop", "ids": own.ids }));
    assert_eq!(described, json!(built.scheme), "the same quality that the job told");
    let stored: Comparison = world.call("comparison", json!({ "run": run }));
    let of_run: Value = world.call("id_scheme", json!({ "dataset": "shop", "ids": ids_of(&world, "hash") }));
    assert_eq!(of_run, json!(stored.id_schemes[0]), "what a run stored is what is shown");
}

#[test]
fn the_tree_counts_every_item_once_on_every_level() {
    let (world, _) = World::with_run();
    for scheme in ["rq-kmeans", "hash"] {
        let ids = ids_of(&world, scheme);
        let tree = |prefix: &[u32]| -> TreeNode {
            world.call("id_tree", json!({ "dataset": "shop", "ids": ids, "prefix": prefix, "depth": 2 }))
        };
        let root = tree(&[]);
        assert_eq!(root.items, 40, "all items are below the root");
        for children in [&root.children, &root.children.iter().flat_map(|c| c.children.clone()).collect()] {
            assert_eq!(children.iter().map(|child| child.items).sum::<u64>(), 40, "each below one child");
        }
        assert!(root.children.windows(2).all(|pair| pair[0].items >= pair[1].items), "most items first");
        let first = &root.children[0];
        assert_eq!(first.children_count as usize, first.children.len(), "the count is that of the children");
        assert_eq!(tree(&first.prefix).items, first.items, "a node can be opened by itself");
        assert!(!first.exemplars.is_empty() && first.category.is_some(), "titles and a category to go by");
        assert_eq!(first.words.is_empty(), scheme == "hash", "words only where codes mean something");
        let page: IdItemPage = world.call(
            "id_items",
            json!({ "dataset": "shop", "ids": ids, "prefix": first.prefix, "query": null, "offset": 0, "limit": 100 }),
        );
        assert_eq!(page.total, first.items, "its items can be listed");
        assert!(page.items.iter().all(|item| item.codes[0] == first.prefix[0]), "and stand below the prefix");
    }
    let found: IdItemPage = world.call(
        "id_items",
        json!({ "dataset": "shop", "ids": ids_of(&world, "hash"), "prefix": [], "query": "TENT number", "offset": 0, "limit": 3 }),
    );
    assert_eq!((found.total, found.items.len()), (10, 3), "all words, any case, page by page");
}

#[test]
fn neighbours_are_nearest_by_prefix_and_by_cosine() {
    let (world, _) = World::with_run();
    let reply: NeighboursReply =
        world.call("neighbours", json!({ "dataset": "shop", "ids": ids_of(&world, "rq-kmeans"), "item": 5, "k": 10 }));
    assert_eq!(reply.by_codes.len(), 10, "as many as asked for");
    assert!(
        reply.by_codes.windows(2).all(|pair| pair[0].shared_levels >= pair[1].shared_levels),
        "longest prefix first"
    );
    let near = reply.by_embedding.unwrap();
    assert!(near.windows(2).all(|pair| pair[0].cosine >= pair[1].cosine), "highest cosine first");
    assert!(near.iter().chain(&reply.by_codes).all(|other| other.item.item != 5), "an item is no neighbour of itself");
    let both = near.iter().filter(|other| reply.by_codes.iter().any(|same| same.item.item == other.item.item)).count();
    assert_eq!(
        (reply.in_both as usize, near.iter().filter(|other| other.in_both).count()),
        (both, both),
        "counted once"
    );
    let error =
        world.refused("neighbours", json!({ "dataset": "shop", "ids": ids_of(&world, "hash"), "item": 99, "k": 10 }));
    assert!(error.message.contains("40 items"), "an item that is not there: {}", error.message);
}

#[test]
fn collisions_and_two_schemes_side_by_side_tell_the_same_items() {
    let (world, _) = World::with_run();
    let (left, right) = (ids_of(&world, "rq-kmeans"), ids_of(&world, "hash"));
    let page: CollisionPage =
        world.call("collisions", json!({ "dataset": "shop", "ids": left, "offset": 0, "limit": 100 }));
    assert_eq!(page.page.len() as u64, page.groups, "all groups fit this page");
    assert_eq!(page.page.iter().map(|group| group.len() as u64).sum::<u64>(), page.items, "every item of every group");
    for group in &page.page {
        assert!(group.len() > 1 && group.iter().all(|item| item.codes[..2] == group[0].codes[..2]), "equal codes");
    }
    let compared = |left: &str, right: &str| -> CompareIdsReply {
        let request =
            json!({ "dataset": "shop", "left": left, "right": right, "query": "novel", "offset": 0, "limit": 5 });
        world.call("compare_ids", request)
    };
    let reply = compared(&left, &right);
    assert_eq!((reply.total, reply.rows.len(), reply.agreement.len()), (10, 5, 2), "ten novels; two levels");
    assert!(reply.rows.iter().all(|row| row.left.key == row.right.key), "the same item on both sides");
    assert!(reply.agreement.iter().all(|ami| ami.abs() < 0.5), "chance agrees with nothing: {:?}", reply.agreement);
    assert!(compared(&left, &left).agreement.iter().all(|ami| (ami - 1.0).abs() < 1e-9), "a scheme agrees with itself");
    assert!(reply.measures.iter().any(|row| row.0.starts_with("Purity")), "measures by name: {:?}", reply.measures);
}

#[test]
fn the_path_to_a_recommended_item_multiplies_to_its_score() {
    let (world, run) = World::with_run();
    let arm = "generative/rq-kmeans";
    let detail: UserDetail = world.call("user", json!({ "run": run, "arm": arm, "seed": 1, "user": 3 }));
    for entry in &detail.list[..3] {
        let item = entry.items[0].item;
        let why: WhyReply =
            world.job("why_item", json!({ "run": run, "arm": arm, "seed": 1, "user": 3, "item": item }));
        assert_eq!((why.item.item, why.rank), (item, Some(entry.rank)), "the item of the list at its rank");
        assert!((why.probability.ln() - entry.score).abs() < 1e-5, "{} and {}", why.probability.ln(), entry.score);
        let product: f64 = why.levels.iter().map(|level| level.probability).product();
        assert!((product - why.probability).abs() < 1e-9, "level by level");
        assert_eq!(why.levels.last().unwrap().title, "Digit", "the digit comes last");
        for level in &why.levels {
            assert!(level.in_beam, "what was recommended stayed in the beam");
            assert_eq!(level.alternatives.iter().filter(|other| other.chosen).count(), 1, "the chosen one is shown");
        }
        assert!(why.shared.windows(2).all(|pair| pair[0].1 >= pair[1].1), "most shared first");
    }
    let met = detail.history[0].item;
    let ask = |arm: &str, item: u32| json!({ "run": run, "arm": arm, "seed": 1, "user": 3, "item": item });
    let error = world.try_job::<WhyReply>("why_item", ask(arm, met)).unwrap_err();
    assert!(error.message.contains("history"), "what was met is never recommended: {}", error.message);
    let error = world.try_job::<WhyReply>("why_item", ask("popularity", met)).unwrap_err();
    assert!(error.message.contains("no path"), "an arm without IDs: {}", error.message);
    for file in std::fs::read_dir(world.path("home/workspace/artifacts")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "model") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let last = detail.list[4].items[0].item;
    let other = json!({ "run": run, "arm": "generative/hash", "seed": 1, "user": 3, "item": last });
    let error = world.try_job::<WhyReply>("why_item", other).unwrap_err();
    assert!(error.message.contains("The model"), "what is gone is said: {}", error.message);
}

#[test]
fn the_map_places_every_item_once_for_all_schemes_and_keeps_the_plane() {
    let (world, _) = World::with_run();
    let map = |scheme: &str| -> CatalogMap {
        world.job("catalog_map", json!({ "dataset": "shop", "ids": ids_of(&world, scheme) }))
    };
    let (first, other) = (map("rq-kmeans"), map("hash"));
    assert_eq!((first.x.len(), first.y.len(), first.title.len(), first.id.len()), (40, 40, 40, 40), "one an item");
    assert!(first.x.iter().chain(&first.y).all(|x| (-1.0..=1.0).contains(x)), "inside the square");
    assert_eq!((&first.x, &first.y), (&other.x, &other.y), "the plane is the catalog's, the colours are the scheme's");
    assert_eq!(first.codes.iter().map(|code| code.items).sum::<u64>(), 40, "every item has a first code");
    assert!(first.codes.windows(2).all(|pair| pair[0].items >= pair[1].items), "most items first");
    for code in &first.codes {
        let there = |at: usize| first.code[at] == code.code && (first.x[at], first.y[at]) == (code.x, code.y);
        assert!((0..40).any(there), "a label stands at an item of its code");
    }
    assert_eq!(map("rq-kmeans"), first, "kept, and the same again");
    assert!(first.method.contains("UMAP"), "the method is named");
}
