//! Which modules and crates a file's code names.

use std::collections::BTreeSet;

use super::source_text::is_word;

/// Names directly below the crate's root that `code` uses, by `crate::` or by enough `super::`; `*` for a glob.
///
/// `path` is the file's, `own` the module of `lib.rs` that it belongs to.
pub fn modules_used(path: &str, code: &str, own: &str) -> BTreeSet<String> {
    let tokens = tokens_of(code);
    let depth = depth_of(path);
    let mut used = BTreeSet::new();
    for at in 0..tokens.len() {
        if at > 0 && tokens[at - 1] == "::" {
            continue;
        }
        if tokens[at] == "crate" && tokens.get(at + 1) == Some(&"::") {
            used.extend(names_after(&tokens, at + 2));
        }
        let supers = tokens[at..].chunks(2).take_while(|c| *c == ["super", "::"]).count();
        if supers >= depth && supers > 0 {
            // Inside `mod tests { … }` one `super` leads no further than the file, so a glob there says nothing.
            used.extend(names_after(&tokens, at + 2 * supers).into_iter().filter(|n| n != "*"));
        }
    }
    used.remove(own);
    used
}

/// First names of the paths in `code`: crates, and what the file itself brings in.
pub fn crate_names(code: &str) -> BTreeSet<String> {
    let tokens = tokens_of(code);
    let mut names = BTreeSet::new();
    for at in 0..tokens.len() {
        let inner = at > 0 && tokens[at - 1] == "::";
        let from_root = inner && (at < 2 || !is_path_part(tokens[at - 2]));
        if (!inner || from_root) && tokens.get(at + 1) == Some(&"::") && is_name(tokens[at]) {
            let in_group = at > 0 && group_has_prefix(&tokens, at);
            if !in_group {
                names.insert(tokens[at].into());
            }
        }
        if tokens[at] == "use" {
            names.extend(names_after(&tokens, at + 1));
        }
        if tokens[at] == "extern" && tokens.get(at + 1) == Some(&"crate") {
            names.extend(tokens.get(at + 2).map(|t| String::from(*t)));
        }
    }
    names
}

/// Names that the file declares as modules, or brings in from a longer path.
pub fn local_names(code: &str) -> BTreeSet<String> {
    let tokens = tokens_of(code);
    let ends = [";", ",", "}", "as"];
    let local = |at: &usize| {
        let (before, after) = (tokens[at - 1], tokens.get(at + 1).copied().unwrap_or(";"));
        let grouped = ["{", ","].contains(&before) && group_has_prefix(&tokens, *at);
        let imported =
            ((before == "::" && *at > 1 && is_path_part(tokens[at - 2])) || grouped) && ends.contains(&after);
        is_name(tokens[*at]) && (before == "mod" || imported)
    };
    (1..tokens.len()).filter(local).map(|at| tokens[at].to_string()).collect()
}

/// Whether the braces round token `at` are a group of a path, as in `a::{b}`.
fn group_has_prefix(tokens: &[&str], at: usize) -> bool {
    let mut depth = 0;
    for i in (1..at).rev() {
        match tokens[i] {
            "}" => depth += 1,
            "{" if depth > 0 => depth -= 1,
            "{" => return tokens[i - 1] == "::",
            ";" => return false,
            _ => {}
        }
    }
    false
}

/// The name at `at`, or the first names of the group that begins there.
fn names_after(tokens: &[&str], at: usize) -> Vec<String> {
    let at = if tokens.get(at) == Some(&"::") { at + 1 } else { at };
    match tokens.get(at) {
        Some(&"{") => group_names(&tokens[at + 1..]),
        Some(&name) if is_name(name) || name == "*" => vec![name.into()],
        _ => Vec::new(),
    }
}

fn group_names(tokens: &[&str]) -> Vec<String> {
    let (mut depth, mut first, mut names) = (0, true, Vec::new());
    for token in tokens {
        match *token {
            "{" => depth += 1,
            "}" if depth == 0 => break,
            "}" => depth -= 1,
            "," if depth == 0 => first = true,
            name if first && depth == 0 && (is_name(name) || name == "*") => {
                names.push(name.into());
                first = false;
            }
            _ => {}
        }
    }
    names
}

/// How many `super` lead from the file's own module to the crate's root.
fn depth_of(path: &str) -> usize {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    inside.split('/').count()
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// What may stand before `::` inside a path.
fn is_path_part(token: &str) -> bool {
    is_name(token) && !["use", "return", "in", "as", "mut", "dyn", "impl"].contains(&token)
}

/// Words, `::` and single signs.
fn tokens_of(code: &str) -> Vec<&str> {
    let (mut tokens, mut rest) = (Vec::new(), code.trim_start());
    while let Some(first) = rest.chars().next() {
        let bytes = match first {
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ if rest.starts_with("::") => 2,
            c => c.len_utf8(),
        };
        tokens.push(&rest[..bytes]);
        rest = rest[bytes..].trim_start();
    }
    tokens
}
