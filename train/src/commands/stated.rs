//! Options that name the data of a cache that does not state its origin.

use clap::Args;
use timbrel_train::data::Stated;

#[derive(Args)]
pub(crate) struct StatedData {
    /// Name of the collection that the data come from, where the cache states none or a wrong one.
    #[arg(long, value_name = "NAME")]
    data_name: Option<String>,
    /// Terms on which that collection may be used, in one line.
    #[arg(long, value_name = "TEXT")]
    data_licence: Option<String>,
}

impl StatedData {
    pub(crate) fn stated(&self) -> Stated {
        Stated {
            name: self.data_name.clone(),
            licence: self.data_licence.clone(),
        }
    }
}
