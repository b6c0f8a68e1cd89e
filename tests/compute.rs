//! Kernels and threads change how fast the network is computed, and nothing else.

use raymap::frame::Frame;
use raymap::network::{Bundle, Compute, KernelSet, Logits, Network};
use raymap::preprocess::{Display, NetworkInput};
use raymap::source::phantom::{PhantomSpec, compute};
use raymap::units::Percent;

/// A phantom that is not the golden input.
fn phantom() -> Frame {
    compute(&PhantomSpec::new(11, Percent::new(35.0).unwrap())).frame
}

/// The network's outputs; loading compares those of the golden input with ONNX Runtime's.
fn outputs(kernels: KernelSet, threads: usize) -> Vec<Logits> {
    let compute = Compute::new(Some(kernels.name()), Some(threads)).unwrap();
    let mut network = Network::load_for(Bundle::embedded().unwrap(), compute).unwrap();
    assert_eq!((network.kernels(), network.threads()), (kernels.name(), threads));
    let side = network.manifest().input.side;
    let input = NetworkInput::of(&Display::of(&phantom()), side).unwrap();
    network.infer_raw(&input).unwrap().to_vec()
}

#[test]
fn all_kernels_and_numbers_of_threads_give_the_same_bytes() {
    let expected = outputs(KernelSet::Portable, 1);
    assert!(expected[1].bytes.iter().any(|&b| b != expected[1].bytes[0]), "a picture, not one grey");
    for kernels in KernelSet::present() {
        for threads in 1..=4 {
            assert!(outputs(kernels, threads) == expected, "{} on {threads} threads", kernels.name());
        }
    }
}
