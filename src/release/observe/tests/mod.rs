//! Judged by git itself, in repositories that it made.

mod behind;
mod conditions;
mod moves;
mod passed_over;
mod past;
mod pending;
mod random;
mod ranges;
mod speed;
mod world;
