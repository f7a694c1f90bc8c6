//! Ctrl-C and SIGTERM, noticed at the next safe point instead of anywhere.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

static ASKED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Notes SIGINT, SIGTERM and SIGHUP from now on; the second SIGINT ends the
/// process at once, for the user who means it.
pub fn install() -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    signal_hook::flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&ASKED))?;
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&ASKED))?;
    }
    Ok(())
}

/// Tells whether somebody asked this process to stop.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
