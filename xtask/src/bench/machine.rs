//! What a record was measured on.

use std::io;
use std::process::Command;

use crate::cargo::output;

/// Processor, cores and compiler, in one line.
pub(crate) fn describe() -> io::Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let rustc = output(Command::new(rustc).arg("--version"))?;
    let cores = std::thread::available_parallelism()?;
    Ok(format!(
        "{}, {cores} cores, {} {}, {}.",
        processor(),
        std::env::consts::OS,
        std::env::consts::ARCH,
        rustc.trim()
    ))
}

/// Its name, where the system tells it.
fn processor() -> String {
    let told = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| model(&text));
    told.unwrap_or_else(|| "a processor whose name is not told".into())
}

fn model(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_read() {
        assert_eq!(model("processor\t: 0\nmodel name\t: AMD EPYC\nflags\t: a\n").as_deref(), Some("AMD EPYC"));
        assert_eq!(model("processor : 0\n"), None);
    }
}
