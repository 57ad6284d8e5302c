//! The embedding cache answers for what it knows and says what it does not.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use semid_store::{CachedModel, Store, TextDigest, text_digest};

fn digests(range: std::ops::Range<usize>) -> Vec<TextDigest> {
    range.map(|text| text_digest(&format!("text {text}"))).collect()
}

#[test]
fn an_edited_catalog_misses_only_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let values: Vec<f32> = (0..300).map(|at| at as f32 / 7.0).collect();
    store.cache_embeddings("model", 3, &digests(0..100), &values).unwrap();
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    let mut asked = digests(50..102);
    asked.push(text_digest("text 50"));
    let rows = store.cached_embeddings("model", 3, &asked).unwrap();
    assert_eq!(rows.missing, [50, 51], "texts 100 and 101 were never embedded");
    assert_eq!(rows.values[..150], values[150..], "the others bit for bit, in the order asked for");
    assert_eq!(rows.values[150..156], [0.0; 6], "zeros where a vector is missing");
    assert_eq!(rows.values[156..], values[150..153], "a text asked for twice is answered twice");
}

#[test]
fn another_model_or_another_length_is_another_vector() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let texts = digests(0..2);
    store.cache_embeddings("model", 2, &texts, &[1.0, 2.0, 3.0, 4.0]).unwrap();
    assert_eq!(store.cached_embeddings("other", 2, &texts).unwrap().missing, [0, 1], "known under its model only");
    assert_eq!(store.cached_embeddings("model", 3, &texts).unwrap().missing, [0, 1], "a shorter vector is not it");
    store.cache_embeddings("model", 3, &texts[..1], &[5.0, 6.0, 7.0]).unwrap();
    let rows = store.cached_embeddings("model", 3, &texts).unwrap();
    assert_eq!((rows.missing.as_slice(), &rows.values[..3]), (&[1][..], &[5.0, 6.0, 7.0][..]), "replaced one by one");
    let model = CachedModel { digest: "model".to_owned(), dim: 3, rows: 2 };
    assert_eq!(store.cached_models().unwrap(), [model], "what it holds can be seen");
    store.forget_embeddings("model").unwrap();
    assert!(store.cached_models().unwrap().is_empty(), "and be forgotten");
    assert!(store.check().is_empty(), "without leaving vectors behind");
    let error = store.cache_embeddings("model", 3, &texts, &[0.0; 5]).unwrap_err().to_string();
    assert!(error.contains("5 numbers are not 2 vectors of 3"), "counts are checked: {error}");
}
