//! Slow, broken, huge and parallel requests: the server refuses what it must and goes on.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use common::{FORM, Server, agent, answer, error, form, rest, tone};
use serde_json::Value;

#[test]
fn bodies_that_are_not_audio_are_refused_and_the_server_goes_on() {
    let server = Server::start(&["--max-mib", "1"]);
    let text = b"this is not music at all".repeat(100);
    for (what, content_type, body, status) in [
        ("text", FORM, form("file", "song.mp3", &text), 415),
        ("raw text", "audio/mpeg", text.clone(), 415),
        ("nothing", "audio/mpeg", Vec::new(), 400),
        ("an empty file", FORM, form("file", "song.mp3", b""), 400),
        (
            "another field",
            FORM,
            form("song", "song.mp3", &tone("mp3")),
            400,
        ),
        ("no form", FORM, b"no form".to_vec(), 400),
        (
            "a header alone",
            "audio/wav",
            tone("wav")[..30].to_vec(),
            422,
        ),
        ("too much", "audio/wav", vec![0; (1 << 20) + 1], 413),
        (
            "a large form",
            FORM,
            form("file", "a.wav", &vec![0; 1 << 20]),
            413,
        ),
    ] {
        let found = server.post(content_type, &body);
        assert_eq!(found.0, status, "{what}: {}", error(&found));
        assert!(!error(&found).is_empty(), "{what}");
    }
    assert_eq!(server.get("/predict").0, 405);
    assert_eq!(server.get("/elsewhere").0, 404);
    assert_eq!(server.post("audio/wav", &tone("wav")).0, 200);
}

#[test]
fn slow_uploads_hold_up_nobody() {
    let server = Server::start(&["--workers", "1", "--waiting", "0"]);
    let body = tone("wav");
    let slow: Vec<TcpStream> = (0..8).map(|_| server.half_upload(&body).unwrap()).collect();
    for _ in 0..3 {
        assert_eq!(server.post("audio/wav", &body).0, 200);
    }
    for mut upload in slow {
        upload.write_all(&body[body.len() / 2..]).unwrap();
        assert!(rest(upload).starts_with("HTTP/1.1 200"));
    }
}

#[test]
fn slow_clients_are_given_up() {
    let server = Server::start(&["--pause-timeout", "1", "--upload-timeout", "2"]);
    let body = tone("wav");
    // no byte for a while
    let paused = rest(server.half_upload(&body).unwrap());
    assert!(paused.starts_with("HTTP/1.1 408"), "{paused}");
    assert!(paused.contains("\"error\""), "{paused}");
    // a byte now and then, for ever
    let mut dripping = server.half_upload(&body).unwrap();
    for byte in &body[body.len() / 2..][..8] {
        // refused in the meantime
        let _ = dripping.write_all(&[*byte]);
        std::thread::sleep(Duration::from_millis(400));
    }
    let mut text = [0; 12];
    dripping.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"HTTP/1.1 408");
    // a request whose head never ends
    let mut endless = TcpStream::connect(&server.address).unwrap();
    endless
        .write_all(b"POST /predict HTTP/1.1\r\nhost:")
        .unwrap();
    endless
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut text = String::new();
    endless.read_to_string(&mut text).unwrap();
    assert!(!text.contains("200"), "{text}");
    assert_eq!(server.post("audio/wav", &body).0, 200);
}

