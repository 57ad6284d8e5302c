//! What all baselines promise, and what each of them says on data small enough to work out by hand.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use semid_core::{
    Catalog, Embeddings, History, Item, NoCheckpoints, RankedList, Recommender, Seed, TrainingData, Work,
};

use super::*;

fn catalog(items: usize) -> Catalog {
    Catalog { items: (0..items).map(|n| Item { key: n.to_string(), ..Item::default() }).collect() }
}

fn rank(
    recommender: &dyn Recommender,
    sequences: &[Vec<u32>],
    embeddings: Option<&Embeddings>,
    items: usize,
    histories: &[&[u32]],
    k: usize,
) -> Vec<RankedList> {
    let catalog = catalog(items);
    let train = TrainingData {
        catalog: &catalog,
        sequences,
        validation: &[],
        embeddings,
        ids: None,
        checkpoints: &NoCheckpoints,
    };
    let work = Work::new(Seed(1));
    let ranker = recommender.fit(&work, &train).unwrap();
    let histories: Vec<History<'_>> = histories.iter().zip(0..).map(|(&items, user)| History { user, items }).collect();
    ranker.rank(&work, &histories, k).unwrap()
}

fn items(list: &RankedList) -> Vec<u32> {
    list.entries.iter().map(|entry| entry.items[0]).collect()
}

#[test]
fn popularity_ranks_by_training_counts_without_what_the_user_met() {
    let train = vec![vec![0, 1, 2], vec![2, 1], vec![2, 3, 3, 3, 3]];
    let lists = rank(&Popularity, &train, None, 5, &[&[], &[3, 2]], 3);
    assert_eq!(items(&lists[0]), [3, 2, 1], "4, 3 and 2 interactions");
    assert_eq!(items(&lists[1]), [1, 0, 4], "what was met is left out; items nobody met come last");
    assert_eq!(lists[1].entries[0].score, 2.0, "the score is the count");
}

fn knn(change: impl FnOnce(&mut ItemKnnSettings)) -> ItemKnn {
    let mut settings = ItemKnnSettings::starter();
    change(&mut settings);
    ItemKnn::new(settings)
}

#[test]
fn item_knn_scores_are_the_shrunk_cosines_of_common_users() {
    let train = vec![vec![0, 1], vec![0, 1, 2], vec![0, 2, 2], vec![3]];
    let lists = rank(&knn(|settings| settings.shrinkage = 1.0), &train, None, 5, &[&[0], &[3], &[0, 1, 2]], 5);
    assert_eq!(items(&lists[0]).len(), 2, "items 3 and 4 share no user with item 0");
    for entry in &lists[0].entries {
        let expected = 2.0 / ((3.0f64 * 2.0).sqrt() + 1.0);
        assert!((entry.score - expected).abs() < 1e-6, "two common users of 3 and 2, one user of shrinkage");
    }
    assert!(items(&lists[1]).is_empty(), "nobody who met item 3 met another");
    assert!(items(&lists[2]).is_empty(), "all that would be recommended was met");
}

#[test]
fn item_knn_weighs_the_newest_item_most() {
    let train = vec![vec![0, 2], vec![1, 3]];
    let recent = knn(|settings| settings.recency = 0.5);
    let lists = rank(&recent, &train, None, 4, &[&[0, 1], &[1, 0]], 2);
    assert_eq!(items(&lists[0]), [3, 2], "item 1 came last, and item 3 is its neighbour");
    assert_eq!(items(&lists[1]), [2, 3], "the other way round");
    let one = knn(|settings| settings.history = 1);
    assert_eq!(items(&rank(&one, &train, None, 4, &[&[0, 1]], 2)[0]), [3], "only the last item votes");
}

