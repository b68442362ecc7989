//! `luytre`: the program's door. Everything else is in the library beside it.

use clap::Parser;

fn main() -> std::process::ExitCode {
    luytre::commands::run(luytre::commands::Arguments::parse())
}
