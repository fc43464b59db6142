//! Which circuit a call is of.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use deadpool_redis::redis::cluster_routing::Slot;
use deadpool_redis::redis::{Value, from_redis_value};

use crate::redis::circuit::Circuit;

/// Slots of a cluster.
const SLOTS: u16 = 16_384;

/// What the client's own calculation gives, as a number.
static NUMBERS: LazyLock<HashMap<Slot, u16>> =
    LazyLock::new(|| (0..SLOTS).filter_map(|number| Some((Slot::new(number)?, number))).collect());

/// One for each master of a cluster, as far as they are known: that one of them hangs says nothing of the others. One for
/// everything else: all calls to a single server, and those that are about no key.
#[derive(Debug, Default)]
pub(crate) struct Circuits {
    general: Arc<Circuit>,
    masters: RwLock<Vec<Master>>,
}

#[derive(Clone, Debug)]
struct Master {
    /// Identity and range of slots, of which it may have several.
    id: String,
    slots: RangeInclusive<u16>,
    circuit: Arc<Circuit>,
}

impl Circuits {
    /// That of calls about no key.
    pub(crate) fn general(&self) -> Arc<Circuit> {
        Arc::clone(&self.general)
    }

    /// That of calls about this key.
    pub(crate) fn of(&self, key: &str) -> Arc<Circuit> {
        let masters = self.masters.read().unwrap_or_else(PoisonError::into_inner);
        if masters.is_empty() {
            return self.general();
        }
        let slot = NUMBERS.get(&Slot::for_key(key)).copied().unwrap_or_default();
        let master = masters.iter().find(|master| master.slots.contains(&slot));
        master.map_or_else(|| self.general(), |master| Arc::clone(&master.circuit))
    }

    /// Who has which slots, as `CLUSTER SLOTS` answers. A master keeps its circuit.
    pub(crate) fn learn(&self, ranges: Vec<Vec<Value>>) {
        let mut masters = self.masters.write().unwrap_or_else(PoisonError::into_inner);
        let mut circuits: HashMap<String, Arc<Circuit>> =
            masters.drain(..).map(|master| (master.id, master.circuit)).collect();
        masters.extend(ranges.into_iter().filter_map(parse).map(|(id, slots)| {
            let circuit = Arc::clone(circuits.entry(id.clone()).or_default());
            Master { id, slots, circuit }
        }));
    }

    /// Whether any is open.
    pub(crate) fn is_any_open(&self) -> bool {
        let masters = self.masters.read().unwrap_or_else(PoisonError::into_inner);
        self.general.is_open() || masters.iter().any(|master| master.circuit.is_open())
    }
}

/// First and last slot, then the master: address, port, identity; then its replicas.
fn parse(range: Vec<Value>) -> Option<(String, RangeInclusive<u16>)> {
    let [first, last, master, ..] = <[Value; 3]>::try_from(range.into_iter().take(3).collect::<Vec<_>>()).ok()?;
    let id = from_redis_value::<Vec<Value>>(master).ok()?.into_iter().nth(2)?;
    Some((from_redis_value(id).ok()?, from_redis_value(first).ok()?..=from_redis_value(last).ok()?))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn range(first: u16, last: u16, id: &str) -> Vec<Value> {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let node = |id| Value::Array(vec![text("127.0.0.1"), Value::Int(7_000), text(id), Value::Array(vec![])]);
        vec![Value::Int(first.into()), Value::Int(last.into()), node(id), node("replica")]
    }

    #[test]
    fn masters_have_each_their_own_and_keep_it() {
        let circuits = Circuits::default();
        let general = circuits.general();
        assert!(Arc::ptr_eq(&circuits.of("foo"), &general), "nothing is known yet");
        // "foo" is of slot 12182, "bar" of slot 5061; of a key with braces what is between them counts.
        circuits.learn(vec![range(0, 5_061, "a"), range(5_062, 12_181, "b"), range(12_182, 16_383, "a")]);
        let (foo, bar) = (circuits.of("foo"), circuits.of("bar"));
        assert!(Arc::ptr_eq(&foo, &bar) && Arc::ptr_eq(&bar, &circuits.of("x{bar}y")));
        circuits.learn(vec![range(0, 9_999, "a"), range(10_000, 16_383, "b")]);
        assert!(Arc::ptr_eq(&circuits.of("bar"), &bar));
        assert!(!Arc::ptr_eq(&circuits.of("foo"), &foo));
        assert!(!circuits.is_any_open());
        bar.open(Instant::now());
        assert!(circuits.is_any_open() && !general.is_open() && !circuits.of("foo").is_open());
    }

    #[test]
    fn what_nobody_has_and_what_is_not_understood_is_of_the_general_one() {
        let circuits = Circuits::default();
        circuits.learn(vec![range(0, 5_061, "a"), vec![Value::Int(1)], vec![Value::Nil, Value::Nil, Value::Nil]]);
        assert!(Arc::ptr_eq(&circuits.of("foo"), &circuits.general()));
        assert!(!Arc::ptr_eq(&circuits.of("bar"), &circuits.general()));
    }
}
