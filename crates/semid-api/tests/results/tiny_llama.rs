//! A llama of random weights in a GGUF file, small enough to be trained on in a moment, written byte by byte.

/// Tokens: a letter for each byte, then what a chat template needs.
pub const VOCABULARY: usize = 260;
pub const HIDDEN: usize = 64;
pub const INTERMEDIATE: usize = 96;
const LAYERS: usize = 2;
const HEADS: usize = 4;
const KEY_HEADS: usize = 2;
const WIDTH: usize = HIDDEN / HEADS;
/// Where tensors begin.
const ALIGNED: usize = 32;

/// The file of a model of this family: `llama`, or one that cannot be trained on.
pub fn file(family: &str) -> Vec<u8> {
    let mut pairs: Vec<Vec<u8>> = Vec::new();
    let text = |value: &str| [&(value.len() as u64).to_le_bytes()[..], value.as_bytes()].concat();
    let mut pair =
        |key: &str, kind: u32, value: Vec<u8>| pairs.push([text(key), kind.to_le_bytes().to_vec(), value].concat());
    let (number, real, string, array) = (4, 6, 8, 9);
    pair("general.architecture", string, text(family));
    for (key, value) in [
        ("embedding_length", HIDDEN),
        ("block_count", LAYERS),
        ("feed_forward_length", INTERMEDIATE),
        ("context_length", 512),
        ("attention.head_count", HEADS),
        ("attention.head_count_kv", KEY_HEADS),
        ("rope.dimension_count", WIDTH),
    ] {
        pair(&format!("{family}.{key}"), number, (value as u32).to_le_bytes().to_vec());
    }
    pair(&format!("{family}.attention.layer_norm_rms_epsilon"), real, 1e-5f32.to_le_bytes().to_vec());
    pair(&format!("{family}.rope.freq_base"), real, 1e4f32.to_le_bytes().to_vec());
    pair("tokenizer.ggml.model", string, text("gpt2"));
    pair("tokenizer.ggml.pre", string, text("smollm"));
    let list = |kind: u32, values: Vec<Vec<u8>>| {
        [kind.to_le_bytes().to_vec(), (values.len() as u64).to_le_bytes().to_vec(), values.concat()].concat()
    };
    let names = names();
    pair("tokenizer.ggml.tokens", array, list(string, names.iter().map(|name| text(name)).collect()));
    let kind = |at: usize| (if at > 256 { 3i32 } else { 1 }).to_le_bytes().to_vec();
    pair("tokenizer.ggml.token_type", array, list(5, (0..VOCABULARY).map(kind).collect()));
    pair("tokenizer.ggml.merges", array, list(string, vec![text("\u{120} a")]));
    pair("tokenizer.ggml.eos_token_id", number, (VOCABULARY as u32 - 2).to_le_bytes().to_vec());

    let tensors = tensors();
    let mut out = [b"GGUF".to_vec(), 3u32.to_le_bytes().to_vec()].concat();
    out.extend((tensors.len() as u64).to_le_bytes());
    out.extend((pairs.len() as u64).to_le_bytes());
    out.extend(pairs.concat());
    let mut offset = 0u64;
    for (name, rows, columns) in &tensors {
        out.extend(text(name));
        let dims: Vec<usize> = if *rows == 1 { vec![*columns] } else { vec![*columns, *rows] };
        out.extend((dims.len() as u32).to_le_bytes());
        dims.iter().for_each(|&dim| out.extend((dim as u64).to_le_bytes()));
        out.extend(0u32.to_le_bytes());
        out.extend(offset.to_le_bytes());
        offset += (rows * columns * 4).next_multiple_of(ALIGNED) as u64;
    }
    let mut state = 7u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    for (name, rows, columns) in &tensors {
        out.resize(out.len().next_multiple_of(ALIGNED), 0);
        let spread = if name.starts_with("token") { 1.0 } else { (3.0 / *columns as f32).sqrt() };
        for _ in 0..rows * columns {
            let value = if *rows == 1 { 1.0 + 0.2 * random() } else { spread * random() };
            out.extend(value.to_le_bytes());
        }
    }
    out
}

/// Bytes as byte-level vocabularies write them, a blank with a letter, and the tokens of ChatML.
fn names() -> Vec<String> {
    let mut moved = 255;
    let letter = |byte: u8| match byte {
        b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff => char::from(byte),
        _ => {
            moved += 1;
            char::from_u32(moved).unwrap()
        }
    };
    let mut names: Vec<String> = (0..=255u8).map(letter).map(String::from).collect();
    names.extend(["\u{120}a", "<|im_start|>", "<|im_end|>", "<|endoftext|>"].map(str::to_owned));
    assert_eq!(names.len(), VOCABULARY);
    names
}

/// Name, rows and columns of each.
fn tensors() -> Vec<(String, usize, usize)> {
    let mut all =
        vec![("token_embd.weight".to_owned(), VOCABULARY, HIDDEN), ("output_norm.weight".to_owned(), 1, HIDDEN)];
    for layer in 0..LAYERS {
        for (part, rows, columns) in [
            ("attn_norm", 1, HIDDEN),
            ("ffn_norm", 1, HIDDEN),
            ("attn_q", HEADS * WIDTH, HIDDEN),
            ("attn_k", KEY_HEADS * WIDTH, HIDDEN),
            ("attn_v", KEY_HEADS * WIDTH, HIDDEN),
            ("attn_output", HIDDEN, HEADS * WIDTH),
            ("ffn_gate", INTERMEDIATE, HIDDEN),
            ("ffn_up", INTERMEDIATE, HIDDEN),
            ("ffn_down", HIDDEN, INTERMEDIATE),
        ] {
            all.push((format!("blk.{layer}.{part}.weight"), rows, columns));
        }
    }
    all
}
