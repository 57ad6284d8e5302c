//! The text encoder against vectors that sentence-transformers computed (`tests/fixtures/embeddings`), against candle's
//! own BERT, and on folders that are wrong.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};

use semid_core::{Embedder, Embeddings, Error, Seed, Work};
use semid_models::kernels::{Kernel, Precision};
use semid_models::text_encoder::TextEncoder;

const TINY: [&str; 5] = ["tiny-mean", "tiny-cls", "tiny-dense", "tiny-roberta", "tiny-distilbert"];

#[test]
fn minilm_gives_the_vectors_of_sentence_transformers() {
    let (names, texts) = texts();
    let expected = read_npy(&fixtures().join("all-MiniLM-L6-v2.npy"));
    for precision in precisions() {
        let encoder = TextEncoder::load_with(&minilm(), precision).unwrap();
        assert_eq!(encoder.max_tokens(), 256, "the folder says 256, not the 128 baked into tokenizer.json");
        let bound = if precision == Precision::F32 { 0.999_999 } else { 0.9999 };
        compare(&encoder, &names, &texts, &expected, bound);
    }
}

#[test]
fn tiny_models_of_every_family_and_pooling_give_the_vectors_of_sentence_transformers() {
    let (names, texts) = texts();
    for model in TINY {
        let expected = read_npy(&fixtures().join(model).join("expected.npy"));
        let encoder = TextEncoder::load_with(&fixtures().join(model), Precision::F32).unwrap();
        compare(&encoder, &names, &texts, &expected, 0.999_99);
        let ours = embed(&encoder, &texts);
        for (name, (ours, expected)) in names.iter().zip(ours.iter().zip(&expected)) {
            let length = |row: &[f32]| row.iter().map(|v| v * v).sum::<f32>().sqrt();
            let ratio = length(ours) / length(expected);
            assert!((ratio - 1.0).abs() < 1e-3, "{model}, {name}: lengths agree too, unless normalised: {ratio}");
        }
    }
}

