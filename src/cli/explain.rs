//! `raymap explain`: what a code means, and what to do about it.

use super::failure::{Exit, Failure};
use super::print::print_line;
use crate::station::Advice;

/// Codes that are offered in place of one that does not exist.
const NEAR_MAX: usize = 5;

#[derive(Debug, clap::Args)]
pub struct ExplainArguments {
    /// A code as it was shown, such as record_full; without one, all of them
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub fn run(arguments: &ExplainArguments) -> Result<(), Failure> {
    match &arguments.code {
        None => {
            Advice::all().try_for_each(|a| print_line(&format!("{}: {} {}", a.code, a.meaning, a.remedy)))
        }
        Some(code) => {
            let advice = Advice::of(code).ok_or_else(|| unknown(code))?;
            print_line(&format!("{}\n{}\n{}", advice.code, advice.meaning, advice.remedy))
        }
    }
}

fn unknown(code: &str) -> Failure {
    let shares_a_word = |other: &str| code.split('_').any(|w| w.len() > 2 && other.contains(w));
    let near: Vec<&str> = Advice::all().map(|a| a.code).filter(|c| shares_a_word(c)).take(NEAR_MAX).collect();
    let near = if near.is_empty() { String::new() } else { format!("; perhaps {}", near.join(", ")) };
    let text = format!("there is no code {code}{near} (raymap explain lists all)");
    Failure { exit: Exit::Usage, code: "code_unknown", text }
}
