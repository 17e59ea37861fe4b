//! A package index on the loopback interface: one wheel, served with ranges, and with the faults that a test asks for.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// How the server behaves towards downloads; the package client itself is always served well.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// So many downloads break off after this many bytes.
    pub break_after: Option<(usize, usize)>,
    /// Ranges are ignored.
    pub no_ranges: bool,
    /// Downloads are answered 403.
    pub refuse: bool,
}

/// The running index.
pub struct Index {
    pub url: String,
    /// The `Range` header of each download, in order.
    pub downloads: Arc<Mutex<Vec<Option<String>>>>,
}

pub fn serve(wheel_name: &str, wheel: Vec<u8>, sha256: &str, faults: Faults) -> Index {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback interface has free ports");
    let url = format!("http://{}/simple", listener.local_addr().expect("it is bound"));
    let downloads: Arc<Mutex<Vec<Option<String>>>> = Arc::default();
    let seen = downloads.clone();
    let page = format!("<html><body><a href=\"/files/{wheel_name}#sha256={sha256}\">{wheel_name}</a></body></html>");
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            // A peer that goes away is the peer's business.
            let _ = answer(connection, &page, &wheel, faults, &seen);
        }
    });
    Index { url, downloads }
}

fn answer(
    mut connection: TcpStream,
    page: &str,
    wheel: &[u8],
    faults: Faults,
    seen: &Mutex<Vec<Option<String>>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(connection.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let (mut range, mut agent) = (None, String::new());
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "range" => range = Some(value.trim().to_owned()),
            "user-agent" => agent = value.trim().to_owned(),
            _ => {}
        }
    }
    let ours = agent.starts_with("hotline/");
    if !request.contains("/files/") {
        write!(
            connection,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
            page.len()
        )?;
        return Ok(());
    }
    let number = ours.then(|| {
        let mut seen = seen.lock().expect("no thread panics with the lock");
        seen.push(range.clone());
        seen.len()
    });
    if ours && faults.refuse {
        return write!(connection, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let start = range
        .filter(|_| !faults.no_ranges)
        .and_then(|range| range.strip_prefix("bytes=")?.split('-').next()?.parse::<usize>().ok());
    let body = &wheel[start.unwrap_or(0).min(wheel.len())..];
    match start {
        Some(start) if start >= wheel.len() => {
            return write!(
                connection,
                "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
        Some(start) => write!(
            connection,
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {start}-{}/{}\r\n",
            wheel.len() - 1,
            wheel.len()
        )?,
        None => write!(connection, "HTTP/1.1 200 OK\r\n")?,
    }
    write!(connection, "Content-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    let sent = match (number, faults.break_after) {
        (Some(number), Some((times, bytes))) if number <= times => bytes.min(body.len()),
        _ => body.len(),
    };
    if request.starts_with("GET") {
        connection.write_all(&body[..sent])?;
        connection.shutdown(std::net::Shutdown::Write)?;
        // Until the peer has read all, closing could throw bytes away.
        let _ = connection.read(&mut [0; 64]);
    }
    Ok(())
}
