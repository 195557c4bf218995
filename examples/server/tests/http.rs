//! The server's answers as clients see them: the program itself, over real connections.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use common::{FORM, Server, agent, answer, error, form, tone};
use serde_json::Value;
use timbrel_core::frontend::{Affine, FrontEnd, WindowSpec};
use timbrel_core::host::Loaded;
use timbrel_core::host::piece::Listener;
use timbrel_core::model::{Confidence, Geometry, LayerSpec, Model, ModelSpec, Op, Shape};

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
    let mut server = Server::start_unread(&[]);
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

/// Start the program with arguments that it must refuse, and return what it says.
fn refusal(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_timbrel-server"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_bad_start_is_explained() {
    for (arguments, reason) in [
        (["--model", "Cargo.toml"], "not a .timbrel model"),
        (["--listen", "192.0.2.1:1"], "192.0.2.1:1"),
    ] {
        let said = refusal(&arguments);
        assert!(said.contains(reason), "{said}");
    }
}

/// Return a valid model of 21 KB whose window needs 4.9 · 10^9 multiply-adds.
fn costly() -> Vec<u8> {
    let conv = Op::Conv {
        geometry: Geometry::square(17, 1, 8),
        pool: [1, 1],
    };
    let pool = Op::MaxPool {
        geometry: Geometry {
            kernel: [128, 128],
            stride: [128, 128],
            pad: [0; 4],
        },
    };
    let mut input = Shape::new(256, 1024, 1);
    let layers = [(conv, 64), (pool, 64), (Op::Dense, 2)].map(|(op, channels)| {
        let output = op.output(input, channels).unwrap();
        let layer = LayerSpec {
            op,
            shift: 0,
            input,
            output,
            weights: vec![1; op.weights(input, output) as usize],
            biases: vec![0; op.biases(output) as usize],
        };
        input = output;
        layer
    });
    let spec = ModelSpec {
        front_end: FrontEnd::librosa(2048, 512, 256),
        window: WindowSpec {
            columns: 1024,
            hop: 512,
        },
        normalisation: vec![Affine::DB80],
        labels: vec!["a".into(), "b".into()],
        logits_exponent: 0,
        layers: layers.into(),
        provenance: String::new(),
        rejection: None,
        confidence: Confidence::NEUTRAL,
        graph: None,
    };
    spec.to_bytes().unwrap()
}

#[test]
fn a_model_beyond_the_limits_is_refused_with_its_cost() {
    let path = std::env::temp_dir().join(format!("costly-{}.timbrel", std::process::id()));
    std::fs::write(&path, costly()).unwrap();
    let said = refusal(&["--model", path.to_str().unwrap()]);
    std::fs::remove_file(&path).unwrap();
    let cost = Model::parse(&costly()).unwrap().cost().window;
    let reason = format!("{cost} multiply-adds per window, at most 4000000000");
    assert!(said.contains("costly-") && said.contains(&reason), "{said}");

    let cost = Model::parse(include_bytes!("../../../models/compact.timbrel"))
        .unwrap()
        .cost();
    for (option, limit, reason) in [
        (
            "--window-operations",
            cost.window - 1,
            format!("{} multiply-adds per window", cost.window),
        ),
        (
            "--second-operations",
            cost.second - 1,
            format!("{} multiply-adds per second", cost.second),
        ),
        (
            "--activations-mib",
            0,
            format!("{} bytes of activations", cost.activations),
        ),
    ] {
        let said = refusal(&[option, &limit.to_string()]);
        assert!(said.contains(&reason), "{said}");
        assert!(said.contains(&format!("at most {limit}")), "{said}");
    }
    let [window, second] = [cost.window, cost.second].map(|limit| limit.to_string());
    let server = Server::start(&[
        "--window-operations",
        &window,
        "--second-operations",
        &second,
        "--activations-mib",
        "1",
    ]);
    assert_eq!(server.get("/health").0, 200);
}
