//! The quality of IDs on hand-made catalogs whose values can be worked out on paper.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use semid_core::id_quality::{EmbeddingSpace, category_depth, diagnose, id_quality};
use semid_core::{Catalog, CodeShape, Embeddings, Item, Seed, SemanticId, SemanticIds, Work};

fn work() -> Work {
    Work::new(Seed(3))
}

fn ids(shape: &[u32], rows: &[&[u32]]) -> SemanticIds {
    let ids = rows.iter().map(|codes| SemanticId { codes: codes.to_vec(), suffix: None }).collect();
    SemanticIds { shape: CodeShape(shape.to_vec()), suffixes: 0, ids }
}

fn catalog(paths: &[&[&str]]) -> Catalog {
    let item = |(number, path): (usize, &&[&str])| Item {
        key: number.to_string(),
        categories: path.iter().map(|&name| name.to_owned()).collect(),
        ..Item::default()
    };
    Catalog { items: paths.iter().enumerate().map(item).collect() }
}

#[test]
fn use_of_codes_and_uniqueness_by_hand() {
    let ids = ids(&[4, 2], &[&[0, 0], &[0, 0], &[1, 0], &[1, 1]]);
    let quality = id_quality(&work(), &ids, &catalog(&[&[], &[], &[], &[]]), None, None).unwrap();
    let first = &quality.levels[0];
    assert_eq!((first.codes, first.usage_share, first.entropy_bits), (4, 0.5, 1.0), "two of four codes, evenly");
    assert_eq!((first.perplexity, &first.counts[..]), (2.0, &[2, 2, 0, 0][..]), "as diverse as two codes");
    assert_eq!(quality.levels[1].counts, [3, 1], "most used first");
    assert_eq!((quality.unique_share, quality.largest_group), (0.5, 2), "two items are alone, two share");
    assert_eq!(first.category, None, "no item has a category");
    assert_eq!((quality.reconstruction_error, quality.neighbour_recall10), (None, None), "no embeddings were given");
}

#[test]
fn a_constant_first_category_is_passed_over() {
    let beauty = catalog(&[&["Beauty", "Hair"], &["Beauty", "Hair", "Gel"], &["Beauty", "Nails"], &["Beauty"]]);
    assert_eq!(category_depth(&beauty), Some(2), "everything is Beauty, so the second name tells");
    assert_eq!(category_depth(&catalog(&[&["A"], &["B"], &[]])), Some(1), "the first name tells");
    assert_eq!(category_depth(&catalog(&[&["A"], &["A"]])), None, "one group for all");
    assert_eq!(category_depth(&catalog(&[&[], &[]])), None, "no categories");
    let mut nearly: Vec<&[&str]> = vec![&["A"]; 99];
    nearly.push(&["B"]);
    assert_eq!(category_depth(&catalog(&nearly)), Some(1), "better than nothing, where nothing is better");
}

