//! Memory that may not be there: an error instead of the end of the process.

use std::string::String;
use std::vec::Vec;

use crate::Error;

/// Copy a text.
pub(super) fn text(of: &str) -> Result<String, Error> {
    let mut text = String::new();
    let reserved = text.try_reserve_exact(of.len());
    reserved.map_err(|_| lacks(of.len()))?;
    text.push_str(of);
    Ok(text)
}

/// Collect values, of which there are at most `most`.
pub(super) fn list<T>(
    most: usize,
    values: impl Iterator<Item = Result<T, Error>>,
) -> Result<Vec<T>, Error> {
    let mut list = Vec::new();
    let reserved = list.try_reserve_exact(most);
    reserved.map_err(|_| lacks(most.saturating_mul(size_of::<T>())))?;
    for value in values.take(most) {
        list.push(value?);
    }
    Ok(list)
}

/// Give a block of memory a length. Bytes that it gains are zero.
pub(super) fn resize(memory: &mut Vec<u8>, length: usize) -> Result<(), Error> {
    let more = length.saturating_sub(memory.len());
    let reserved = memory.try_reserve_exact(more);
    reserved.map_err(|_| lacks(length))?;
    memory.resize(length, 0);
    Ok(())
}

fn lacks(needed: usize) -> Error {
    Error::Memory { needed, found: 0 }
}
