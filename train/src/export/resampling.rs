//! A resampling of the window as standard ONNX operators.
//!
//! The interpolation is two products with matrices of 256ths in f32, which holds all of their sums exactly, a rounding, and the
//! table as a `Gather`. Padding is put between what was interpolated by `Concat`.

use anyhow::{Context, Result, ensure};
use timbrel_core::model::{Cells, Interpolation, LayerSpec};

use super::graph::{Graph, integer};
use super::proto::data_type;

/// The interpolations of a graph. Those that differ in their padding alone are computed once.
#[derive(Default)]
pub(super) struct Resampled(Vec<(Inside, String)>);

/// What is interpolated.
#[derive(PartialEq)]
struct Inside {
    table: Vec<u8>,
    /// Of each row and of each column the first of two cells and the second one's share in 1/256.
    pairs: [Vec<(u16, u16)>; 2],
}

/// The output cells along one axis.
struct Axis {
    /// Its number in a value `[1, 1, rows, columns]`.
    number: usize,
    /// A pair of input cells, or `None` where the output is padding.
    cells: Vec<Option<(u16, u16)>>,
    padding: Option<u8>,
}

impl Resampled {
    /// Add a layer and return its value's name.
    pub(super) fn layer(
        &mut self,
        graph: &mut Graph,
        name: &str,
        layer: &LayerSpec,
    ) -> Result<String> {
        let parts = layer
            .resampling()
            .with_context(|| format!("{name} has too few weights"))?;
        let (rows, columns) = (Axis::new(2, parts.rows), Axis::new(3, parts.columns));
        let padding = rows.padding.or(columns.padding).unwrap_or(0);
        let inside = Inside {
            table: parts.table.to_vec(),
            pairs: [rows.pairs(), columns.pairs()],
        };
        let [height, width] = [&rows, &columns].map(|axis| axis.cells.len());
        if inside.pairs.iter().any(Vec::is_empty) {
            return Ok(graph.filled(name, [height, width], padding));
        }
        let interpolated = inside.pairs[1].len();
        let extents = [layer.input.height, layer.input.width].map(usize::from);
        let value = self.interpolated(graph, name, inside, extents)?;
        let padded = graph.padded(
            &format!("{name}_high"),
            &value,
            &rows,
            interpolated,
            padding,
        );
        Ok(graph.padded(name, &padded, &columns, height, padding))
    }

    /// Add an interpolation of a window of `extents`, unless there is the same one.
    fn interpolated(
        &mut self,
        graph: &mut Graph,
        name: &str,
        inside: Inside,
        extents: [usize; 2],
    ) -> Result<String> {
        if let Some((_, value)) = self.0.iter().find(|(known, _)| *known == inside) {
            return Ok(value.clone());
        }
        let value = graph.interpolation(name, &inside, extents)?;
        self.0.push((inside, value.clone()));
        Ok(value)
    }
}

impl Axis {
    fn new(number: usize, cells: Interpolation<'_>) -> Self {
        let pair = |cells| match cells {
            Cells::Pair { first, share } => Some((first, share)),
            _ => None,
        };
        let padding = |cells| match cells {
            Cells::Padding(value) => Some(value),
            _ => None,
        };
        Self {
            number,
            cells: cells.iter().map(pair).collect(),
            padding: cells.iter().find_map(padding),
        }
    }

    fn pairs(&self) -> Vec<(u16, u16)> {
        self.cells.iter().flatten().copied().collect()
    }
}

impl Graph {
    fn interpolation(
        &mut self,
        name: &str,
        inside: &Inside,
        extents: [usize; 2],
    ) -> Result<String> {
        let name = |what: &str| format!("{name}_{what}");
        let [rows, columns] = &inside.pairs;
        let [height, width] = extents;
        let by_rows = matrix(rows, height, [height, 1])?;
        let by_rows = self.floats(&name("by_rows"), &[rows.len(), height], &by_rows);
        let by_columns = matrix(columns, width, [1, columns.len()])?;
        let by_columns = self.floats(&name("by_columns"), &[width, columns.len()], &by_columns);
        let [step, half, table] = ["step", "half", "table"].map(name);
        self.float(&step, (-16_f32).exp2());
        self.float(&half, 0.5);
        self.tensor(&table, &[256], data_type::UINT8, inside.table.clone());

        let to = |data_type: i32| vec![integer("to", data_type.into())];
        let cells = self.node("Cast", &["window"], &name("cells"), to(data_type::FLOAT));
        let value = self.node("MatMul", &[&by_rows, &cells], &name("rows"), Vec::new());
        let value = self.node("MatMul", &[&value, &by_columns], &name("sums"), Vec::new());
        let value = self.node("Mul", &[&value, &step], &name("means"), Vec::new());
        let value = self.node("Add", &[&value, &half], &name("above"), Vec::new());
        let value = self.node("Floor", &[&value], &name("nearest"), Vec::new());
        let value = self.node("Cast", &[&value], &name("places"), to(data_type::INT64));
        Ok(self.node("Gather", &[&table, &value], &name("inside"), Vec::new()))
    }

    /// Put the padding of an axis between the cells of a value that has only those inside; `across` is its extent along the
    /// other axis.
    fn padded(
        &mut self,
        name: &str,
        value: &str,
        axis: &Axis,
        across: usize,
        padding: u8,
    ) -> String {
        if axis.cells.iter().all(Option::is_some) {
            return value.into();
        }
        let whole = axis.pairs().len();
        let mut parts = Vec::new();
        let mut first = 0;
        let runs = axis.cells.chunk_by(|a, b| a.is_some() == b.is_some());
        for (number, run) in runs.enumerate() {
            let name = format!("{name}_part_{number}");
            if run.iter().all(Option::is_none) {
                let extents = match axis.number {
                    2 => [run.len(), across],
                    _ => [across, run.len()],
                };
                parts.push(self.filled(&name, extents, padding));
                continue;
            }
            if run.len() == whole {
                parts.push(value.into());
                continue;
            }
            let places = [
                ("first", first),
                ("end", first + run.len()),
                ("axis", axis.number),
            ];
            first += run.len();
            let [first, end, axis] =
                places.map(|(what, place)| self.shape(&format!("{name}_{what}"), &[place]));
            parts.push(self.node("Slice", &[value, &first, &end, &axis], &name, Vec::new()));
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        self.node(
            "Concat",
            &parts,
            name,
            vec![integer("axis", axis.number as i64)],
        )
    }

    /// Add a constant of one value.
    fn filled(&mut self, name: &str, [rows, columns]: [usize; 2], value: u8) -> String {
        let dims = [1, 1, rows as i64, columns as i64];
        let raw = vec![value; rows * columns];
        self.tensor(name, &dims, data_type::UINT8, raw);
        name.into()
    }
}

/// Return the matrix of places and input cells, of which there are `extent`, with the given strides of the two.
fn matrix(pairs: &[(u16, u16)], extent: usize, strides: [usize; 2]) -> Result<Vec<f32>> {
    let mut found = vec![0.0; pairs.len() * extent];
    for (place, &(first, share)) in pairs.iter().enumerate() {
        let first = usize::from(first);
        ensure!(
            first + 1 < extent && share <= 256,
            "cell {first} is not in the window"
        );
        let at = |cell: usize| place * strides[0] + cell * strides[1];
        found[at(first)] = f32::from(256 - share);
        found[at(first + 1)] = f32::from(share);
    }
    Ok(found)
}