#[test]
fn candle_bert_gives_the_same_vectors() {
    use candle_core::{DType, Device, Tensor};
    use candle_transformers::models::bert::{BertModel, Config};

    let folder = fixtures().join("tiny-mean");
    let config: Config = serde_json::from_slice(&std::fs::read(folder.join("config.json")).unwrap()).unwrap();
    let weights = candle_core::safetensors::load(folder.join("model.safetensors"), &Device::Cpu).unwrap();
    let model =
        BertModel::load(candle_nn::VarBuilder::from_tensors(weights, DType::F32, &Device::Cpu), &config).unwrap();
    let mut tokenizer = tokenizers::Tokenizer::from_file(folder.join("tokenizer.json")).unwrap();
    tokenizer.with_padding(None);
    tokenizer.with_truncation(None).unwrap();
    let (names, texts) = texts();
    let ours = embed(&TextEncoder::load_with(&folder, Precision::F32).unwrap(), &texts);
    let mut compared = 0;
    for (row, text) in texts.iter().enumerate() {
        let ids = tokenizer.encode(text.as_str(), true).unwrap().get_ids().to_vec();
        if ids.len() > 24 {
            continue;
        }
        let ids = Tensor::new(ids, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
        let out = model.forward(&ids, &ids.zeros_like().unwrap(), None).unwrap();
        let theirs: Vec<f32> = out.mean(1).unwrap().squeeze(0).unwrap().to_vec1().unwrap();
        assert!(cosine(ours.row(row), &theirs) > 0.999_99, "{}: candle's BERT is a second witness", names[row]);
        compared += 1;
    }
    assert!(compared >= 10, "enough texts are short enough to need no cutting");
}

#[test]
fn a_vector_is_the_same_bytes_in_any_company_and_for_any_number_of_threads() {
    let (_, texts) = texts();
    let texts: Vec<String> = texts.iter().cycle().take(texts.len() * 3).cloned().collect();
    for model in ["tiny-mean", "tiny-cls"] {
        for precision in precisions() {
            let encoder = TextEncoder::load_with(&fixtures().join(model), precision).unwrap();
            let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let one = pool(1).install(|| embed(&encoder, &texts));
            let three = pool(3).install(|| embed(&encoder, &texts));
            assert!(one == three, "{model}: threads change who computes a row, not how");
            for (row, text) in texts.iter().enumerate().take(45) {
                let alone = embed(&encoder, std::slice::from_ref(text));
                assert!(alone.row(0) == one.row(row), "{model}: {text:?} does not depend on the texts beside it");
            }
        }
    }
}

#[test]
fn no_texts_give_no_rows() {
    let encoder = TextEncoder::load(&fixtures().join("tiny-mean")).unwrap();
    assert_eq!(embed(&encoder, &[]).rows(), 0, "an empty catalog is no error here");
}

#[test]
fn the_digest_follows_weights_settings_and_precision_and_nothing_else() {
    let digest = |folder: &Path, precision| TextEncoder::load_with(folder, precision).unwrap().digest().to_owned();
    let folder = copy_of("tiny-mean");
    let before = digest(folder.path(), Precision::F32);
    assert_eq!(before, digest(&fixtures().join("tiny-mean"), Precision::F32), "where a folder lies does not matter");
    std::fs::write(folder.path().join("README.md"), "about").unwrap();
    assert_eq!(before, digest(folder.path(), Precision::F32), "a read-me changes no vector");
    if Kernel::detect(Precision::Bf16).is_some() {
        assert_ne!(before, digest(folder.path(), Precision::Bf16), "precision changes the bytes");
    }
    std::fs::write(folder.path().join("sentence_bert_config.json"), r#"{"max_seq_length": 20}"#).unwrap();
    let cut = digest(folder.path(), Precision::F32);
    assert_ne!(before, cut, "the length changes vectors of long texts");
    let mut weights = std::fs::read(folder.path().join("model.safetensors")).unwrap();
    *weights.last_mut().unwrap() ^= 1;
    std::fs::write(folder.path().join("model.safetensors"), weights).unwrap();
    assert_ne!(cut, digest(folder.path(), Precision::F32), "one bit of one weight is another model");
}

#[test]
fn a_cancel_stops_embedding() {
    let (_, texts) = texts();
    let encoder = TextEncoder::load(&fixtures().join("tiny-mean")).unwrap();
    let work = Work::new(Seed(1));
    work.cancel().cancel();
    assert!(matches!(encoder.embed(&work, &texts), Err(Error::Cancelled)), "a cancelled work embeds nothing");
}

#[test]
fn wrong_folders_are_refused_in_sentences_that_say_what_to_do() {
    let refusal = |folder: &Path| TextEncoder::load(folder).expect_err("the folder is wrong").to_string();
    let expect = |folder: &Path, parts: &[&str]| {
        let sentence = refusal(folder);
        for part in parts {
            assert!(sentence.contains(part), "{sentence:?} should say {part:?}");
        }
        assert!(sentence.ends_with('.') || sentence.ends_with(')'), "{sentence:?} is a sentence");
    };
    let edit = |file: &str, change: &dyn Fn(&Path)| {
        let folder = copy_of("tiny-mean");
        change(&folder.path().join(file));
        folder
    };
    let replace = |from: &'static str, to: &'static str| {
        move |file: &Path| {
            let text = std::fs::read_to_string(file).unwrap();
            assert!(text.contains(from), "the fixture has what the test replaces");
            std::fs::write(file, text.replace(from, to)).unwrap();
        }
    };
    let remove = |file: &Path| std::fs::remove_file(file).unwrap();
    let cut = |file: &Path| {
        let bytes = std::fs::read(file).unwrap();
        std::fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
    };
    let junk = |file: &Path| std::fs::write(file, [0xffu8, 0, 0x80, 7].repeat(64)).unwrap();

    expect(Path::new("no/such/folder"), &["no model folder", "cargo xtask setup"]);
    expect(edit("config.json", &remove).path(), &["no config.json", "Download"]);
    expect(edit("config.json", &junk).path(), &["config.json", "Download"]);
    expect(edit("tokenizer.json", &remove).path(), &["no tokenizer.json"]);
    expect(edit("tokenizer.json", &cut).path(), &["tokenizer.json", "Download"]);
    expect(edit("model.safetensors", &remove).path(), &["no model.safetensors", "Download"]);
    expect(edit("model.safetensors", &cut).path(), &["model.safetensors", "cut short", "ownload"]);
    expect(edit("model.safetensors", &junk).path(), &["model.safetensors", "ownload"]);
    expect(edit("model.safetensors", &|file| std::fs::write(file, "").unwrap()).path(), &["model.safetensors"]);
    let pickled =
        edit("model.safetensors", &|file| std::fs::rename(file, file.with_file_name("pytorch_model.bin")).unwrap());
    expect(pickled.path(), &["pickle", "safetensors"]);
    expect(edit("config.json", &replace(r#""bert""#, r#""t5""#)).path(), &["t5", "Supported are bert"]);
    expect(edit("config.json", &replace(r#""hidden_size": 48"#, r#""hidden_size": 64"#)).path(), &["48", "64"]);
    expect(
        edit("config.json", &replace(r#""intermediate_size": 80"#, r#""intermediate_size": 81"#)).path(),
        &["intermediate.dense.weight", "81", "two models"],
    );
    expect(
        edit("config.json", &replace(r#""num_hidden_layers": 2"#, r#""num_hidden_layers": 3"#)).path(),
        &["no tensor", "layer.2"],
    );
    expect(
        edit("config.json", &replace(r#""num_attention_heads": 4"#, r#""num_attention_heads": 5"#)).path(),
        &["contradicts"],
    );
    expect(edit("config.json", &replace(r#""gelu""#, r#""swish""#)).path(), &["swish", "gelu"]);
    expect(
        edit("modules.json", &replace("modules.normalize.Normalize", "modules.WeightedLayerPooling")).path(),
        &["WeightedLayerPooling"],
    );
    expect(edit("1_Pooling/config.json", &replace("mean", "median")).path(), &["median", "cls"]);
    expect(edit("sentence_bert_config.json", &replace("24", "1")).path(), &["leaves no room"]);
}

#[test]
fn a_tokenizer_of_another_model_is_an_error_when_it_shows() {
    let folder = copy_of("tiny-mean");
    let file = folder.path().join("tokenizer.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["model"]["vocab"]["wave"] = 5000.into();
    std::fs::write(&file, json.to_string()).unwrap();
    let encoder = TextEncoder::load(folder.path()).unwrap();
    let error = encoder.embed(&Work::new(Seed(1)), &["the wave".to_owned()]).unwrap_err().to_string();
    assert!(error.contains("5000") && error.contains("two models"), "{error:?} names the token");
}

fn precisions() -> Vec<Precision> {
    let supported = |precision: &Precision| Kernel::detect(*precision).is_some();
    [Precision::F32, Precision::Bf16].into_iter().filter(supported).collect()
}

fn compare(encoder: &TextEncoder, names: &[String], texts: &[String], expected: &[Vec<f32>], bound: f64) {
    let ours = embed(encoder, texts);
    assert_eq!((ours.rows(), ours.dim()), (expected.len(), expected[0].len()), "one row a text");
    for (name, (ours, expected)) in names.iter().zip(ours.iter().zip(expected)) {
        let cosine = cosine(ours, expected);
        assert!(cosine >= bound, "{name} on {}: cosine {cosine} is less than {bound}", encoder.kernel());
    }
}

fn embed(encoder: &TextEncoder, texts: &[String]) -> Embeddings {
    encoder.embed(&Work::new(Seed(1)), texts).unwrap()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/embeddings")
}

fn texts() -> (Vec<String>, Vec<String>) {
    #[derive(serde::Deserialize)]
    struct Named {
        name: String,
        text: String,
    }
    let texts: Vec<Named> = serde_json::from_slice(&std::fs::read(fixtures().join("texts.json")).unwrap()).unwrap();
    texts.into_iter().map(|named| (named.name, named.text)).unzip()
}

/// The folder that set-up fetches.
fn minilm() -> PathBuf {
    let home = std::env::var_os("SEMID_HOME").map(PathBuf::from).or_else(|| {
        let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
        Some(data.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share")))?.join("semid"))
    });
    let folder = home.expect("SEMID_HOME or HOME says where models live").join("models/all-MiniLM-L6-v2");
    assert!(folder.is_dir(), "{} is not there: run `cargo xtask setup` first, which fetches it.", folder.display());
    folder
}

fn copy_of(model: &str) -> tempfile::TempDir {
    let target = tempfile::tempdir().unwrap();
    copy(&fixtures().join(model), target.path());
    target
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Rows of a two-dimensional .npy file of little-endian f32.
fn read_npy(file: &Path) -> Vec<Vec<f32>> {
    let bytes = std::fs::read(file).unwrap();
    let header_length = u16::from_le_bytes([bytes[8], bytes[9]]) as usize;
    let header = std::str::from_utf8(&bytes[10..10 + header_length]).unwrap();
    assert!(header.contains("'<f4'") && header.contains("'fortran_order': False"), "the script writes f32 row by row");
    let shape = header.split("'shape': (").nth(1).unwrap().split(')').next().unwrap();
    let columns: usize = shape.split(',').nth(1).unwrap().trim().parse().unwrap();
    let values: Vec<f32> = bytes[10 + header_length..].as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    values.chunks_exact(columns).map(<[f32]>::to_vec).collect()
}
