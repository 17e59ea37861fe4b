//! Layers as a network of ONNX Runtime, built in memory: weights as 8-bit integers with a scale for each output, activations
//! quantised as they come. Sentences of one length go through together, so nothing is padded and no mask is needed.

use ort::editor::{Graph, Model, Node, ONNX_DOMAIN, Opset};
use ort::memory::Allocator;
use ort::operator::Attribute;
use ort::session::Session;
use ort::value::{Outlet, PrimitiveTensorElementType, Shape, SymbolicDimensions, Tensor, TensorElementType, ValueType};
use std::ops::Range;

use super::layer::{self, HEADS, INNER, Layer, WIDTH};

/// ONNX Runtime's own operators: fused attention, GELU and quantised products.
const FUSED_DOMAIN: &str = "com.microsoft";

/// How weights are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    /// As they are.
    #[cfg_attr(not(test), allow(dead_code))]
    Full,
    /// 8 bits a weight.
    Quantised,
}

/// A network of some layers; with `pooled`, its output is the mean over the tokens.
pub(super) fn session(
    environment: &ort::environment::Environment,
    layers: &[Layer],
    pooled: bool,
    precision: Precision,
) -> ort::Result<Session> {
    let mut build = Builder { graph: Graph::new()?, precision };
    let mut current = "input".to_owned();
    for (number, layer) in layers.iter().enumerate() {
        current = build.layer(number, layer, current)?;
    }
    if pooled {
        build.constant("axes", &[1], vec![1i64])?;
        build.node(
            "ReduceMean",
            ONNX_DOMAIN,
            &[&current, "axes"],
            &["output"],
            vec![Attribute::new("keepdims", 0i64)?],
        )?;
    } else {
        build.node("Identity", ONNX_DOMAIN, &[&current], &["output"], vec![])?;
    }
    let outlet = |name: &str, shape: &[i64]| {
        let shape = Shape::new(shape.iter().copied());
        let symbols = SymbolicDimensions::empty(shape.len());
        Outlet::new(name, ValueType::Tensor { ty: TensorElementType::Float32, shape, dimension_symbols: symbols })
    };
    build.graph.set_inputs([outlet("input", &[-1, -1, WIDTH as i64])])?;
    let output: &[i64] = if pooled { &[-1, WIDTH as i64] } else { &[-1, -1, WIDTH as i64] };
    build.graph.set_outputs([outlet("output", output)])?;
    let mut model = Model::new([Opset::new(ONNX_DOMAIN, 20)?, Opset::new(FUSED_DOMAIN, 1)?])?;
    model.set_graph(build.graph)?;
    // One thread: sentences run beside calls, and idle threads must not spin on cores the calls need.
    let options = Session::builder(environment)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?;
    model.into_session(&options)
}

struct Builder {
    graph: Graph,
    precision: Precision,
}

impl Builder {
    fn node(
        &mut self,
        operator: &str,
        domain: &str,
        inputs: &[&str],
        outputs: &[&str],
        attributes: Vec<Attribute>,
    ) -> ort::Result<()> {
        self.graph.add_node(Node::new(operator, domain, format!("node_{}", outputs[0]), inputs, outputs, attributes)?)
    }

