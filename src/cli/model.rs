//! `raymap model`: what the model is, and whether it is intact.

use std::path::PathBuf;

use super::failure::Failure;
use crate::board::ComputeConfig;
use crate::network::{Bundle, Network};
use crate::reading::DISCLAIMER;

#[derive(Debug, clap::Args)]
pub struct ModelArguments {
    #[command(subcommand)]
    command: ModelCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ModelCommand {
    /// Check checksums, shapes and the golden output
    Verify(BundleArguments),
    /// Print the manifest
    Show(BundleArguments),
}

#[derive(Debug, clap::Args)]
struct BundleArguments {
    /// A model bundle other than the one inside the program
    #[arg(value_name = "DIR")]
    bundle: Option<PathBuf>,
}

pub fn run(arguments: &ModelArguments) -> Result<(), Failure> {
    let (ModelCommand::Verify(which) | ModelCommand::Show(which)) = &arguments.command;
    let bundle = match &which.bundle {
        Some(folder) => Bundle::open(folder)?,
        None => Bundle::embedded()?,
    };
    if let ModelCommand::Show(_) = arguments.command {
        println!("{}\n# {DISCLAIMER}", bundle.manifest_text().trim_end());
        return Ok(());
    }
    let network = Network::load_for(bundle, super::compute(&ComputeConfig::default())?)?;
    let manifest = network.manifest();
    println!(
        "{} {}: checksums, shapes and golden output agree (sha256 {}, kernels {})",
        manifest.name,
        manifest.version,
        network.sha256(),
        network.kernels()
    );
    Ok(())
}
