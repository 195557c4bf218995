//! The server as clients see it: the program itself, over real connections.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use timbrel_core::host::Loaded;
use timbrel_core::host::piece::Listener;

const CONTINUE: &[u8; 25] = b"HTTP/1.1 100 Continue\r\n\r\n";

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_timbrel-server"))
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap();
        Self {
            address: address.into(),
            child,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn get(&self, path: &str) -> (u16, Value) {
        answer(agent().get(self.url(path)).call().unwrap())
    }

    fn post(&self, content_type: &str, body: &[u8]) -> (u16, Value) {
        let request = agent().post(self.url("/predict"));
        let request = request.header("content-type", content_type);
        answer(request.send(body).unwrap())
    }

    /// Begin to upload `body` and send its first half. None if it is refused.
    fn half_upload(&self, body: &[u8]) -> Option<TcpStream> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "POST /predict HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: 100-continue\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        )
        .unwrap();
        // the server answers so when it begins to read the body, for which it must have a place
        let mut answer = [0; CONTINUE.len()];
        stream.read_exact(&mut answer).unwrap();
        if answer != *CONTINUE {
            return None;
        }
        stream.write_all(&body[..body.len() / 2]).unwrap();
        Some(stream)
    }

    fn stop(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // it may have ended already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.body_mut().read_json().unwrap())
}

/// Return a file of 0.3 s: those that core's tests decode, and half a second of noise as wav.
fn tone(extension: &str) -> Vec<u8> {
    if extension == "wav" {
        let samples = (0..11_025_i32).map(|i| (i * i % 20_011 - 10_005) as i16);
        let mut file = b"RIFF\x46\x56\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        file.extend([22_050_u32, 44_100].map(u32::to_le_bytes).concat());
        file.extend(b"\x02\0\x10\0data\x22\x56\0\0");
        file.extend(samples.flat_map(i16::to_le_bytes));
        return file;
    }
    let path = format!("../../core/tests/fixtures/tone.{extension}");
    std::fs::read(Path::new(&path)).unwrap()
}

fn form(field: &str, file_name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut body = format!(
        "--xyz\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{file_name}\"\r\n\r\n"
    )
    .into_bytes();
    body.extend(bytes);
    body.extend(b"\r\n--xyz--\r\n");
    body
}

const FORM: &str = "multipart/form-data; boundary=xyz";

fn error(answer: &(u16, Value)) -> &str {
    answer.1["error"].as_str().expect("a sentence")
}

#[test]
fn describes_itself() {
    let server = Server::start(&[]);
    let (status, health) = server.get("/health");
    assert_eq!((status, health["status"].as_str()), (200, Some("ok")));
    let (status, genres) = server.get("/genres");
    let genres = genres["genres"].as_array().unwrap();
    assert_eq!(
        (status, genres.len(), &genres[0]),
        (200, 10, &"blues".into())
    );
}

#[test]
fn every_format_gets_the_librarys_answer() {
    let server = Server::start(&[]);
    let model = Loaded::from_bytes(std::fs::read("../../models/compact.timbrel").unwrap()).unwrap();
    for extension in ["wav", "mp3", "flac", "ogg", "m4a"] {
        let bytes = tone(extension);
        let name = format!("some tone.{extension}");
        let heard = Listener::new(&model)
            .bytes(bytes.clone(), Some(extension))
            .unwrap();
        let expected: Value = serde_json::from_str(&heard.to_json(&name)).unwrap();
        assert_eq!(
            server.post(FORM, &form("file", &name, &bytes)),
            (200, expected.clone())
        );
        let (status, raw) = server.post("application/octet-stream", &bytes);
        assert_eq!((status, &raw["genre"]), (200, &expected["genre"]));
        assert_eq!(raw["probabilities"], expected["probabilities"]);
    }
}

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
fn takes_at_most_as_many_requests_as_it_has_places() {
    let server = Server::start(&["--concurrent", "1"]);
    let body = tone("wav");
    let mut first = server.half_upload(&body).unwrap();
    let request = agent().post(server.url("/predict"));
    let refused = request.send(&body[..]).unwrap();
    assert_eq!(refused.status(), 503, "the place is taken");
    assert_eq!(refused.headers()["retry-after"], "1");
    // requests that need no place are answered
    assert_eq!(server.get("/health").0, 200);
    first.write_all(&body[body.len() / 2..]).unwrap();
    let mut text = String::new();
    first.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert_eq!(server.post("audio/wav", &body).0, 200);
}

#[test]
fn an_upload_that_breaks_off_gives_its_place_back() {
    let server = Server::start(&["--concurrent", "1"]);
    let body = tone("wav");
    for _ in 0..5 {
        drop(server.half_upload(&body));
    }
    let answered = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        server.post("audio/wav", &body).0 == 200
    });
    assert!(answered);
}

#[test]
fn many_at_once_are_answered_or_told_to_come_again() {
    let server = Server::start(&["--concurrent", "3"]);
    let body = tone("flac");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..24)
            .map(|_| scope.spawn(|| server.post("audio/flac", &body).0))
            .collect();
        clients.into_iter().map(|c| c.join().unwrap()).collect()
    });
    assert!(
        statuses.iter().all(|status| [200, 503].contains(status)),
        "{statuses:?}"
    );
    assert!(statuses.contains(&200));
}

#[test]
fn finishes_current_requests_when_asked_to_stop() {
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
fn serves_a_page_and_nothing_beside_it() {
    let folder = std::env::temp_dir().join(format!("timbrel-page-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("page")).unwrap();
    std::fs::write(folder.join("page/index.html"), "<!doctype html>hello").unwrap();
    std::fs::write(folder.join("secret"), "secret").unwrap();
    let server = Server::start(&["--page", folder.join("page").to_str().unwrap()]);
    let mut page = agent().get(server.url("/")).call().unwrap();
    assert_eq!(page.headers()["content-type"], "text/html");
    assert!(page.body_mut().read_to_string().unwrap().ends_with("hello"));
    for path in ["/../secret", "/%2e%2e/secret", "/..%2fsecret"] {
        // the path unchanged, as no client library would send it
        let mut stream = TcpStream::connect(&server.address).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("HTTP/1.1 4"), "{path}: {text}");
    }
    assert_eq!(server.get("/health").0, 200);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_bad_start_is_explained() {
    for (arguments, reason) in [
        (["--model", "Cargo.toml"], "not a .timbrel model"),
        (["--listen", "192.0.2.1:1"], "192.0.2.1:1"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_timbrel-server"))
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(reason), "{said}");
    }
}
