//! `cargo xtask bench`: ours against the peers in one run, as a table and as a dated record.

mod date;
mod machine;
mod outcome;
mod table;

use std::io;
use std::process::{ExitCode, Stdio};

use crate::cargo::{cargo, output, root};
use crate::say;

use outcome::Outcome;

/// What to measure, and whether falling short is a failure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this area; all of them unless given.
    #[arg(value_enum)]
    area: Option<Area>,
    /// Fail, naming each row that falls short of what it must reach.
    #[arg(long)]
    check: bool,
    /// Only rows with this in their name; nothing is recorded then.
    #[arg(long, value_name = "TEXT")]
    row: Option<String>,
}

/// One or more programs of `bench/src/bin`.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Area {
    /// Limiter, breaker, retry, delay, budget, counter, histogram: nanoseconds per call.
    Primitives,
    /// Keyed limiters: bytes per key.
    Memory,
    /// HTTP clients: requests a second, the processor's time for each, connections, streams, bytes.
    Http,
    /// Clients of language models: answers a second, the processor's time for each and for each piece of a streamed one,
    /// the first piece, bytes an open stream.
    Llm,
    /// Rollouts: devices a second, megabytes a second, memory, beside loops by hand, in Go too where there is a compiler.
    Delivery,
}

const AREAS: [Area; 5] = [Area::Primitives, Area::Memory, Area::Http, Area::Llm, Area::Delivery];

/// Measures, prints, records.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let areas = args.area.map_or_else(|| AREAS.to_vec(), |area| vec![area]);
    let mut short = Vec::new();
    for area in areas {
        let outcomes = measure(area, args.row.as_deref())?;
        let table = table::table(&outcomes, &locked_versions()?);
        say::line(&table);
        if args.row.is_none() {
            record(area, &table)?;
        }
        short.extend(outcomes.iter().filter_map(Outcome::shortfall));
    }
    for row in &short {
        say::note(&format!("falls short: {row}"));
    }
    Ok(if args.check && !short.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn measure(area: Area, row: Option<&str>) -> io::Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for program in area.programs() {
        let mut command =
            cargo(["run", "--release", "--quiet", "--manifest-path", "bench/Cargo.toml", "--bin", program, "--"]);
        command.args(row);
        let lines = output(command.stderr(Stdio::inherit()))?;
        for line in lines.lines() {
            outcomes.push(serde_json::from_str(line).map_err(io::Error::other)?);
        }
    }
    Ok(outcomes)
}

/// Writes the table to `bench/record/<area>-<day>.md`; a second run on the same day replaces the first.
fn record(area: Area, table: &str) -> io::Result<()> {
    let folder = root().join("bench/record");
    std::fs::create_dir_all(&folder)?;
    let (name, today) = (area.name(), date::today());
    let file = format!("{name}-{today}.md");
    let head = format!("# {name}, {today}\n\n{}", machine::describe()?);
    let how = area.how();
    std::fs::write(folder.join(&file), format!("{head}\n\n{how}\n\n{table}\n"))?;
    say::note(&format!("recorded in bench/record/{file}"));
    Ok(())
}

/// The lock file of the benches, which knows what was really measured.
fn locked_versions() -> io::Result<table::Versions> {
    let lock = std::fs::read_to_string(root().join("bench/Cargo.lock"))?;
    table::Versions::read(&lock).map_err(io::Error::other)
}

impl Area {
    fn name(self) -> &'static str {
        match self {
            Self::Primitives => "primitives",
            Self::Memory => "memory",
            Self::Http => "http",
            Self::Llm => "llm",
            Self::Delivery => "delivery",
        }
    }

    /// What measures it, one after the other.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Primitives => &["primitives"],
            Self::Memory => &["memory"],
            Self::Http => &["http", "http-bytes"],
            Self::Llm => &["llm", "llm-bytes"],
            Self::Delivery => &["delivery"],
        }
    }

    /// What its figures are.
    fn how(self) -> &'static str {
        match self {
            Self::Primitives => {
                "Nanoseconds per call. On one thread: the fastest of 10,000 batches of about 30 µs, contestants taking \
                turns. On two threads, each on a core of its own: per thread, the median of 8,000 batches while both \
                run. Thin LTO, one codegen unit. Compare within this run only."
            }
            Self::Memory => "Bytes per key, as handed out by the allocator, with every key in use.",
            Self::Http => {
                "Client and server over loopback, a process each, each on a core of its own, the client's runtime on one \
                thread. Requests: 15 rounds, in each of which every client has 0.3 s, in turn; a figure is the median of \
                the one that the row is about, times the median of the ratios to it within a round. The processor's time \
                is that of the client's whole process, in the kernel, too. Without a network: the fastest of 10,000 \
                batches of about 30 µs. Bytes: as handed out by the allocator. Thin LTO, one codegen unit. Compare within \
                this run only."
            }
            Self::Llm => {
                "Client and server over loopback, a process each, each on a core of its own, the client's runtime on one \
                thread. Answers, chunks and events: 15 rounds, in each of which every client has 0.3 s, in turn; a figure \
                is the median of the one that the row is about, times the median of the ratios to it within a round. The \
                processor's time is that of the client's whole process, in the kernel, too; that of a streamed answer of \
                400 pieces of text, each in a chunk of HTTP/1.1 of its own, is told for each of the pieces. The first \
                token: differences within 6,000 pairs of calls, one after the other. Bytes in memory: the fastest of \
                10,000 batches of about 30 µs. Bytes: as handed out by the allocator. Thin LTO, one codegen unit. Compare \
                within this run only."
            }
            Self::Delivery => {
                "Over loopback, each device a host of its own in 127.0.0.0/8, the simulated fleet in a process on one core, \
                each contestant in a process of its own on the other, 256 devices at once, an artifact of 1 KiB whose \
                digest the devices check. Contestants take turns, five rounds against one fleet, the first of each round \
                another one; the figure is the median. The processor's time is that of the contestant's whole process, in \
                the kernel, too. No-op deliveries: the fastest of five processes on both cores. Peak memory: VmHWM. Thin \
                LTO, one codegen unit. Compare within this run only."
            }
        }
    }
}
