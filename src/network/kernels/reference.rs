//! Convolution by its definition, in 64 bits and one value at a time, the sum then taken modulo 2^32 as in the
//! kernels; they are compared with it.

use proptest::prelude::*;

use super::*;

/// A convolution with its constants and an input, all at random.
#[derive(Debug, Clone)]
struct Case {
    shape: ConvShape,
    weights: Vec<i8>,
    bias: Vec<i32>,
    scales: Vec<f32>,
    zeros: (i8, i8),
    map: Vec<i8>,
}

fn expected(case: &Case) -> Vec<i8> {
    let (shape, output) = (case.shape, case.shape.output().unwrap());
    let per_group = shape.input.channels / shape.groups;
    let outputs_per_group = shape.outputs / shape.groups;
    let value = |index: usize| {
        let (pixel, channel) = (index / output.channels, index % output.channels);
        let mut sum = i64::from(case.bias[channel]);
        for (tap, input) in (0..shape.kernel * shape.kernel).flat_map(|t| (0..per_group).map(move |i| (t, i)))
        {
            let Some(at) = shape.source(pixel / output.width, pixel % output.width, tap) else { continue };
            let from = channel / outputs_per_group * per_group + input;
            let x = i64::from(case.map[at * shape.input.channels + from]) - i64::from(case.zeros.0);
            let w = case.weights[(channel * per_group + input) * shape.kernel * shape.kernel + tap];
            sum += x * i64::from(w);
        }
        let steps = (sum as i32 as f32 * case.scales[channel]).round_ties_even();
        (f64::from(steps) + f64::from(case.zeros.1)).clamp(-128.0, 127.0) as i8
    };
    (0..output.bytes()).map(value).collect()
}

fn actual(case: &Case, set: KernelSet) -> Vec<i8> {
    let tensors = ConvTensors {
        weights: &case.weights,
        bias: &case.bias,
        scales: case.scales.clone(),
        input_zero: case.zeros.0,
        output_zero: case.zeros.1,
    };
    in_parts(conv(&case.shape, &tensors, set).unwrap().as_ref(), &[&case.map])
}

/// The whole output, computed in two parts as two threads would.
fn in_parts(kernel: &dyn Kernel, inputs: &[&[i8]]) -> Vec<i8> {
    let (shape, mut scratch) = (kernel.output(), vec![55; kernel.scratch()]);
    let (mut output, middle) = (vec![77; shape.bytes()], shape.height / 3);
    let (upper, lower) = output.split_at_mut(middle * shape.row());
    kernel.run(inputs, middle..shape.height, lower, &mut scratch);
    kernel.run(inputs, 0..middle, upper, &mut scratch);
    output
}

/// Bytes with the two ends of the range more often than chance.
fn bytes(count: usize) -> impl Strategy<Value = Vec<i8>> {
    let byte = prop_oneof![2 => any::<i8>(), 1 => Just(-128i8), 1 => Just(127i8)];
    prop::collection::vec(byte, count)
}

/// Half of them without -128: some kernels leave such weights to others.
fn weights(count: usize) -> impl Strategy<Value = Vec<i8>> {
    let symmetric = |weights: Vec<i8>| weights.into_iter().map(|w| w.max(-127)).collect();
    prop_oneof![bytes(count), bytes(count).prop_map(symmetric)]
}

fn case(shape: ConvShape) -> impl Strategy<Value = Case> {
    let taps = shape.input.channels / shape.groups * shape.kernel * shape.kernel;
    let scale = prop_oneof![1e-4f32..0.01, Just(0.5f32), Just(1e-6f32)];
    (
        weights(taps * shape.outputs),
        prop::collection::vec(
            prop_oneof![4 => -100_000..100_000, 1 => any::<i32>(), 1 => Just(i32::MIN)],
            shape.outputs,
        ),
        prop::collection::vec(scale, shape.outputs),
        any::<(i8, i8)>(),
        bytes(shape.input.bytes()),
    )
        .prop_map(move |(weights, bias, scales, zeros, map)| Case {
            shape,
            weights,
            bias,
            scales,
            zeros,
            map,
        })
}

