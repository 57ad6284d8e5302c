//! A made-up comparison with the shape of a real one: nine arms, three seeds. Its numbers are invented.
#![allow(dead_code, clippy::unwrap_used)]

use semid_core::comparison::*;

pub const METRICS: [(&str, &str, &str); 5] = [
    ("ndcg@10", "NDCG@10", "Gain 1/log2(rank + 1) of each hit among the first 10, over that of an ideal list."),
    ("recall@10", "Recall@10", "Hits among the first 10, over the number of relevant items of the user."),
    (
        "precision@10",
        "Precision@10",
        "Hits among the first 10, over 10; with one relevant item a tenth of the hit rate.",
    ),
    ("mrr@10", "MRR@10", "1/rank of the first hit among the first 10, else 0."),
    ("coverage@10", "Coverage@10", "Share of the catalog that stands in at least one list of 10."),
];

/// Key, title, recommender, IDs, NDCG@10, training seconds.
type Arm = (&'static str, &'static str, &'static str, Option<&'static str>, f64, f64);

const ARMS: [Arm; 9] = [
    ("popularity", "Popularity", "popularity", None, 0.0412, 0.02),
    ("item-knn", "Item-kNN", "item-knn", None, 0.0718, 0.41),
    ("text-knn", "Text-kNN", "text-knn", None, 0.0203, 0.0),
    ("generative/hash", "Generative · Hash", "generative", Some("hash"), 0.0524, 118.2),
    ("generative/permuted", "Generative · Permuted", "generative", Some("permuted"), 0.0531, 121.7),
    ("generative/lsh", "Generative · LSH", "generative", Some("lsh"), 0.0588, 119.4),
    ("generative/rq-kmeans", "Generative · RQ-KMeans", "generative", Some("rq-kmeans"), 0.0673, 124.9),
    ("generative/category-path", "Generative · Category path", "generative", Some("category-path"), 0.0639, 97.3),
    ("sasrec", "SASRec, full cross-entropy", "sasrec", None, 0.0702, 88.8),
];

/// A sequence of numbers in 0–1 that is always the same.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

