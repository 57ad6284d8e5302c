//! Parts of the judged users, to see for whom a recommender works: by how popular the target is, by how long the history
//! is, by whether the target was ever seen in training.

use crate::Case;

/// One way to part the users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slicing {
    /// "Target popularity".
    pub name: &'static str,
    /// The parts, in order; each user is in exactly one. Empty parts are kept.
    pub slices: Vec<Slice>,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// "≤ 5", "6–20", "> 20".
    pub label: &'static str,
    /// Positions in the per-user vectors of the evaluation.
    pub users: Vec<u32>,
}

impl Slice {
    /// The values of the slice's users, out of one value per judged user.
    pub fn of(&self, values: &[f64]) -> Vec<f64> {
        self.users.iter().map(|&user| values[user as usize]).collect()
    }
}

/// Parts the judged users (`Evaluation::judged`) of `cases`. `popularity` is how often each item was met in training. With
/// several targets a case is as popular as its least popular one.
pub fn slices(cases: &[Case], judged: &[u32], popularity: &[u32]) -> Vec<Slicing> {
    let target = |case: &Case| {
        let counts = case.targets.iter().map(|&item| popularity.get(item as usize).copied().unwrap_or(0));
        counts.min().unwrap_or(0) as usize
    };
    let part = |name, bounds: &[usize], labels: &[&'static str], number: &dyn Fn(&Case) -> usize| {
        let mut slices: Vec<Slice> = labels.iter().map(|&label| Slice { label, users: Vec::new() }).collect();
        for (user, &case) in judged.iter().enumerate() {
            let number = number(&cases[case as usize]);
            slices[bounds.partition_point(|&bound| bound < number)].users.push(user as u32);
        }
        Slicing { name, slices }
    };
    vec![
        part("Target popularity", &[5, 20], &["≤ 5", "6–20", "> 20"], &target),
        part("History length", &[5, 20, 50], &["≤ 5", "6–20", "21–50", "> 50"], &|case| case.history.len()),
        part("Target in training", &[0], &["unseen", "seen"], &target),
    ]
}

/// How often each item stands in the training sequences.
pub fn popularity(train: &[Vec<u32>], catalog_items: usize) -> Vec<u32> {
    let mut counts = vec![0; catalog_items];
    for &item in train.iter().flatten() {
        if let Some(count) = counts.get_mut(item as usize) {
            *count += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_belong_to_the_lower_part_and_each_user_is_in_one() {
        let popularity = [0, 5, 6, 20, 21];
        let cases: Vec<Case> =
            (0..5).map(|item| Case { user: item, history: vec![0; 5 * item as usize], targets: vec![item] }).collect();
        let all = slices(&cases, &[0, 1, 2, 3, 4], &popularity);
        let users = |slicing: usize| all[slicing].slices.iter().map(|slice| slice.users.clone()).collect::<Vec<_>>();
        assert_eq!(users(0), [vec![0, 1], vec![2, 3], vec![4]], "≤ 5, 6–20, > 20");
        assert_eq!(users(1), [vec![0, 1], vec![2, 3, 4], vec![], vec![]], "histories of 0, 5, 10, 15, 20");
        assert_eq!(users(2), [vec![0], vec![1, 2, 3, 4]], "item 0 was never met");
    }

    #[test]
    fn positions_count_judged_users_only() {
        let cases = [
            Case { user: 0, history: vec![], targets: vec![] },
            Case { user: 1, history: vec![], targets: vec![1, 0] },
        ];
        let all = slices(&cases, &[1], &[0, 9]);
        assert_eq!(all[2].slices[0].users, [0], "the second case is the first judged; its rarest target is unseen");
        assert_eq!(all[2].slices[0].of(&[0.5]), [0.5], "a slice picks its users' values");
    }

    #[test]
    fn popularity_counts_training_items() {
        assert_eq!(popularity(&[vec![0, 2], vec![2]], 3), [1, 0, 2], "item 1 was never met");
    }
}
