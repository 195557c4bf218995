//! The program itself on a free port, and requests to it.

#![allow(dead_code, reason = "each test program uses a part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

const CONTINUE: &[u8; 25] = b"HTTP/1.1 100 Continue\r\n\r\n";

pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: String,
}

impl Server {
    /// Start the server without its log.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_with_log(arguments, Stdio::null())
    }

    /// Start the server with its log in `child.stderr`, which nobody reads on the way.
    pub(crate) fn start_unread(arguments: &[&str]) -> Self {
        Self::start_with_log(arguments, Stdio::piped())
    }

    fn start_with_log(arguments: &[&str], log: Stdio) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_timbrel-server"))
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(log)
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

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        answer(agent().get(self.url(path)).call().unwrap())
    }

    pub(crate) fn post(&self, content_type: &str, body: &[u8]) -> (u16, Value) {
        self.post_to("/predict", content_type, body)
    }

    pub(crate) fn post_to(&self, path: &str, content_type: &str, body: &[u8]) -> (u16, Value) {
        let request = agent().post(self.url(path));
        let request = request.header("content-type", content_type);
        answer(request.send(body).unwrap())
    }

    /// Begin to upload `body` and send its first half. None if it is refused.
    pub(crate) fn half_upload(&self, body: &[u8]) -> Option<TcpStream> {
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

    pub(crate) fn stop(&self) {
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
pub(crate) fn rest(mut stream: TcpStream) -> String {
    let limit = Some(Duration::from_secs(60));
    stream.set_read_timeout(limit).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

pub(crate) fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
}

pub(crate) fn answer(mut response: ureq::http::Response<ureq::Body>) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.body_mut().read_json().unwrap())
}

/// Return a file of a second: those that core's tests decode, and half a second of noise as wav.
pub(crate) fn tone(extension: &str) -> Vec<u8> {
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

pub(crate) fn form(field: &str, file_name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut body = format!(
        "--xyz\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{file_name}\"\r\n\r\n"
    )
    .into_bytes();
    body.extend(bytes);
    body.extend(b"\r\n--xyz--\r\n");
    body
}

pub(crate) const FORM: &str = "multipart/form-data; boundary=xyz";

pub(crate) fn error(answer: &(u16, Value)) -> &str {
    answer.1["error"].as_str().expect("a sentence")
}
