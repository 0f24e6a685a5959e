//! Maps and sets, filled entry by entry.
//!
//! `collect` sorts first, with a sorting algorithm for each type of entries: some 4 KB each time, which every host would
//! compile and keep. The maps here have a handful of entries.

use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The entries as a map. Of several with the same key the last stays, as with `collect`.
pub fn map<K: Ord, V>(entries: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(entries);
    map
}

/// The elements as a set.
pub fn set<T: Ord>(elements: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    set.extend(elements);
    set
}

/// The entries as a JSON object, or the first error.
pub fn object<E>(entries: impl IntoIterator<Item = Result<(String, Value), E>>) -> Result<Value, E> {
    let mut object = Map::new();
    for entry in entries {
        let (key, value) = entry?;
        object.insert(key, value);
    }
    Ok(Value::Object(object))
}