pub fn comparison() -> Comparison {
    let mut noise = Noise(7);
    let arms: Vec<ArmResult> = ARMS.iter().map(|arm| arm_result(arm, &mut noise)).collect();
    let ndcg = |key: &str| ARMS.iter().find(|arm| arm.0 == key).unwrap().4;
    let mut differences = Vec::new();
    for (metric, _, _) in METRICS.iter().take(4) {
        let scale = scale(metric);
        for arm in ARMS.iter().skip(1) {
            differences.push(difference(
                arm.0,
                "popularity",
                metric,
                (arm.4 - ndcg("popularity")) * scale,
                0.0034 * scale,
            ));
        }
    }
    let gains = |against: &str| -> Vec<Difference> {
        let of = |metric: &'static str| {
            ["generative/lsh", "generative/rq-kmeans"].map(|arm| {
                difference(arm, against, metric, (ndcg(arm) - ndcg(against)) * scale(metric), 0.0031 * scale(metric))
            })
        };
        of("ndcg@10").into_iter().chain(of("recall@10")).collect()
    };
    Comparison {
        name: "MovieLens-100K: do semantic IDs beat hash IDs?".into(),
        finished_at: 1_795_469_909,
        dataset: DatasetFacts {
            name: "movielens-100k".into(),
            title: "MovieLens-100K".into(),
            licence: "Research use; may not be redistributed.".into(),
            simulated: false,
            users: 943,
            items: 1_682,
            interactions: 100_000,
            training_windows: 97_171,
            digest: "b3:6f1c0d93a2".into(),
        },
        protocol: Protocol {
            facts: [
                ("Split", "Leave-last-out: the last item is the test, the one before it the validation item."),
                ("Ranking", "All items of the catalog; items of the history are dropped."),
                ("Ties in time", "Broken by a seeded shuffle."),
                ("Equal scores", "Broken by a seeded order, the same for all arms."),
                ("K", "10"),
                ("Decoding", "Trie-constrained beam of 40."),
            ]
            .map(|(label, value)| (label.into(), value.into()))
            .into(),
            digest: "b3:91ac77e0".into(),
            users: 943,
            users_without_target: 0,
            targets_in_history: 3,
            tied_in_time: 0.473,
            resamples: 2_000,
            flips: 10_000,
            correction: "Holm".into(),
        },
        seeds: vec![1, 2, 3],
        primary_metric: "ndcg@10".into(),
        breadth_metrics: [("coverage@10", "Coverage@10"), ("gini@10", "Gini of exposure@10")]
            .map(|(key, title)| MetricFacts {
                key: key.into(),
                title: title.into(),
                formula: "As told beside the number.".into(),
                higher_is_better: key.starts_with("coverage"),
            })
            .into(),
        metrics: METRICS
            .map(|(key, title, formula)| MetricFacts {
                key: key.into(),
                title: title.into(),
                formula: formula.into(),
                higher_is_better: true,
            })
            .into(),
        arms,
        baseline: 0,
        differences,
        meaning_gains: gains("generative/permuted"),
        hash_gains: gains("generative/hash"),
        verdict: [
            "Semantic IDs beat hash IDs here: RQ-KMeans gains +.0149 NDCG@10 over hash, and the data leave little doubt.",
            "Meaning alone, with the same trie dealt to other items, is worth +.0142 (95 % interval [+.0080, +.0204]).",
            "Item-kNN stays ahead of every generative arm on this small data set.",
        ]
        .map(String::from)
        .into(),
        id_schemes: schemes(&mut noise),
        stages: [
            ("prepare", 0.31, false),
            ("embed", 11.4, true),
            ("quantize rq-kmeans", 2.84, false),
            ("quantize lsh", 0.04, false),
            ("train generative/hash, seed 1", 118.2, false),
            ("train generative/permuted, seed 1", 121.7, false),
            ("train generative/rq-kmeans, seed 1", 124.9, false),
            ("evaluate", 3.3, false),
        ]
        .map(|(stage, secs, reused)| StageTime { stage: stage.into(), secs, reused })
        .into(),
        provenance: [
            ("Machine", "Two cores, AVX-512, 16 GiB"),
            ("System", "Linux x86-64"),
            ("Semid", "0.1.0"),
            ("Text encoder", "all-MiniLM-L6-v2, sha256 53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
        ]
        .map(|(label, value)| (label.into(), value.into()))
        .into(),
        settings_toml: "name = \"MovieLens-100K: do semantic IDs beat hash IDs?\"\ndataset = \"movielens-100k\"\nids = [\"hash\", \
                        \"permuted\", \"lsh\", \"rq-kmeans\"]\nseeds = [1, 2, 3]\n\n[generative]\nlayers = 3\nwidth = 128\n"
            .into(),
    }
}

/// What every text of [`hostile`] ends with.
pub const HOSTILE: &str = "<script>alert(1)</script> <img src=x onerror=y> | _ & % \\ # $ { } ^ ~ * `x` ``` [a](http://b) www.c.d \
     \"q\" 'r' {{ 7 * 7 }} {% if %} ]]> --> \r\n- item\n\n# head\t\u{202e}turned\u{2066}\u{0}\u{1b}[31m 映画 🎬 é \u{301}";

/// The same comparison with something hostile behind every text, the same behind each so that keys still meet.
pub fn hostile() -> Comparison {
    changed(|text| format!("{text}{HOSTILE}{}", "x".repeat(300)))
}

