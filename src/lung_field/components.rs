//! Connected parts of a mask.

/// Leaves only the largest 4-connected part of `mask`, `side` pixels wide.
pub fn keep_largest(mask: &mut [bool], side: usize) {
    let (labels, sizes) = label(mask, side, true);
    let Some(largest) = (0..sizes.len()).max_by_key(|&k| (sizes[k], usize::MAX - k)) else { return };
    for (m, l) in mask.iter_mut().zip(&labels) {
        *m = *l == Some(largest as u32);
    }
}

/// Sets every unset pixel that cannot be reached from the border.
pub fn fill_holes(mask: &mut [bool], side: usize) {
    let (labels, sizes) = label(mask, side, false);
    let mut open = vec![false; sizes.len()];
    for (i, l) in labels.iter().enumerate() {
        let (x, y) = (i % side, i / side);
        if let Some(l) = l
            && (x == 0 || y == 0 || x == side - 1 || y == side - 1)
        {
            open[*l as usize] = true;
        }
    }
    for (m, l) in mask.iter_mut().zip(&labels) {
        *m |= l.is_some_and(|l| !open[l as usize]);
    }
}

/// Label of each pixel that equals `value`, and the size of each label's part.
fn label(mask: &[bool], side: usize, value: bool) -> (Vec<Option<u32>>, Vec<usize>) {
    let mut labels = vec![None; mask.len()];
    let (mut sizes, mut stack) = (Vec::new(), Vec::new());
    for start in 0..mask.len() {
        if mask[start] != value || labels[start].is_some() {
            continue;
        }
        let name = sizes.len() as u32;
        let mut size = 0;
        labels[start] = Some(name);
        stack.push(start);
        while let Some(i) = stack.pop() {
            size += 1;
            for j in neighbours(i, side, mask.len()).into_iter().flatten() {
                if mask[j] == value && labels[j].is_none() {
                    labels[j] = Some(name);
                    stack.push(j);
                }
            }
        }
        sizes.push(size);
    }
    (labels, sizes)
}

fn neighbours(i: usize, side: usize, len: usize) -> [Option<usize>; 4] {
    let x = i % side;
    [
        (x > 0).then(|| i - 1),
        (x + 1 < side).then(|| i + 1),
        i.checked_sub(side),
        (i + side < len).then(|| i + side),
    ]
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
