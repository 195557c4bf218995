//! The server's command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use server::{Settings, router};
use timbrel_core::audio::InputFormat;
use timbrel_core::host::Loaded;
use timbrel_core::host::piece::Listener;

static COMPACT: &[u8] = include_bytes!("../../../models/compact.timbrel");

/// Names the genre of audio files over HTTP: POST /predict, GET /health, GET /genres.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Model to use instead of the built-in one
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Largest file, MiB
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    max_mib: u16,
    /// Files that are received and classified at once; by default twice the number of cores
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    concurrent: Option<u16>,
    /// Longest time for a request with its upload, seconds
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u16).range(1..))]
    timeout: u16,
    /// Folder with the web page to serve beside
    #[arg(long, value_name = "FOLDER")]
    page: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("timbrel-server: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> Result<(), String> {
    let model = load(arguments.model.as_deref())?;
    // a model that cannot classify is found out now, not at the first request
    let second = [0.0_f32; 22_050];
    let heard = Listener::new(&model).samples(InputFormat::mono(22_050), &second);
    heard.map_err(|error| error.to_string())?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let settings = Settings {
        max_bytes: usize::from(arguments.max_mib) << 20,
        concurrent: arguments.concurrent.map_or(2 * cores, usize::from),
        timeout: Duration::from_secs(arguments.timeout.into()),
        page: arguments.page,
    };
    let app = router(model, &settings);
    let listener = tokio::net::TcpListener::bind(arguments.listen)
        .await
        .map_err(|error| format!("{}: {error}", arguments.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("listening on http://{address}");
    axum::serve(listener, app)
        .with_graceful_shutdown(asked_to_stop())
        .await
        .map_err(|error| error.to_string())
}

/// Read the model at `path`, or take the built-in one.
fn load(path: Option<&Path>) -> Result<Loaded<'static>, String> {
    let Some(path) = path else {
        return Loaded::from_bytes(COMPACT).map_err(|error| error.to_string());
    };
    let name = path.display();
    let bytes = std::fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    Loaded::from_bytes(bytes).map_err(|error| format!("{name}: {error}"))
}

/// Wait for Ctrl-C, or the signal that service managers send; requests under way are answered first.
async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            },
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}