#[test]
fn codes_that_are_the_categories_agree_perfectly_and_permuted_ones_as_chance_does() {
    let names = ["a", "b", "c", "d"];
    let paths: Vec<Vec<&str>> = (0..400).map(|item| vec![names[item % 4]]).collect();
    let paths: Vec<&[&str]> = paths.iter().map(Vec::as_slice).collect();
    let mut rows: Vec<Vec<u32>> = (0..400u32).map(|item| vec![item % 4, item / 4]).collect();
    let measure = |rows: &[Vec<u32>]| {
        let ids = ids(&[4, 100], &rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
        id_quality(&work(), &ids, &catalog(&paths), None, None).unwrap()
    };
    let perfect = measure(&rows);
    let level = perfect.levels[0].category.unwrap();
    assert!((level.purity - 1.0).abs() < 1e-12 && (level.nmi - 1.0).abs() < 1e-12, "code and category are one");
    assert!((level.ami - 1.0).abs() < 1e-9, "AMI of a perfect match is 1: {level:?}");
    assert!(level.purity_by_chance < 0.4, "a quarter of the items is in each category: {level:?}");
    let finest = perfect.levels[1].category.unwrap();
    assert_eq!((finest.purity, finest.purity_by_chance), (1.0, 1.0), "groups of one are pure for anybody");
    assert!(finest.ami.abs() < 1e-6, "and AMI is not impressed: {finest:?}");
    assert!(
        diagnose(&perfect, 400).iter().any(|sentence| sentence.contains("agrees with the category")),
        "said in words"
    );

    rows.shuffle(&mut ChaCha8Rng::seed_from_u64(1));
    let permuted = measure(&rows);
    let level = permuted.levels[0].category.unwrap();
    assert!((level.purity - level.purity_by_chance).abs() < 0.05, "a permutation is chance: {level:?}");
    assert!(
        (level.nmi - level.nmi_by_chance).abs() < 0.02 && level.ami.abs() < 0.02,
        "and has no information: {level:?}"
    );
    assert!(diagnose(&permuted, 400).iter().any(|sentence| sentence.contains("says nothing")), "said in words");
}

#[test]
fn reconstruction_error_is_relative_to_the_mean() {
    let embeddings = Embeddings::new(1, vec![0.0, 2.0, 4.0, 6.0]).unwrap();
    let ids = ids(&[2], &[&[0], &[0], &[1], &[1]]);
    let catalog = catalog(&[&[], &[], &[], &[]]);
    let space = EmbeddingSpace::new(&work(), &embeddings).unwrap();
    let error = |decoded: Vec<f32>| {
        let decoded = Embeddings::new(1, decoded).unwrap();
        id_quality(&work(), &ids, &catalog, Some(&space), Some(&decoded)).unwrap().reconstruction_error.unwrap()
    };
    assert_eq!(error(vec![0.0, 2.0, 4.0, 6.0]), 0.0, "nothing is lost");
    assert_eq!(error(vec![3.0; 4]), 1.0, "the mean loses everything");
    assert_eq!(error(vec![1.0, 1.0, 5.0, 5.0]), 0.2, "4 of 20");
}

#[test]
fn neighbour_recall_agrees_with_a_plain_implementation() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let (items, dim) = (60, 5);
    let values: Vec<f32> = (0..items * dim).map(|_| rng.random::<f32>() - 0.5).collect();
    let embeddings = Embeddings::new(dim, values).unwrap();
    let rows: Vec<Vec<u32>> = (0..items).map(|_| (0..3).map(|_| rng.random_range(0..3)).collect()).collect();
    let ids = ids(&[3, 3, 3], &rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let space = EmbeddingSpace::new(&work(), &embeddings).unwrap();
    let ours = space.neighbour_recall(&work(), &ids).unwrap().unwrap();

    let cosine = |a: usize, b: usize| {
        let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| f64::from(x * y)).sum::<f64>();
        let (x, y) = (embeddings.row(a), embeddings.row(b));
        dot(x, y) / (dot(x, x) * dot(y, y)).sqrt()
    };
    // Longer shared prefix first, then fewer differing levels.
    let distance = |a: usize, b: usize| {
        let shared = (0..3).take_while(|&level| rows[a][level] == rows[b][level]).count();
        let differing = (0..3).filter(|&level| rows[a][level] != rows[b][level]).count();
        (3 - shared, differing)
    };
    let mut truth = 0.0;
    for item in 0..items {
        let mut others: Vec<usize> = (0..items).filter(|&other| other != item).collect();
        others.sort_by(|&a, &b| cosine(item, b).total_cmp(&cosine(item, a)));
        for &near in &others[..10] {
            let nearer = others.iter().filter(|&&other| distance(item, other) < distance(item, near)).count();
            let equal = others.iter().filter(|&&other| distance(item, other) == distance(item, near)).count();
            truth += (10.0 - nearer as f64).clamp(0.0, equal as f64) / equal as f64 / 10.0;
        }
    }
    truth /= items as f64;
    assert!((ours - truth).abs() < 1e-12, "recall@10 is {truth}, not {ours}");
}

