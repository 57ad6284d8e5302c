//! Settings of what trains, explained: what the recommenders share is said once.

use crate::settings_facts::{FieldInput, choice, number, whole};

/// Name, title, sentence, input, unit.
pub(crate) type Row = (&'static str, &'static str, &'static str, FieldInput, &'static str);

/// Settings of the generative recommender.
pub(crate) fn generative_fields() -> Vec<Row> {
    let own = vec![
        (
            "positions",
            "Positions",
            "What a position of the transformer reads.",
            choice(&[
                (
                    "items",
                    "Items",
                    "A whole item; small heads then tell the next one's tokens in turn. Several times as fast.",
                ),
                (
                    "tokens",
                    "Tokens",
                    "One token of an ID, as in TIGER: an item takes as many positions as its ID has tokens.",
                ),
            ]),
            "",
        ),
        (
            "trie_softmax",
            "Softmax over the trie",
            "Each token is chosen among those that continue an ID of the catalog, in training and in ranking; else among \
             all tokens of its level.",
            FieldInput::Switch,
            "",
        ),
        (
            "tied",
            "Tied output",
            "A token is told by the same numbers that it is read as; else by numbers of its own.",
            FieldInput::Switch,
            "",
        ),
        (
            "head_width",
            "Head width",
            "Where positions are items: numbers between the two products of a level's head; 0 for heads that only add up.",
            whole(0.0, 65_536.0),
            "",
        ),
        (
            "d_model",
            "Width",
            "Numbers that stand for one token inside the model: twice as many take about four times as long.",
            whole(4.0, 4096.0),
            "",
        ),
        ("batch_tokens", "Batch", "Tokens predicted in one step of the optimiser.", whole(1.0, 16_777_216.0), "tokens"),
        (
            "label_smoothing",
            "Label smoothing",
            "Share of the target's probability spread evenly over the tokens it is chosen among.",
            number(0.0, 0.95),
            "",
        ),
        (
            "beam",
            "Beam",
            "Prefixes kept at each level when ranking; never fewer than twice the length of the list.",
            whole(1.0, 100_000.0),
            "prefixes",
        ),
    ];
    own.into_iter().chain(transformer_fields()).collect()
}

/// Settings of SASRec, whatever teaches it.
pub(crate) fn sasrec_fields() -> Vec<Row> {
    let own = vec![
        (
            "d_model",
            "Width",
            "Numbers that stand for one item inside the model: the catalog is scored with as many products an item.",
            whole(4.0, 4096.0),
            "",
        ),
        (
            "feed_forward",
            "Feed-forward width",
            "Width between the two products of a block's feed-forward half; the width itself in the paper.",
            whole(1.0, 65_536.0),
            "",
        ),
        ("batch_items", "Batch", "Items in one step of the optimiser.", whole(1.0, 16_777_216.0), "items"),
    ];
    own.into_iter().chain(transformer_fields()).collect()
}

/// Settings of the RQ-VAE that makes IDs.
pub(crate) fn rq_vae_fields() -> Vec<Row> {
    vec![
        (
            "width",
            "Width",
            "Width of the encoder's first hidden layer; each further one is half as wide, and the decoder mirrors them.",
            whole(1.0, 16_384.0),
            "",
        ),
        ("layers", "Layers", "Hidden layers of the encoder, and as many of the decoder.", whole(0.0, 12.0), ""),
        (
            "latent",
            "Latent size",
            "Numbers in the vector between encoder and decoder, which is what is cut into codes.",
            whole(1.0, 4096.0),
            "",
        ),
        (
            "commitment",
            "Commitment",
            "Weight of the loss that keeps the encoder near the codes it chose.",
            number(0.0, 1000.0),
            "",
        ),
        ("epochs", "Epochs", "Passes over the items at most; the best is kept.", whole(1.0, 100_000.0), ""),
        (
            "patience",
            "Patience",
            "Epochs without a better reconstruction of held-out items after which training stops.",
            whole(1.0, 100_000.0),
            "epochs",
        ),
        ("batch", "Batch", "Items in one step of the optimiser.", whole(1.0, 1_048_576.0), "items"),
        (
            "learning_rate",
            "Learning rate",
            "Highest learning rate, falling along a cosine to a tenth.",
            number(1e-9, 10.0),
            "",
        ),
        (
            "weight_decay",
            "Weight decay",
            "AdamW's decoupled decay of the layers; codes do not decay.",
            number(0.0, 10.0),
            "",
        ),
        (
            "gradient",
            "Gradient",
            "How the gradient gets past the choice of a code, which has none of its own.",
            choice(&[
                ("straight-through", "Straight through", "As if nothing had been quantized, as in the first papers."),
                ("rotation", "Rotation", "Turned as the quantization turned the vector (Fifty et al. 2024)."),
            ]),
            "",
        ),
        (
            "kmeans_start",
            "Start from k-means",
            "Codes start from k-means on the first items and not at random, which keeps them from collapsing.",
            FieldInput::Switch,
            "",
        ),
        (
            "restart_dead",
            "Restart dead codes",
            "A code that no item chose in an epoch starts anew from an item.",
            FieldInput::Switch,
            "",
        ),
        (
            "balanced",
            "Balanced",
            "Spreads items evenly over the last level, and gives those that share the codes before it different ones, as LC-Rec does.",
            FieldInput::Switch,
            "",
        ),
    ]
}

