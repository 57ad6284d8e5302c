//! Every family against candle's own model of it, with weights in f32.

use candle_core::quantized::gguf_file::Content;
use candle_core::{DType, Device, Tensor};
use candle_nn::{Activation, VarBuilder};
use candle_transformers::models as theirs;

use super::files::{HIDDEN, INTERMEDIATE, Recipe, VOCABULARY};
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
            "gemma3" => gemma3(&content, &mut file).forward(&input, 0),
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

/// candle's model of Gemma 3 as its makers published it: its quantized one has SiLU where they have GELU, and norms of a
/// GGUF file hold one more than the published ones.
fn gemma3(content: &Content, file: &mut std::fs::File) -> theirs::gemma3::Model {
    let tensors = content.tensor_infos.keys().map(|name| {
        let tensor = content.tensor(file, name, &Device::Cpu).unwrap().dequantize(&Device::Cpu).unwrap();
        let tensor = if name.contains("norm") { (tensor - 1.0).unwrap() } else { tensor };
        let mut parts: Vec<&str> = name.split('.').collect();
        let part = match parts[parts.len() - 2] {
            "token_embd" => "embed_tokens",
            "output_norm" => "norm",
            "attn_norm" => "input_layernorm",
            "post_attention_norm" => "post_attention_layernorm",
            "ffn_norm" => "pre_feedforward_layernorm",
            "post_ffw_norm" => "post_feedforward_layernorm",
            "attn_q" => "self_attn.q_proj",
            "attn_k" => "self_attn.k_proj",
            "attn_v" => "self_attn.v_proj",
            "attn_output" => "self_attn.o_proj",
            "attn_q_norm" => "self_attn.q_norm",
            "attn_k_norm" => "self_attn.k_norm",
            "ffn_gate" => "mlp.gate_proj",
            "ffn_up" => "mlp.up_proj",
            "ffn_down" => "mlp.down_proj",
            other => panic!("{other} is known"),
        };
        let layer = if parts.remove(0) == "blk" { format!("layers.{}.", parts[0]) } else { String::new() };
        (format!("model.{layer}{part}.weight"), tensor)
    });
    let weights = VarBuilder::from_tensors(tensors.collect(), DType::F32, &Device::Cpu);
    let recipe = Recipe::of("gemma3");
    let config = theirs::gemma3::Config {
        attention_bias: false,
        head_dim: recipe.width,
        hidden_activation: Activation::GeluPytorchTanh,
        hidden_size: HIDDEN,
        intermediate_size: INTERMEDIATE,
        num_attention_heads: recipe.heads,
        num_hidden_layers: 7,
        num_key_value_heads: recipe.key_heads,
        rms_norm_eps: 1e-5,
        rope_theta: 1e6,
        rope_local_base_freq: 10_000.0,
        vocab_size: VOCABULARY,
        final_logit_softcapping: None,
        attn_logit_softcapping: None,
        query_pre_attn_scalar: recipe.width,
        sliding_window: recipe.window as usize,
        sliding_window_pattern: 6,
        max_position_embeddings: 512,
    };
    theirs::gemma3::Model::new(false, &config, weights).unwrap()
}
