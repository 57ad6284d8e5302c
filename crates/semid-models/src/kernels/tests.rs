//! Every kernel that this computer can run, against plain loops in f64, at sizes that fill no tile.

use super::*;

/// Numbers in [−1, 1] that look random and are the same everywhere.
fn numbers(count: usize, salt: u64) -> Vec<f32> {
    let mut state = salt.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

const SIZES: [(usize, usize, usize); 11] = [
    (1, 1, 1),
    (1, 2, 33),
    (2, 3, 31),
    (5, 32, 32),
    (7, 48, 47),
    (13, 64, 65),
    (14, 80, 96),
    (15, 33, 64),
    (29, 100, 34),
    (33, 128, 100),
    (64, 96, 160),
];

fn check_products<T: Element>(kernel: Kernel) {
    for (rows, depth, columns) in SIZES {
        let stride = depth.next_multiple_of(T::GROUP) + 4;
        let left: Vec<T> = numbers(rows * stride, 1).into_iter().map(T::from_f32).collect();
        let weights = numbers(columns * depth, 2);
        let bias = numbers(columns, 3);
        let packed = Packed::<T>::from_weights(&weights, columns, depth);
        let left = zero_beyond(left, stride, depth);
        let matrix = Matrix { numbers: &left, rows, stride };

        let mut activated = vec![0.0f32; rows * columns];
        let mut finish =
            AddBiasActivate { bias: &bias, activation: Activation::Gelu, out: &mut activated, stride: columns };
        product(kernel, matrix, &packed, &mut finish);
        let residual = numbers(rows * columns, 4);
        let mut added = residual.clone();
        product(kernel, matrix, &packed, &mut AddBiasResidual { bias: &bias, out: &mut added, stride: columns });

        for row in 0..rows {
            for column in 0..columns {
                let rounded = |weight: f32| f64::from(T::from_f32(weight).to_f32());
                let term = |k: usize| f64::from(left[row * stride + k].to_f32()) * rounded(weights[column * depth + k]);
                let sum = (0..depth).map(term).sum::<f64>() + f64::from(bias[column]);
                let want = sum + f64::from(residual[row * columns + column]);
                let got = f64::from(added[row * columns + column]);
                let name = kernel.name();
                let tolerance = 2e-6 * (depth as f64).sqrt();
                assert!((got - want).abs() < tolerance, "{name}, {rows}×{depth}×{columns}: {got} is not {want}");
                let want = math::gelu::<false>(sum as f32);
                let got = activated[row * columns + column];
                assert!((got - want).abs() < 1e-5, "{name}, {rows}×{depth}×{columns}: {got} is not gelu({sum})");
            }
        }
    }
}

/// Products read whole groups: what lies between depth and group must be a number, here zero as in the encoder.
fn zero_beyond<T: Element>(mut left: Vec<T>, stride: usize, depth: usize) -> Vec<T> {
    left.chunks_exact_mut(stride).for_each(|row| row[depth..].fill(T::default()));
    left
}

#[test]
fn products_of_every_kernel_agree_with_plain_sums() {
    for kernel in Kernel::available() {
        check_products::<f32>(kernel);
        check_products::<Bf16>(kernel);
    }
}

fn check_rows_stand_alone<T: Element>(kernel: Kernel) {
    let (rows, depth, columns) = (45, 96, 70);
    let left: Vec<T> = numbers(rows * depth, 1).into_iter().map(T::from_f32).collect();
    let packed = Packed::<T>::from_weights(&numbers(columns * depth, 2), columns, depth);
    let scales = vec![1.0; rows];
    let run = |first: usize, count: usize| {
        let mut out = vec![0.0f32; count * columns];
        let matrix = Matrix { numbers: &left[first * depth..], rows: count, stride: depth };
        product(kernel, matrix, &packed, &mut Scatter { scales: &scales, out: &mut out, stride: columns });
        out
    };
    let all = run(0, rows);
    for (first, count) in [(0, 1), (44, 1), (3, 14), (10, 31), (17, 2)] {
        let want = &all[first * columns..(first + count) * columns];
        assert!(run(first, count) == want, "{}: rows {first}+{count} depend on no other row", kernel.name());
    }
}

#[test]
fn a_row_of_a_product_is_the_same_bytes_in_any_company() {
    for kernel in Kernel::available() {
        check_rows_stand_alone::<f32>(kernel);
        check_rows_stand_alone::<Bf16>(kernel);
    }
}

#[test]
fn packing_either_way_round_is_the_transpose_of_the_other() {
    let (rows, columns) = (37, 11);
    let source = numbers(rows * columns, 5);
    let transposed: Vec<f32> = (0..columns * rows).map(|at| source[at % rows * columns + at / rows]).collect();
    let (mut by_rows, mut by_columns) = (Packed::<f32>::default(), Packed::<f32>::default());
    by_rows.fill_with_rows(&source, rows, columns, columns, columns + 3);
    by_columns.fill_with_columns(&transposed, columns, rows, rows, columns + 3);
    assert_eq!(by_rows.columns(), rows, "each row becomes a column");
    assert_eq!(by_rows.depth(), columns + 3, "the depth is padded");
    assert!(by_rows.panels().eq(by_columns.panels()), "both ways lead to the same panels");
}

#[test]
fn norms_and_softmax_of_every_kernel_agree_with_their_definitions() {
    for kernel in Kernel::available() {
        for columns in [1, 2, 15, 16, 17, 48, 384, 390] {
            let values = numbers(3 * columns, columns as u64);
            let norm = Norm { scale: numbers(columns, 6), shift: numbers(columns, 7), epsilon: 1e-5 };
            let (mut in_place, mut out) = (values.clone(), vec![Bf16::default(); values.len()]);
            layer_norm(kernel, &norm, &mut in_place, &mut out);
            for (row, got) in values.chunks_exact(columns).zip(in_place.chunks_exact(columns)) {
                let mean = row.iter().map(|v| f64::from(*v)).sum::<f64>() / columns as f64;
                let variance = row.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / columns as f64;
                for (at, value) in row.iter().enumerate() {
                    let unit = (f64::from(*value) - mean) / (variance + 1e-5).sqrt();
                    let want = unit * f64::from(norm.scale[at]) + f64::from(norm.shift[at]);
                    assert!((f64::from(got[at]) - want).abs() < 2e-5, "{}: norm of {columns}", kernel.name());
                }
            }
            assert!(in_place.iter().zip(&out).all(|(a, b)| Bf16::from_f32(*a) == *b), "both outputs are one result");

            let mut shares = vec![1.0f32; columns + 5];
            let sum = softmax(kernel, &values[..columns], columns, 3.0, &mut shares);
            let largest = values[..columns].iter().fold(f32::MIN, |a, b| a.max(*b));
            let want: Vec<f64> = values[..columns].iter().map(|v| (f64::from(v - largest) * 3.0).exp()).collect();
            let total = want.iter().sum::<f64>();
            assert!((f64::from(sum) / total - 1.0).abs() < 1e-6, "{}: the sum of {columns}", kernel.name());
            for (got, want) in shares.iter().zip(&want) {
                assert!((f64::from(*got) - want).abs() < 1e-6, "{}: softmax of {columns}", kernel.name());
            }
            assert!(shares[columns..].iter().all(|v| *v == 0.0), "what does not count has no share");
        }
    }
}

#[test]
fn bf16_rounds_to_nearest_even_and_keeps_what_is_not_finite() {
    for (value, bits) in
        [(1.0f32, 0x3f80u16), (-2.5, 0xc020), (1.003_906_3, 0x3f80), (1.011_718_8, 0x3f82), (3.4e38, 0x7f80)]
    {
        assert_eq!(Bf16::from_f32(value).0, bits, "{value} rounds to {bits:#x}");
    }
    assert!(Bf16::from_f32(f32::NAN).to_f32().is_nan(), "a NaN must reach the check at the end");
    assert_eq!(Bf16::from_f32(f32::NEG_INFINITY).to_f32(), f32::NEG_INFINITY, "an infinity stays one");
}
