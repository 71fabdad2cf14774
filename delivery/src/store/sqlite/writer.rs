//! The one thread that writes. What waits for it goes into one transaction, and each caller is answered after that.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};
use tokio::task::unconstrained;

use super::fault::Fault;
use super::readers::closed;
use crate::error::{Error, ErrorKind};

/// So many calls wait at most; others wait to wait.
const QUEUE: usize = 256;
/// A transaction that has so many changes takes no more calls in.
const MOST_CHANGES: usize = 4096;

pub(super) struct Writer {
    path: Arc<Path>,
    queue: mpsc::Sender<Message>,
}

enum Message {
    Write(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

/// A call that waits.
trait Job: Send {
    /// How many changes it makes, about.
    fn weight(&self) -> usize;
    /// Whether nobody waits for it any more.
    fn is_abandoned(&self) -> bool;
    /// Does it. Called again after what it wrote was taken back.
    fn run(&mut self, file: &Connection) -> Result<(), Fault>;
    /// Tells its caller what came of it.
    fn answer(self: Box<Self>, kept: Result<(), Error>);
}

impl Writer {
    pub(super) fn start(path: Arc<Path>, file: Connection) -> Result<Self, Error> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let thread = Thread { path: Arc::clone(&path), file, waiting };
        let started = thread::Builder::new().name(String::from("steadfast-store")).spawn(move || thread.run());
        started.map_err(|error| Error::new(ErrorKind::Store, "no thread for the store").caused_by(error))?;
        Ok(Self { path, queue })
    }

    pub(super) async fn write<T, F>(&self, weight: usize, write: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Call { weight, write, done: None, answer };
        // Unconstrained: who is polled first is in the queue first, however much its task has done in this turn.
        let queued = unconstrained(self.queue.send(Message::Write(Box::new(job)))).await;
        queued.map_err(|_closed| closed(&self.path))?;
        answered.await.map_err(|_closed| closed(&self.path))?
    }

    /// Returns when everything that waits is written and the file is closed.
    pub(super) async fn close(&self) {
        let (done, is_done) = oneshot::channel();
        if self.queue.send(Message::Close(done)).await.is_ok() {
            // Its end is what is waited for, however it comes.
            let _closed = is_done.await;
        }
    }
}

struct Call<T, F> {
    weight: usize,
    write: F,
    done: Option<T>,
    answer: oneshot::Sender<Result<T, Error>>,
}

impl<T, F> Job for Call<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> Result<T, Fault> + Send,
{
    fn weight(&self) -> usize {
        self.weight
    }

    fn is_abandoned(&self) -> bool {
        self.answer.is_closed()
    }

    fn run(&mut self, file: &Connection) -> Result<(), Fault> {
        let done = catch_unwind(AssertUnwindSafe(|| (self.write)(file)));
        let broken = |_| Err(Error::new(ErrorKind::Store, "writing to a store panicked").into());
        self.done = Some(done.unwrap_or_else(broken)?);
        Ok(())
    }

    fn answer(self: Box<Self>, kept: Result<(), Error>) {
        let done = self.done.ok_or_else(|| Error::new(ErrorKind::Store, "nothing was written"));
        // Who does not wait any more is told nothing.
        let _told = self.answer.send(kept.and(done));
    }
}

struct Thread {
    path: Arc<Path>,
    file: Connection,
    waiting: mpsc::Receiver<Message>,
}

impl Thread {
    /// Until every sender is gone, or one says so.
    fn run(mut self) {
        let mut jobs = Vec::new();
        let mut done = None;
        while let Some(message) = self.waiting.blocking_recv() {
            let mut next = Some(message);
            let mut weight = 0;
            while let Some(message) = next {
                match message {
                    Message::Write(job) => {
                        weight += job.weight().max(1);
                        jobs.push(job);
                    }
                    Message::Close(told) => {
                        self.waiting.close();
                        done = Some(told);
                    }
                }
                next = if weight < MOST_CHANGES { self.waiting.try_recv().ok() } else { None };
            }
            jobs.retain(|job| !job.is_abandoned());
            self.write(&mut jobs);
        }
        let Self { file, .. } = self;
        // What remains of the log goes into the file; where that fails, the next one who opens it does it.
        drop(file);
        drop(done);
    }

    /// Writes all in one transaction; if that fails, each in one of its own, so that only those fail that must.
    fn write(&mut self, jobs: &mut Vec<Box<dyn Job>>) {
        let together = transact(&mut self.file, jobs);
        if let (Err(fault), 2..) = (&together, jobs.len()) {
            if !fault.is_busy() {
                return self.each(jobs);
            }
        }
        self.answer(jobs.drain(..), together);
    }

    fn each(&mut self, jobs: &mut Vec<Box<dyn Job>>) {
        let mut jobs = jobs.drain(..);
        for job in jobs.by_ref() {
            let mut alone = [job];
            let kept = transact(&mut self.file, &mut alone);
            let busy = kept.as_ref().is_err_and(Fault::is_busy);
            self.answer(alone, kept);
            if busy {
                // Nobody else is let wait that long in turn.
                break;
            }
        }
        let busy = || rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None);
        jobs.for_each(|job| job.answer(Err(Fault::from(busy()).told(&self.path))));
    }

    fn answer(&self, jobs: impl IntoIterator<Item = Box<dyn Job>>, kept: Result<(), Fault>) {
        match kept.map_err(|fault| fault.told(&self.path)) {
            Ok(()) => jobs.into_iter().for_each(|job| job.answer(Ok(()))),
            Err(error) => {
                let again = || Error::new(error.kind(), error.to_string());
                let mut jobs = jobs.into_iter();
                let first = jobs.next();
                jobs.for_each(|job| job.answer(Err(again())));
                if let Some(job) = first {
                    job.answer(Err(error));
                }
            }
        }
    }
}

fn transact(file: &mut Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), Fault> {
    if jobs.is_empty() {
        return Ok(());
    }
    // What is left of it when anything fails is taken back as it is dropped.
    let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
    jobs.iter_mut().try_for_each(|job| job.run(&transaction))?;
    Ok(transaction.commit()?)
}
