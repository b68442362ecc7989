//! `luytre`: the program's door. Everything else is in the library beside it.

use clap::Parser;

/// Events come in on some threads and are let go on others; glibc's allocator kept twice as much for it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    luytre::commands::run(luytre::commands::Arguments::parse())
}
