//! The server process: started so that it cannot outlive the studio, stopped so that no data is lost.
//! Knows processes and signals; what the server is told to do is `mod.rs`.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, kill_process, setrlimit, waitid,
};
use tokio::sync::{oneshot, watch};

/// How long a clean stop may take before the next, harder signal.
const FAST_STOP: Duration = Duration::from_secs(20);
const IMMEDIATE_STOP: Duration = Duration::from_secs(5);

/// What is settled between fork and exec.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Start {
    /// Nothing of the server is worth keeping, so it ends at once when its studio does.
    pub(super) throw_away: bool,
    /// Bytes of address space that each of its processes may have.
    pub(super) memory: Option<u64>,
    /// Bytes of its largest file.
    pub(super) file: Option<u64>,
}

/// A running `postgres`. Dropping it asks the server to stop without waiting for it.
#[derive(Debug)]
pub(super) struct Postmaster {
    pid: Pid,
    /// Set under the lock when the process is reaped: from then on the number may be a stranger's.
    reaped: Arc<Mutex<bool>>,
    exit: watch::Receiver<Option<ExitStatus>>,
}

impl Postmaster {
    /// Starts the server from a thread that lives as long as the server does, because the kernel
    /// sends the death signal when the *thread* that started it ends.
    pub(super) async fn spawn(mut command: Command, start: Start) -> io::Result<Self> {
        // Ctrl-C in the terminal is for the studio, which stops the server in its turn.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        before_exec(&mut command, start);

        let (started, pid) = oneshot::channel();
        let (ended, exit) = watch::channel(None);
        let reaped = Arc::new(Mutex::new(false));
        let in_thread = Arc::clone(&reaped);
        thread::Builder::new().name("postmaster".to_owned()).spawn(move || match command.spawn() {
            Err(error) => drop(started.send(Err(error))),
            Ok(mut child) => {
                drop(started.send(Ok(child.id())));
                let status = reap(&mut child, &in_thread);
                let _ = ended.send(status);
            }
        })?;
        let pid = pid.await.map_err(io::Error::other)??;
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("the system gave no usable process id"))?;
        Ok(Self { pid, reaped, exit })
    }

    /// The server's process id.
    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Whether the server has ended.
    pub(super) fn has_ended(&self) -> bool {
        *self.reaped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the sessions, writes a checkpoint, and returns when the process is gone; harder when
    /// that takes too long, which costs a recovery at the next start and no committed data.
    pub(super) async fn stop(mut self) {
        for (signal, patience) in [(Signal::INT, FAST_STOP), (Signal::QUIT, IMMEDIATE_STOP)] {
            self.send(signal);
            if tokio::time::timeout(patience, self.ended()).await.is_ok() {
                return;
            }
        }
        self.send(Signal::KILL);
        self.ended().await;
    }

    /// Ends a server that holds nothing to keep, and returns when the process is gone. Where it is the first process
    /// of a namespace, the kernel ends all others with it; else the server has to be told, so that it ends them.
    pub(super) async fn stop_at_once(mut self, in_namespaces: bool) {
        if !in_namespaces {
            self.send(Signal::QUIT);
            if tokio::time::timeout(IMMEDIATE_STOP, self.ended()).await.is_ok() {
                return;
            }
        }
        self.send(Signal::KILL);
        self.ended().await;
    }

    /// Returns when the process is gone, from any task.
    pub(super) fn gone(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut exit = self.exit.clone();
        async move {
            // The sender goes only after the process has: an error means the same.
            let _ = exit.wait_for(Option::is_some).await;
        }
    }

    async fn ended(&mut self) {
        // The sender goes only after the process has: an error means the same.
        let _ = self.exit.wait_for(Option::is_some).await;
    }

    fn send(&self, signal: Signal) {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if !*reaped {
            // Fails only for a process that is gone.
            let _ = kill_process(self.pid, signal);
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        self.send(Signal::INT);
    }
}

/// Waits without reaping first, so that no signal can meet a number that was given away.
fn reap(child: &mut Child, reaped: &Mutex<bool>) -> Option<ExitStatus> {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        while waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
            .is_err_and(|error| error == rustix::io::Errno::INTR)
        {}
    }
    let mut reaped = reaped.lock().unwrap_or_else(PoisonError::into_inner);
    *reaped = true;
    child.wait().ok()
}

/// Lets the kernel stop the server when the studio ends in whatever way, `kill -9` included (Linux), and takes from
/// it what no database server needs: new privileges, core files with rows in them, more than its share.
#[expect(unsafe_code, reason = "`pre_exec` is the only place between fork and exec")]
fn before_exec(command: &mut Command, start: Start) {
    use std::os::unix::process::CommandExt;

    let studio = i32::try_from(std::process::id()).ok().and_then(Pid::from_raw);
    let hook = move || {
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{getppid, set_parent_process_death_signal};
            let signal = if start.throw_away { Signal::QUIT } else { Signal::INT };
            set_parent_process_death_signal(Some(signal))?;
            // The studio may have ended before the line above.
            if getppid() != studio {
                return Err(io::Error::from(io::ErrorKind::BrokenPipe));
            }
            rustix::thread::set_no_new_privs(true)?;
        }
        let at_most = |limit| Rlimit { current: Some(limit), maximum: Some(limit) };
        setrlimit(Resource::Core, at_most(0))?;
        if let Some(bytes) = start.memory {
            setrlimit(Resource::As, at_most(bytes))?;
        }
        if let Some(bytes) = start.file {
            setrlimit(Resource::Fsize, at_most(bytes))?;
        }
        Ok(())
    };
    // SAFETY: the hook makes a few system calls and none allocates or takes a lock. The standard library runs it
    // after it has changed the user, a change that would clear the signal.
    unsafe { command.pre_exec(hook) };
}
