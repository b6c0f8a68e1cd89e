//! Connected parts of a mask, by the runs of its rows.

/// Pixels that are compared at once.
const STRIDE: usize = 16;

/// A stretch of equal pixels in one row: places in the mask from `start` to before `end`.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: usize,
    end: usize,
    /// The first run of its part; until all are joined, an earlier one of it.
    first: usize,
}

/// Leaves only the largest 4-connected part of `mask`, `side` pixels wide; of equal ones the first from the top.
pub fn keep_largest(mask: &mut [bool], side: usize) {
    let runs = parts(mask, side, true);
    let mut sizes = vec![0usize; runs.len()];
    runs.iter().for_each(|run| sizes[run.first] += run.end - run.start);
    let largest = (0..sizes.len()).max_by_key(|&k| (sizes[k], usize::MAX - k));
    for run in runs.iter().filter(|run| Some(run.first) != largest) {
        mask[run.start..run.end].fill(false);
    }
}

/// Sets every unset pixel that cannot be reached from the border.
pub fn fill_holes(mask: &mut [bool], side: usize) {
    let runs = parts(mask, side, false);
    let mut open = vec![false; runs.len()];
    for run in &runs {
        let (left, right) = (run.start.is_multiple_of(side), run.end.is_multiple_of(side));
        open[run.first] |= left || right || run.end <= side || run.start + side >= mask.len();
    }
    for run in runs.iter().filter(|run| !open[run.first]) {
        mask[run.start..run.end].fill(true);
    }
}

/// All runs of `value` from top to bottom, each with the first of its 4-connected part.
fn parts(mask: &[bool], side: usize, value: bool) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut above = 0..0;
    for (y, row) in mask.chunks_exact(side).enumerate() {
        let begin = runs.len();
        add_runs(&mut runs, row, y * side, value);
        join(&mut runs, above, side);
        above = begin..runs.len();
    }
    for k in 0..runs.len() {
        runs[k].first = first(&runs, k);
    }
    runs
}

fn add_runs(runs: &mut Vec<Run>, row: &[bool], offset: usize, value: bool) {
    let mut x = 0;
    while x < row.len() {
        let start = x + equal(&row[x..], !value);
        let end = start + equal(&row[start..], value);
        if end > start {
            runs.push(Run { start: offset + start, end: offset + end, first: runs.len() });
        }
        x = end;
    }
}

/// How many pixels at the start of `row` are `value`.
fn equal(row: &[bool], value: bool) -> usize {
    let (chunks, _) = row.as_chunks::<STRIDE>();
    let whole = STRIDE * chunks.iter().take_while(|chunk| **chunk == [value; STRIDE]).count();
    let rest = &row[whole..];
    whole + rest.iter().position(|&m| m != value).unwrap_or(rest.len())
}

/// Joins the runs of the last row, which stand behind those of the row `above`, to what they touch there.
fn join(runs: &mut [Run], above: std::ops::Range<usize>, side: usize) {
    let mut upper = above.start;
    for k in above.end..runs.len() {
        let (start, end) = (runs[k].start, runs[k].end);
        while upper < above.end && runs[upper].end + side <= start {
            upper += 1;
        }
        let mut touching = upper;
        while touching < above.end && runs[touching].start + side < end {
            let (a, b) = (first(runs, touching), first(runs, k));
            runs[a.max(b)].first = a.min(b);
            touching += 1;
        }
    }
}

fn first(runs: &[Run], mut k: usize) -> usize {
    while runs[k].first != k {
        k = runs[k].first;
    }
    k
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `before` and `after` are drawings with `#` for set.
    fn check(change: fn(&mut [bool], usize), before: [&str; 4], after: [&str; 4]) {
        let mut mask: Vec<bool> = before.concat().chars().map(|c| c == '#').collect();
        change(&mut mask, before[0].len());
        let drawn: String = mask.iter().map(|&m| if m { '#' } else { '.' }).collect();
        assert_eq!(drawn, after.concat());
    }

    #[test]
    fn the_largest_part_stays() {
        check(keep_largest, ["##..#", "##...", "...##", "....#"], ["##...", "##...", ".....", "....."]);
    }

    #[test]
    fn a_hole_is_filled_and_a_bay_is_not() {
        check(fill_holes, ["#####", "#.#.#", "###.#", "....#"], ["#####", "###.#", "###.#", "....#"]);
    }

    #[test]
    fn an_empty_mask_stays_empty() {
        check(keep_largest, ["....."; 4], ["....."; 4]);
    }
}