/// The same comparison with every text changed.
pub fn changed(change: impl Fn(&str) -> String) -> Comparison {
    fn walk(value: &mut serde_json::Value, change: &impl Fn(&str) -> String) {
        match value {
            serde_json::Value::String(text) => *text = change(text),
            serde_json::Value::Array(values) => values.iter_mut().for_each(|value| walk(value, change)),
            serde_json::Value::Object(fields) => fields.values_mut().for_each(|value| walk(value, change)),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(comparison()).unwrap();
    walk(&mut value, &change);
    serde_json::from_value(value).unwrap()
}

fn scale(metric: &str) -> f64 {
    match metric {
        "recall@10" => 1.92,
        "precision@10" => 0.192,
        "mrr@10" => 0.68,
        _ => 1.0,
    }
}

fn arm_result(&(key, title, recommender, ids, ndcg, train_secs): &Arm, noise: &mut Noise) -> ArmResult {
    let trained = train_secs > 10.0;
    let values = METRICS.map(|(metric, _, _)| {
        let mean = if metric == "coverage@10" { (0.06 + ndcg * 6.0).min(0.9) } else { ndcg * scale(metric) };
        let by_seed: Vec<f64> =
            (0..3).map(|_| mean + if trained { (noise.next() - 0.5) * 0.002 } else { 0.0 }).collect();
        MetricValue {
            metric: metric.into(),
            mean,
            low: mean - 0.0052 * scale(metric),
            high: mean + 0.0055 * scale(metric),
            by_seed,
            seed_sd: trained.then_some(0.0006 * scale(metric)),
        }
    });
    let slicings = [
        ("Target popularity", [("≤ 5", 41, 0.2), ("6–20", 118, 0.55), ("> 20", 784, 1.15)]),
        ("History length", [("≤ 20", 202, 0.8), ("21–100", 431, 1.0), ("> 100", 310, 1.2)]),
    ];
    let slices = slicings.into_iter().flat_map(|(slicing, slices)| {
        slices.map(|(slice, users, factor)| {
            let mean = ndcg * factor;
            let room = 0.15 / f64::from(users as u32).sqrt();
            let (low, high) = ((mean - room).max(0.0), mean + room);
            SliceValue {
                slicing: slicing.into(),
                slice: slice.into(),
                users,
                metric: "ndcg@10".into(),
                mean,
                low,
                high,
            }
        })
    });
    let mut curves = Vec::new();
    for seed in 1..=(if trained { 3 } else { 0 }) {
        let mut loss = Vec::new();
        let mut validation = Vec::new();
        for epoch in 1..=20u64 {
            let done = 1.0 - (-(epoch as f64) / 6.0).exp();
            loss.push((epoch, 4.9 - 2.6 * done - ndcg * 8.0 + noise.next() * 0.05));
            validation.push((epoch, ndcg * 1.08 * done + (noise.next() - 0.5) * 0.002));
        }
        curves.push(Curve { series: "training loss".into(), seed, points: loss });
        curves.push(Curve { series: "validation ndcg@10".into(), seed, points: validation });
    }
    let semantic = matches!(ids, Some("lsh" | "rq-kmeans" | "permuted"));
    ArmResult {
        key: key.into(),
        title: title.into(),
        recommender: recommender.into(),
        ids: ids.map(str::to_owned),
        values: values.into(),
        cost: Cost {
            embed_secs: if semantic || key == "text-knn" { 11.4 } else { 0.0 },
            quantize_secs: if semantic { 2.84 } else { 0.0 },
            train_secs,
            rank_secs: if trained { 4.6 } else { 0.03 },
            peak_bytes: if trained { 851_443_712 } else { 121_634_816 },
            parameters: if trained { 712_448 } else { 0 },
        },
        health: Health {
            id_validity: 1.0,
            unconstrained_id_validity: trained.then_some(0.934),
            users_without_list: 0,
            short_lists: if key == "text-knn" { 12 } else { 0 },
            tie_rate: if key == "popularity" { 0.081 } else { 0.0004 },
            distinct_in_top10: if key == "popularity" { 61 } else { 803 },
            warnings: match key {
                "text-knn" => vec!["12 users got fewer than 10 items; the missing ranks count as misses.".into()],
                "generative/hash" => {
                    vec!["The first-token loss stayed above that of a bigram table (4.31 against 4.22).".into()]
                }
                _ => Vec::new(),
            },
        },
        breadth: vec![if trained { 0.61 } else { 0.12 }, 0.83],
        slices: slices.collect(),
        curves,
    }
}

fn difference(arm: &str, against: &str, metric: &str, difference: f64, room: f64) -> Difference {
    let p = if difference.abs() > 2.0 * room { 0.0001 } else { (0.9 - difference.abs() / room * 0.4).clamp(0.01, 1.0) };
    Difference {
        arm: arm.into(),
        against: against.into(),
        metric: metric.into(),
        difference,
        low: difference - 2.0 * room,
        high: difference + 2.0 * room,
        p,
        p_adjusted: (p * 4.0).min(1.0),
        effect_size: difference / 0.14,
        wins: 143,
        ties: 704,
        losses: 96,
    }
}

fn schemes(noise: &mut Noise) -> Vec<IdSchemeResult> {
    [("hash", "Hash", 0.03), ("permuted", "Permuted", 0.03), ("lsh", "LSH", 0.42), ("rq-kmeans", "RQ-KMeans", 0.61)]
        .map(|(key, title, meaning)| {
            let levels = (0..3).map(|level| {
                let even = if key == "hash" { 3.0 } else { 14.0 };
                let mut counts: Vec<u32> = (0..64).map(|_| (26.3 + (noise.next() - 0.5) * 2.0 * even) as u32).collect();
                counts.sort_unstable_by(|a, b| b.cmp(a));
                if key == "lsh" {
                    counts.truncate(51);
                }
                let fade = f64::from(level) * 0.12;
                LevelQuality {
                    codes: 64,
                    usage_share: counts.len() as f64 / 64.0,
                    entropy_bits: 5.7 - even * 0.02,
                    perplexity: 2f64.powf(5.7 - even * 0.02),
                    counts,
                    category: Some(CategoryAgreement {
                        purity: 0.34 + meaning * (0.6 + fade),
                        purity_by_chance: 0.34 + fade,
                        nmi: meaning * 0.5 + fade,
                        nmi_by_chance: 0.05 + fade,
                        ami: meaning * 0.44,
                    }),
                }
            });
            IdSchemeResult {
                key: key.into(),
                title: title.into(),
                shape: "3 × 64 + digit".into(),
                quality: IdQuality {
                    levels: levels.collect(),
                    unique_share: if key == "lsh" { 0.921 } else { 0.994 },
                    largest_group: if key == "lsh" { 9 } else { 3 },
                    reconstruction_error: (key == "rq-kmeans").then_some(0.412),
                    neighbour_recall10: Some(meaning * 0.7),
                },
                diagnosis: match key {
                    "rq-kmeans" => vec![
                        "All 64 codes of every level are in use; no level has collapsed.".into(),
                        "99.4 % of the items have codes of their own before the digit, as is normal for 1,682 items in 262,144 IDs.".into(),
                    ],
                    "lsh" => vec!["13 codes of each level are empty: hyperplanes cut the embeddings unevenly.".into()],
                    _ => vec!["Codes say nothing about items: neighbours in embedding space share codes by chance only.".into()],
                },
                examples: [
                    ("A Time to Kill (1996)", "12·20·9·0", "thriller › courtroom › 1990s"),
                    ("Toy Story (1995)", "3·41·57·0", "animation › children › toys"),
                    ("2001: A Space Odyssey (1968)", "44·8·30·1", "science fiction › space › 1960s"),
                ]
                .map(|(item, id, labels)| IdExample {
                    title: item.into(),
                    id: id.into(),
                    labels: if meaning > 0.1 { labels.into() } else { String::new() },
                })
                .into(),
                curves: match key {
                    "rq-kmeans" => vec![Curve {
                        series: "held-out reconstruction error".into(),
                        seed: 1,
                        points: (1..=20).map(|epoch| (epoch, 0.41 + 0.4 / epoch as f64)).collect(),
                    }],
                    _ => Vec::new(),
                },
            }
        })
        .into()
}
