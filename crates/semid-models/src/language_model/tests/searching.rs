//! Searching among allowed continuations, writing, and the house's traits over both.

use semid_core::{
    Constraint, ContinuationScorer, FailureKind, LanguageModel, Outcome, Prompt, Request, Sampling as AskedSampling,
};

use super::super::{Choices, End, Found, LocalModel, Sampling, State};
use super::files::{Recipe, VOCABULARY};
use super::work;

fn start(model: &LocalModel) -> State {
    let mut state = model.state();
    model.extend(&work(), &mut state, &[1, 2, 3, 250, 17]).unwrap();
    state
}

fn sampling(temperature: f64, max_tokens: usize) -> Sampling {
    Sampling { temperature, top_p: 1.0, max_tokens, stop: Vec::new() }
}

#[test]
fn a_wide_beam_finds_the_best_by_score_and_a_narrow_one_only_what_is_allowed() {
    let model = Recipe::of("llama").model();
    let state = start(&model);
    let sequences: Vec<Vec<u32>> = (0..200u32)
        .map(|at| (0..1 + at % 4).map(|depth| (at * 7 + depth * depth * 31 * (at % 5)) % 256).collect())
        .collect();
    let choices = Choices::new(&sequences);
    let scores = model.score_choices(&work(), &state, &choices).unwrap();
    let mut want: Vec<usize> = (0..scores.len()).collect();
    want.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    let found = model.search(&work(), &state, &choices, 1_000, 12).unwrap();
    let got: Vec<(usize, f64)> = found.iter().map(|found| (found.sequence, found.log_probability)).collect();
    let want: Vec<(usize, f64)> = want[..12].iter().map(|&at| (at, scores[at])).collect();
    assert_eq!(got, want, "a beam that drops nothing ranks by the exact scores");
    let greedy = model.search(&work(), &state, &choices, 1, 5).unwrap();
    assert!(
        !greedy.is_empty() && greedy.iter().all(|found| found.log_probability == scores[found.sequence]),
        "greedy scores truly"
    );
    let none = model.search(&work(), &state, &Choices::new::<Vec<u32>>(&[]), 4, 4).unwrap();
    assert_eq!(none, Vec::<Found>::new(), "where nothing is allowed nothing is found");
    assert!(
        model.search(&work(), &model.state(), &choices, 4, 4).is_err(),
        "a state that read nothing predicts nothing"
    );
}

#[test]
fn writing_is_greedy_when_cold_repeatable_when_warm_and_stops_where_told() {
    let model = Recipe::of("llama").model();
    let write = |sampling: &Sampling, purpose: &str| {
        let (mut state, mut heard) = (start(&model), String::new());
        let written = model.write(&work(), &mut state, sampling, purpose, |text| heard.push_str(text)).unwrap();
        assert!(written.text.starts_with(&heard) || heard == written.text, "what was heard is what was written");
        (written, state)
    };
    let (cold, after) = write(&sampling(0.0, 12), "a");
    let mut state = start(&model);
    for token in &cold.tokens {
        let best = state.logits().iter().copied().fold(f32::NEG_INFINITY, f32::max);
        assert_eq!(state.logits()[*token as usize], best, "each token is the likeliest");
        model.extend(&work(), &mut state, &[*token]).unwrap();
    }
    assert_eq!(state.tokens(), after.tokens(), "the state holds what was written");
    let warm = write(&sampling(1.0, 30), "a").0;
    assert_eq!(warm, write(&sampling(1.0, 30), "a").0, "the same seed and purpose write the same");
    assert_ne!(warm, write(&sampling(1.0, 30), "b").0, "another purpose writes something else");
    let narrow = Sampling { top_p: 1e-9, ..sampling(1.0, 12) };
    assert_eq!(write(&narrow, "a").0.tokens, cold.tokens, "the smallest nucleus is the likeliest token");
    if let Some(letter) = warm.text.chars().nth(2) {
        let stopped = write(&Sampling { stop: vec![letter.to_string()], ..sampling(1.0, 30) }, "a").0;
        assert_eq!(stopped.end, End::Stop, "a stop text ends the answer");
        assert!(!stopped.text.contains(letter) && warm.text.starts_with(&stopped.text), "and is not part of it");
    }
}

#[test]
fn draws_follow_the_probabilities() {
    let model = Recipe::of("llama").model();
    let state = start(&model);
    let scores =
        model.score_choices(&work(), &state, &Choices::new(&(0..VOCABULARY as u32).map(|t| [t]).collect::<Vec<_>>()));
    let scores = scores.unwrap();
    assert!(
        (scores.iter().map(|score| score.exp()).sum::<f64>() - 1.0).abs() < 1e-5,
        "the vocabulary's shares make one"
    );
    let likeliest = (0..VOCABULARY).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap();
    let share = scores[likeliest].exp();
    let draws = 2_000;
    let hits = (0..draws).filter(|draw| {
        let mut rng = work().rng(&format!("draw {draw}"));
        super::super::search::draw(state.logits(), &sampling(1.0, 1), &mut rng) as usize == likeliest
    });
    let (hits, spread) = (hits.count() as f64 / f64::from(draws), (share * (1.0 - share) / f64::from(draws)).sqrt());
    assert!((hits - share).abs() < 5.0 * spread, "drawn with a share of {hits} where the model says {share}");
}

#[test]
fn requests_are_answered_in_order_constrained_where_asked_and_too_long_ones_fail_alone() {
    let model = Recipe::of("llama").model();
    let ask = |user: &str, constraint: Option<Constraint>| Request {
        prompt: Prompt::once("be brief", user),
        sampling: AskedSampling::greedy(6),
        constraint,
    };
    let texts = ["one".to_owned(), "two".to_owned(), "twofold".to_owned()];
    let requests = [
        ask("say something", None),
        ask(&"long ".repeat(200), None),
        ask("choose", Some(Constraint::OneOf(texts.to_vec()))),
        ask("choose", Some(Constraint::OneOf(Vec::new()))),
    ];
    let replies = model.complete(&work(), &requests).unwrap();
    let alone = model.complete(&work(), &requests[..1]).unwrap();
    assert_eq!(replies[0], alone[0], "an answer does not depend on who else asks");
    assert!(
        matches!(&replies[1].outcome, Outcome::Failed { kind: FailureKind::Rejected, sentence } if sentence.contains("512")),
        "a prompt that does not fit fails with a sentence, the others go on"
    );
    assert!(
        replies[2].text().is_some_and(|text| texts.iter().any(|known| known == text)),
        "only what is allowed is answered"
    );
    assert!(replies[3].text().is_none(), "nothing allowed, nothing answered");

    let prompts = [Prompt::once("", "a"), Prompt::once("", "b")];
    let lists = [texts.to_vec(), vec!["x".to_owned()]];
    let scores = model.score(&work(), &prompts, &lists).unwrap();
    assert_eq!((scores[0].len(), scores[1].len()), (3, 1), "a number a continuation");
    assert!(scores[0][2] < scores[0][1], "a longer text of the same beginning is less likely");
    assert!(model.score(&work(), &prompts, &lists[..1]).is_err(), "lists and prompts belong together");
}
