//! Agreement and the statistics of studies against krippendorff, pingouin and scipy; the script that asked them stands
//! beside the fixture.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::PathBuf;

use semid_core::Seed;
use semid_core::statistics::{
    Measurement, Resampling, f_tail, intraclass, krippendorff_alpha, share, sign_flip, spearman, superiority,
};
use serde_json::Value;

fn golden(part: &str) -> Vec<Value> {
    whole()[part].as_array().unwrap().clone()
}

fn whole() -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/agreement/golden.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn close(ours: f64, theirs: &Value, what: &str) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() < 1e-9, "{what} is {theirs} there and {ours} here");
}

#[test]
fn alpha_is_that_of_krippendorffs_package_at_every_level() {
    for (at, case) in golden("alpha").iter().enumerate() {
        let raters: Vec<Vec<Option<f64>>> = serde_json::from_value(case["ratings"].clone()).unwrap();
        let units: Vec<Vec<f64>> =
            (0..raters[0].len()).map(|unit| raters.iter().filter_map(|rater| rater[unit]).collect()).collect();
        for (name, level) in [
            ("nominal", Measurement::Nominal),
            ("ordinal", Measurement::Ordinal),
            ("interval", Measurement::Interval),
            ("ratio", Measurement::Ratio),
        ] {
            close(krippendorff_alpha(&units, level).unwrap().unwrap(), &case[name], &format!("{name} α of table {at}"));
        }
    }
}

#[test]
fn intraclass_correlations_are_those_of_pingouin_with_the_intervals_of_mcgraw_and_wong() {
    let whole = whole();
    let digits = whole["icc_interval_digits"].as_u64().unwrap() as i32;
    let tolerance = 0.5001 * 10f64.powi(-digits);
    for (at, case) in golden("icc").iter().enumerate() {
        let rows: Vec<Vec<f64>> = serde_json::from_value(case["values"].clone()).unwrap();
        let ours = intraclass(&rows).unwrap().unwrap();
        for (name, ours) in [("single", ours.single), ("average", ours.average)] {
            close(ours.value, &case[name]["icc"], &format!("ICC {name} of table {at}"));
            for (end, value) in [("low", ours.low), ("high", ours.high)] {
                let theirs = case[name][end].as_f64().unwrap();
                assert!((value - theirs).abs() < tolerance, "{end} end of {name} of table {at}: {theirs}, not {value}");
            }
        }
        close(ours.single.low, &case["mcgraw_wong"]["low"], &format!("low end of table {at}"));
        close(ours.single.high, &case["mcgraw_wong"]["high"], &format!("high end of table {at}"));
        if at == 0 {
            let published = &whole["icc_published"];
            let near = |ours: f64, name: &str, by: f64| (ours - published[name].as_f64().unwrap()).abs() < by;
            assert!(near(ours.single.value, "single", 0.005) && near(ours.average.value, "average", 0.005), "1979");
            assert!(near(ours.single.low, "single_low", 5e-4) && near(ours.single.high, "single_high", 5e-4), "R");
        }
    }
}

#[test]
fn shares_have_the_intervals_and_the_test_of_scipy() {
    for case in golden("share") {
        let of = |name: &str| case[name].as_u64().unwrap();
        let ours = share(of("hits"), of("trials"), case["chance"].as_f64().unwrap()).unwrap();
        close(ours.p, &case["two_sided"], &format!("p of {case}"));
        for end in 0..2 {
            close(ours.exact[end], &case["exact"][end], &format!("exact interval of {case}"));
            close(ours.wilson[end], &case["wilson"][end], &format!("Wilson's interval of {case}"));
        }
    }
}

#[test]
fn sign_flips_superiority_ranks_and_tails_are_those_of_scipy() {
    let resampling = Resampling { seed: Seed(1), resamples: 1000, flips: 1 << 15 };
    for case in golden("sign_flip") {
        close(sign_flip(&numbers(&case["differences"]), &resampling).unwrap(), &case["p"], "p of all sign patterns");
    }
    for case in golden("superiority") {
        let ours = superiority(&[(numbers(&case["one"]), numbers(&case["other"]))], &resampling).unwrap().unwrap();
        close(ours.value, &case["value"], "U / (n m)");
    }
    for case in golden("spearman") {
        close(spearman(&numbers(&case["x"]), &numbers(&case["y"])).unwrap(), &case["value"], "rank correlation");
    }
    for case in golden("f_tail") {
        let of = |name: &str| case[name].as_f64().unwrap();
        close(f_tail(of("f"), of("d1"), of("d2")), &case["p"], "tail of F");
    }
}
