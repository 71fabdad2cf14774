//! A call that is kept alive while its server is busy; the server is simulated on loopback.

use std::io::Write;

use steadfast_pool::{Pool, Request};
use steadfast_testkit::{Reply, Script, Server};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let busy = Reply::status(503).header("retry-after-ms", "50");
    let server = Server::start(Script::new().times(2, busy).always(Reply::status(200).body("hello"))).await?;

    let pool = Pool::new()?;
    let response = pool.execute(Request::get(server.url())?).await?.error_for_status()?;

    let mut out = std::io::stdout();
    writeln!(out, "{}", response.text())?;
    for attempt in response.attempts() {
        writeln!(out, "  {attempt}")?;
    }
    Ok(())
}
