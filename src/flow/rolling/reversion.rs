//! The way back of hosts that update themselves: the old content under a higher
//! version, through the normal build.
