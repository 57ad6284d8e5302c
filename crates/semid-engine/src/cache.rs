//! What was opened lately, kept in memory: a second click on the same thing does not read and prepare it again.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::Result;

/// Bytes kept in all, by what the makers say of their sizes.
const ROOM: usize = 256 << 20;

/// Things by name, the least lately used forgotten first. A thing is made once, also when two ask for it together.
pub struct Cache {
    kept: Mutex<Kept>,
    making: Mutex<HashMap<String, Arc<Mutex<()>>>>,
    room: usize,
}

#[derive(Default)]
struct Kept {
    things: HashMap<String, Thing>,
    bytes: usize,
    clock: u64,
}

struct Thing {
    value: Arc<dyn Any + Send + Sync>,
    bytes: usize,
    used: u64,
}

impl Default for Cache {
    fn default() -> Self {
        Cache::with_room(ROOM)
    }
}

impl Cache {
    fn with_room(room: usize) -> Self {
        Cache { kept: Mutex::default(), making: Mutex::default(), room }
    }

    /// The thing of this name, made now if it is not here. `make` also says about how many bytes it takes; what takes
    /// more than there is room for is given and not kept.
    pub fn get_or_make<T: Any + Send + Sync>(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<(T, usize)>,
    ) -> Result<Arc<T>> {
        if let Some(found) = self.get(name) {
            return Ok(found);
        }
        let turn = lock(&self.making).entry(name.to_owned()).or_default().clone();
        let _turn = lock(&turn);
        // Whoever had the turn before may have made it.
        if let Some(found) = self.get(name) {
            return Ok(found);
        }
        let made = make();
        lock(&self.making).remove(name);
        let (value, bytes) = made?;
        let value = Arc::new(value);
        self.keep(name, value.clone(), bytes);
        Ok(value)
    }

    fn get<T: Any + Send + Sync>(&self, name: &str) -> Option<Arc<T>> {
        let mut kept = lock(&self.kept);
        kept.clock += 1;
        let now = kept.clock;
        let thing = kept.things.get_mut(name)?;
        thing.used = now;
        thing.value.clone().downcast().ok()
    }

    fn keep(&self, name: &str, value: Arc<dyn Any + Send + Sync>, bytes: usize) {
        if bytes > self.room {
            return;
        }
        let mut kept = lock(&self.kept);
        kept.clock += 1;
        let used = kept.clock;
        if let Some(before) = kept.things.insert(name.to_owned(), Thing { value, bytes, used }) {
            kept.bytes -= before.bytes;
        }
        kept.bytes += bytes;
        while kept.bytes > self.room {
            let oldest = kept.things.iter().min_by_key(|(_, thing)| thing.used).map(|(name, _)| name.clone());
            let Some(gone) = oldest.and_then(|name| kept.things.remove(&name)) else { break };
            kept.bytes -= gone.bytes;
        }
    }
}

// A panic while something was made leaves the map as it was; the next to ask makes it again.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Error;

    #[test]
    fn a_thing_is_made_once_and_a_failure_is_not_kept() {
        let cache = Cache::default();
        let failed = cache.get_or_make::<u32>("a", || Err(Error::input("no")));
        assert!(failed.is_err(), "the failure is told");
        assert_eq!(*cache.get_or_make("a", || Ok((1u32, 4))).unwrap(), 1, "the next to ask makes it");
        let again = cache.get_or_make::<u32>("a", || panic!("it is here already"));
        assert_eq!(*again.unwrap(), 1, "and it is kept");
    }

    #[test]
    fn two_who_ask_together_wait_for_one_making() {
        let cache = Cache::default();
        let made = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    cache.get_or_make("slow", || {
                        made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        std::thread::sleep(std::time::Duration::from_millis(20));
                        Ok(((), 1))
                    })
                });
            }
        });
        assert_eq!(made.into_inner(), 1, "the others waited");
    }

    #[test]
    fn the_least_lately_used_go_when_there_is_no_room() {
        let cache = Cache::with_room(10);
        for name in ["a", "b"] {
            cache.get_or_make(name, || Ok((name, 4))).unwrap();
        }
        cache.get_or_make::<&str>("a", || panic!("kept")).unwrap();
        cache.get_or_make("c", || Ok(("c", 4))).unwrap();
        assert!(cache.get::<&str>("a").is_some(), "it was used lately");
        assert!(cache.get::<&str>("b").is_none(), "it was not");
        cache.get_or_make("huge", || Ok(("huge", 11))).unwrap();
        assert!(cache.get::<&str>("huge").is_none() && cache.get::<&str>("c").is_some(), "what never fits is not kept");
    }
}
