//! Networks with branches, from a seed.

use timbrel_core::model::{GraphSpec, LayerSpec, ModelSpec, Op, Shape};

use super::Random;

/// What layer `i` reads: 0 is the window and `k` the output of layer `k - 1`.
pub(crate) type SourcesOf = Vec<Vec<u16>>;

/// Layers with what they read.
pub(crate) struct Branches {
    window: Shape,
    pub(crate) layers: Vec<LayerSpec>,
    pub(crate) sources: SourcesOf,
}

impl Branches {
    pub(crate) fn new(window: Shape) -> Self {
        Self {
            window,
            layers: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// Make up to `count` layers over random activations, and join all that is left unread.
    pub(crate) fn random(
        random: &mut Random,
        window: Shape,
        count: usize,
        make: impl Fn(&mut Random, Shape) -> Option<LayerSpec>,
    ) -> Self {
        let mut this = Self::new(window);
        for _ in 0..count {
            let source = random.below(1 + this.layers.len());
            match random.below(6) {
                0 => {
                    let extent = [1 + random.below(9) as u16, 1 + random.below(9) as u16];
                    this.add(random, Op::Resample { extent }, 0, 1);
                }
                1 | 2 => {
                    let sources: Vec<u16> = (0..2 + random.below(3))
                        .map(|_| this.beside(random, source))
                        .collect();
                    this.join(random, &sources);
                }
                _ => {
                    if let Some(layer) = make(random, this.shape(source as u16)) {
                        this.push(layer, vec![source as u16]);
                    }
                }
            }
        }
        this.close(random);
        this
    }

    fn shape(&self, activation: u16) -> Shape {
        match activation {
            0 => self.window,
            layer => self.layers[usize::from(layer) - 1].output,
        }
    }

    /// Return an activation of the same height and width.
    fn beside(&self, random: &mut Random, activation: usize) -> u16 {
        let Shape { height, width, .. } = self.shape(activation as u16);
        let good: Vec<u16> = (0..=self.layers.len() as u16)
            .filter(|other| {
                let shape = self.shape(*other);
                (shape.height, shape.width) == (height, width) && shape.channels < 40
            })
            .collect();
        if good.is_empty() {
            activation as u16
        } else {
            good[random.below(good.len())]
        }
    }

    /// Add a layer; return its activation, `None` where it does not fit.
    pub(crate) fn add(
        &mut self,
        random: &mut Random,
        op: Op,
        source: u16,
        channels: u16,
    ) -> Option<u16> {
        let layer = super::layer(random, op, self.shape(source), channels)?;
        Some(self.push(layer, vec![source]))
    }

    /// Add a join of activations of the same height and width.
    pub(crate) fn join(&mut self, random: &mut Random, sources: &[u16]) -> u16 {
        let mut input = self.shape(sources[0]);
        input.channels = sources.iter().map(|k| self.shape(*k).channels).sum();
        let layer = super::layer(random, Op::Join, input, 0).unwrap();
        self.push(layer, sources.to_vec())
    }

    fn push(&mut self, layer: LayerSpec, sources: Vec<u16>) -> u16 {
        self.layers.push(layer);
        self.sources.push(sources);
        self.layers.len() as u16
    }

    fn unread(&self) -> Vec<u16> {
        let is_read = |k: &u16| self.sources.iter().any(|sources| sources.contains(k));
        (1..=self.layers.len() as u16)
            .filter(|k| !is_read(k))
            .collect()
    }

    /// Make one activation of all that no layer reads.
    fn close(&mut self, random: &mut Random) {
        for activation in self.unread() {
            let Shape { height, width, .. } = self.shape(activation);
            if (height, width) != (1, 1) && self.unread().len() > 1 {
                let channels = 1 + random.below(9) as u16;
                self.add(random, Op::Dense, activation, channels);
            }
        }
        loop {
            let unread = self.unread();
            if unread.len() < 2 {
                return;
            }
            let count = unread.len().min(4);
            self.join(random, &unread[..count]);
        }
    }

    /// Return the sources with those of a last layer, which reads the last of these.
    pub(crate) fn with_head(&self) -> SourcesOf {
        let mut sources = self.sources.clone();
        sources.push(vec![self.layers.len() as u16]);
        sources
    }
}

/// Return the shape of a model's window.
pub(crate) fn window(spec: &ModelSpec) -> Shape {
    Shape::new(spec.front_end.bins(), spec.window.columns, 1)
}

/// Give a model whose layers read `sources` its graph.
pub(crate) fn plan(spec: &mut ModelSpec, sources: &SourcesOf) {
    spec.graph = GraphSpec::plan(window(spec), &spec.layers, sources);
}

/// Make a network with branches of random layers, on a window of random size.
pub(crate) fn random_graph(seed: u64) -> ModelSpec {
    let base = super::random_model(seed);
    let random = &mut Random(seed ^ 0x5DEE_CE66);
    let input = window(&base);
    let count = 2 + random.below(8);
    let make = |random: &mut Random, shape| Some(super::random_layer(random, shape));
    let branches = Branches::random(random, input, count, make);
    let sources = branches.with_head();
    let mut spec = super::model(random, base.front_end, base.window, branches.layers, 3);
    plan(&mut spec, &sources);
    spec
}

/// Make the weights of a resampling: a table, and cells with padding among them.
pub(crate) fn resampling(random: &mut Random, input: Shape, [height, width]: [u16; 2]) -> Vec<i8> {
    let mut weights: Vec<u8> = (0..256).map(|_| random.next() as u8).collect();
    let padding = random.below(256) as u16;
    let axes = [(height, input.height), (width, input.width)];
    for (count, extent) in axes {
        for _ in 0..count {
            let (first, share) = match random.below(5) {
                0 => (u16::MAX, padding),
                1 => (extent - 2, 256),
                _ => (
                    random.below(usize::from(extent) - 1) as u16,
                    random.below(257) as u16,
                ),
            };
            weights.extend(first.to_le_bytes());
            weights.extend(share.to_le_bytes());
        }
    }
    weights.into_iter().map(u8::cast_signed).collect()
}