#[test]
fn item_knn_keeps_the_best_neighbours_and_comes_back_from_its_bytes() {
    let train: Vec<Vec<u32>> =
        (0..60).map(|user| (0..12).filter(|item| (user * 7 + item * item) % 5 < 3).collect()).collect();
    let catalog = catalog(12);
    let data = TrainingData {
        catalog: &catalog,
        sequences: &train,
        validation: &[],
        embeddings: None,
        ids: None,
        checkpoints: &NoCheckpoints,
    };
    let work = Work::new(Seed(1));
    let recommender = knn(|settings| settings.neighbours = 3);
    let fitted = recommender.fit(&work, &data).unwrap();
    let bytes = fitted.weights().unwrap();
    assert_eq!(bytes.len(), 12 * (4 + 3 * 8), "three neighbours each");
    let histories = [History { user: 0, items: &[1, 5] }, History { user: 1, items: &[] }];
    let back = recommender.restore(&data, &bytes).unwrap();
    let lists = back.rank(&work, &histories, 10).unwrap();
    assert_eq!(lists, fitted.rank(&work, &histories, 10).unwrap(), "nothing is lost on the way");
    let by_all = rank(&knn(|_| ()), &train, None, 12, &[&[1]], 3);
    let by_three = fitted.rank(&work, &[History { user: 0, items: &[1] }], 3).unwrap();
    let scores = |list: &RankedList| list.entries.iter().map(|entry| entry.score).collect::<Vec<_>>();
    assert_eq!(scores(&by_three[0]), scores(&by_all[0]), "the neighbours kept are the best");
    assert!(recommender.restore(&data, &bytes[..bytes.len() - 4]).is_err(), "bytes cut short are noticed");
}

fn directions() -> Embeddings {
    // Lengths differ on purpose: only directions count.
    Embeddings::new(2, vec![1.0, 0.0, 5.0, 0.5, 0.0, 2.0, 0.1, 0.3, -1.0, 0.0, 0.0, 0.0]).unwrap()
}

fn text_knn(history: u32, recency: f64, pooling: Pooling) -> TextKnn {
    TextKnn::new(TextKnnSettings { history, recency, pooling })
}

#[test]
fn text_knn_ranks_by_cosine() {
    let lists = rank(&text_knn(10, 1.0, Pooling::Mean), &[], Some(&directions()), 6, &[&[0], &[]], 9);
    let mut found = items(&lists[0]);
    assert_eq!(found[..2], [1, 3], "by angle, whatever the length");
    found[2..4].sort_unstable();
    assert_eq!(
        (&found[2..4], found[4]),
        (&[2, 5][..], 4),
        "a right angle and an empty vector alike, the opposite last"
    );
    assert!((lists[0].entries[0].score - 5.0 / 25.25f64.sqrt()).abs() < 1e-6, "the score is the cosine");
    assert!(items(&lists[1]).is_empty(), "without a history there is nothing to be like");
}

#[test]
fn text_knn_pools_by_mean_or_by_max() {
    // From items 0 and 2, at right angles: item 3 lies between them, item 1 close to item 0.
    let first = |pooling, recency| {
        items(&rank(&text_knn(10, recency, pooling), &[], Some(&directions()), 6, &[&[0, 2]], 1)[0])[0]
    };
    assert_eq!(first(Pooling::Mean, 1.0), 3, "between both is nearest to their mean");
    assert_eq!(first(Pooling::Max, 1.0), 1, "closest to any of them");
    assert_eq!(first(Pooling::Max, 0.5), 3, "item 2 is newer and counts double");
}

