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

/// Those of the shared training that another model has under the same names, without `not`.
fn shared_fields(not: &[&str]) -> impl Iterator<Item = Row> {
    let of_transformer = ["layers", "heads"];
    transformer_fields().into_iter().filter(move |(name, ..)| !of_transformer.contains(name) && !not.contains(name))
}

/// The language model that is trained on.
fn tuned_model() -> Row {
    let sentence = "Name of a language model of this machine, of the llama family, as the list of models has it.";
    ("model", "Model", sentence, FieldInput::Text, "")
}

/// Settings of soft tokens before a language model.
pub(crate) fn soft_fields() -> Vec<Row> {
    let own = vec![
        tuned_model(),
        ("prompt", "Prompt", "Text before the items, as the model reads it.", FieldInput::Text, ""),
        (
            "answer",
            "Answer",
            "Text between the last item and the answer. Without one each item's own place answers what comes after it, and a \
             history is taught at all its places in one pass: several times as fast.",
            FieldInput::Text,
            "",
        ),
        (
            "projection_hidden",
            "Projection width",
            "Width between two layers of the projection; 0 makes it a single linear layer.",
            whole(0.0, 65_536.0),
            "",
        ),
        (
            "layers",
            "Layers",
            "Blocks of the model that are used, from the first; 0 takes all. Fewer are faster in proportion.",
            whole(0.0, 1024.0),
            "",
        ),
        (
            "softmax",
            "Softmax",
            "What the next item competes with while the projection learns.",
            choice(&[
                ("catalog", "Catalog", "Every item."),
                (
                    "sampled",
                    "Sampled",
                    "The items met beside it and some drawn evenly, corrected for how likely they are there.",
                ),
            ]),
            "",
        ),
        ("negatives", "Negatives", "Items drawn evenly for a sampled softmax.", whole(0.0, 16_777_216.0), "items"),
        (
            "windows_an_epoch",
            "Windows an epoch",
            "Users of one epoch, drawn anew for each; 0 takes all.",
            whole(0.0, 9_007_199_254_740_991.0),
            "",
        ),
        (
            "batch_rows",
            "Batch",
            "Rows through the model in one step of the optimiser.",
            whole(1.0, 16_777_216.0),
            "rows",
        ),
    ];
    own.into_iter().chain(shared_fields(&[])).collect()
}

/// Settings of a language model that is taught IDs.
pub(crate) fn speak_fields() -> Vec<Row> {
    let share = || number(0.0, 1e6);
    let own = vec![
        tuned_model(),
        (
            "frame.opening",
            "Opening",
            "What stands before a question: the model's chat template, written out.",
            FieldInput::Text,
            "",
        ),
        ("frame.turn", "Turn", "What stands between question and answer.", FieldInput::Text, ""),
        ("frame.closing", "Closing", "What stands after an answer and is learned with it.", FieldInput::Text, ""),
        (
            "shares.next_item",
            "Next item",
            "How often a history is answered by the next ID, beside the others.",
            share(),
            "",
        ),
        ("shares.id_to_title", "ID to title", "How often an ID is answered by its title.", share(), ""),
        ("shares.title_to_id", "Title to ID", "How often a title is answered by its ID.", share(), ""),
        ("shares.id_to_category", "ID to category", "How often an ID is answered by its category path.", share(), ""),
        (
            "shares.category_to_id",
            "Category to ID",
            "How often a category path is answered by the ID of one of its items.",
            share(),
            "",
        ),
        (
            "shares.explain",
            "Explain",
            "How often a history and the next ID are answered by a sentence made of titles and categories.",
            share(),
            "",
        ),
        (
            "text_tokens",
            "Title length",
            "A title or a category path is cut to so many tokens.",
            whole(1.0, 10_000.0),
            "tokens",
        ),
        (
            "lessons_an_epoch",
            "Lessons an epoch",
            "Questions with answers in one epoch.",
            whole(1.0, 1_073_741_824.0),
            "lessons",
        ),
        (
            "token_epochs",
            "Epochs of new tokens",
            "Epochs that teach the embeddings of the new tokens alone.",
            whole(0.0, 100_000.0),
            "",
        ),
        (
            "adapter_epochs",
            "Epochs of adapters",
            "Epochs after them that teach low-rank adapters and the new tokens together.",
            whole(0.0, 100_000.0),
            "",
        ),
        ("batch_lessons", "Batch", "Lessons in one step of the optimiser.", whole(1.0, 1_048_576.0), "lessons"),
        ("lora.rank", "Rank", "Rank of each adapter: more can learn more and overfit sooner.", whole(1.0, 1024.0), ""),
        ("lora.alpha", "Alpha", "An adapter's output is multiplied by this over its rank.", number(1e-6, 1e6), ""),
        (
            "lora.dropout",
            "Adapter dropout",
            "Share of an adapter's input that is dropped while training.",
            number(0.0, 0.95),
            "",
        ),
        (
            "lora.modules",
            "Adapters on",
            "Which matrices of a block have an adapter.",
            choice(&[
                ("attention", "Attention", "Queries, keys, values and output."),
                ("mlp", "Feed-forward half", "Gate, up and down."),
                ("all", "Both", "All seven."),
            ]),
            "",
        ),
        (
            "token_learning_rate",
            "Learning rate of new tokens",
            "Highest learning rate of the first epochs, falling along a cosine to a tenth.",
            number(1e-9, 10.0),
            "",
        ),
        ("adapter_learning_rate", "Learning rate of adapters", "The same of the later epochs.", number(1e-9, 10.0), ""),
        (
            "beam",
            "Beam",
            "Prefixes kept at each level when ranking; never fewer than twice the length of the list.",
            whole(1.0, 100_000.0),
            "prefixes",
        ),
    ];
    let not = ["dropout", "window_stride", "epochs", "learning_rate"];
    own.into_iter().chain(shared_fields(&not)).collect()
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
