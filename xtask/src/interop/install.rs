//! What the comparison needs and the workspace does not have: the official SDKs and aimock, in `target/interop`.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::cargo::{output, root, succeeds};
use crate::say;

/// From npm.
const AIMOCK: &str = "@copilotkit/aimock@1.43.0";

/// Where everything is.
#[derive(Debug)]
pub(super) struct Installed {
    folder: PathBuf,
}

impl Installed {
    /// Installs what is not there yet, and says so. Nothing outside of the folder is touched.
    pub(super) fn load() -> io::Result<Self> {
        let folder = root().join("target/interop");
        std::fs::create_dir_all(&folder)?;
        let installed = Self { folder };
        let wanted = format!("{AIMOCK}\n{}", std::fs::read_to_string(root().join("xtask/interop/requirements.txt"))?);
        let stamp = installed.folder.join("installed");
        if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
            return Ok(installed);
        }
        let place = installed.folder.display();
        say::note(&format!(
            "interop: installing the SDKs of OpenAI and Anthropic from PyPI, and {AIMOCK} from npm, into {place}"
        ));
        let mut steps = [
            ("python3", vec!["-m", "venv", "python"]),
            (
                "python/bin/python",
                vec![
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--requirement",
                    "../../xtask/interop/requirements.txt",
                ],
            ),
            ("npm", vec!["install", "--no-save", "--no-audit", "--no-fund", "--prefix", ".", AIMOCK]),
        ];
        for (program, args) in &mut steps {
            let path = if program.contains('/') { installed.folder.join(*program) } else { PathBuf::from(*program) };
            let mut command = Command::new(path);
            if !succeeds(command.args(&*args).current_dir(&installed.folder))? {
                return Err(io::Error::other(format!("{program} {} failed", args.join(" "))));
            }
        }
        std::fs::write(stamp, wanted)?;
        Ok(installed)
    }

    /// A script of `xtask/interop`, run by the Python that has the SDKs.
    pub(super) fn python<S: AsRef<OsStr>>(&self, script: &str, args: impl IntoIterator<Item = S>) -> Command {
        let mut python = Command::new(self.folder.join("python/bin/python"));
        python.arg(root().join("xtask/interop").join(script)).args(args);
        python
    }

    /// An aimock with our answers, on a free port.
    pub(super) fn aimock(&self) -> Command {
        let mut node = Command::new("node");
        node.arg(self.folder.join("node_modules/@copilotkit/aimock/dist/cli.js"));
        node.args(["--port", "0", "--fixtures"]).arg(root().join("xtask/interop/aimock.json"));
        node
    }

    /// What of the schemas in `folder` is not what these SDKs give.
    pub(super) fn stale_schemas(&self, folder: &str) -> io::Result<Vec<String>> {
        let made = self.folder.join("schemas");
        std::fs::create_dir_all(&made)?;
        output(&mut self.python("schema.py", [&made]))?;
        let mut stale = Vec::new();
        for file in std::fs::read_dir(&made)? {
            let name = file?.file_name();
            let committed = std::fs::read(root().join(folder).join(&name)).unwrap_or_default();
            if committed != std::fs::read(made.join(&name))? {
                let name = name.to_string_lossy();
                stale.push(format!(
                    "{folder}/{name} is not what the SDK gives: `cargo xtask interop --schema` writes it"
                ));
            }
        }
        Ok(stale)
    }
}
