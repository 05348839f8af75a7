//! A transaction pooler in its plainest form: sessions that share backends, one for each transaction.
//! It speaks only what the question for a backend needs, and no PostgreSQL stands behind it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use studio_backend::pg::target::Target;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::bench::{Bench, engine_url, on_runtime};

/// The process ids of the backends that no transaction holds.
type Free = Arc<Mutex<BTreeSet<u32>>>;

#[test]
fn a_session_that_shares_its_backend_is_refused() {
    on_runtime(async {
        for backends in [vec![71], vec![71, 72], vec![71, 72, 73]] {
            let target = pooler(backends).await;
            let refused = target.connect("a run").await.map(|_| ()).unwrap_err();
            assert_eq!(refused.code, "target-pooler", "{refused}");
        }
        let bench = Bench::new("own_backend").await;
        let direct = Target::new(&engine_url(&bench.database), None, false).unwrap();
        assert!(direct.connect("a run").await.is_ok());
    });
}

async fn pooler(backends: Vec<u32>) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let free: Free = Arc::new(Mutex::new(backends.into_iter().collect()));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            // A client that leaves ends its task with an error, and nothing is left to do.
            tokio::spawn(serve(client, Arc::clone(&free)));
        }
    });
    Target::new(&format!("postgresql://ada@{address}/pooled?sslmode=disable"), None, false).unwrap()
}

async fn serve(mut client: TcpStream, free: Free) -> std::io::Result<()> {
    let length = client.read_u32().await?;
    read(&mut client, length).await?;
    let hello = [message(b'R', &[0; 4]), message(b'S', b"server_version\x0018.4\0"), message(b'Z', b"I")];
    client.write_all(&hello.concat()).await?;
    let mut held = None;
    while client.read_u8().await? == b'Q' {
        let length = client.read_u32().await?;
        let sql = read(&mut client, length).await?;
        let backend = match held {
            Some(backend) => backend,
            None => lease(&free).await,
        };
        if sql.starts_with(b"begin") {
            held = Some(backend);
        } else if held.is_none() {
            free.lock().unwrap().insert(backend);
        }
        let column = [&1_u16.to_be_bytes()[..], b"pid\0", &[0; 18]].concat();
        let pid = backend.to_string();
        let row = [&1_u16.to_be_bytes()[..], &(pid.len() as u32).to_be_bytes(), pid.as_bytes()].concat();
        let state: &[u8] = if held.is_some() { b"T" } else { b"I" };
        let answer =
            [message(b'T', &column), message(b'D', &row), message(b'C', b"SELECT 1\0"), message(b'Z', state)];
        client.write_all(&answer.concat()).await?;
    }
    free.lock().unwrap().extend(held);
    Ok(())
}

async fn lease(free: &Free) -> u32 {
    loop {
        let first = free.lock().unwrap().pop_first();
        match first {
            Some(backend) => return backend,
            None => tokio::task::yield_now().await,
        }
    }
}

/// The rest of a message whose length includes the length itself.
async fn read(client: &mut TcpStream, length: u32) -> std::io::Result<Vec<u8>> {
    let mut body = vec![0; length as usize - 4];
    client.read_exact(&mut body).await?;
    Ok(body)
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &(body.len() as u32 + 4).to_be_bytes(), body].concat()
}