/// Settings of TIGER: its own, and those it shares with the others.
pub(crate) fn tiger_fields() -> Vec<Row> {
    let layers = whole(1.0, 48.0);
    let own = vec![
        ("encoder_layers", "Encoder layers", "Blocks that read the history.", layers.clone(), ""),
        ("decoder_layers", "Decoder layers", "Blocks that write the next item's ID.", layers, ""),
        (
            "d_model",
            "Width",
            "Numbers that stand for one token inside the model: twice as many take about twice as long.",
            whole(4.0, 4096.0),
            "",
        ),
        ("heads", "Attention heads", "Attention heads of a block.", whole(1.0, 256.0), ""),
        (
            "head_width",
            "Width of a head",
            "Width of one attention head; the heads together may be wider than the model, as in T5.",
            whole(1.0, 1024.0),
            "",
        ),
        (
            "feed_forward",
            "Feed-forward width",
            "Width between the two products of a block's feed-forward half.",
            whole(1.0, 65_536.0),
            "",
        ),
        (
            "user_tokens",
            "User tokens",
            "Tokens that users are hashed to, one of which opens each history; 0 for none.",
            whole(0.0, 16_777_216.0),
            "tokens",
        ),
        (
            "batch_pairs",
            "Batch",
            "Pairs of a history and its next item in one step of the optimiser.",
            whole(1.0, 1_048_576.0),
            "pairs",
        ),
        ("learning_rate", "Learning rate", "Highest learning rate, reached after the warm-up.", number(1e-9, 10.0), ""),
        (
            "schedule",
            "Schedule",
            "How the learning rate falls after the warm-up.",
            choice(&[
                ("cosine", "Cosine", "Along a cosine to a tenth at the end of the training."),
                ("inverse-square-root", "Inverse square root", "With the root of the steps, as in the paper."),
            ]),
            "",
        ),
        (
            "warm_up_share",
            "Warm-up",
            "Share of the training over which the learning rate rises from 0.",
            number(0.001, 1.0),
            "",
        ),
        (
            "device",
            "Device",
            "Where it computes; other devices add in another order and give other last bits.",
            choice(&[
                ("cpu", "Processor", "In every build."),
                ("cuda", "NVIDIA GPU", "In builds with the feature cuda."),
                ("metal", "Apple GPU", "In builds with the feature metal."),
            ]),
            "",
        ),
    ];
    let of_transformer =
        ["dropout", "max_history", "epochs", "weight_decay", "clip_norm", "validate_every", "patience"];
    let shared = generative_fields().into_iter().filter(|(name, ..)| {
        of_transformer.contains(name) || ["label_smoothing", "beam", "validation_cases"].contains(name)
    });
    own.into_iter().chain(shared).collect()
}

/// What every model on the shared transformer and its training has.
fn transformer_fields() -> Vec<Row> {
    vec![
        (
            "layers",
            "Layers",
            "Transformer blocks: more can learn longer patterns and take proportionally longer.",
            whole(1.0, 48.0),
            "",
        ),
        ("heads", "Attention heads", "Attention heads of a block; must divide the width.", whole(1.0, 4096.0), ""),
        (
            "dropout",
            "Dropout",
            "Share of the numbers dropped while training, against learning by heart.",
            number(0.0, 0.95),
            "",
        ),
        ("max_history", "History", "The model looks at this many of the last items.", whole(1.0, 10_000.0), "items"),
        (
            "window_stride",
            "Window stride",
            "Targets in one window of a long history: history + 1 is cheapest, fewer give every target more context and \
             take proportionally longer.",
            whole(1.0, 10_001.0),
            "items",
        ),
        (
            "epochs",
            "Epochs",
            "Passes over the training interactions at most; the best validation is kept.",
            whole(1.0, 100_000.0),
            "",
        ),
        (
            "learning_rate",
            "Learning rate",
            "Highest learning rate, reached after the warm-up and falling along a cosine to a tenth.",
            number(1e-9, 10.0),
            "",
        ),
        (
            "warm_up_share",
            "Warm-up",
            "Share of the training over which the learning rate rises from 0.",
            number(0.0, 1.0),
            "",
        ),
        ("weight_decay", "Weight decay", "AdamW's decoupled decay of the weights.", number(0.0, 10.0), ""),
        ("clip_norm", "Gradient clip", "Gradients longer than this are shortened to it.", number(1e-6, 1e9), ""),
        (
            "validate_every",
            "Validate every",
            "Epochs from one validation to the next.",
            whole(1.0, 100_000.0),
            "epochs",
        ),
        (
            "patience",
            "Patience",
            "Validations without a better NDCG@10 after which training stops.",
            whole(1.0, 100_000.0),
            "validations",
        ),
        (
            "validation_cases",
            "Validation cases",
            "Users validated on at most, drawn with the seed.",
            whole(1.0, 9_007_199_254_740_991.0),
            "users",
        ),
        (
            "shards",
            "Shards",
            "Parts a batch is cut into, each for one thread; part of the settings, since it decides the last bits.",
            whole(1.0, 1024.0),
            "",
        ),
        (
            "precision",
            "Precision",
            "What the products of training multiply; everything else, ranking included, is f32.",
            choice(&[
                ("f32", "32 bits", "The same on every processor with the same instructions."),
                (
                    "bf16",
                    "16 bits",
                    "Several times as fast where the processor has instructions for it (AVX512-BF16, AMX); 32 bits elsewhere.",
                ),
            ]),
            "",
        ),
    ]
}
