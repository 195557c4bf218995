//! An Apache Parquet file with a row per file.

use std::io;
use std::sync::Arc;

use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use super::Output;
use super::destination::Destination;
use crate::answer::{Answer, Record};

/// Rows that are kept in memory until they are written.
const ROWS: usize = 8192;

/// Writes the columns of the table in CSV, and `embedding`, a list of floats, if it is asked for.
pub(super) struct Parquet {
    out: SerializedFileWriter<Destination>,
    rows: Vec<(String, Result<Answer, String>)>,
    genres: usize,
    embeddings: bool,
}

impl Parquet {
    /// Begin a file.
    ///
    /// # Errors
    /// The destination cannot be written.
    pub(super) fn new(out: Destination, labels: &[String], embeddings: bool) -> io::Result<Self> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .build();
        let schema = schema(labels, embeddings).map_err(plain)?;
        let out = SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(plain)?;
        Ok(Self {
            out,
            rows: Vec::new(),
            genres: labels.len(),
            embeddings,
        })
    }

    fn write_rows(&mut self) -> Result<(), ParquetError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        let answers = || rows.iter().map(|(_, outcome)| outcome.as_ref().ok());
        let mut group = self.out.next_row_group()?;
        let text = |text: &str| ByteArray::from(text);
        let files = rows.iter().map(|(file, _)| Some(text(file)));
        column::<ByteArrayType>(&mut group, files, false)?;
        let states = answers().map(|a| a.and_then(|a| a.state.as_deref()).map(text));
        column::<ByteArrayType>(&mut group, states, true)?;
        let genres = answers().map(|a| a.map(|a| text(&a.genre)));
        column::<ByteArrayType>(&mut group, genres, true)?;
        column::<FloatType>(&mut group, answers().map(|a| a.map(|a| a.confidence)), true)?;
        let windows = answers().map(|a| a.map(|a| a.windows as i32));
        column::<Int32Type>(&mut group, windows, true)?;
        column::<DoubleType>(&mut group, answers().map(|a| a.map(|a| a.seconds)), true)?;
        column::<DoubleType>(&mut group, answers().map(|a| a.and_then(|a| a.heard)), true)?;
        let errors = rows
            .iter()
            .map(|(_, outcome)| outcome.as_ref().err().map(|e| text(e)));
        column::<ByteArrayType>(&mut group, errors, true)?;
        for genre in 0..self.genres {
            let p = answers().map(|a| Some(a?.probabilities.get(genre)?.1));
            column::<FloatType>(&mut group, p, true)?;
        }
        if self.embeddings {
            embeddings(&mut group, answers())?;
        }
        group.close()?;
        Ok(())
    }
}

impl Output for Parquet {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        let name = record.name.to_string_lossy().into_owned();
        self.rows.push((name, record.outcome.clone()));
        if self.rows.len() == ROWS {
            self.write_rows().map_err(plain)?;
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> io::Result<Destination> {
        self.write_rows()
            .and_then(|()| self.out.into_inner())
            .map_err(plain)
    }
}

fn schema(labels: &[String], embeddings: bool) -> Result<TypePtr, ParquetError> {
    const OPTIONAL: Repetition = Repetition::OPTIONAL;
    let text = |name: &str, repetition| {
        Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_repetition(repetition)
            .with_logical_type(Some(LogicalType::String))
            .with_converted_type(ConvertedType::UTF8)
            .build()
    };
    let number = |name: &str, physical| {
        Type::primitive_type_builder(name, physical)
            .with_repetition(OPTIONAL)
            .build()
    };
    let mut fields = vec![
        text("file", Repetition::REQUIRED)?,
        text("state", OPTIONAL)?,
        text("genre", OPTIONAL)?,
        number("confidence", Physical::FLOAT)?,
        number("windows", Physical::INT32)?,
        number("seconds", Physical::DOUBLE)?,
        number("heard", Physical::DOUBLE)?,
        text("error", OPTIONAL)?,
    ];
    for label in labels {
        fields.push(number(&format!("p_{label}"), Physical::FLOAT)?);
    }
    if embeddings {
        let element = Type::primitive_type_builder("element", Physical::FLOAT)
            .with_repetition(Repetition::REQUIRED)
            .build()?;
        let list = Type::group_type_builder("list")
            .with_repetition(Repetition::REPEATED)
            .with_fields(vec![Arc::new(element)])
            .build()?;
        let embedding = Type::group_type_builder("embedding")
            .with_repetition(OPTIONAL)
            .with_logical_type(Some(LogicalType::List))
            .with_converted_type(ConvertedType::LIST)
            .with_fields(vec![Arc::new(list)])
            .build()?;
        fields.push(embedding);
    }
    let schema = Type::group_type_builder("classify")
        .with_fields(fields.into_iter().map(Arc::new).collect())
        .build()?;
    Ok(Arc::new(schema))
}

/// Write a column, whose missing values are `None`.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Destination>,
    values: impl Iterator<Item = Option<T::T>>,
    is_optional: bool,
) -> Result<(), ParquetError> {
    let values: Vec<Option<T::T>> = values.collect();
    let levels: Vec<i16> = values.iter().map(|v| i16::from(v.is_some())).collect();
    let values: Vec<T::T> = values.into_iter().flatten().collect();
    write::<T>(group, &values, is_optional.then_some(&levels), None)
}

/// Write the lists of floats: level 2 is an element, level 0 a file without a list.
fn embeddings<'a>(
    group: &mut SerializedRowGroupWriter<'_, Destination>,
    answers: impl Iterator<Item = Option<&'a Answer>>,
) -> Result<(), ParquetError> {
    let (mut values, mut levels, mut repeats) = (Vec::new(), Vec::new(), Vec::new());
    for answer in answers {
        let embedding = answer.map_or(&[][..], |answer| &answer.embedding);
        if embedding.is_empty() {
            levels.push(0);
            repeats.push(0);
        }
        for (index, value) in embedding.iter().enumerate() {
            values.push(*value);
            levels.push(2);
            repeats.push(i16::from(index > 0));
        }
    }
    write::<FloatType>(group, &values, Some(&levels), Some(&repeats))
}

fn write<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Destination>,
    values: &[T::T],
    levels: Option<&Vec<i16>>,
    repeats: Option<&Vec<i16>>,
) -> Result<(), ParquetError> {
    let column = group.next_column()?;
    let mut column = column.ok_or_else(|| ParquetError::General("a column too many".into()))?;
    column.typed::<T>().write_batch(
        values,
        levels.map(Vec::as_slice),
        repeats.map(Vec::as_slice),
    )?;
    column.close()
}

/// Return the error of the destination, whose kind tells a reader that has left.
fn plain(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