#[test]
fn text_knn_agrees_with_plain_sums_over_many_tiles() {
    use rand::Rng;
    let (items, dim) = (2_500, 7);
    let mut rng = Seed(4).rng("vectors");
    let embeddings = Embeddings::new(dim, (0..items * dim).map(|_| rng.random_range(-1.0..1.0)).collect()).unwrap();
    let history = [3u32, 2_400, 1_024, 77];
    let cosine = |a: usize, b: usize| -> f64 {
        let (a, b) = (embeddings.row(a), embeddings.row(b));
        let sum = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
        sum(a, b) / (sum(a, a) * sum(b, b)).sqrt()
    };
    let lists = rank(&text_knn(3, 0.5, Pooling::Mean), &[], Some(&embeddings), items, &[&history], 50);
    let score =
        |item: usize| -> f64 { (cosine(77, item) + 0.5 * cosine(1_024, item) + 0.25 * cosine(2_400, item)) / 1.75 };
    let mut expected: Vec<usize> = (0..items).filter(|&item| !history.contains(&(item as u32))).collect();
    expected.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
    for (entry, &item) in lists[0].entries.iter().zip(&expected) {
        assert!((entry.score - score(item)).abs() < 1e-5, "the same scores in the same order");
    }
    assert_eq!(lists[0].entries.len(), 50, "as many as asked for");
}

#[test]
fn text_knn_says_what_it_lacks() {
    let catalog = catalog(3);
    let mut data = TrainingData {
        catalog: &catalog,
        sequences: &[],
        validation: &[],
        embeddings: None,
        ids: None,
        checkpoints: &NoCheckpoints,
    };
    let fit = |data: &TrainingData<'_>| match TextKnn::new(TextKnnSettings::starter()).fit(&Work::new(Seed(1)), data) {
        Err(error) => error.to_string(),
        Ok(_) => String::new(),
    };
    assert!(fit(&data).contains("embed the catalog first"), "no embeddings");
    let six = directions();
    data.embeddings = Some(&six);
    assert!(fit(&data).contains("6 for 3 items"), "embeddings of another catalog");
}

#[test]
fn all_baselines_give_the_same_lists_for_any_number_of_threads_and_leave_out_what_was_met() {
    let train: Vec<Vec<u32>> =
        (0..80u32).map(|user| (0..1 + user % 7).map(|n| (user * 31 + n * 17) % 40).collect()).collect();
    let embeddings = Embeddings::new(2, (0..80).map(|n| ((n * 37 % 19) as f32) - 9.0).collect()).unwrap();
    let histories: Vec<&[u32]> = train.iter().map(Vec::as_slice).collect();
    let recommenders: [&dyn Recommender; 3] =
        [&Popularity, &ItemKnn::new(ItemKnnSettings::starter()), &TextKnn::new(TextKnnSettings::starter())];
    for recommender in recommenders {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| rank(recommender, &train, Some(&embeddings), 40, &histories, 10))
        };
        let lists = run(1);
        assert!(lists == run(3), "threads do not show");
        for (list, history) in lists.iter().zip(&histories) {
            assert!(list.entries.len() <= 10, "at most k");
            assert!(list.entries.iter().all(|entry| !history.contains(&entry.items[0])), "nothing met");
            assert!(list.entries.is_sorted_by(|a, b| a.score >= b.score), "best first");
            assert!(list.entries.iter().all(|entry| entry.score.is_finite()), "scores are numbers");
        }
    }
}

#[test]
fn a_cancel_stops_the_ranking() {
    let catalog = catalog(3);
    let embeddings = Embeddings::new(1, vec![1.0; 3]).unwrap();
    let data = TrainingData {
        catalog: &catalog,
        sequences: &[vec![0, 1]],
        validation: &[],
        embeddings: Some(&embeddings),
        ids: None,
        checkpoints: &NoCheckpoints,
    };
    let recommenders: [&dyn Recommender; 3] =
        [&Popularity, &ItemKnn::new(ItemKnnSettings::starter()), &TextKnn::new(TextKnnSettings::starter())];
    for recommender in recommenders {
        let work = Work::new(Seed(1));
        let ranker = recommender.fit(&work, &data).unwrap();
        work.cancel().cancel();
        let stopped = ranker.rank(&work, &[History { user: 0, items: &[1] }], 1);
        assert!(matches!(stopped, Err(semid_core::Error::Cancelled)), "the cancel was asked for before the first list");
    }
}
