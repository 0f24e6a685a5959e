//! What a run has fetched: each thing once, as long as there is room for it.
//!
//! Whoever asks for something that is being fetched waits for the same answer. What has its place in a limit of bytes is
//! forgotten when others need the room, first what nobody has asked for in the longest time; asked for again, it is fetched
//! again. Nothing is ever answered from a part of something, and a failure, which takes no room, is kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::NetworkError;

type Answer<V> = Result<V, NetworkError>;

/// Things by their names.
pub(super) struct Memo<K, V> {
    kept: Mutex<Kept<K, V>>,
    limit: usize,
    weigh: fn(&V) -> usize,
}

struct Kept<K, V> {
    slots: BTreeMap<K, Slot<V>>,
    /// What takes room, by when it was last asked for.
    order: BTreeMap<u64, K>,
    /// Counts questions.
    clock: u64,
    bytes: usize,
}

struct Slot<V> {
    cell: Arc<OnceLock<Answer<V>>>,
    /// Bytes, as soon as it is there.
    bytes: usize,
    asked: u64,
}

impl<K: Ord + Clone, V: Clone> Memo<K, V> {
    /// Keeps `limit` bytes, of which each thing takes what `weigh` says.
    pub(super) const fn new(limit: usize, weigh: fn(&V) -> usize) -> Self {
        let kept = Kept { slots: BTreeMap::new(), order: BTreeMap::new(), clock: 0, bytes: 0 };
        Self { kept: Mutex::new(kept), limit, weigh }
    }

    /// What is remembered under `key`, or what `fetch` brings.
    pub(super) fn once(&self, key: K, fetch: impl FnOnce() -> Answer<V>) -> Answer<V> {
        let cell = self.with(|kept| kept.cell(&key));
        let mut is_new = false;
        let answer = cell.get_or_init(|| {
            is_new = true;
            fetch()
        });
        if is_new && let Ok(value) = answer {
            let bytes = (self.weigh)(value);
            self.with(|kept| kept.weighed(&key, &cell, bytes, self.limit));
        }
        answer.clone()
    }

    fn with<T>(&self, work: impl FnOnce(&mut Kept<K, V>) -> T) -> T {
        work(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<K: Ord + Clone, V> Kept<K, V> {
    /// The place for the answer to `key`.
    fn cell(&mut self, key: &K) -> Arc<OnceLock<Answer<V>>> {
        self.clock = self.clock.saturating_add(1);
        let slot = self.slots.entry(key.clone()).or_insert_with(|| Slot { cell: Arc::default(), bytes: 0, asked: 0 });
        if slot.bytes > 0 {
            self.order.remove(&slot.asked);
            self.order.insert(self.clock, key.clone());
        }
        slot.asked = self.clock;
        Arc::clone(&slot.cell)
    }

    /// Gives the answer in `cell` its room, and takes that of others. More than the limit by itself, it goes at once.
    fn weighed(&mut self, key: &K, cell: &Arc<OnceLock<Answer<V>>>, bytes: usize, limit: usize) {
        if bytes > limit {
            self.slots.remove(key);
            return;
        }
        match self.slots.get_mut(key) {
            Some(slot) if Arc::ptr_eq(&slot.cell, cell) && bytes > 0 => {
                slot.bytes = bytes;
                self.order.insert(slot.asked, key.clone());
                self.bytes = self.bytes.saturating_add(bytes);
            }
            _ => return,
        }
        while self.bytes > limit {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            let freed = self.slots.remove(&oldest).map_or(0, |slot| slot.bytes);
            self.bytes = self.bytes.saturating_sub(freed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks for each of `keys` in turn, of which each has as many bytes as its number, and tells which were fetched.
    fn fetched(limit: usize, keys: &[usize]) -> Vec<usize> {
        let memo: Memo<usize, Vec<u8>> = Memo::new(limit, Vec::len);
        let mut fetched = Vec::new();
        for key in keys {
            let answer = memo.once(*key, || {
                fetched.push(*key);
                Ok(vec![0; *key])
            });
            assert_eq!(answer, Ok(vec![0; *key]));
            assert!(memo.with(|kept| kept.bytes) <= limit);
        }
        fetched
    }

    #[test]
    fn what_has_room_is_fetched_once_and_what_was_long_not_asked_for_makes_room() {
        let cases = [
            ("room for all", 9, &[2, 3, 4, 2, 3, 4][..], vec![2, 3, 4]),
            ("a byte short: the oldest goes", 8, &[2, 3, 4, 3, 4, 2], vec![2, 3, 4, 2]),
            ("what was asked for again stays", 8, &[2, 3, 4, 4, 3, 2, 3, 4], vec![2, 3, 4, 2, 4]),
            ("what is larger than all the room takes nobody's", 8, &[9, 2, 9, 2], vec![9, 2, 9]),
            ("nothing takes no room", 0, &[0, 0], vec![0]),
            ("no room at all", 0, &[1, 1], vec![1, 1]),
        ];
        for (name, limit, keys, expected) in cases {
            assert_eq!(fetched(limit, keys), expected, "case `{name}`");
        }
    }

    #[test]
    fn failures_are_kept() {
        let memo: Memo<&str, Vec<u8>> = Memo::new(1, Vec::len);
        let failure = || Err(NetworkError::Setup { reason: "no".to_owned() });
        assert_eq!(memo.once("a", failure), failure());
        assert_eq!(memo.once("b", || Ok(vec![0])), Ok(vec![0]));
        assert_eq!(memo.once("a", || Ok(vec![0])), failure());
    }

    #[test]
    fn whoever_asks_meanwhile_waits_for_the_same_answer() {
        let memo: Memo<u8, Vec<u8>> = Memo::new(9, Vec::len);
        let count = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let fetch = || {
                        count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        std::thread::sleep(std::time::Duration::from_millis(20));
                        Ok(vec![1, 2])
                    };
                    assert_eq!(memo.once(1, fetch), Ok(vec![1, 2]));
                });
            }
        });
        assert_eq!(count.into_inner(), 1);
        assert_eq!(memo.with(|kept| kept.bytes), 2);
    }
}
