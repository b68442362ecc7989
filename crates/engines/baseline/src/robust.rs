//! Statistics that a few wild values do not move.

/// Of a normal distribution the median distance from the median is this part of the standard deviation.
const MAD_TO_DEVIATION: f64 = 1.4826;

/// The middle of the values; the mean of the two in the middle of an even number, 0 of none. Sorts them.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let at = |place: usize| values.get(place).copied().unwrap_or_default();
    if values.len() % 2 == 1 { at(middle) } else { (at(middle.saturating_sub(1)) + at(middle)) / 2.0 }
}

/// The largest value once so many of the largest are left out; 0 where no more are there. Sorts them.
pub(crate) fn largest_but(values: &mut [f64], left_out: usize) -> f64 {
    values.sort_unstable_by(|one, other| other.total_cmp(one));
    values.get(left_out).copied().unwrap_or_default()
}

/// Median distance from the median, as a standard deviation.
pub(crate) fn spread(values: &[f64], median_of_values: f64) -> f64 {
    let mut distances: Vec<f64> = values.iter().map(|value| (value - median_of_values).abs()).collect();
    MAD_TO_DEVIATION * median(&mut distances)
}

/// How surprising so many are where `mean` are expected with a variance: at most one time in ten to the power of this. The
/// Chernoff bound of the negative binomial tail; of the Poisson tail where the variance is no more than the mean. 0 where
/// no more come than expected.
pub(crate) fn surprise(count: f64, mean: f64, variance: f64) -> f64 {
    if count <= mean || mean <= 0.0 {
        return if count > 0.0 && mean <= 0.0 { f64::INFINITY } else { 0.0 };
    }
    let poisson = count * (count / mean).ln() - (count - mean);
    let exponent = if variance <= mean * (1.0 + 1e-9) {
        poisson
    } else {
        let size = mean * mean / (variance - mean);
        count * (count / mean).ln() - (count + size) * ((count + size) / (mean + size)).ln()
    };
    exponent.max(0.0) / std::f64::consts::LN_10
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_wild_value_moves_neither_middle_nor_spread() {
        let mut values = [10.0, 11.0, 9.0, 10.0, 100_000.0];
        let middle = median(&mut values);
        assert_eq!(middle, 10.0);
        assert!(spread(&values, middle) < 2.0);
        assert_eq!(median(&mut []), 0.0);
        assert_eq!(median(&mut [3.0, 1.0]), 2.0);
    }

    #[test]
    fn the_largest_are_left_out_one_by_one() {
        let mut values = [3.0, 100.0, 7.0];
        assert_eq!([0, 1, 2, 3].map(|left_out| largest_but(&mut values, left_out)), [100.0, 7.0, 3.0, 0.0]);
    }

    /// The exact tail of a Poisson distribution.
    fn poisson_tail(count: u32, mean: f64) -> f64 {
        let mut term = (-mean).exp();
        let mut below = 0.0;
        for value in 0..count {
            below += term;
            term *= mean / f64::from(value + 1);
        }
        1.0 - below
    }

    #[test]
    fn the_bound_is_above_the_exact_tail_and_not_far_from_it() {
        for (mean, count) in [(1.0, 4), (5.0, 12), (20.0, 35), (50.0, 75)] {
            let exact = -poisson_tail(count, mean).log10();
            let bound = surprise(f64::from(count), mean, mean);
            assert!(bound <= exact && bound > exact - 1.5, "{mean} {count}: {bound} of {exact}");
        }
    }

    proptest! {
        #[test]
        fn more_is_never_less_surprising_and_a_wider_spread_never_more(
            mean in 0.1_f64..10_000.0, more in 0.0_f64..1_000.0, extra in 0.0_f64..1_000.0, width in 0.0_f64..1_000.0
        ) {
            let count = mean + more;
            prop_assert!(surprise(count + extra, mean, mean + width) >= surprise(count, mean, mean + width) - 1e-6);
            prop_assert!(surprise(count, mean, mean + width + extra) <= surprise(count, mean, mean + width) + 1e-6);
        }
    }
}
