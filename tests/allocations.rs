//! The network takes no memory for a radiograph. Alone in its file, since it counts for the whole program.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use raymap::network::{Bundle, Compute, Network};
use raymap::preprocess::NetworkInput;

static TAKEN: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: everything is left to the system's allocator; only a count is kept.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn an_inference_takes_no_memory() {
    for threads in [1, 2] {
        let compute = Compute::new(None, Some(threads)).unwrap();
        let mut network = Network::load_for(Bundle::embedded().unwrap(), compute).unwrap();
        let side = network.manifest().input.side;
        let input = NetworkInput::square(vec![90; (side * side) as usize], side).unwrap();
        let before = TAKEN.load(Ordering::Relaxed);
        network.infer_raw(&input).unwrap();
        assert_eq!(TAKEN.load(Ordering::Relaxed) - before, 0, "on {threads} threads");
    }
}
