//! A language model's speed: a prompt of 512 tokens read at once (prefill), then 64 tokens one at a time (decode), on the same
//! tokens as `llm.py` beside it reads with llama.cpp:
//! `cargo bench -p semid-models --bench llm -- MODEL.gguf [--prompt 512] [--answer 64] [--threads N]`
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use semid_core::{Seed, Work};
use semid_models::language_model::LocalModel;

fn main() {
    let files = semid_bench::files();
    let [file] = files.as_slice() else {
        eprintln!("Name the .gguf file of a language model.");
        std::process::exit(2);
    };
    let threads = semid_bench::option("threads", 0);
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().expect("threads");
    let (prompt, answer) = (semid_bench::option("prompt", 512), semid_bench::option("answer", 64));
    let model = LocalModel::open(file.as_ref()).expect("a language model");
    let token = |at: usize| (1_000 + at * 7_919 % 20_000) as u32;
    let (work, tokens) = (Work::new(Seed(0)), (0..prompt).map(token).collect::<Vec<u32>>());
    // The first pass maps the file and starts the threads.
    model.extend(&work, &mut model.state(), &tokens[..prompt.min(16)]).expect("logits");
    for _ in 0..semid_bench::option("repeat", 3) {
        let mut state = model.state();
        semid_bench::measure("prefill", &[("tokens", prompt as f64)], || {
            model.extend(&work, &mut state, &tokens).expect("logits");
        });
        semid_bench::measure("decode", &[("tokens", answer as f64)], || {
            for at in 0..answer {
                model.extend(&work, &mut state, &[token(prompt + at)]).expect("logits");
            }
        });
    }
}
