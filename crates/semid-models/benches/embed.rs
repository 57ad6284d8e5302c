//! Texts a second through the text encoder, one line of a file a text:
//! `cargo bench -p semid-models --bench embed -- MODEL_FOLDER TEXTS [--dtype auto|f32|bf16] [--repeat 3] [--threads N]`
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use semid_core::{Embedder, Seed, Work};
use semid_models::kernels::Precision;
use semid_models::text_encoder::TextEncoder;

fn main() {
    let files = semid_bench::files();
    let [folder, texts] = files.as_slice() else {
        eprintln!("Name a model folder and a file of texts.");
        std::process::exit(2);
    };
    let arguments: Vec<String> = std::env::args().collect();
    let dtype = arguments.iter().position(|argument| argument == "--dtype").map(|at| arguments[at + 1].as_str());
    let precision = match dtype {
        None | Some("auto") => Precision::Auto,
        Some("f32") => Precision::F32,
        Some("bf16") => Precision::Bf16,
        Some(other) => panic!("There is no precision {other:?}: auto, f32, bf16."),
    };
    let threads = semid_bench::option("threads", 0);
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().expect("threads");
    let texts = std::fs::read_to_string(texts).expect("a readable file of texts");
    let texts: Vec<String> = texts.lines().map(str::to_owned).collect();
    let encoder = TextEncoder::load_with(folder.as_ref(), precision).expect("a model folder");
    let name = format!("semid-{}", encoder.kernel());
    for _ in 0..semid_bench::option("repeat", 3) {
        semid_bench::measure(&name, &[("texts", texts.len() as f64)], || {
            encoder.embed(&Work::new(Seed(0)), &texts).expect("vectors")
        });
    }
}
