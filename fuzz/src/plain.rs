//! The engine for machines without a C++ compiler: seeds, mutated at random. No coverage guides it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use steadfast_backoff::Entropy;
use steadfast_clock::{Clock, System};

/// What libFuzzer calls these options, as far as they are known here.
struct Options {
    runs: u64,
    seconds: u64,
    max_len: usize,
    artifact_prefix: String,
    inputs: Vec<PathBuf>,
}

/// Runs `target` as its command line says, in libFuzzer's words: over mutations of the files of the folders given, or over
/// the files given. An input that makes it panic is written down, and the program fails.
#[must_use]
pub fn run(target: fn(&[u8])) -> ExitCode {
    let options = Options::parse(env::args().skip(1));
    let (folders, files): (Vec<_>, Vec<_>) = options.inputs.iter().partition(|input| input.is_dir());
    if !files.is_empty() {
        let whole = files.iter().all(|file| fs::read(file).is_ok_and(|data| holds(target, &data)));
        return if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let seeds: Vec<Vec<u8>> = folders.iter().flat_map(|folder| seeds(folder)).collect();
    let clock = System::new();
    let (start, mut entropy) = (clock.now(), Entropy::new());
    let (mut done, mut data) = (0, Vec::new());
    let mut found = None;
    while done < options.runs && found.is_none() {
        // Reading the clock costs as much as some targets do.
        if done % 256 == 0 && clock.now().since(start).as_secs() >= options.seconds {
            break;
        }
        match usize::try_from(done).ok().and_then(|seed| seeds.get(seed)) {
            Some(seed) => data.clone_from(seed),
            None => mutate(&mut data, &seeds, options.max_len, &mut entropy),
        }
        done += 1;
        if !holds(target, &data) {
            found = Some(format!("{}crash-{:016x}", options.artifact_prefix, entropy.next()));
        }
    }
    let secs = clock.now().since(start).as_secs_f64().max(0.001);
    eprintln!("stat::number_of_executed_units: {done}");
    eprintln!("stat::average_exec_per_sec: {:.0}", done as f64 / secs);
    let Some(path) = found else { return ExitCode::SUCCESS };
    match fs::write(&path, &data) {
        Ok(()) => eprintln!("Test unit written to {path}"),
        Err(error) => eprintln!("cannot write {path}: {error}; the input is {data:?}"),
    }
    ExitCode::FAILURE
}

impl Options {
    fn parse(args: impl Iterator<Item = String>) -> Self {
        let mut options = Self {
            runs: u64::MAX,
            seconds: u64::MAX,
            max_len: 4096,
            artifact_prefix: String::new(),
            inputs: Vec::new(),
        };
        for arg in args {
            let Some((name, value)) = arg.strip_prefix('-').and_then(|option| option.split_once('=')) else {
                options.inputs.push(arg.into());
                continue;
            };
            let number = value.parse().unwrap_or(u64::MAX);
            match name {
                "runs" => options.runs = number,
                "max_total_time" if number > 0 => options.seconds = number,
                "max_len" => options.max_len = usize::try_from(number).unwrap_or(usize::MAX),
                "artifact_prefix" => value.clone_into(&mut options.artifact_prefix),
                // The rest steers what is not here.
                _ => {}
            }
        }
        options
    }
}

fn holds(target: fn(&[u8]), data: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| target(data))).is_ok()
}

/// Every file of a folder; nothing where it cannot be read.
fn seeds(folder: &Path) -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| fs::read(file.path()).ok()).collect()
}

/// Changes `data` in one to eight places; before that, one time in four, a seed takes its place.
fn mutate(data: &mut Vec<u8>, seeds: &[Vec<u8>], max_len: usize, entropy: &mut Entropy) {
    let mut below = |bound: usize| ((u128::from(entropy.next()) * bound as u128) >> 64) as usize;
    match seeds.len() {
        _ if below(4) > 0 => {}
        0 => data.clear(),
        len => data.clone_from(&seeds[below(len)]),
    }
    for _ in 0..=below(8) {
        let at = below(data.len() + 1);
        let end = at + below(data.len() - at + 1).min(16);
        match below(6) {
            0 if at < data.len() => data[at] = below(256) as u8,
            1 if at < data.len() => data[at] ^= 1 << below(8),
            2 => data.insert(at, below(256) as u8),
            3 => drop(data.drain(at..end)),
            4 => data.extend_from_within(at..end),
            _ => {
                let other = seeds.get(below(seeds.len().max(1))).map_or(&[][..], Vec::as_slice);
                let from = below(other.len() + 1);
                let to = from + below(other.len() - from + 1).min(64);
                drop(data.splice(at..end, other[from..to].iter().copied()));
            }
        }
    }
    data.truncate(max_len);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutations_differ_and_keep_to_their_length() {
        let mut entropy = Entropy::from_seed(1);
        let seeds = [b"retry-after: 120".to_vec(), Vec::new()];
        for seeds in [&seeds[..], &[]] {
            let (mut made, mut data) = (std::collections::HashSet::new(), Vec::new());
            for _ in 0..1000 {
                mutate(&mut data, seeds, 20, &mut entropy);
                assert!(data.len() <= 20, "{data:?}");
                made.insert(data.clone());
            }
            assert!(made.len() > 500, "{} different ones of 1,000", made.len());
        }
    }

    #[test]
    fn options_are_those_of_libfuzzer() {
        let args = ["-runs=7", "-max_len=512", "-dict=words", "-artifact_prefix=found/", "corpus"];
        let options = Options::parse(args.map(str::to_owned).into_iter());
        assert_eq!((options.runs, options.seconds, options.max_len), (7, u64::MAX, 512));
        assert_eq!((options.artifact_prefix.as_str(), options.inputs), ("found/", vec![PathBuf::from("corpus")]));
    }
}
