//! Changes of an ONNX file at its fields, so that most of the file stays what it is and tract gets to see the rest.

use super::Random;

/// A field of a message of a protocol buffer.
#[derive(Clone)]
pub(crate) struct Field {
    number: u64,
    value: Value,
}

#[derive(Clone)]
enum Value {
    Whole(u64),
    /// Four or eight bytes.
    Fixed(Vec<u8>),
    Bytes(Vec<u8>),
    Message(Vec<Field>),
}

/// Messages of `onnx.proto` that consist of others.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Named,
    Type,
    TensorType,
    Shape,
    Leaf,
}

fn inner(kind: Kind, number: u64) -> Option<Kind> {
    Some(match (kind, number) {
        (Kind::Model, 7) => Kind::Graph,
        (Kind::Model, 8 | 14) => Kind::Leaf,
        (Kind::Graph, 1) => Kind::Node,
        (Kind::Graph, 5) | (Kind::Attribute, 5) => Kind::Tensor,
        (Kind::Graph, 11..=13) => Kind::Named,
        (Kind::Node, 5) => Kind::Attribute,
        (Kind::Named, 2) => Kind::Type,
        (Kind::Type, 1) => Kind::TensorType,
        (Kind::TensorType, 2) => Kind::Shape,
        (Kind::Shape, 1) => Kind::Leaf,
        _ => return None,
    })
}

/// Read a model.
pub(crate) fn parse(file: &[u8]) -> Vec<Field> {
    message(file, Kind::Model)
}

fn message(mut bytes: &[u8], kind: Kind) -> Vec<Field> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = whole(&mut bytes);
        let number = key >> 3;
        let value = match key & 7 {
            0 => Value::Whole(whole(&mut bytes)),
            1 => Value::Fixed(take(&mut bytes, 8).to_vec()),
            5 => Value::Fixed(take(&mut bytes, 4).to_vec()),
            _ => {
                let length = whole(&mut bytes) as usize;
                let content = take(&mut bytes, length);
                match inner(kind, number) {
                    Some(kind) => Value::Message(message(content, kind)),
                    None => Value::Bytes(content.to_vec()),
                }
            }
        };
        fields.push(Field { number, value });
    }
    fields
}

fn take<'b>(bytes: &mut &'b [u8], count: usize) -> &'b [u8] {
    let (taken, rest) = bytes.split_at(count);
    *bytes = rest;
    taken
}

fn whole(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)[0];
        value |= u64::from(byte & 127) << shift;
        if byte < 128 {
            break;
        }
    }
    value
}

/// Write a message.
pub(crate) fn bytes(fields: &[Field]) -> Vec<u8> {
    let mut out = Vec::new();
    for Field { number, value } in fields {
        let mut delimited = |content: &[u8]| {
            put(&mut out, number << 3 | 2);
            put(&mut out, content.len() as u64);
            out.extend(content);
        };
        match value {
            Value::Bytes(content) => delimited(content),
            Value::Message(fields) => delimited(&bytes(fields)),
            Value::Whole(value) => {
                put(&mut out, number << 3);
                put(&mut out, *value);
            }
            Value::Fixed(content) => {
                put(
                    &mut out,
                    number << 3 | if content.len() == 4 { 5 } else { 1 },
                );
                out.extend(content);
            }
        }
    }
    out
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value > 127 {
        out.push(value as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Numbers at which sizes, signs and types end.
const EDGES: [u64; 12] = [
    0,
    1,
    2,
    3,
    6,
    127,
    1 << 16,
    1 << 26,
    i32::MAX as u64,
    1 << 31,
    i64::MAX as u64,
    u64::MAX,
];

/// Change a field somewhere in the file: it gets another value or another field's, is lost or comes twice.
pub(crate) fn change(fields: &mut Vec<Field>, random: &mut Random) {
    let at = random.below(fields.len());
    // go down to a leaf more often than not
    if let Value::Message(inner) = &mut fields[at].value
        && !inner.is_empty()
        && random.below(8) > 0
    {
        return change(inner, random);
    }
    let other = fields[random.below(fields.len())].value.clone();
    match random.below(8) {
        0 => drop(fields.remove(at)),
        1 => fields.insert(at, fields[at].clone()),
        2 => fields[at].value = other,
        3 => fields[at].number = random.below(24) as u64,
        _ => match &mut fields[at].value {
            Value::Whole(value) => *value = EDGES[random.below(EDGES.len())],
            // a list of numbers is packed into bytes, too
            Value::Bytes(content) if random.below(2) == 0 => {
                content.clear();
                for _ in 0..random.below(5) {
                    put(content, EDGES[random.below(EDGES.len())]);
                }
            }
            Value::Bytes(content) | Value::Fixed(content) if !content.is_empty() => {
                let at = random.below(content.len());
                content[at] ^= 1 << random.below(8);
            }
            _ => drop(fields.remove(at)),
        },
    }
}

/// Return the file with one more tensor of these sizes, which has no values.
pub(crate) fn with_tensor(file: &[u8], dims: &[u64]) -> Vec<u8> {
    let field = |number, value| Field { number, value };
    let mut packed = Vec::new();
    dims.iter().for_each(|dim| put(&mut packed, *dim));
    let tensor = vec![
        field(1, Value::Bytes(packed)),
        field(2, Value::Whole(1)), // float
        field(8, Value::Bytes(b"huge".to_vec())),
        field(9, Value::Bytes(Vec::new())),
    ];
    // messages are merged: a second graph adds its tensors to the first one's
    let graph = vec![field(5, Value::Message(tensor))];
    [file, &bytes(&[field(7, Value::Message(graph))])].concat()
}