    fn constant<T: PrimitiveTensorElementType + Copy + std::fmt::Debug + 'static>(
        &mut self,
        name: &str,
        shape: &[usize],
        values: Vec<T>,
    ) -> ort::Result<()> {
        let shape = Shape::new(shape.iter().map(|side| *side as i64));
        let mut tensor = Tensor::<T>::new(&Allocator::default(), shape)?;
        tensor.extract_tensor_mut().1.copy_from_slice(&values);
        self.graph.add_initializer(name, tensor, false)
    }

    /// `into = from · weightsᵀ + bias`; weights lie output by output.
    fn linear(&mut self, from: &str, weights: &[f32], bias: &[f32], into: &str) -> ort::Result<()> {
        let (outputs, inputs) = (bias.len(), weights.len() / bias.len());
        let (weight_name, bias_name) = (format!("{into}_weight"), format!("{into}_bias"));
        self.constant(&bias_name, &[outputs], bias.to_vec())?;
        if self.precision == Precision::Full {
            let turned = turned(weights, outputs, inputs, |value, _| value);
            self.constant(&weight_name, &[inputs, outputs], turned)?;
            let product = format!("{into}_product");
            self.node("MatMul", ONNX_DOMAIN, &[from, &weight_name], &[&product], vec![])?;
            return self.node("Add", ONNX_DOMAIN, &[&product, &bias_name], &[into], vec![]);
        }
        let scales: Vec<f32> = weights
            .chunks_exact(inputs)
            .map(|row| row.iter().fold(1e-9f32, |most, value| most.max(value.abs())) / largest())
            .collect();
        let quantised: Vec<i8> =
            turned(weights, outputs, inputs, |value, output| (value / scales[output]).round() as i8);
        let (scale_name, zero_name) = (format!("{into}_scale"), format!("{into}_zero"));
        self.constant(&weight_name, &[inputs, outputs], quantised)?;
        self.constant(&scale_name, &[outputs], scales)?;
        self.constant(&zero_name, &[outputs], vec![0i8; outputs])?;
        let inputs = [from, &weight_name, &scale_name, &zero_name, &bias_name];
        self.node("DynamicQuantizeMatMul", FUSED_DOMAIN, &inputs, &[into], vec![])
    }

    /// `into` = the layer normalisation of `a + b`.
    fn sum_and_norm(&mut self, a: &str, b: &str, gain: &[f32], bias: &[f32], into: &str) -> ort::Result<()> {
        let (gain_name, bias_name) = (format!("{into}_gain"), format!("{into}_offset"));
        self.constant(&gain_name, &[WIDTH], gain.to_vec())?;
        self.constant(&bias_name, &[WIDTH], bias.to_vec())?;
        let epsilon = vec![Attribute::new("epsilon", 1e-12f32)?];
        self.node("SkipLayerNormalization", FUSED_DOMAIN, &[a, b, &gain_name, &bias_name], &[into], epsilon)
    }

    fn layer(&mut self, number: usize, layer: &Layer, input: String) -> ort::Result<String> {
        let name = |part: &str| format!("l{number}_{part}");
        let part = |at: Range<usize>| &layer.values[at];
        self.linear(&input, part(layer::QKV), part(layer::QKV_BIAS), &name("qkv"))?;
        self.node(
            "Split",
            ONNX_DOMAIN,
            &[&name("qkv")],
            &[&name("query"), &name("key"), &name("value")],
            vec![Attribute::new("axis", 2i64)?, Attribute::new("num_outputs", 3i64)?],
        )?;
        self.node(
            "MultiHeadAttention",
            FUSED_DOMAIN,
            &[&name("query"), &name("key"), &name("value")],
            &[&name("context")],
            vec![Attribute::new("num_heads", HEADS as i64)?],
        )?;
        self.linear(&name("context"), part(layer::OUT), part(layer::OUT_BIAS), &name("out"))?;
        self.sum_and_norm(&input, &name("out"), part(layer::GAIN1), part(layer::BIAS1), &name("middle"))?;
        debug_assert_eq!(part(layer::UP_BIAS).len(), INNER);
        self.linear(&name("middle"), part(layer::UP), part(layer::UP_BIAS), &name("up"))?;
        self.node("Gelu", FUSED_DOMAIN, &[&name("up")], &[&name("gelu")], vec![])?;
        self.linear(&name("gelu"), part(layer::DOWN), part(layer::DOWN_BIAS), &name("down"))?;
        self.sum_and_norm(&name("middle"), &name("down"), part(layer::GAIN2), part(layer::BIAS2), &name("end"))?;
        Ok(name("end"))
    }
}

/// The largest quantised weight. Without VNNI, x86 adds products of neighbours in 16 bits, which 7-bit weights cannot overflow.
fn largest() -> f32 {
    #[cfg(target_arch = "x86_64")]
    if !(std::arch::is_x86_feature_detected!("avx512vnni") || std::arch::is_x86_feature_detected!("avxvnni")) {
        return 64.0;
    }
    127.0
}

/// Weights from output by output to input by input.
fn turned<T>(weights: &[f32], outputs: usize, inputs: usize, mut with: impl FnMut(f32, usize) -> T) -> Vec<T> {
    let mut all = Vec::with_capacity(weights.len());
    for input in 0..inputs {
        for output in 0..outputs {
            all.push(with(weights[output * inputs + input], output));
        }
    }
    all
}
