//! The server as a process, and a browser's requests to it in their plainest form.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::bench::{Bench, engine_url};

/// A server that is killed when the test ends, however it ends.
pub(crate) struct Server {
    process: Child,
    address: String,
    token: String,
    /// What it printed up to the place of the link, and that place.
    said: String,
    link: String,
    /// Holds what would else go to the account's own data folder.
    _heads: Option<tempfile::TempDir>,
}

impl Server {
    /// A server whose databases outlive it.
    pub(crate) fn start(migrations: &Path, bench: &Bench, state: &str) -> Self {
        let mut command = Self::command(migrations);
        let heads = tempfile::tempdir().unwrap();
        command.env("STUDIO_AUDIT_ANCHOR", heads.path().join("heads.jsonl"));
        Self::on(&mut command, bench, state).keeping(heads)
    }

    /// The same, told more.
    pub(crate) fn told(
        migrations: &Path,
        bench: &Bench,
        state: &str,
        tell: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        Self::on(tell(&mut Self::command(migrations)), bench, state)
    }

    fn on(command: &mut Command, bench: &Bench, state: &str) -> Self {
        command.env("DATABASE_URL", engine_url(&bench.database)).env("STUDIO_STATE_URL", engine_url(state));
        Self::spawn(command)
    }

    fn keeping(mut self, heads: tempfile::TempDir) -> Self {
        self._heads = Some(heads);
        self
    }

    /// A server with an engine of its own in `data`.
    pub(crate) fn with_engine(migrations: &Path, data: &Path) -> Self {
        Self::with(migrations, ["--data-dir".to_owned(), data.display().to_string()])
    }

    /// A server with these flags besides the usual.
    pub(crate) fn with(migrations: &Path, flags: impl IntoIterator<Item = String>) -> Self {
        Self::spawn(Self::command(migrations).args(flags))
    }

    /// Somebody whom the admin invites; answers with their cookie.
    pub(crate) fn join(&self, admin: &str, name: &str, role: &str) -> String {
        let invitation = self.ask("POST", "/api/invitations", admin, &json!({"name": name, "role": role}));
        let link = invitation["link"].as_str().unwrap();
        let (_, token) = link.split_once("#token=").unwrap();
        self.enter(token)
    }

    fn command(migrations: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_studio"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--migrations"]).arg(migrations);
        command.env_remove("DATABASE_URL").env_remove("STUDIO_STATE_URL");
        command
    }

    fn spawn(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        // Its output is no terminal, so the link is in a file.
        let mut said = String::new();
        let file = lines.find_map(|line| {
            let line = line.unwrap();
            said += &format!("{line}\n");
            line.split_once(" is in ").map(|(_, file)| file.to_owned())
        });
        let link = file.unwrap();
        let text = std::fs::read_to_string(&link).unwrap();
        let (origin, token) = text.trim().split_once("/sign-in#token=").unwrap();
        let token = token.to_owned();
        // Whoever stops reading would stop the server at its next word.
        std::thread::spawn(move || lines.for_each(drop));
        let address = origin.trim_start_matches("http://").to_owned();
        Self { process, address, token, said, link, _heads: None }
    }

    /// What it printed at its start, and the file of the link with what it lets in by.
    pub(crate) fn start_link(&self) -> (&str, &Path, &str) {
        (&self.said, Path::new(&self.link), &self.token)
    }

    pub(crate) fn sign_in(&self) -> String {
        self.enter(&self.token)
    }

    fn enter(&self, token: &str) -> String {
        let (head, _) = self.send("POST", "/api/session", "", &json!({"token": token}));
        let cookie = head.lines().find_map(|line| {
            line.to_lowercase().starts_with("set-cookie:").then(|| line[11..].trim().to_owned())
        });
        cookie.unwrap().split(';').next().unwrap().to_owned()
    }

    pub(crate) fn ask(&self, method: &str, path: &str, cookie: &str, body: &Value) -> Value {
        let (head, body) = self.send(method, path, cookie, body);
        assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {head}\n{body}");
        serde_json::from_str(&body).unwrap()
    }

    pub(crate) fn send(&self, method: &str, path: &str, cookie: &str, body: &Value) -> (String, String) {
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nCookie: {cookie}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {1}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        // At once: a server that refuses the first words closes before later ones are sent.
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The most memory that its process has had at once, in bytes.
    pub(crate) fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// A request whose connection may be closed instead of answered; what was heard of the answer.
    pub(crate) fn try_send(&self, method: &str, path: &str, cookie: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nCookie: {cookie}\r\n\
             Connection: close\r\nContent-Length: 0\r\n\r\n",
            self.address
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Opens, approves and starts a change of one file; answers with the run's id.
    pub(crate) fn run(&self, cookie: &str, path: &str, text: &str) -> String {
        let change = self.open(cookie, path, text);
        let (id, digest) = (&change["id"], &change["digest"]);
        let decision = json!({"expected_digest": digest, "decision": "approve", "note": ""});
        self.ask("POST", &format!("/api/changes/{id}/approvals"), cookie, &decision);
        let start = json!({"expected_digest": digest, "idempotency_key": "0123456789abcdef"});
        let run = self.ask("POST", &format!("/api/changes/{id}/runs"), cookie, &start);
        run["id"].as_str().unwrap().to_owned()
    }

    /// Opens a change of one file.
    pub(crate) fn open(&self, cookie: &str, path: &str, text: &str) -> Value {
        let wish = json!({"title": "A change", "description": "", "files": [{"path": path, "text": text}]});
        self.ask("POST", "/api/changes", cookie, &wish)
    }

    /// Follows a run to its end and answers with what is shown then.
    pub(crate) fn end_of(&self, cookie: &str, run: &str) -> Value {
        self.send("GET", &format!("/api/runs/{run}/events"), cookie, &Value::Null);
        self.ask("GET", &format!("/api/runs/{run}"), cookie, &Value::Null)
    }

    /// Ends it in order, with its engine.
    pub(crate) fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.process.wait().unwrap();
    }

    /// The code with which it ends by itself.
    pub(crate) fn ended(mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }

    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already when the test killed it itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
