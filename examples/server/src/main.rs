//! The server's command line.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use server::{Limits, Log, Settings, router, serve};
use timbrel_core::audio::InputFormat;
use timbrel_core::host::Loaded;
use timbrel_core::host::piece::Listener;
use timbrel_core::model::Limits as ModelLimits;

static COMPACT: &[u8] = include_bytes!("../../../models/compact.timbrel");

/// Longest time in which the log's last lines are written when the server ends.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Names the genre of audio files over HTTP: POST /predict and /batch, GET /genres, /health, /metrics, /openapi.json.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    #[command(flatten)]
    model: ModelArguments,
    /// Largest file, MiB
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    max_mib: u16,
    /// Largest batch, MiB
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..))]
    batch_mib: u16,
    /// Most files of a batch
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    batch_files: u16,
    /// Memory for all uploads together, MiB; more are told to come again
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u16).range(1..))]
    memory_mib: u16,
    /// Files that are classified at once; by default as many as there are cores
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    workers: Option<u16>,
    /// Files that may wait for a worker; more are told to come again
    #[arg(long, default_value_t = 256)]
    waiting: u16,
    /// Connections at once; more wait to be accepted
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// Longest time for an upload, seconds
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..))]
    upload_timeout: u16,
    /// Longest time without a byte during an upload, and for a request's head, seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pause_timeout: u16,
    /// Longest time for a request with its upload, seconds
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u16).range(1..))]
    timeout: u16,
    /// Ask the server at this address whether it is well, and exit with 0 or 1: for health checks
    #[arg(long, value_name = "ADDRESS", exclusive = true)]
    check: Option<SocketAddr>,
    /// Write no line per request
    #[arg(long)]
    quiet: bool,
    /// Folder with the web page to serve beside
    #[arg(long, value_name = "FOLDER")]
    page: Option<PathBuf>,
}

/// The model, and the most that it may cost.
#[derive(clap::Args)]
struct ModelArguments {
    /// Model to use instead of the built-in one
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Most multiply-adds of a window; a model that needs more is refused
    #[arg(long, value_name = "COUNT", default_value_t = ModelLimits::DEFAULT.window)]
    window_operations: u64,
    /// Most multiply-adds of a second of audio
    #[arg(long, value_name = "COUNT", default_value_t = ModelLimits::DEFAULT.second)]
    second_operations: u64,
    /// Most memory for the activations that are kept at a time, MiB
    #[arg(long, value_name = "MIB", default_value_t = (ModelLimits::DEFAULT.activations >> 20) as u16)]
    activations_mib: u16,
}

impl ModelArguments {
    /// Load the model, or the built-in one, within the limits.
    fn load(&self) -> Result<Loaded<'static>, String> {
        let limits = ModelLimits {
            window: self.window_operations,
            second: self.second_operations,
            activations: u64::from(self.activations_mib) << 20,
        };
        let Some(path) = &self.model else {
            return Loaded::from_bytes_within(COMPACT, &limits).map_err(|error| error.to_string());
        };
        let name = path.display();
        let bytes = std::fs::read(path).map_err(|error| format!("{name}: {error}"))?;
        Loaded::from_bytes_within(bytes, &limits).map_err(|error| format!("{name}: {error}"))
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.check {
        Some(address) => ask(address).map_err(|error| format!("{address}: {error}")),
        None => run(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("timbrel-server: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Ask a server for its health.
fn ask(address: SocketAddr) -> std::io::Result<()> {
    let patience = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    write!(
        stream,
        "GET /health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    match &status {
        b"HTTP/1.1 200" => Ok(()),
        _ => Err(std::io::Error::other("not well")),
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> Result<(), String> {
    let model = arguments.model.load()?;
    // a model that cannot classify is found out now, not at the first request
    let second = [0.0_f32; 22_050];
    let heard = Listener::new(&model).samples(InputFormat::mono(22_050), &second);
    heard.map_err(|error| error.to_string())?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let seconds = |seconds: u16| Duration::from_secs(seconds.into());
    let bytes = |mib: u16| usize::from(mib) << 20;
    let (log, writer) = (!arguments.quiet).then(Log::start).unzip();
    let settings = Settings {
        max_bytes: bytes(arguments.max_mib),
        batch_bytes: bytes(arguments.batch_mib),
        batch_files: arguments.batch_files.into(),
        memory: bytes(arguments.memory_mib),
        workers: arguments.workers.map_or(cores, usize::from),
        waiting: arguments.waiting.into(),
        upload: seconds(arguments.upload_timeout),
        pause: seconds(arguments.pause_timeout),
        timeout: seconds(arguments.timeout),
        log,
        page: arguments.page,
    };
    let limits = Limits {
        connections: arguments.connections.into(),
        head: seconds(arguments.pause_timeout),
        farewell: seconds(arguments.timeout),
    };
    let app = router(model, &settings);
    drop(settings);
    let listener = tokio::net::TcpListener::bind(arguments.listen)
        .await
        .map_err(|error| format!("{}: {error}", arguments.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let stop = asked_to_stop().map_err(|error| error.to_string())?;
    println!("listening on http://{address}");
    serve(listener, app, limits, stop).await;
    if let Some(writer) = writer {
        writer.finish(LAST_LINES);
    }
    Ok(())
}

/// Begin to listen for Ctrl-C and the signal that service managers send; the future waits for one of them.
///
/// The handlers are there when this returns, so that a signal right after the server's first line does not kill it.
fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        let interrupt = tokio::signal::ctrl_c();
        Ok(async { drop(interrupt.await) })
    }
}
