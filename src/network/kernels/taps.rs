//! Which taps of a depthwise convolution are multiplied together, where one instruction sums four products.
//!
//! The bytes under four taps have to be interleaved first, which costs as much as their products: so the four are a
//! column, which several outputs of a row have in common.

use super::ConvShape;

/// Goes over all taps of `$p` outputs of a row beside each other, with kernel `$k` and stride `$s`.
///
/// `$at` gives the bytes under a row and column of the first output's kernel, `$fours` interleaves those of four, and
/// `$add` adds their products with the weights of a group to an output's sums. A macro, since all three are to be
/// inlined where their instructions are switched on; its loops are written out, since the compiler would leave loops as
/// long, with a decision at each product.
macro_rules! over_taps {
    // A block for each number below the count.
    (@each $count:expr, $n:ident, $body:block) => {
        over_taps!(@each $count, $n, $body, 0 1 2 3 4 5 6 7 8 9 10)
    };
    (@each $count:expr, $n:ident, $body:block, $($number:literal)*) => {
        $({
            const $n: usize = $number;
            if $n < $count $body
        })*
    };
    ($k:expr, $s:expr, $p:expr, $at:expr, $nothing:expr, $fours:expr, $add:expr) => {{
        let columns = const {
            let columns = ($p - 1) * $s + $k;
            assert!(columns <= 11, "each has its block");
            columns
        };
        over_taps!(@each columns, C, {
            let fourth = if $k == 5 { $at(3, C) } else { $nothing };
            let fours = $fours([$at(0, C), $at(1, C), $at(2, C), fourth]);
            for p in 0..$p {
                if let Some(group) = C.checked_sub(p * $s).filter(|k| *k < $k) {
                    $add(p, fours, group);
                }
            }
        });
        if $k == 5 {
            over_taps!(@each $p + 1, N, {
                // What lies behind the last column has no weight.
                let fifth = |n: usize| $at(4, (N * $s + n).min(columns - 1));
                let fours = $fours([fifth(0), fifth(1), fifth(2), fifth(3)]);
                if N < $p {
                    $add(N, fours, $k);
                }
                if let Some(before) = N.checked_sub(1) {
                    $add(before, fours, $k + 1);
                }
            });
        }
    }};
}
pub(super) use over_taps;

/// Groups that a kernel's taps are put into: a column of the first four rows each, and, of five rows, two of the last.
pub fn groups(kernel: usize) -> usize {
    if kernel == 5 { 7 } else { 3 }
}

/// The tap at a place from 0 to 3 of a group; `None`: its weight is zero.
///
/// The last group has the last tap alone, at the place which its pixel has among the fours of the output beside it.
pub fn tap_of(group: usize, place: usize, shape: &ConvShape) -> Option<usize> {
    let ConvShape { kernel, stride, .. } = *shape;
    match group.checked_sub(kernel) {
        None => (place < kernel).then_some(place * kernel + group),
        Some(0) => Some(4 * kernel + place),
        Some(_) => (place == 4 - stride).then_some(kernel * kernel - 1),
    }
}