#[test]
fn ids_without_meaning_find_neighbours_as_chance_does() {
    let values: Vec<f32> = (0..200).flat_map(|item| [(item as f32).sin(), (item as f32).cos()]).collect();
    let embeddings = Embeddings::new(2, values).unwrap();
    let rows: Vec<[u32; 1]> = (0..200).map(|item| [item]).collect();
    let atomic = ids(&[200], &rows.iter().map(|row| &row[..]).collect::<Vec<_>>());
    let space = EmbeddingSpace::new(&work(), &embeddings).unwrap();
    let recall = space.neighbour_recall(&work(), &atomic).unwrap().unwrap();
    assert!((recall - 10.0 / 199.0).abs() < 1e-12, "all items are equally far in atomic codes");
}

#[test]
fn a_sampled_catalog_gives_the_same_bytes_for_any_number_of_threads() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let values: Vec<f32> = (0..1500 * 4).map(|_| rng.random()).collect();
    let embeddings = Embeddings::new(4, values).unwrap();
    let rows: Vec<Vec<u32>> = (0..1500).map(|_| vec![rng.random_range(0..8), rng.random_range(0..8)]).collect();
    let ids = ids(&[8, 8], &rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let paths: Vec<[&str; 1]> = (0..1500).map(|item| [["x", "y", "z"][item % 3]]).collect();
    let catalog = catalog(&paths.iter().map(|path| &path[..]).collect::<Vec<_>>());
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let space = EmbeddingSpace::new(&work(), &embeddings).unwrap();
            id_quality(&work(), &ids, &catalog, Some(&space), Some(&embeddings)).unwrap()
        })
    };
    assert_eq!(with(1), with(3), "order of work is not order of results");
}

#[test]
fn a_collapse_is_told_beside_what_is_normal() {
    let mut rng = ChaCha8Rng::seed_from_u64(10);
    let tell = |row: &mut dyn FnMut() -> Vec<u32>| {
        let rows: Vec<Vec<u32>> = (0..2000).map(|_| row()).collect();
        let ids = ids(&[64, 64, 64], &rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let quality = id_quality(&work(), &ids, &catalog(&vec![&[][..]; 2000]), None, None).unwrap();
        diagnose(&quality, 2000)
    };
    let healthy = tell(&mut || (0..3).map(|_| rng.random_range(0..64)).collect());
    assert!(healthy.is_empty(), "random codes in a roomy shape are nothing to remark: {healthy:?}");
    let collapsed = tell(&mut || vec![rng.random_range(0..3), rng.random_range(0..64), rng.random_range(0..64)]);
    assert!(collapsed[0].contains("Level 1 has collapsed: 3 of 64"), "said with numbers: {collapsed:?}");
    assert!(collapsed[0].contains("over 99.9 %"), "beside what random codes would use: {collapsed:?}");
    let crowded = tell(&mut || vec![rng.random_range(0..64), rng.random_range(0..2), 0]);
    assert!(
        crowded.iter().any(|sentence| sentence.contains("have codes of their own")),
        "sharing is told: {crowded:?}"
    );
    let uneven = tell(&mut || vec![if rng.random_bool(0.9) { 0 } else { rng.random_range(0..64) }, 1, 1]);
    assert!(uneven[0].contains("very unevenly"), "one code that holds nearly all is told: {uneven:?}");
}

#[test]
fn ids_that_do_not_fit_are_refused() {
    let one = catalog(&[&[]]);
    for (ids, reason) in
        [(ids(&[2], &[]), "0 IDs"), (ids(&[2], &[&[2]]), "does not fit"), (ids(&[2], &[&[0, 0]]), "does not fit")]
    {
        let message = id_quality(&work(), &ids, &one, None, None).unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
    }
    let single = id_quality(&work(), &ids(&[2], &[&[1]]), &one, None, None).unwrap();
    assert_eq!((single.unique_share, single.largest_group), (1.0, 1), "a catalog of one item has an answer too");
}
