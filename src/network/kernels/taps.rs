//! Which taps of a depthwise convolution are multiplied together, where one instruction sums four products.
//!
//! The bytes under four taps have to be interleaved first, which costs as much as their products: so the four are a
//! column, which several outputs of a row have in common.

use super::ConvShape;

/// `$body` for each `$n` below `$count`, at most 11, written out: a loop as long is left as a loop by the compiler, with
/// a decision at each product.
macro_rules! written_out {
    ($count:expr, $n:ident, $body:block) => {
        written_out!($count, $n, $body, 0 1 2 3 4 5 6 7 8 9 10)
    };
    ($count:expr, $n:ident, $body:block, $($number:literal)*) => {{
        $({
            const $n: usize = $number;
            if $n < $count $body
        })*
    }};
}
pub(super) use written_out;

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
