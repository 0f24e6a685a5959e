//! The tables that `build.rs` makes of the generators and of `known_keys.txt`.

use crate::table::{Known, Table};

include!(concat!(env!("OUT_DIR"), "/tables.rs"));
