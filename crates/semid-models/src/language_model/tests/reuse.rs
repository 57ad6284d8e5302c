//! What was read is reused, and the bytes do not tell.

use candle_core::quantized::GgmlDType;
use semid_core::{Error, Seed, Work};

use super::super::{Choices, LocalModel, State};
use super::files::{HIDDEN, Recipe};
use super::work;

fn model(family: &'static str) -> LocalModel {
    let kinds = vec![GgmlDType::Q4_1, GgmlDType::Q8_0, GgmlDType::F16, GgmlDType::Q4_0];
    Recipe { kinds, window: 9, ..Recipe::of(family) }.model()
}

fn tokens(count: u32, step: u32) -> Vec<u32> {
    (0..count).map(|at| (at * step + 3) % 256).collect()
}

fn read(model: &LocalModel, tokens: &[u32]) -> State {
    let mut state = model.state();
    model.extend(&work(), &mut state, tokens).unwrap();
    state
}

#[test]
fn a_prompt_read_in_pieces_resumed_or_truncated_predicts_the_same_bytes_as_read_at_once() {
    for family in ["llama", "gemma3", "phi2"] {
        let (model, work) = (model(family), work());
        let whole = tokens(300, 29);
        let want = read(&model, &whole);
        let mut pieces = model.state();
        for piece in [&whole[..1], &whole[1..2], &whole[2..40], &whole[40..41], &whole[41..]] {
            model.extend(&work, &mut pieces, piece).unwrap();
        }
        assert_eq!(pieces.logits(), want.logits(), "{family}: pieces are one chain of sums as the whole is");

        let other = [&whole[..120], &tokens(50, 31)[..]].concat();
        let mut resumed = read(&model, &other);
        assert_eq!(model.resume(&work, &mut resumed, &whole).unwrap(), 120, "{family}: what both begin with is kept");
        assert_eq!(resumed.logits(), want.logits(), "{family}: the rest was forgotten");
        assert_eq!(resumed.tokens(), whole, "and the state says what it read");
        assert_eq!(model.resume(&work, &mut resumed, &whole).unwrap(), 300, "asked again nothing is read");
        assert_eq!(
            model.resume(&work, &mut resumed, &whole[..50]).unwrap(),
            49,
            "a shorter prompt reads its last token again"
        );
        assert_eq!(resumed.logits(), read(&model, &whole[..50]).logits(), "{family}: and predicts as from scratch");

        let mut vectors = model.state();
        model.extend_with_vectors(&work, &mut vectors, &model.embeddings(&whole).unwrap()).unwrap();
        assert_eq!(vectors.logits(), want.logits(), "{family}: embeddings read as vectors are what the tokens are");
        assert!(model.extend_with_vectors(&work, &mut vectors, &[0.0; HIDDEN + 1]).is_err(), "no half vectors");
    }
}

#[test]
fn continuations_score_as_each_does_alone_and_the_same_for_any_number_of_threads() {
    for family in ["llama", "gemma3"] {
        let model = model(family);
        let state = read(&model, &tokens(70, 13));
        let sequences: Vec<Vec<u32>> = (0..60u32)
            .map(|at| [5, 6 + at % 3, 7, at % 7, 90 + at % 2, 11].iter().copied().take(at as usize % 7).collect())
            .chain([tokens(30, 7), tokens(31, 7)])
            .collect();
        let choices = Choices::new(&sequences);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                (model.score_choices(&work(), &state, &choices).unwrap(), read(&model, &tokens(70, 13)).logits)
            })
        };
        let (scores, logits) = run(1);
        assert_eq!((&scores, &logits), (&run(3).0, &run(3).1), "{family}: threads share work, not sums");
        assert_eq!(logits, state.logits, "and reading again gives the same");
        for (sequence, &score) in sequences.iter().zip(&scores) {
            let mut alone = state.clone();
            let mut want = 0.0;
            for token in sequence {
                let logits = alone.logits().iter().map(|logit| f64::from(*logit));
                let largest = logits.clone().fold(f64::NEG_INFINITY, f64::max);
                let total: f64 = logits.map(|logit| (logit - largest).exp()).sum();
                want += f64::from(alone.logits()[*token as usize]) - largest - total.ln();
                model.extend(&work(), &mut alone, &[*token]).unwrap();
            }
            assert!(
                (score - want).abs() < 1e-5 * (1.0 + want.abs()),
                "{family}: {sequence:?} scores {want} alone, not {score}"
            );
        }
    }
}

#[test]
fn a_cancel_leaves_the_state_as_it_was() {
    let model = model("llama");
    let mut state = read(&model, &tokens(20, 3));
    let before = state.clone();
    let work = Work::new(Seed(1));
    work.cancel().cancel();
    let error = model.extend(&work, &mut state, &tokens(10, 5));
    assert!(matches!(error, Err(Error::Cancelled)), "a cancel is told as one");
    assert_eq!((state.tokens(), state.logits()), (before.tokens(), before.logits()), "nothing was read");
    let more = tokens(10, 5);
    model.extend(&super::work(), &mut state, &more).unwrap();
    let whole = [before.tokens(), &more].concat();
    assert_eq!(state.logits(), read(&model, &whole).logits(), "and reading on gives what it should");
    let error = model.extend(&super::work(), &mut state, &tokens(500, 3)).unwrap_err().to_string();
    assert!(error.contains("at most 512"), "a prompt that does not fit is refused with a sentence: {error}");
    assert!(model.extend(&super::work(), &mut state, &[9_999]).is_err(), "a token outside the vocabulary is an error");
}
