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
            .stderr(Stdio::piped())
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
        self.post_to("/predict", content_type, body)
    }

    fn post_to(&self, path: &str, content_type: &str, body: &[u8]) -> (u16, Value) {
        let request = agent().post(self.url(path));
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
        // the server's sign that it begins to read the body
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

/// Return all that the server still has to say on a connection.
fn rest(mut stream: TcpStream) -> String {
    let limit = Some(Duration::from_secs(60));
    stream.set_read_timeout(limit).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
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

/// Return a file of a second: those that core's tests decode, and half a second of noise as wav.
fn tone(extension: &str) -> Vec<u8> {
    if extension == "wav" {
        let samples = (0..11_025_i32).map(|i| (i * i % 20_011 - 10_005) as i16);
        let mut file = b"RIFF\x46\x56\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        file.extend([22_050_u32, 44_100].map(u32::to_le_bytes).concat());
        file.extend(b"\x02\0\x10\0data\x22\x56\0\0");
        file.extend(samples.flat_map(i16::to_le_bytes));
        return file;
    }
    let path = format!("../../core/tests/fixtures/second.{extension}");
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
fn a_health_check_has_an_exit_status() {
    let server = Server::start(&[]);
    let check = |address: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_timbrel-server"));
        command.args(["--check", address]).status().unwrap().code()
    };
    assert_eq!(check(&server.address), Some(0));
    let address = server.address.clone();
    drop(server);
    assert_eq!(check(&address), Some(1));
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
fn the_memory_for_uploads_is_bounded_and_comes_back() {
    let server = Server::start(&["--memory-mib", "1"]);
    let body = vec![0; 1 << 20];
    let full: Vec<TcpStream> = (0..2).filter_map(|_| server.half_upload(&body)).collect();
    let busy = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        server.post("audio/wav", &tone("wav")).0 == 503
    });
    assert!(busy);
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
fn a_batch_has_an_answer_or_an_error_for_each_file() {
    let server = Server::start(&["--batch-files", "4"]);
    let files = [
        ("a.wav", tone("wav")),
        ("b.mp3", b"this is not music".to_vec()),
        ("c.ogg", tone("ogg")),
    ];
    let mut body = Vec::new();
    for (name, bytes) in &files {
        let part = form("file", name, bytes);
        body.extend(part.strip_suffix(b"--xyz--\r\n").unwrap());
    }
    let whole = [&body[..], b"--xyz--\r\n"].concat();
    let (status, batch) = server.post_to("/batch", FORM, &whole);
    assert_eq!(status, 200, "{batch}");
    let results = batch["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for ((name, bytes), result) in files.iter().zip(results) {
        let (status, alone) = server.post(FORM, &form("file", name, bytes));
        assert_eq!(result["file"], *name);
        if status == 200 {
            assert_eq!(*result, alone);
        } else {
            assert_eq!(result["error"], alone["error"]);
        }
    }
    let many = [&body[..], &body, b"--xyz--\r\n"].concat();
    let refused = server.post_to("/batch", FORM, &many);
    assert_eq!(refused.0, 413, "{}", error(&refused));
    assert_eq!(server.post_to("/batch", "audio/wav", &tone("wav")).0, 400);
    assert_eq!(server.post_to("/batch", FORM, b"--xyz--\r\n").0, 400);
}

#[test]
fn damaged_audio_is_answered_with_a_warning() {
    let server = Server::start(&[]);
    let bytes = tone("mp3");
    let (status, answer) = server.post("audio/mpeg", &bytes[..bytes.len() * 7 / 10]);
    assert_eq!(status, 200);
    assert!(answer["heard"].as_f64().unwrap() < 0.8, "{answer}");
    let warning = answer["warnings"][0].as_str().unwrap();
    assert!(warning.contains("could be decoded"), "{answer}");
    // samples that are not numbers
    let mut float = tone("wav");
    float[20] = 3;
    // 8 kHz, so that it is long enough
    float[24..36].copy_from_slice(&[0x40, 0x1f, 0, 0, 0, 0x7d, 0, 0, 4, 0, 32, 0]);
    for (index, sample) in float[44..].chunks_exact_mut(4).enumerate() {
        let value = if index == 100 { f32::NAN } else { 0.1 };
        sample.copy_from_slice(&value.to_le_bytes());
    }
    let (status, answer) = server.post("audio/wav", &float);
    assert_eq!(status, 200, "{answer}");
    let warnings = answer["warnings"].to_string();
    assert!(warnings.contains("replaced by silence"), "{answer}");
}

#[test]
fn requests_have_ids_and_a_line_in_the_log() {
    let mut server = Server::start(&[]);
    let mut ids = Vec::new();
    for (given, path) in [
        (Some("abc-1"), "/health"),
        (None, "/nowhere"),
        (Some("b{d"), "/nowhere"),
    ] {
        let mut request = agent().get(server.url(path));
        if let Some(id) = given {
            request = request.header("x-request-id", id);
        }
        let response = request.call().unwrap();
        let id = response.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        let (status, body) = answer(response);
        if status != 200 {
            assert_eq!(body["request_id"], id.as_str());
        }
        ids.push((id, status));
    }
    assert_eq!(ids[0].0, "abc-1");
    assert!(ids[1].0 != ids[2].0 && ids[2].0 != "b{d");
    server.stop();
    let mut log = String::new();
    let mut stderr = server.child.stderr.take().unwrap();
    stderr.read_to_string(&mut log).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for (id, status) in ids {
        let line = lines.iter().find(|line| line["request_id"] == id.as_str());
        let line = line.expect("a line in the log");
        assert_eq!(line["status"], status);
        assert!(line["time"].as_f64().unwrap() > 1e9 && line["milliseconds"].is_number());
        assert_eq!(line["error"].is_string(), status != 200);
    }
}

#[test]
fn the_description_lists_what_there_is() {
    let server = Server::start(&[]);
    let (status, description) = server.get("/openapi.json");
    assert_eq!(
        (status, description["openapi"].as_str()),
        (200, Some("3.1.0"))
    );
    assert_eq!(description["info"]["version"], env!("CARGO_PKG_VERSION"));
    for (path, methods) in description["paths"].as_object().unwrap() {
        let has_get = methods.get("get").is_some();
        let found = agent().get(server.url(path)).call().unwrap().status();
        assert_eq!(found, if has_get { 200 } else { 405 }, "{path}");
    }
    // every key of an answer is described, and every required key is there
    let schemas = &description["components"]["schemas"];
    let check = |schema: &str, value: &Value| {
        let (value, schema) = (value.as_object().unwrap(), &schemas[schema]);
        for key in value.keys() {
            assert!(schema["properties"].get(key).is_some(), "{key}");
        }
        for key in schema["required"].as_array().unwrap() {
            assert!(value.contains_key(key.as_str().unwrap()), "{key}");
        }
    };
    check("Answer", &server.post("audio/wav", &tone("wav")).1);
    check("Error", &server.post("audio/wav", b"").1);
    check("Genres", &server.get("/genres").1);
    check("Health", &server.get("/health").1);
    let batch = server.post_to("/batch", FORM, &form("file", "a.wav", b"no"));
    check("Batch", &batch.1);
    check("Failure", &batch.1["results"][0]);
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
