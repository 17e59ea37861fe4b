//! A PostgreSQL for the tests, started from Debian's package when it is installed: one server for all tests of the
//! process, a database for each, on a socket in a folder of its own, gone when the process ends in whatever way.

use std::{
    ffi::CString,
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicI32, AtomicU32, Ordering},
        mpsc,
    },
    time::Duration,
};

pub struct Postgres {
    programs: PathBuf,
    pub folder: PathBuf,
}

static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
static PROCESS: AtomicI32 = AtomicI32::new(0);
static DATABASES: AtomicU32 = AtomicU32::new(0);

impl Postgres {
    /// The server; `None` when PostgreSQL is not installed.
    pub fn get() -> Option<&'static Self> {
        SERVER.get_or_init(Self::start).as_ref()
    }

    /// The address of a new, empty database.
    pub fn database(&self) -> String {
        let name = format!("test{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        self.run("createdb", &[&name]);
        format!("postgres://postgres@localhost/{name}?host={}", self.folder.display())
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let done = Command::new(self.programs.join(program))
            .args(["-U", "postgres", "-h"])
            .arg(&self.folder)
            .args(arguments)
            .output()
            .expect("the program is installed beside the server");
        assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn start() -> Option<Self> {
        let programs = installed()?;
        let folder = tempfile::Builder::new().prefix("hotline-pg-").tempdir().expect("a temporary folder").keep();
        let server = Self { programs, folder };
        let user = account("postgres");
        if let Some((user, group)) = user {
            std::os::unix::fs::chown(&server.folder, Some(user), Some(group)).expect("root may give folders away");
        }
        let data = server.folder.join("data");
        let made = as_user(Command::new(server.programs.join("initdb")), user)
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));

        let log = fs::File::create(server.folder.join("log")).expect("a log file");
        let mut command = as_user(Command::new(server.programs.join("postgres")), user);
        command.arg("-D").arg(&data).arg("-k").arg(&server.folder);
        // No network at all, and no waiting for a disk: the tests do not pull the plug.
        for setting in ["listen_addresses=", "fsync=off", "max_connections=300", "shared_buffers=32MB"] {
            command.args(["-c", setting]);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a second handle")).stderr(log);
        // SAFETY: prctl is a plain system call, allowed between fork and exec.
        unsafe {
            command.pre_exec(|| {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGQUIT);
                Ok(())
            });
        }
        let (started, process) = mpsc::channel();
        // The signal comes when the thread that started the server ends, so that one stays as long as the server.
        std::thread::spawn(move || {
            let mut server = command.spawn().expect("postgres runs");
            let _ = started.send(server.id());
            let _ = server.wait();
        });
        let id = process.recv().expect("the thread answers");
        PROCESS.store(id.try_into().expect("a process id is positive"), Ordering::SeqCst);
        // SAFETY: the handler only uses an atomic, kill, waitpid and the file system.
        unsafe { libc::atexit(stop) };
        for _ in 0..300 {
            let ready =
                Command::new(server.programs.join("pg_isready")).arg("-q").arg("-h").arg(&server.folder).status();
            if ready.is_ok_and(|status| status.success()) {
                return Some(server);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("postgres does not start: {}", fs::read_to_string(server.folder.join("log")).unwrap_or_default());
    }
}

extern "C" fn stop() {
    let process = PROCESS.swap(0, Ordering::SeqCst);
    if process > 0 {
        // SAFETY: plain system calls on a process that this one started.
        unsafe {
            libc::kill(process, libc::SIGQUIT);
            // Returns when the server is gone, whether this thread or the one that started it was told.
            libc::waitpid(process, std::ptr::null_mut(), 0);
        }
    }
    if let Some(Some(server)) = SERVER.get() {
        let _ = fs::remove_dir_all(&server.folder);
    }
}

/// The newest installed version's programs.
fn installed() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            let programs = path.join("bin");
            is_complete(&programs).then_some((version, programs))
        })
        .collect();
    versions.sort();
    versions.pop().map(|(_, programs)| programs)
}

fn is_complete(programs: &Path) -> bool {
    ["initdb", "postgres", "createdb", "pg_isready"].iter().all(|name| programs.join(name).exists())
}

/// The user and group of an account when this process is root, which PostgreSQL refuses to run as.
fn account(name: &str) -> Option<(u32, u32)> {
    let name = CString::new(name).ok()?;
    // SAFETY: getpwnam answers with a pointer into memory of its own or null, and nothing else here calls it.
    unsafe {
        if libc::geteuid() != 0 {
            return None;
        }
        let account = libc::getpwnam(name.as_ptr()).as_ref()?;
        Some((account.pw_uid, account.pw_gid))
    }
}

fn as_user(mut command: Command, account: Option<(u32, u32)>) -> Command {
    if let Some((user, group)) = account {
        command.uid(user).gid(group);
    }
    command.current_dir("/");
    command
}
