//! Countersign: authentication and team management as one server.

mod lifecycle;
mod settings;
mod shutdown;
mod telemetry;
mod terminal;
mod workers;

fn main() -> std::process::ExitCode {
    match settings::load(None) {
        Ok(loaded) => terminal::say(&loaded.show()),
        Err(error) => terminal::complain(&error.to_string()),
    }
    std::process::ExitCode::SUCCESS
}
