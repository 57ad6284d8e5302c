//! Every family against candle's own model of it, with weights in f32.

use candle_core::quantized::gguf_file::Content;
use candle_core::{Device, Tensor};
use candle_transformers::models as theirs;

use super::files::Recipe;
use super::{difference, work};

const TOKENS: [u32; 23] = [5, 250, 17, 17, 99, 3, 0, 141, 260, 33, 8, 9, 10, 200, 201, 7, 77, 177, 277, 1, 2, 150, 42];

#[test]
fn every_family_predicts_what_candles_model_of_it_predicts() {
    for family in ["llama", "qwen2", "qwen3", "gemma3", "phi2", "phi3"] {
        let (_folder, path) = Recipe::of(family).write();
        let mut file = std::fs::File::open(&path).unwrap();
        let content = Content::read(&mut file).unwrap();
        let (device, input) = (Device::Cpu, Tensor::new(&TOKENS, &Device::Cpu).unwrap().unsqueeze(0).unwrap());
        let logits = match family {
            "llama" => theirs::quantized_llama::ModelWeights::from_gguf(content, &mut file, &device)
                .unwrap()
                .forward(&input, 0),
            "qwen2" => theirs::quantized_qwen2::ModelWeights::from_gguf(content, &mut file, &device)
                .unwrap()
                .forward(&input, 0),
            "qwen3" => theirs::quantized_qwen3::ModelWeights::from_gguf(content, &mut file, &device)
                .unwrap()
                .forward(&input, 0),
            "gemma3" => theirs::quantized_gemma3::ModelWeights::from_gguf(content, &mut file, &device)
                .unwrap()
                .forward(&input, 0),
            "phi2" => {
                theirs::quantized_phi::ModelWeights::from_gguf(content, &mut file, &device).unwrap().forward(&input, 0)
            }
            _ => theirs::quantized_phi3::ModelWeights::from_gguf(false, content, &mut file, &device)
                .unwrap()
                .forward(&input, 0),
        };
        let want: Vec<f32> = logits.unwrap().flatten_all().unwrap().to_vec1().unwrap();
        let model = super::super::LocalModel::open(&path).unwrap();
        let mut state = model.state();
        model.extend(&work(), &mut state, &TOKENS).unwrap();
        let difference = difference(state.logits(), &want);
        assert!(difference < 2e-5, "{family}: logits differ by {difference} of the largest");
    }
}
