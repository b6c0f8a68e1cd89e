//! `raymap model`: what the model is, whether it is intact, and models in the field: install and roll back.

use std::path::{Path, PathBuf};

use super::failure::{Exit, Failure};
use super::print::print_line;
use crate::board::ComputeConfig;
use crate::model_store::{Installed, Keys, Package, RealDisk, Slots, StoreError, active_folder};
use crate::network::{Bundle, Manifest, ModelError, Network};
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
    /// Put a signed package into the slot that is not in use, check it there, and switch to it
    Install(InstallArguments),
    /// Go back to the model in the other slot
    Rollback(RollbackArguments),
}

#[derive(Debug, clap::Args)]
struct BundleArguments {
    /// A model bundle, or a store of models, other than the one inside the program
    #[arg(value_name = "DIR")]
    bundle: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Store {
    /// The store of models; the board file's `model` names the same folder
    #[arg(long, value_name = "DIR", default_value = "/var/lib/raymap/models")]
    store: PathBuf,
}

#[derive(Debug, clap::Args)]
struct InstallArguments {
    /// A bundle as one tar file
    #[arg(value_name = "PACKAGE")]
    package: PathBuf,
    /// Its minisign signature; beside it with .minisig at its end unless given
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// The folder of the keys that are trusted, NAME.pub
    #[arg(long, value_name = "DIR", default_value = "/etc/raymap/model-keys")]
    keys: PathBuf,
    #[command(flatten)]
    store: Store,
}

#[derive(Debug, clap::Args)]
struct RollbackArguments {
    /// The version to go back to, such as 0.1.0
    #[arg(value_name = "VERSION")]
    version: String,
    #[command(flatten)]
    store: Store,
}

pub fn run(arguments: &ModelArguments) -> Result<(), Failure> {
    match &arguments.command {
        ModelCommand::Verify(which) => verify(which),
        ModelCommand::Show(which) => {
            let bundle = bundle(which.bundle.as_deref())?;
            print_line(&format!("{}\n# {DISCLAIMER}", bundle.manifest_text().trim_end()))
        }
        ModelCommand::Install(how) => install(how),
        ModelCommand::Rollback(how) => {
            let installed = Slots::new(&how.store.store, &mut RealDisk).roll_back(&how.version, &mut check);
            done(&installed?, &how.store.store)
        }
    }
}

/// The bundle in `folder`, which may be a store of models; the one inside the program where none is named.
pub fn bundle(folder: Option<&Path>) -> Result<Bundle, Failure> {
    let Some(folder) = folder else { return Ok(Bundle::embedded()?) };
    let active = active_folder(folder)?;
    Ok(Bundle::open(active.as_deref().unwrap_or(folder))?)
}

fn verify(which: &BundleArguments) -> Result<(), Failure> {
    let compute = super::compute(&ComputeConfig::default())?;
    let network = Network::load_for(bundle(which.bundle.as_deref())?, compute)?;
    let manifest = network.manifest();
    print_line(&format!(
        "{} {}: checksums, shapes and golden output agree (sha256 {}, kernels {})",
        manifest.name,
        manifest.version,
        network.sha256(),
        network.kernels()
    ))
}

fn install(how: &InstallArguments) -> Result<(), Failure> {
    let beside = || {
        let mut path = how.package.clone().into_os_string();
        path.push(".minisig");
        PathBuf::from(path)
    };
    let signature = how.signature.clone().unwrap_or_else(beside);
    let package = Package::open(&how.package, &signature, &Keys::load(&how.keys)?)?;
    let shipped = Bundle::embedded()?;
    let shipped = (shipped.manifest().name.as_str(), shipped.manifest().version.as_str());
    let installed = Slots::new(&how.store.store, &mut RealDisk).install(&package, shipped, &mut check)?;
    done(&installed, &how.store.store)
}

/// A bundle is good when its checksums, shapes and golden output agree on this machine.
fn check(folder: &Path) -> Result<Manifest, ModelError> {
    Ok(Network::load(Bundle::open(folder)?)?.manifest().clone())
}

fn done(installed: &Installed, store: &Path) -> Result<(), Failure> {
    let Installed { name, version, slot } = installed;
    let store = store.display();
    print_line(&format!(
        "{name} {version} is active (slot {slot} of {store})\n\
         a station whose board file says model = \"{store}\" reads with it from its next start on"
    ))
}

impl From<StoreError> for Failure {
    fn from(e: StoreError) -> Self {
        let exit = match &e {
            StoreError::Write { .. } => Exit::Storage,
            StoreError::NoKeys { .. } | StoreError::Key { .. } => Exit::Configuration,
            StoreError::Read { .. } | StoreError::Size { .. } => Exit::Input,
            _ => Exit::Model,
        };
        Self::new(exit, e.code(), &e)
    }
}
