//! A plain, slow forward pass of llama and Gemma 3 in f64, written from the papers, against the fast one.

use candle_core::Device;
use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::Content;

use super::files::{HIDDEN, INTERMEDIATE, Recipe, VOCABULARY};
use super::work;

/// A file's tensors in f64.
struct Plain {
    content: Content,
    file: std::cell::RefCell<std::fs::File>,
}

impl Plain {
    fn tensor(&self, name: &str) -> Vec<f64> {
        let tensor = self.content.tensor(&mut *self.file.borrow_mut(), name, &Device::Cpu).unwrap();
        let values: Vec<f32> = tensor.dequantize(&Device::Cpu).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        values.into_iter().map(f64::from).collect()
    }

    fn times(&self, name: &str, input: &[f64]) -> Vec<f64> {
        let rows = self.tensor(name);
        rows.chunks(input.len()).map(|row| row.iter().zip(input).map(|(weight, value)| weight * value).sum()).collect()
    }

    fn norm(&self, name: &str, values: &[f64]) -> Vec<f64> {
        let scale = self.tensor(name);
        let mean = values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64;
        values.iter().zip(scale).map(|(value, scale)| value / (mean + 1e-5).sqrt() * scale).collect()
    }
}

fn turned(values: &[f64], position: usize, base: f64, interleaved: bool) -> Vec<f64> {
    let (width, mut out) = (values.len(), values.to_vec());
    for pair in 0..width / 2 {
        let angle = position as f64 * base.powf(-2.0 * pair as f64 / width as f64);
        let (one, two) = if interleaved { (2 * pair, 2 * pair + 1) } else { (pair, pair + width / 2) };
        out[one] = values[one] * angle.cos() - values[two] * angle.sin();
        out[two] = values[one] * angle.sin() + values[two] * angle.cos();
    }
    out
}

/// The logits after each of the tokens.
fn predict(recipe: &Recipe, tokens: &[u32]) -> Vec<Vec<f64>> {
    let (_folder, path) = recipe.write();
    let mut file = std::fs::File::open(path).unwrap();
    let content = Content::read(&mut file).unwrap();
    let plain = Plain { content, file: std::cell::RefCell::new(file) };
    let gemma = recipe.family == "gemma3";
    let table = plain.tensor("token_embd.weight");
    let scale = if gemma { (HIDDEN as f64).sqrt() } else { 1.0 };
    let row = |token: &u32| table[*token as usize * HIDDEN..][..HIDDEN].iter().map(|value| value * scale).collect();
    let mut hidden: Vec<Vec<f64>> = tokens.iter().map(row).collect();
    for layer in 0..if gemma { 7 } else { super::files::LAYERS } {
        let name = |part: &str| format!("blk.{layer}.{part}.weight");
        let local = gemma && layer != 5;
        let base = if local || !gemma { 1e4 } else { 1e4 };
        let (mut queries, mut keys, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (position, row) in hidden.iter().enumerate() {
            let normed = plain.norm(&name("attn_norm"), row);
            let heads = |part: &str, norm: Option<&str>| -> Vec<Vec<f64>> {
                let all = plain.times(&name(part), &normed);
                let head = |head: &[f64]| {
                    let head = norm.filter(|_| gemma).map_or(head.to_vec(), |norm| plain.norm(&name(norm), head));
                    if part == "attn_v" { head } else { turned(&head, position, base, !gemma) }
                };
                all.chunks(recipe.width).map(head).collect()
            };
            queries.push(heads("attn_q", Some("attn_q_norm")));
            keys.push(heads("attn_k", Some("attn_k_norm")));
            values.push(heads("attn_v", None));
        }
        for position in 0..tokens.len() {
            let first = if local { (position + 1).saturating_sub(recipe.window as usize) } else { 0 };
            let mut context = Vec::new();
            for head in 0..recipe.heads {
                let key_head = head / (recipe.heads / recipe.key_heads);
                let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                let weights: Vec<f64> = (first..=position)
                    .map(|at| (dot(&queries[position][head], &keys[at][key_head]) / (recipe.width as f64).sqrt()).exp())
                    .collect();
                let total: f64 = weights.iter().sum();
                for lane in 0..recipe.width {
                    let sum: f64 =
                        weights.iter().zip(first..).map(|(weight, at)| weight * values[at][key_head][lane]).sum();
                    context.push(sum / total);
                }
            }
            let mut out = plain.times(&name("attn_output"), &context);
            if gemma {
                out = plain.norm(&name("post_attention_norm"), &out);
            }
            let row = &mut hidden[position];
            row.iter_mut().zip(out).for_each(|(row, out)| *row += out);
            let normed = plain.norm(&name("ffn_norm"), row);
            let (gates, ups) = (plain.times(&name("ffn_gate"), &normed), plain.times(&name("ffn_up"), &normed));
            let act = |x: f64| {
                if gemma {
                    let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
                    0.5 * x * (1.0 + u.tanh())
                } else {
                    x / (1.0 + (-x).exp())
                }
            };
            let inner: Vec<f64> = gates.iter().zip(ups).map(|(gate, up)| act(*gate) * up).collect();
            assert_eq!(inner.len(), INTERMEDIATE, "the feed-forward part is as wide as the file says");
            let mut out = plain.times(&name("ffn_down"), &inner);
            if gemma {
                out = plain.norm(&name("post_ffw_norm"), &out);
            }
            hidden[position].iter_mut().zip(out).for_each(|(row, out)| *row += out);
        }
    }
    hidden.iter().map(|row| plain.times("token_embd.weight", &plain.norm("output_norm.weight", row))).collect()
}

#[test]
fn predictions_are_those_of_the_plain_formulas_for_every_way_of_storing_weights() {
    let tokens: Vec<u32> = (0..21).map(|at| (at * 37 + 5) % 256).collect();
    let kinds = [GgmlDType::Q4_1, GgmlDType::Q8_0, GgmlDType::Q5_0, GgmlDType::F16, GgmlDType::Q4_0, GgmlDType::Q5_1];
    for (family, window) in [("llama", 64), ("gemma3", 64), ("gemma3", 5)] {
        let recipe = Recipe { kinds: kinds.to_vec(), window, ..Recipe::of(family) };
        let want = predict(&recipe, &tokens);
        let (model, work) = (recipe.model(), work());
        let mut state = model.state();
        for (at, token) in tokens.iter().enumerate() {
            model.extend(&work, &mut state, &[*token]).unwrap();
            let largest = want[at].iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
            let got = state.logits().iter().zip(&want[at]);
            let most = got.fold(0.0f64, |most, (got, want)| most.max((f64::from(*got) - want).abs())) / largest;
            assert!(most < 2e-5, "{family}, window {window}, token {at}: logits differ by {most} of the largest");
        }
        assert_eq!(state.logits().len(), VOCABULARY, "one logit a token");
    }
}