#[test]
fn a_length_over_the_limit_is_refused_before_the_body() {
    let server = Server::start(&["--max-mib", "1", "--batch-mib", "2"]);
    for (path, length) in [("predict", (1 << 20) + 1), ("batch", (2 << 20) + 1)] {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        write!(
            stream,
            "POST /{path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-type: {FORM}\r\n\
             content-length: {length}\r\n\r\n"
        )
        .unwrap();
        let answer = rest(stream);
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
    // without a length, it is refused where the limit is
    let mut stream = TcpStream::connect(&server.address).unwrap();
    write!(
        stream,
        "POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    .unwrap();
    let chunk = [vec![b'x'; 0x10000], b"\r\n".to_vec()].concat();
    for _ in 0..17 {
        // the server may have answered and left already
        let _ = stream
            .write_all(b"10000\r\n")
            .and_then(|()| stream.write_all(&chunk));
    }
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
}

#[test]
fn malformed_requests_are_refused_and_the_server_goes_on() {
    let server = Server::start(&["--pause-timeout", "1", "--upload-timeout", "2"]);
    let body = tone("wav");
    let post = "POST /predict HTTP/1.1\r\nhost: x\r\n";
    let mut requests: Vec<Vec<u8>> = [
        "\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(1 << 20)),
        format!("{post}{}\r\n", "a: b\r\n".repeat(10_000)),
        format!("{post}a: {}\r\n\r\n", "b".repeat(1 << 20)),
        format!("{post}content-length: -1\r\n\r\n"),
        format!("{post}content-length: 99999999999999999999\r\n\r\n"),
        format!("{post}content-length: 3\r\ncontent-length: 4\r\n\r\nabcd"),
        format!("{post}transfer-encoding: chunked\r\n\r\nmany\r\n"),
        format!("{post}transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
        format!("{post}content-type: {FORM}\r\ncontent-length: 8\r\n\r\n--\r\n\r\n--"),
    ]
    .map(String::into_bytes)
    .into();
    requests.push(vec![0xff; 4096]);
    requests.push([post.as_bytes(), b"a: \0\xff\r\n\r\n"].concat());
    // every beginning of a good request, after which nothing comes
    let good = format!("{post}content-length: {}\r\n\r\n", body.len());
    requests.extend((0..good.len()).step_by(7).map(|end| good[..end].into()));
    for request in requests {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        // the server may have answered and left before it has all of it
        let _ = stream.write_all(&request);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut said = Vec::new();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        // a connection that is reset has no more to say
        if let Err(error) = stream.read_to_end(&mut said) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }
        let said = String::from_utf8_lossy(&said);
        let refused = said.starts_with("HTTP/1.1 4") || said.starts_with("HTTP/1.1 5");
        let shown = String::from_utf8_lossy(&request[..request.len().min(60)]);
        assert!(said.is_empty() || refused, "{shown:?}: {said}");
    }
    assert_eq!(server.post("audio/wav", &body).0, 200);
}

#[test]
fn the_memory_for_uploads_is_bounded_and_comes_back() {
    let server = Server::start(&["--memory-mib", "1"]);
    let body = vec![0; 1 << 20];
    // an upload is itself refused if the small file has not given its memory back yet, hence several attempts
    let full = (1..=50).find_map(|attempt| {
        let full = [0, 1].map(|_| server.half_upload(&body));
        // the server takes in what was sent
        std::thread::sleep(Duration::from_millis(20 * attempt));
        (server.post("audio/wav", &tone("wav")).0 == 503).then_some(full)
    });
    assert!(full.is_some());
    drop(full);
    let answered = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        server.post("audio/wav", &tone("wav")).0 == 200
    });
    assert!(answered);
}

#[test]
fn many_at_once_are_answered_or_told_to_come_again() {
    let server = Server::start(&["--workers", "1", "--waiting", "2"]);
    let body = tone("flac");
    let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..24)
            .map(|_| scope.spawn(|| server.post("audio/flac", &body)))
            .collect();
        clients.into_iter().map(|c| c.join().unwrap()).collect()
    });
    assert!(answers.iter().any(|answer| answer.0 == 200));
    for answer in answers.iter().filter(|answer| answer.0 != 200) {
        assert_eq!(answer.0, 503);
        assert!(error(answer).contains("again"));
    }
    let response = agent().get(server.url("/metrics")).call().unwrap();
    let metrics = response.into_body().read_to_string().unwrap();
    assert!(metrics.contains("timbrel_working 0\n") && metrics.contains("timbrel_waiting 0\n"));
    let count = |status: u16| {
        let start = format!("timbrel_requests_total{{path=\"/predict\",status=\"{status}\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&start));
        line.map_or(0, |count| count.parse().unwrap())
    };
    assert_eq!(count(200) + count(503), 24);
    let answered = answers.iter().filter(|answer| answer.0 == 200).count();
    assert_eq!(count(200), answered);
}

#[test]
fn finishes_what_it_has_begun_when_asked_to_stop() {
    let mut server = Server::start(&[]);
    let body = tone("wav");
    let mut upload = server.half_upload(&body).unwrap();
    server.stop();
    std::thread::sleep(Duration::from_millis(300));
    assert!(
        TcpStream::connect(&server.address).is_err(),
        "takes no more"
    );
    upload.write_all(&body[body.len() / 2..]).unwrap();
    let mut text = String::new();
    upload.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn a_log_that_nobody_reads_holds_up_nobody() {
    let server = Server::start_unread(&[]);
    let agent = agent();
    let path = server.url(&format!("/{}", "x".repeat(1000)));
    // more than a pipe and the lines that wait hold
    for _ in 0..1500 {
        assert_eq!(answer(agent.get(&path).call().unwrap()).0, 404);
    }
    let response = agent.get(server.url("/metrics")).call().unwrap();
    let metrics = response.into_body().read_to_string().unwrap();
    let lost = metrics
        .lines()
        .find_map(|line| line.strip_prefix("timbrel_log_lines_lost_total "));
    assert!(lost.unwrap().parse::<u32>().unwrap() > 0, "{metrics}");
}
