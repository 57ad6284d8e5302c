//! What every chart keeps to, whatever it shows.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

const HOSTILE: &str = "<script>alert(1)</script> & \"quotes\" 'n' \u{202e}turned\u{0}\n| _ % \\ 映画 🎬";

fn estimate(value: f64) -> Estimate {
    Estimate { value, low: value - 0.004, high: value + 0.003 }
}

/// Every kind of chart with `arms` arms that are all called `name`.
fn charts(arms: usize, name: &str) -> Vec<Chart> {
    let title = || name.to_owned();
    let value = |at: usize| 0.01 + 0.05 * at as f64 / arms.max(1) as f64;
    let names: Vec<String> = (0..arms).map(|at| format!("{name} {at}")).collect();
    let bars = names.iter().enumerate().map(|(at, label)| Bar {
        label: label.clone(),
        estimate: estimate(value(at)),
        baseline: at == 0,
    });
    let rows = names.iter().enumerate().map(|(at, label)| DifferenceRow {
        label: label.clone(),
        estimate: estimate(value(at) - 0.03),
        p_adjusted: if at % 2 == 0 { 0.0002 } else { 0.4 },
    });
    let lines = (0..arms).map(|arm| Line { arm, points: (1..=6).map(|x| (x, value(arm) * x as f64)).collect() });
    let levels = (0..arms).map(|at| LevelUsage {
        label: names[at].clone(),
        codes: 64,
        perplexity: 40.0,
        counts: (1..60).rev().collect(),
    });
    let rows_of_ids = names.iter().map(|scheme| QualityRow {
        scheme: scheme.clone(),
        part: title(),
        cells: vec![QualityCell { text: title(), share: Some(0.7), by_chance: Some(0.3) }; 3],
    });
    [
        Chart::MetricBars(MetricBars {
            title: title(),
            note: title(),
            metric: title(),
            groups: vec![BarGroup { label: title(), bars: bars.collect() }],
        }),
        Chart::Differences(Differences {
            title: title(),
            note: title(),
            axis: title(),
            higher_is_better: true,
            groups: vec![DifferenceGroup { label: title(), rows: rows.collect() }],
        }),
        Chart::Curves(Curves {
            title: title(),
            note: title(),
            axis: title(),
            arms: names.clone(),
            panels: vec![Panel { label: title(), lines: lines.collect() }],
        }),
        Chart::CodeUsage(CodeUsage { title: title(), note: title(), levels: levels.collect() }),
        Chart::IdQuality(IdQuality {
            title: title(),
            note: title(),
            columns: vec![title(); 3],
            rows: rows_of_ids.collect(),
        }),
        Chart::SliceBars(SliceBars {
            title: title(),
            note: title(),
            metric: title(),
            arms: names.clone(),
            baseline: Some(0),
            slices: vec![Slice {
                label: title(),
                users: 12,
                estimates: (0..arms).map(|at| Some(estimate(value(at)))).collect(),
            }],
        }),
        Chart::Histogram(Histogram {
            title: title(),
            note: title(),
            along: title(),
            counted: title(),
            columns: (0..arms as u64).map(|at| (title(), 10 * at + 1)).collect(),
        }),
        Chart::RankFrequency(RankFrequency {
            title: title(),
            note: title(),
            ranked: title(),
            counted: title(),
            counts: (0..arms as u64).rev().collect(),
        }),
    ]
    .into_iter()
    .chain(study_charts(&names, name))
    .collect()
}

/// Every chart of a study with such arms and every other text called `name`.
fn study_charts(arms: &[String], name: &str) -> [Chart; 6] {
    let title = || name.to_owned();
    let share = |at: usize| Estimate { value: 0.7 - 0.01 * at as f64, low: 0.55 - 0.01 * at as f64, high: 0.8 };
    let named = || arms.iter().cloned().enumerate();
    let accuracy = named().map(|(at, label)| ArmAccuracy { label, right: share(at), participants: 24, answers: 288 });
    let ratings = named().map(|(at, label)| ArmRatings {
        label,
        counts: vec![at as u64, 12, 30, 40, 9],
        cannot_judge: 3,
        mean: Some(3.4),
    });
    let schemes = named().map(|(at, label)| SchemePoint {
        label,
        raters: [Raters::People, Raters::Simulated, Raters::Models][at % 3],
        accuracy: estimate(0.05 + 0.001 * at as f64),
        interpretability: share(at),
        users: 943,
        participants: 24,
    });
    let times = named().map(|(at, label)| ArmTimes {
        label,
        lower: 3.0,
        median: 5.0 + at as f64,
        upper: 9.0 + at as f64,
        answers: 288,
        too_long: at as u64,
    });
    let companions =
        named().map(|(at, label)| CompanionPoint { label, measure: 0.02 * at as f64, outcome: share(at).value });
    let superior = named().map(|(at, arm)| Superior {
        arm,
        against: title(),
        probability: share(at),
        participants: 24,
        ratings: [96, 97],
    });
    [
        Chart::StudyAccuracy(StudyAccuracy {
            title: title(),
            note: title(),
            who: "people".into(),
            tasks: vec![TaskAccuracy { label: title(), chance: 0.2, arms: accuracy.collect() }],
        }),
        Chart::StudyRatings(StudyRatings {
            title: title(),
            note: title(),
            points: vec![title(); 5],
            cannot_judge: true,
            arms: ratings.collect(),
        }),
        Chart::StudyTwoAxes(StudyTwoAxes {
            title: title(),
            note: title(),
            accuracy: title(),
            interpretability: title(),
            chance: Some(0.2),
            points: schemes.collect(),
        }),
        Chart::StudyTimes(StudyTimes {
            title: title(),
            note: title(),
            tasks: vec![TaskTimes { label: title(), arms: times.collect() }],
        }),
        Chart::StudyCompanions(StudyCompanions {
            title: title(),
            note: title(),
            panels: vec![CompanionPanel {
                label: title(),
                measure: title(),
                outcome: title(),
                correlation: Some(0.62),
                stimuli: 36,
                points: companions.collect(),
            }],
        }),
        Chart::StudySuperiority(StudySuperiority {
            title: title(),
            note: title(),
            who: "people".into(),
            tasks: vec![TaskSuperiority { label: title(), rows: superior.collect() }],
        }),
    ]
}