fn shape(input: (usize, usize, usize), outputs: usize, groups: usize, geometry: [usize; 3]) -> ConvShape {
    let [kernel, stride, pad] = geometry;
    let input = MapShape { height: input.0, width: input.1, channels: input.2 };
    ConvShape { input, outputs, groups, kernel, stride, pad }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pointwise_is_the_definition(
        case in (1..9usize, 1..9usize, 1..40usize, 1..50usize, any::<bool>())
            .prop_flat_map(|(h, w, i, o, eights)| {
                // Deep ones are longer than what any kernel keeps of a pixel at a time.
                let inputs = if eights { 8 * i.div_ceil(4) * (1 + o % 8) } else { i };
                case(shape((h, w, inputs), o, 1, [1, 1, 0]))
            })
    ) {
        let expected = expected(&case);
        for set in KernelSet::present() {
            prop_assert_eq!(&actual(&case, set), &expected, "{}", set.name());
        }
    }

    #[test]
    fn dense_is_the_definition(
        case in (3..9usize, 3..9usize, 1..4usize, 1..34usize, 1..3usize, 0..2usize)
            .prop_flat_map(|(h, w, i, o, s, p)| case(shape((h, w, i), o, 1, [3, s, p])))
    ) {
        let expected = expected(&case);
        for set in KernelSet::present() {
            prop_assert_eq!(&actual(&case, set), &expected, "{}", set.name());
        }
    }

    #[test]
    fn depthwise_is_the_definition(
        case in (1..10usize, 1..20usize, 1..13usize, 1..3usize, any::<bool>())
            .prop_flat_map(|(h, w, blocks, s, five)| {
                let kernel = if five { 5 } else { 3 };
                case(shape((h, w, 8 * blocks), 8 * blocks, 8 * blocks, [kernel, s, kernel / 2]))
            })
    ) {
        let expected = expected(&case);
        for set in KernelSet::present() {
            prop_assert_eq!(&actual(&case, set), &expected, "{}", set.name());
        }
    }
}

/// Two maps of one shape, with a scale and a zero point for each and for what comes of them.
fn two_maps() -> impl Strategy<Value = (MapShape, [Quantisation; 3], [Vec<i8>; 2])> {
    let quantisation = (1e-3f32..1.0, any::<i8>()).prop_map(|(scale, zero)| Quantisation { scale, zero });
    (1..5usize, 1..9usize, 1..20usize, any::<bool>(), prop::array::uniform3(quantisation)).prop_flat_map(
        |(height, width, channels, eights, quantisations)| {
            let channels = if eights { 8 * channels.div_ceil(3) } else { channels };
            let shape = MapShape { height, width, channels };
            (Just(shape), Just(quantisations), [bytes(shape.bytes()), bytes(shape.bytes())])
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sums_and_concatenations_are_the_portable_ones((shape, [a, b, y], maps) in two_maps()) {
        let (inputs, parts) = ([&maps[0][..], &maps[1][..]], [(shape, a), (shape, b)]);
        let sum = |set| in_parts(&Add::new(parts[0], parts[1], y, set).unwrap(), &inputs);
        let joined = |set| in_parts(&Concat::new(&parts, y, set).unwrap(), &inputs);
        for set in KernelSet::present() {
            prop_assert_eq!(sum(set), sum(KernelSet::Portable), "{}", set.name());
            prop_assert_eq!(joined(set), joined(KernelSet::Portable), "{}", set.name());
        }
    }
}

fn refusal(shape: ConvShape, scale: f32) -> KernelError {
    let taps = shape.input.channels / shape.groups * shape.kernel * shape.kernel;
    let weights = vec![1; taps * shape.outputs];
    let (bias, scales) = (vec![0; shape.outputs], vec![scale; shape.outputs]);
    let tensors = ConvTensors { weights: &weights, bias: &bias, scales, input_zero: 0, output_zero: 0 };
    conv(&shape, &tensors, KernelSet::best()).unwrap_err()
}

#[test]
fn a_convolution_without_a_kernel_is_refused() {
    let grouped = shape((8, 8, 16), 16, 2, [3, 1, 1]);
    assert!(matches!(refusal(grouped, 1.0), KernelError::Conv { groups: 2, .. }));
    let odd_channels = shape((8, 8, 12), 12, 12, [3, 1, 1]);
    assert!(matches!(refusal(odd_channels, 1.0), KernelError::Conv { inputs: 12, .. }));
    let strided = shape((8, 8, 8), 8, 8, [3, 3, 1]);
    assert!(matches!(refusal(strided, 1.0), KernelError::Conv { stride: 3, .. }));
}

#[test]
fn a_scale_of_zero_is_refused() {
    let one = shape((1, 1, 4), 1, 1, [1, 1, 0]);
    assert_eq!(refusal(one, 0.0), KernelError::Scale(0.0));
    assert!(matches!(refusal(one, f32::NAN), KernelError::Scale(_)));
}
