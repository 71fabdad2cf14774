//! Ten questions, three of them different: seven are never asked.

use std::error::Error;
use std::io::Write;

use steadfast_cache::{CacheKey, Entry, MemoryCache};
use steadfast_clock::{System, Wall};

fn main() -> Result<(), Box<dyn Error>> {
    let cache = MemoryCache::new(100)?;
    let mut out = std::io::stdout();
    for question in [0, 1, 0, 2, 0, 1, 2, 0, 1, 0] {
        let key = CacheKey::from_bytes([question; 32]);
        if let Some(entry) = cache.get(&key) {
            writeln!(out, "{question}: kept, {} bytes", entry.value().len())?;
            continue;
        }
        let answer = format!("the answer to question {question}");
        writeln!(out, "{question}: asked")?;
        cache.put(key, Entry::new(answer, System::new().wall()));
    }
    writeln!(out, "hit rate: {:?}", cache.stats().hit_rate())?;
    Ok(())
}