/// The numbers of an attribute, wherever it occurs.
fn numbers_of(svg: &str, attribute: &str) -> Vec<f64> {
    let start = format!(" {attribute}=\"");
    svg.split(&start).skip(1).map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect()
}

fn height(svg: &Svg) -> f64 {
    numbers_of(svg.as_str().lines().next().unwrap(), "height")[0]
}

#[test]
fn hostile_names_stay_text_in_every_chart_and_theme() {
    for chart in charts(3, HOSTILE) {
        for theme in [Theme::Light, Theme::Dark, Theme::Page] {
            let svg = draw(&chart, theme).unwrap().into_string();
            assert!(!svg.contains("<script"), "markup in a name is escaped: {chart:?}");
            assert!(svg.contains("&lt;script&gt;") || svg.contains("&lt;scri"), "and the name is still there");
            assert!(!svg.contains('\u{202e}') && !svg.contains('\u{0}'), "what XML or a reader cannot bear is dropped");
            let bare = svg
                .split('&')
                .skip(1)
                .all(|rest| ["lt;", "gt;", "amp;", "quot;", "apos;"].iter().any(|entity| rest.starts_with(entity)));
            assert!(bare, "every ampersand begins an entity");
        }
    }
}

#[test]
fn a_picture_may_stand_in_a_page_many_times() {
    for chart in charts(3, "arm") {
        let svg = draw(&chart, Theme::Page).unwrap().into_string();
        for forbidden in [" id=", " class=", " style=", "<style", "<defs", "href", "url("] {
            assert!(!svg.contains(forbidden), "{forbidden} could clash with or reach out of the page");
        }
        assert!(
            svg.contains("role=\"img\"") && svg.contains("<title>") && svg.contains("<desc>"),
            "it can be read aloud"
        );
        assert!(
            svg.contains("var(--chart-text,#16191D)"),
            "the page's variables colour it, with light as the fall-back"
        );
        assert!(svg.contains("<text"), "words are text, not outlines");
    }
}

#[test]
fn the_same_data_give_the_same_bytes() {
    for chart in charts(5, "arm") {
        let [one, two] = [(); 2].map(|()| draw(&chart, Theme::Light).unwrap());
        assert_eq!(one, two, "nothing but the data decides");
        let copy: Chart = serde_json::from_str(&serde_json::to_string(&chart).unwrap()).unwrap();
        assert_eq!(draw(&copy, Theme::Light).unwrap(), one, "also after a way over the wire");
    }
}

#[test]
fn many_arms_make_a_taller_picture_and_stay_inside_it() {
    for (few, many) in charts(3, "arm").iter().zip(charts(30, "an arm with a name that goes on for quite a while")) {
        let chart = few;
        let [few, many] = [few, &many].map(|chart| draw(chart, Theme::Light).unwrap());
        let has_rows = !matches!(
            chart,
            Chart::Histogram(_) | Chart::RankFrequency(_) | Chart::StudyTwoAxes(_) | Chart::StudyCompanions(_)
        );
        assert!(!has_rows || height(&many) > height(&few) + 100.0, "thirty rows need more room than three");
        for (svg, attribute) in [&few, &many].into_iter().flat_map(|svg| ["y", "y1", "y2", "cy"].map(|a| (svg, a))) {
            let limit = height(svg) * 4.0;
            for y in numbers_of(svg.as_str(), attribute) {
                assert!((0.0..=limit).contains(&y), "{attribute}={y} lies outside of a picture {limit} high");
            }
        }
        for x in ["x", "x1", "x2", "cx"].iter().flat_map(|attribute| numbers_of(many.as_str(), attribute)) {
            assert!((0.0..=3200.0).contains(&x), "{x} lies outside of a picture 3200 wide");
        }
    }
}

