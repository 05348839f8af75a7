//! A way to a server's socket by the network of this machine, for programs that know no other.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    thread,
};

/// Open until it is dropped; then nobody new comes in.
pub(crate) struct Bridge {
    pub(crate) address: SocketAddr,
}

impl Bridge {
    pub(crate) fn to(socket: &Path) -> Self {
        let socket = socket.join(".s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, socket) = (client.unwrap(), socket.clone());
                if carry(client, socket).is_err() {
                    return;
                }
            }
        });
        Self { address }
    }
}

impl Drop for Bridge {
    /// The one connection that carries nothing ends the thread.
    fn drop(&mut self) {
        let _ = TcpStream::connect(self.address).map(|stream| stream.shutdown(Shutdown::Both));
    }
}

/// Copies both ways in threads of its own until one side is done.
fn carry(client: TcpStream, socket: PathBuf) -> io::Result<()> {
    // A client that leaves at once has nothing to say.
    let mut first = [0];
    if client.peek(&mut first)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let server = UnixStream::connect(socket)?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let (mut from_server, mut to_client) = (server, client);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    thread::spawn(move || {
        let _ = io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Write);
    });
    Ok(())
}