#[test]
fn a_chart_without_data_says_so() {
    for chart in charts(0, "title") {
        let svg = draw(&chart, Theme::Light).unwrap();
        assert!(svg.as_str().contains("nothing to draw"), "an empty chart is not a blank picture: {chart:?}");
    }
}

#[test]
fn a_number_that_is_not_finite_is_refused_by_name() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        let bar = Bar { label: "popularity".into(), estimate: Estimate { low: bad, ..estimate(0.1) }, baseline: false };
        let groups = vec![BarGroup { label: String::new(), bars: vec![bar] }];
        let chart = Chart::MetricBars(MetricBars { title: "NDCG".into(), groups, ..Default::default() });
        let error = draw(&chart, Theme::Light).unwrap_err().to_string();
        assert!(error.contains("popularity") && error.contains("NDCG"), "the sentence names chart and arm: {error}");
    }
}

#[test]
fn extreme_but_finite_numbers_are_drawn() {
    for value in [0.0, -5.0, 1e-15, 1e12, -1e90] {
        let row =
            DifferenceRow { label: "a".into(), estimate: Estimate { value, low: value, high: value }, p_adjusted: 1.0 };
        let groups = vec![DifferenceGroup { label: String::new(), rows: vec![row] }];
        let chart = Chart::Differences(Differences { title: "t".into(), groups, ..Default::default() });
        let svg = draw(&chart, Theme::Light).unwrap();
        assert!(
            numbers_of(svg.as_str(), "cx").iter().all(|x| (0.0..=3200.0).contains(x)),
            "{value} is inside its scale"
        );
    }
}

#[test]
fn every_value_can_be_pointed_at_and_is_said_in_plain_words() {
    let expected = [3, 3, 18, 3 * 59, 9, 3, 3, 2, 3, 3, 3, 3, 3, 3];
    for (chart, expected) in charts(3, HOSTILE).iter().zip(expected) {
        let svg = draw(chart, Theme::Light).unwrap();
        let together = if matches!(chart, Chart::CodeUsage(_)) { 1.0 } else { 0.0 };
        let marks = svg.marks();
        assert!(
            marks.len() == expected || together > 0.0 && marks.len() >= 30,
            "one mark for each value, codes too narrow share one: {} in {chart:?}",
            marks.len()
        );
        let limit = height(&svg) * 4.0;
        for mark in marks {
            assert!(mark.x >= 0.0 && mark.x + mark.width <= 3200.0, "inside the picture across: {mark:?}");
            assert!(mark.y >= 0.0 && mark.y + mark.height <= limit, "inside the picture down: {mark:?}");
            assert!(mark.width > 0.0 && mark.height > 0.0, "there is something to point at: {mark:?}");
            assert!(mark.lines.len() >= 2, "it says of what and how much: {mark:?}");
            let clean = mark.lines.iter().all(|line| *line == text::clean(line));
            assert!(clean, "one line each, nothing that turns its surroundings: {mark:?}");
        }
    }
}

#[test]
fn what_is_said_at_a_bar_are_its_numbers() {
    let chart = &charts(2, "arm")[0];
    let svg = draw(chart, Theme::Light).unwrap();
    let lines: Vec<&str> = svg.marks()[0].lines.iter().map(String::as_str).collect();
    assert_eq!(lines, ["arm 0", "arm .0100", "95 % interval [.0060, .0130]", "baseline"], "as beside the bar");
}

#[test]
fn ratings_stand_on_either_side_of_the_middle_and_cannot_judge_apart() {
    let arm = |counts: Vec<u64>, cannot_judge| ArmRatings { label: "arm".into(), counts, cannot_judge, mean: None };
    let points = ["never", "rarely", "sometimes", "often", "always"].map(str::to_owned).to_vec();
    let chart = StudyRatings {
        title: "t".into(),
        points,
        cannot_judge: true,
        arms: vec![arm(vec![0, 0, 10, 0, 0], 0), arm(vec![0; 5], 7), arm(vec![5, 0, 0, 0, 5], 1)],
        ..Default::default()
    };
    let svg = draw(&Chart::StudyRatings(chart), Theme::Light).unwrap();
    let bars: Vec<(f64, f64)> = svg
        .as_str()
        .split("<rect")
        .skip(1)
        .filter(|bar| ["#D5D9DF", "#9A3509", "#0F4C8F"].iter().any(|colour| bar.contains(colour)))
        .map(|bar| (numbers_of(bar, "x")[0], numbers_of(bar, "width")[0]))
        .filter(|bar| bar.1 > 60.0)
        .collect();
    assert_eq!(bars.len(), 3, "one bar in the middle, one on each side: {bars:?}");
    let middle = bars[0].0 + bars[0].1 / 2.0;
    assert!((bars[1].0 + bars[1].1 - middle).abs() <= 4.0, "the lowest ends where the middle one is halved: {bars:?}");
    assert!((bars[2].0 - middle).abs() <= 4.0, "the highest begins there: {bars:?}");
    assert!(svg.as_str().contains("no ratings"), "an arm that nobody could judge says so");
    let said = &svg.marks()[1].lines;
    assert!(said.contains(&"cannot judge: 7".to_owned()), "and how many could not: {said:?}");
}
